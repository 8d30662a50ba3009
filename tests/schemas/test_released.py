"""What was released stays valid: each example of each released version, in every later one of its major version."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from schemas.validation import KINDS, errors, schema
from schemas.versions import FORMAT

RELEASED = Path(__file__).parent / "released"
VERSIONS = sorted(folder.name for folder in RELEASED.iterdir())
CASES = [(version, kind) for version in VERSIONS for kind in KINDS]


def examples(version: str, kind: str) -> list[Any]:
    return list(json.loads((RELEASED / version / f"{kind}.examples.json").read_text("utf-8")))


def broken(old: dict[str, Any], new: dict[str, Any], where: str = "$") -> Iterator[str]:
    """What of an old schema a new one takes back: fields, values, room, or the right to leave something out."""
    for name in old.get("properties", {}):
        if name not in new.get("properties", {}):
            yield f"{where}.{name} : le champ a disparu"
        else:
            yield from broken(old["properties"][name], new["properties"][name], f"{where}.{name}")
    for name in sorted(set(new.get("required", ())) - set(old.get("required", ()))):
        yield f"{where}.{name} : devenu obligatoire"
    if gone := set(map(str, old.get("enum", ()))) - set(map(str, new.get("enum", old.get("enum", ())))):
        yield f"{where} : valeurs disparues : {', '.join(sorted(gone))}"
    if "enum" in new and "enum" not in old:
        yield f"{where} : devenu une énumération"
    types = [{one["type"]} if isinstance(one.get("type"), str) else set(one.get("type", ())) for one in (old, new)]
    if types[0] - types[1]:
        yield f"{where} : type refusé : {', '.join(sorted(types[0] - types[1]))}"
    for bound, is_worse in BOUNDS.items():
        if bound in new and (bound not in old or is_worse(old[bound], new[bound])):
            yield f"{where} : {bound} plus étroit"
    for name in ("items", "$defs"):
        inside = old.get(name)
        if name == "items" and isinstance(inside, dict) and isinstance(new.get("items"), dict):
            yield from broken(inside, new["items"], f"{where}[]")
        if name == "$defs" and isinstance(inside, dict):
            for key in inside:
                yield from broken(inside[key], new.get("$defs", {}).get(key, {}), f"{where}#{key}")


BOUNDS: dict[str, Callable[[Any, Any], bool]] = {
    "maxLength": lambda old, new: bool(new < old),
    "minLength": lambda old, new: bool(new > old),
    "maxItems": lambda old, new: bool(new < old),
    "minItems": lambda old, new: bool(new > old),
    "maximum": lambda old, new: bool(new < old),
    "minimum": lambda old, new: bool(new > old),
    "pattern": lambda old, new: bool(new != old),
    "const": lambda old, new: bool(new != old),
}


@pytest.mark.parametrize(("version", "kind"), CASES)
def test_released_examples_stay_valid(version: str, kind: str) -> None:
    """What a vendor sends by a released version is taken by this one."""
    assert examples(version, kind)
    assert [errors(kind, example) for example in examples(version, kind)] == [[] for _ in examples(version, kind)]


@pytest.mark.parametrize(("version", "kind"), [*CASES, *((version, "common") for version in VERSIONS)])
def test_nothing_released_is_taken_back(version: str, kind: str) -> None:
    """No field goes, none becomes obligatory, no value or room is lost."""
    old = json.loads((RELEASED / version / f"{kind}.schema.json").read_text("utf-8"))
    assert list(broken(old, schema(kind))) == []


def test_the_version_of_now_is_released() -> None:
    """The first number is the folder's; what stands in the folder now was released or comes after what was."""
    major, minor, patch = map(int, FORMAT.split("."))
    assert (major, patch) == (1, patch)
    assert f"{major}.{minor}" in VERSIONS
    assert [f"{major}.{number}" for number in range(minor + 1)] == VERSIONS


def changed(change: Callable[[dict[str, Any]], Any]) -> list[str]:
    new = copy.deepcopy(schema("session"))
    change(new)
    return list(broken(schema("session"), new))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda new: new["properties"].pop("hall"), "$.hall : le champ a disparu"),
        (lambda new: new["required"].append("hall"), "$.hall : devenu obligatoire"),
        (lambda new: new["properties"]["hall"].update(type="string"), "$.hall : type refusé : null"),
        (lambda new: new["properties"]["hall"].update(enum=["Salle 1"]), "$.hall : devenu une énumération"),
        (lambda new: new["properties"]["features"].update(maxItems=3), "$.features : maxItems plus étroit"),
        (lambda new: new["properties"]["kind"].update(const="séance"), "$.kind : const plus étroit"),
    ],
)
def test_what_would_break_a_vendor_is_seen(change: Callable[[dict[str, Any]], Any], why: str) -> None:
    """Each way of taking something back goes red."""
    assert changed(change) == [why]


def test_what_a_minor_version_may_do_is_let_be() -> None:
    """A field that may be absent, a wider bound, another description."""
    assert changed(lambda new: new["properties"].update(seats={"type": "integer"})) == []
    assert changed(lambda new: new["properties"]["features"].update(maxItems=500, description="Autrement.")) == []
