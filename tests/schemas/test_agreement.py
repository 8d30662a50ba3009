"""The typed records and the published schemas are one format, in both directions."""

from __future__ import annotations

import copy
from typing import Any

import msgspec
import offer_strategies
import pytest
import strategies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import inspect

from schemas.faults import Fault
from schemas.offers import Offer
from schemas.records import KIND_OF, Kind, Record
from schemas.validation import KINDS, TYPE_OF, InvalidRecord, check, check_offer, errors, read, schema

STRUCTS: dict[str, type[msgspec.Struct]] = {**TYPE_OF, "offer": Offer}
JSON_TYPES: dict[type, str] = {
    inspect.StrType: "string",
    inspect.DateTimeType: "string",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.ListType: "array",
    inspect.StructType: "object",
    inspect.NoneType: "null",
}


def differences(struct: inspect.Type, node: dict[str, Any], where: str) -> list[str]:
    """Every way in which a struct and the schema of an object differ, nested ones included."""
    assert isinstance(struct, inspect.StructType)
    node = resolved(node)
    found = []
    properties = dict(node["properties"])
    required = set(node["required"])
    if struct.tag_field is not None:
        if properties.pop(struct.tag_field, {}).get("const") != struct.tag or struct.tag_field not in required:
            found.append(f"{where}: the tag {struct.tag!r}")
        required.discard(struct.tag_field)
    fields = {field.encode_name: field for field in struct.fields}
    found += [f"{where}.{name}: in one only" for name in sorted(fields.keys() ^ properties.keys())]
    if required != {name for name, field in fields.items() if field.required}:
        found.append(f"{where}: what is required")
    if node.get("additionalProperties") is not False or not struct.forbid_unknown_fields:
        found.append(f"{where}: unknown fields")
    for name in fields.keys() & properties.keys():
        field, stated = fields[name], properties[name]
        found += value_differences(field.type, stated, f"{where}.{name}")
        if not field.required and default_of(field) != stated.get("default"):
            found.append(f"{where}.{name}: the default")
    return found


def value_differences(kind: inspect.Type, stated: dict[str, Any], where: str) -> list[str]:
    kinds = kind.types if isinstance(kind, inspect.UnionType) else (kind,)
    types = stated["type"] if isinstance(stated["type"], list) else [stated["type"]]
    if sorted(JSON_TYPES[type(one)] for one in kinds) != sorted(types):
        return [f"{where}: the type"]
    found = []
    for one in kinds:
        if isinstance(one, inspect.StructType):
            found += differences(one, stated, where)
        elif isinstance(one, inspect.ListType):
            found += value_differences(one.item_type, stated["items"], f"{where}[]")
        elif isinstance(one, inspect.DateTimeType) != (resolved(stated).get("format") == "date-time"):
            found += [] if isinstance(one, inspect.NoneType) else [f"{where}: a moment"]
    return found


def default_of(field: inspect.Field) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    definition: dict[str, Any] = schema("common")["$defs"][node["$ref"].rpartition("/")[2]]
    return {**definition, **node}


@pytest.mark.parametrize("kind", KINDS)
def test_struct_and_schema_have_the_same_fields(kind: str) -> None:
    """Names, types, what is required, what may be null and the defaults are the same on both sides."""
    assert not differences(inspect.type_info(STRUCTS[kind]), schema(kind), kind)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param(lambda s: s["properties"].pop("hall"), "in one only", id="field left out"),
        pytest.param(lambda s: s["required"].append("hall"), "what is required", id="required"),
        pytest.param(lambda s: s["properties"]["hall"].update(type="string"), "the type", id="not nullable"),
        pytest.param(lambda s: s["properties"]["cancelled"].update(default=True), "the default", id="default"),
        pytest.param(lambda s: s["properties"]["kind"].update(const="seance"), "the tag", id="tag"),
        pytest.param(lambda s: s["properties"]["beginsAt"].pop("$ref"), "a moment", id="moment"),
        pytest.param(lambda s: s.update(additionalProperties=True), "unknown fields", id="open"),
        pytest.param(lambda s: s["properties"]["features"]["items"].update(type="integer"), "the type", id="items"),
    ],
)
def test_the_comparison_catches(change: Any, told: str) -> None:
    """The comparison above goes red for each kind of drift."""
    drifted = copy.deepcopy(schema("session"))
    change(drifted)
    found = differences(inspect.type_info(STRUCTS["session"]), drifted, "session")
    assert any(told in one for one in found), found


@given(strategies.records())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_record_travels_as_valid_json(record: Record) -> None:
    """Record → JSON → record is equal, the JSON is valid, begins with its kind and leaves defaults out."""
    text = msgspec.json.encode(record)
    document = msgspec.json.decode(text)
    kind = KIND_OF[type(record)]
    assert not check(record)
    assert not errors(kind, document)
    assert ("kind", kind) == next(iter(document.items()))
    # By their JSON: Python calls no two datetimes equal across zones in the hour that autumn repeats.
    again = (msgspec.json.decode(text, type=type(record)), read(kind, document))
    assert [text, text] == [msgspec.json.encode(one) for one in again]


@given(offer_strategies.offers())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_offer_travels_as_valid_json(offer: Offer) -> None:
    """A published offer is valid and comes back equal."""
    assert not check_offer(offer)
    told = msgspec.json.encode(offer)
    assert told == msgspec.json.encode(msgspec.json.decode(told, type=Offer))


ODDITIES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["2026-12-05T20:30:00Z", "2026-02-30T10:00:00Z", "2026-06-30T23:59:60Z", "FR", "fr", 1.0])
    | st.just([])
    | st.just({})
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) of a JSON value."""
    if not isinstance(value, dict | list):
        return []
    found = []
    for key in value if isinstance(value, dict) else range(len(value)):
        found += [(value, key), *places(value[key])]
    return found


def outcome_of(kind: Kind, document: Any) -> Record | list[Fault]:
    """The record that is read, or why not."""
    try:
        return read(kind, document)
    except InvalidRecord as invalid:
        return invalid.faults


@given(strategies.records(), st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_validates_decodes(record: Record, data: st.DataObject) -> None:
    """A document mutated anywhere is refused with reasons, or decodes to a record that is valid again."""
    document = msgspec.to_builtins(record)
    container, key = data.draw(st.sampled_from(places(document)), "place")
    if isinstance(container, dict) and data.draw(st.booleans(), "removed"):
        del container[key]
    else:
        container[key] = data.draw(ODDITIES, "value")
    kind: Kind = KIND_OF[type(record)]
    outcome = outcome_of(kind, document)
    assert outcome
    assert isinstance(outcome, list) or not check(outcome)
