"""The one validator of the open offer format: every record passes here before it is stored.

`check(record)` is what `sync` calls; `read(kind, document)` takes a pushed JSON object to a record or says
why not. The compiled engine is jsonschema-rs with formats asserted (Draft 2020-12), one for each kind, and
its errors are told in French; the reference implementation `jsonschema` is held against it by the tests.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec

from schemas.faults import Fault, explain, faults_of
from schemas.offers import Offer
from schemas.records import KIND_OF, Kind, Record
from schemas.semantics import semantic_faults

VERSION = "v1"
FOLDER = Path(__file__).parent / VERSION
KINDS: tuple[str, ...] = (*Kind, "offer")
TYPE_OF: dict[str, type[Record]] = {kind: struct for struct, kind in KIND_OF.items()}


class InvalidRecord(ValueError):
    """A document is not a record of the format; the text is all its faults, in French."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(explain(faults))
        self.faults = faults


@functools.cache
def schema(name: str) -> dict[str, Any]:
    """The published JSON Schema of a kind of `KINDS`, or `common`. Shared: do not change it."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.schema.json").read_bytes())
    return content


def bundle(kind: str) -> dict[str, Any]:
    """The schema of a kind as one self-contained document, for those who validate on their side."""
    return {**schema(kind), "$defs": {"common": schema("common")}}


def errors(kind: str, document: Any) -> list[Fault]:
    """What the schema of `kind` has against a JSON value; empty when nothing. KeyError: no such kind."""
    validator = _validator(kind)
    try:
        if validator.is_valid(document):
            return []
        return faults_of(validator.iter_errors(document), choices=_choices(kind))
    except UnicodeEncodeError:
        return [Fault("$", "un texte contient un caractère impossible (demi-caractère UTF-16)")]


def check(record: Record) -> list[Fault]:
    """What is wrong with a record, by its schema, then by the rules no schema can say; empty when nothing."""
    return errors(KIND_OF[type(record)], msgspec.to_builtins(record)) or semantic_faults(record)


def check_offer(offer: Offer) -> list[Fault]:
    """What is wrong with a derived offer's shape; empty when nothing."""
    return errors("offer", msgspec.to_builtins(offer))


def read(kind: Kind, document: Any) -> Record:
    """The record that a JSON value states. Raises `InvalidRecord` with every fault found."""
    faults = errors(kind, document)
    if faults:
        raise InvalidRecord(faults)
    try:
        record = msgspec.convert(document, TYPE_OF[kind])
    except msgspec.ValidationError as error:
        # JSON Schema takes 12.0 for an integer; a record does not. msgspec ends its message by the place.
        path = str(error).rpartition(" - at `")[2].rstrip("`")
        raise InvalidRecord([Fault(path, "un nombre entier s'écrit sans point ni exposant")]) from error
    faults = semantic_faults(record)
    if faults:
        raise InvalidRecord(faults)
    return record


def _choices(kind: str) -> list[str]:
    return [choice["required"][0] for choice in schema(kind).get("oneOf", ())]


@functools.cache
def _validator(kind: str) -> jsonschema_rs.Validator:
    if kind not in KINDS:
        raise KeyError(kind)
    registry = jsonschema_rs.Registry([(schema("common")["$id"], schema("common"))])
    return jsonschema_rs.Draft202012Validator(
        schema(kind), validate_formats=True, ignore_unknown_formats=False, registry=registry
    )
