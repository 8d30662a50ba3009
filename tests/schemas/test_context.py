"""The JSON-LD context: a processor accepts it, every field of every example arrives, in schema.org's words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pyld import jsonld

from schemas.taxonomy import SUBCATEGORIES
from schemas.validation import FOLDER, KINDS, schema

CONTEXT: dict[str, Any] = json.loads((FOLDER / "context.jsonld").read_text("utf-8"))
SCHEMA, OURS = "https://schema.org/", "urn:passerelle:terms:v1:"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"


def offline(url: str, _: Any) -> Any:
    raise AssertionError(f"nothing is fetched: {url}")


def expanded(document: dict[str, Any]) -> Any:
    [one] = jsonld.expand({**CONTEXT, **document}, {"documentLoader": offline})
    return one


def whole(kind: str) -> dict[str, Any]:
    """A document with every field of the schema."""
    return {name: stated["examples"][0] for name, stated in schema(kind)["properties"].items()}


def leaves(value: Any) -> Iterator[Any]:
    """What is said, without the words it is said in."""
    if isinstance(value, dict):
        for one in value.values():
            yield from leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from leaves(one)
    elif value is not None:
        yield value


def values(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for name, one in node.items():
            if name in ("@value", "@id"):
                yield one
            elif name not in ("@type", "@language"):
                yield from values(one)
    elif isinstance(node, list):
        for one in node:
            yield from values(one)


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_survives_expansion(kind: str) -> None:
    """Nothing is dropped for want of a term: as many values come out as went in, each under an absolute name."""
    for document in (whole(kind), *schema(kind)["examples"]):
        out = expanded(document)
        assert len(list(values(out))) == len(list(leaves(document))), (kind, out)
        names = {name for name in _names(out) if not name.startswith("@")}
        assert [name for name in names if not name.startswith((SCHEMA, OURS, TYPE))] == []


@pytest.mark.parametrize("kind", KINDS)
def test_documents_become_graphs_and_come_back(kind: str) -> None:
    """To RDF without a relative name, and compacted again to the document it was."""
    document = whole(kind)
    quads = jsonld.to_rdf({**CONTEXT, **document}, {"documentLoader": offline, "format": "application/n-quads"})
    assert quads.count("\n") >= len(document)
    compacted = jsonld.compact(expanded(document), CONTEXT, {"documentLoader": offline, "compactArrays": True})
    assert compacted.pop("@context")
    assert {name for name in compacted if name != "@id"} <= set(_terms())


@pytest.mark.parametrize(
    ("subcategory", "is_a"),
    [
        ("LIVRE_PAPIER", "Book"),
        ("SEANCE_CINE", "ScreeningEvent"),
        ("SPECTACLE_REPRESENTATION", "TheaterEvent"),
        ("CONCERT", "MusicEvent"),
        ("VISITE", "ExhibitionEvent"),
    ],
)
def test_subcategories_are_schema_orgs_where_it_has_them(subcategory: str, is_a: str) -> None:
    out = expanded({"kind": "event", "subcategory": subcategory})
    assert out[f"{SCHEMA}additionalType"] == [{"@id": SCHEMA + is_a}]


def test_every_subcategory_and_type_has_its_term() -> None:
    """A new subcategory, kind or type of work without a term would be dropped from the graph."""
    terms = CONTEXT["@context"]
    assert set(terms["subcategory"]["@context"]) == set(SUBCATEGORIES)
    assert set(terms["kind"]["@context"]) == set(KINDS)
    types = schema("common")["$defs"]["workType"]["enum"]
    assert set(terms["type"]["@context"]) == set(types)
    assert expanded({"kind": "venue"})[TYPE] == [{"@id": f"{SCHEMA}Place"}]
    assert expanded({"kind": "work", "type": "film"})[f"{SCHEMA}additionalType"] == [{"@id": f"{SCHEMA}Movie"}]


def test_a_field_without_a_term_is_seen() -> None:
    """The check of survival goes red where the context lacks a field."""
    document = whole("session") | {"unknown": "x"}
    assert len(list(values(expanded(document)))) < len(list(leaves(document)))


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, one in node.items():
            yield name
            yield from _names(one)
    elif isinstance(node, list):
        for one in node:
            yield from _names(one)


def _terms() -> Iterator[str]:
    return iter(CONTEXT["@context"])
