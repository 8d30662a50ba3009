"""The schema files are what a vendor can build on: valid, explained, exemplified and bounded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import jsonschema_rs
import pytest

from schemas.identifiers import CARRIED
from schemas.taxonomy import SUBCATEGORIES
from schemas.validation import FOLDER, KINDS, bundle, errors, schema

FILES = (*KINDS, "common")
DEFINITIONS: dict[str, dict[str, Any]] = schema("common")["$defs"]


def fields(node: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of a schema and of the objects inside it, with where it stands."""
    for name, stated in node.get("properties", {}).items():
        yield f"{where}.{name}", stated
    for name, definition in node.get("$defs", {}).items():
        yield from fields(definition, f"{where}#{name}")


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    return {**DEFINITIONS[node["$ref"].rpartition("/")[2]], **node} if "$ref" in node else node


FIELDS = [pytest.param(stated, id=where) for name in FILES for where, stated in fields(schema(name), name)]


def test_every_file_is_known() -> None:
    """No schema lies in the folder without being validated with."""
    assert {f"{name}.schema.json" for name in FILES} == {file.name for file in FOLDER.glob("*.schema.json")}


@pytest.mark.parametrize("name", FILES)
def test_each_is_a_schema(name: str) -> None:
    """Each file is a JSON Schema 2020-12 by the reference implementation and by the engine."""
    jsonschema.Draft202012Validator.check_schema(schema(name))
    jsonschema_rs.meta.validate(schema(name))
    assert schema(name)["$id"] == f"urn:passerelle:schemas:v1:{name}"
    assert schema(name)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("kind", KINDS)
def test_the_examples_are_valid(kind: str) -> None:
    """Each document's own example passes the validator that refuses the bad ones."""
    for example in schema(kind)["examples"]:
        assert not errors(kind, example)
    assert errors(kind, {**schema(kind)["examples"][0], "inconnu": 1})


@pytest.mark.parametrize("stated", FIELDS)
def test_each_field_is_explained_by_an_example(stated: dict[str, Any]) -> None:
    """Each field has a description in words and an example that is valid for it."""
    assert stated["description"].endswith((".", "…"))
    validator = jsonschema_rs.Draft202012Validator(
        {**stated, "$defs": {"common": schema("common")}}, validate_formats=True
    )
    assert stated["examples"]
    for example in stated["examples"]:
        validator.validate(example)


@pytest.mark.parametrize("stated", FIELDS)
def test_each_field_is_bounded(stated: dict[str, Any]) -> None:
    """No field takes a text, a list or a number without end, nor an object with unknown fields."""
    assert not unbounded(stated)


def unbounded(stated: dict[str, Any]) -> list[str]:
    stated = resolved(stated)
    types = stated["type"] if isinstance(stated["type"], list) else [stated["type"]]
    wanted = {
        "string": () if {"enum", "const"} & stated.keys() else ("maxLength", "pattern"),
        "array": ("maxItems", "items"),
        "integer": ("minimum", "maximum"),
        "number": ("minimum", "maximum"),
        "object": ("additionalProperties",),
    }
    missing = [bound for one in types for bound in wanted.get(one, ()) if bound not in stated]
    return missing + (unbounded(stated["items"]) if "items" in stated else [])


def test_an_unbounded_field_is_seen() -> None:
    """The check of bounds goes red for a field without them."""
    assert unbounded({"type": ["string", "null"]}) == ["maxLength", "pattern"]
    assert unbounded({"type": "array", "maxItems": 3, "items": {"type": "integer", "minimum": 0}}) == ["maximum"]


def test_enumerations_are_the_code_s() -> None:
    """The subcategories and schemes in the files are those of `taxonomy` and `identifiers`."""
    events = [one.id for one in SUBCATEGORIES.values() if one.is_event]
    goods = [one.id for one in SUBCATEGORIES.values() if not one.is_event]
    assert events == DEFINITIONS["eventSubcategory"]["enum"]
    assert goods == DEFINITIONS["productSubcategory"]["enum"]
    assert list(SUBCATEGORIES) == DEFINITIONS["subcategory"]["enum"]
    assert sorted(CARRIED) == DEFINITIONS["identifier"]["properties"]["scheme"]["enum"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bundle_needs_nothing_else(kind: str) -> None:
    """A vendor's validator given only the bundled schema takes what ours takes."""
    example = schema(kind)["examples"][0]
    alone = jsonschema_rs.Draft202012Validator(bundle(kind), validate_formats=True, offline=True)
    assert alone.is_valid(example)
    assert not alone.is_valid({**example, "inconnu": 1})
    jsonschema.Draft202012Validator(bundle(kind)).validate(example)
