"""The validator really refuses what must not be stored, says why in French, and agrees with the reference."""

from __future__ import annotations

import copy
import json
import math
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import strategies
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema.exceptions import ErrorTree

from schemas.faults import explain
from schemas.records import (
    KIND_OF,
    Address,
    Event,
    Identifier,
    Kind,
    Position,
    Product,
    Record,
    Session,
    SourceRef,
    Stock,
    Venue,
    Work,
)
from schemas.trees import lines, tree
from schemas.validation import InvalidRecord, check, errors, read, schema

REF = SourceRef(connector="boost", account="cinema-quai", key="15971")
NOON = datetime(2026, 12, 5, 12, tzinfo=UTC)


def example(kind: str, /, **changes: Any) -> dict[str, Any]:
    """The schema's own example, changed; a value of `...` takes the field away."""
    document = copy.deepcopy(schema(kind)["examples"][0]) | changes
    return {name: value for name, value in document.items() if value is not ...}


@pytest.mark.parametrize("kind", list(Kind))
def test_the_examples_of_records_are_records(kind: Kind) -> None:
    """What the schemas show as examples is read, check digits and zones included."""
    assert kind == KIND_OF[type(read(kind, example(kind)))]


REFUSED = [
    # Moments: the issue's "a session without a zone", and what lenient validators let through.
    ("session", {"beginsAt": "2026-12-05T20:30:00"}, "$.beginsAt", "décalage horaire"),
    ("session", {"beginsAt": "2026-01-01 nope"}, "$.beginsAt", "décalage horaire"),
    ("session", {"beginsAt": "2026-02-30T20:30:00Z"}, "$.beginsAt", "date et heure réelle"),
    ("session", {"beginsAt": "2026-12-05 20:30:00Z"}, "$.beginsAt", "décalage horaire"),
    ("session", {"beginsAt": "2026-12-05T24:00:00Z"}, "$.beginsAt", "date et heure réelle"),
    ("session", {"beginsAt": "2026-06-30T23:59:60Z"}, "$.beginsAt", "date et heure réelle"),
    ("session", {"beginsAt": "2026-12-05T20:30:00+0100"}, "$.beginsAt", "décalage horaire"),
    ("session", {"beginsAt": "2026-12-05T20:30:00+01:00\n"}, "$.beginsAt", "décalage horaire"),
    ("session", {"beginsAt": "2026-12-05"}, "$.beginsAt", "décalage horaire"),
    ("session", {"beginsAt": "0026-12-05T20:30:00Z"}, "$.beginsAt", "date et heure réelle"),
    ("session", {"beginsAt": 1_800_000_000}, "$.beginsAt", "il faut un texte"),
    ("session", {"beginsAt": ...}, "$.beginsAt", "obligatoire"),
    ("session", {"endsAt": "2026-12-05T20:29:59+01:00"}, "$.endsAt", "finirait avant"),
    # Quantities and money.
    ("stock", {"available": -1}, "$.available", "au moins 0"),
    ("stock", {"available": 1.5}, "$.available", "nombre entier"),
    ("stock", {"available": "12"}, "$.available", "nombre entier"),
    ("stock", {"available": True}, "$.available", "nombre entier"),
    ("stock", {"available": 3.0}, "$.available", "nombre entier"),
    ("stock", {"available": ...}, "$.available", "obligatoire"),
    ("stock", {"available": 10**30}, "$.available", "au plus"),
    ("stock", {"priceCents": -1}, "$.priceCents", "au moins 0"),
    ("stock", {"priceCents": 12.5}, "$.priceCents", "nombre entier"),
    # Of what.
    ("stock", {"ean": ...}, "$", "exactement un des champs productKey, ean, sessionKey, eventKey"),
    ("stock", {"ean": None}, "$", "exactement un"),
    ("stock", {"sessionKey": "15971"}, "$", "exactement un"),
    ("stock", {"ean": "9782070360025"}, "$.ean", "clé de contrôle"),
    ("stock", {"ean": "2000000000008"}, "$.ean", "interne"),
    ("stock", {"ean": "978-2070360024"}, "$.ean", "13 chiffres"),
    # Words of the taxonomy, zones, places.
    ("product", {"subcategory": "LIVRE"}, "$.subcategory", "valeur inconnue"),
    ("product", {"subcategory": "CONCERT"}, "$.subcategory", "valeur inconnue"),
    ("event", {"subcategory": "LIVRE_PAPIER"}, "$.subcategory", "valeur inconnue"),
    ("event", {"subcategory": "LIVESTREAM_MUSIQUE", "isDuo": True}, "$.isDuo", "à deux"),
    ("work", {"type": "livre"}, "$.type", "book, film, show"),
    ("venue", {"timeZone": "Europe/Pariss"}, "$.timeZone", "base IANA"),
    ("venue", {"timeZone": "localtime"}, "$.timeZone", "base IANA"),
    ("venue", {"timeZone": "../../etc/passwd"}, "$.timeZone", "fuseau IANA"),
    ("venue", {"timeZone": ...}, "$.timeZone", "obligatoire"),
    ("venue", {"position": {"latitude": 91, "longitude": 0}}, "$.position.latitude", "au plus 90"),
    ("venue", {"position": {"latitude": 48.5}}, "$.position.longitude", "obligatoire"),
    ("venue", {"address": {"inseeCode": "67 482"}}, "$.address.inseeCode", "INSEE"),
    ("venue", {"address": {"inseeCode": "99100"}}, "$.address.inseeCode", "INSEE|insee"),
    ("venue", {"address": {"country": "fr"}}, "$.address.country", "majuscules"),
    ("venue", {"url": "javascript:alert(1)"}, "$.url", "http"),
    ("product", {"publishedOn": "2026-02-30"}, "$.publishedOn", "date réelle"),
    ("product", {"publishedOn": "2026-13"}, "$.publishedOn", "date réelle"),
    ("product", {"publishedOn": "12/05/2026"}, "$.publishedOn", "date réelle"),
    # Identifiers.
    ("product", {"identifiers": [{"scheme": "ean", "value": "9782070360025"}]}, "$.identifiers[0].value", "clé"),
    ("product", {"identifiers": [{"scheme": "isbn", "value": "2070360024"}]}, "$.identifiers[0].scheme", "inconnue"),
    (
        "product",
        {"identifiers": [{"scheme": "issn", "value": "0317-8471"}]},
        "$.identifiers[0].value",
        "forme normale : « 03178471 »",
    ),
    ("venue", {"identifiers": [{"scheme": "visa", "value": "108245"}]}, "$.identifiers[0].scheme", "cette sorte"),
    (
        "venue",
        {"identifiers": [{"scheme": "siret", "value": "73282932000075"}]},
        "$.identifiers[0].value",
        "clé de contrôle",
    ),
    (
        "work",
        {"identifiers": [{"scheme": "visa", "value": "108245"}, {"scheme": "visa", "value": "108246"}]},
        "$.identifiers[1].value",
        "deux valeurs",
    ),
    # Texts.
    ("event", {"title": ""}, "$.title", "vide"),
    ("event", {"title": " \u00a0\t"}, "$.title", "vide"),
    ("event", {"title": "a\x00b"}, "$.title", "caractère nul"),
    ("event", {"title": "x" * 1001}, "$.title", "trop long"),
    ("event", {"description": "x" * 20_001}, "$.description", "trop long"),
    ("event", {"genres": ["x"] * 101}, "$.genres", "trop longue"),
    ("event", {"titre": "x"}, "$.titre", "champ inconnu"),
    ("event", {"ref": {"connector": "openagenda", "account": "", "key": "1"}}, "$.ref.account", "vide"),
    ("event", {"ref": {"connector": "Open Agenda", "account": "1", "key": "1"}}, "$.ref.connector", "connecteur"),
    ("event", {"kind": "work"}, "$.kind", "il faut « event »"),
    ("event", {"isDuo": None}, "$.isDuo", "vrai ou faux"),
    ("event", {"isDuo": 1}, "$.isDuo", "vrai ou faux"),
]


@pytest.mark.parametrize(("kind", "changes", "path", "why"), REFUSED)
def test_what_is_refused_and_why(kind: Kind, changes: dict[str, Any], path: str, why: str) -> None:
    """One thing wrong in a good document: one fault, at its place, in French."""
    with pytest.raises(InvalidRecord, match=why) as caught:
        read(kind, example(kind, **changes))
    assert [path] == [fault.path for fault in caught.value.faults]


@pytest.mark.parametrize("document", [None, [], "stock", 3, {}], ids=str)
def test_what_is_not_even_an_object(document: Any) -> None:
    """Anything may be sent; none of it raises anything else."""
    assert errors("stock", document)


def test_half_characters_are_refused() -> None:
    """Half of a UTF-16 pair, which Python's JSON reader lets in and no database takes, is a fault."""
    document = json.loads(json.dumps(example("event")).replace("Le Malade", "\\ud83d"))
    with pytest.raises(InvalidRecord, match="demi-caractère"):
        read(Kind.EVENT, document)


def test_every_fault_is_told_at_once() -> None:
    """A vendor corrects a document in one round: all its faults come together, one a place, in order."""
    faults = errors("stock", example("stock", available=-1, priceCents="x", ref={}, inconnu=1))
    assert [fault.path for fault in faults] == [
        "$.available",
        "$.inconnu",
        "$.priceCents",
        "$.ref.account",
        "$.ref.connector",
        "$.ref.key",
    ]
    assert "$.inconnu : champ inconnu ; $.priceCents : « x » : il faut un nombre entier ou null" in explain(faults)


def test_faults_stay_short() -> None:
    """What is echoed of a wrong value is cut."""
    faults = errors("event", example("event", subcategory="X" * 100_000, **{"y" * 100_000: 1}))
    assert len(faults) == 2
    assert len(explain(faults)) < 400


WRONG_RECORDS = [
    (Session(ref=REF, event_key="e", begins_at=NOON.replace(tzinfo=None)), "$.beginsAt"),
    (Session(ref=REF, event_key="", begins_at=NOON), "$.eventKey"),
    (Stock(ref=REF, available=-3, session_key="15971"), "$.available"),
    (Stock(ref=REF, available=3), "$"),
    (Stock(ref=REF, available=3, ean="9782070360025"), "$.ean"),
    (Stock(ref=REF, available="3", ean="9782070360024"), "$.available"),  # type: ignore[arg-type]
    (Work(ref=REF, title="x", type="x"), "$.type"),
    (Product(ref=REF, title="x\x00", subcategory="LIVRE_PAPIER"), "$.title"),
    (Venue(ref=REF, name="x", time_zone="Europe/Brest"), "$.timeZone"),
    (
        Venue(ref=REF, name="x", time_zone="UTC", position=Position(latitude=math.nan, longitude=0.0)),
        "$.position.latitude",
    ),
    (Venue(ref=REF, name="x", time_zone="UTC", address=Address(insee_code="00000")), "$.address.inseeCode"),
    (
        Event(
            ref=REF,
            title="x",
            subcategory="CONCERT",
            identifiers=[Identifier(scheme="ean", value="9782070360024")],
        ),
        "$.identifiers[0].scheme",
    ),
]


@pytest.mark.parametrize(("record", "path"), WRONG_RECORDS)
def test_wrong_records_are_caught(record: Record, path: str) -> None:
    """A record that a connector built wrongly (structs check nothing themselves) does not pass."""
    assert [path] == [fault.path for fault in check(record)]


VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.lists(st.text(max_size=3), max_size=2)
    | st.sampled_from(
        [
            "2026-12-05T20:30:00Z",
            "2026-02-30T10:00:00Z",
            "2026-02-30",
            "2026-02",
            "9782070360024",
            "FR",
            {"name": "x"},
            {"a": 1},
        ]
    )
)


@given(strategies.records(), st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_engine_agrees_with_the_reference(record: Record, data: st.DataObject) -> None:
    """The reference implementation, given a calendar for its formats, comes to the same verdict."""
    document = msgspec.to_builtins(record)
    name = data.draw(st.sampled_from(sorted(document)), "field")
    document[name] = data.draw(VALUES, "value")
    kind = KIND_OF[type(record)]
    found = tree(kind, document)
    assert (found.total_errors == 0) == (not errors(kind, document))
    # The tree tells of every place that the engine finds a fault in; of a place it may tell more.
    assert {fault.path for fault in errors(kind, document)} <= told_places(found)


def told_places(found: ErrorTree, path: str = "$") -> set[str]:
    """The places of a tree as the engine names them: what misses, or is unknown, is named by the field."""
    places = {path} if found.errors else set()
    for error in found.errors.values():
        if error.validator == "required":
            places |= {f"{path}.{name}" for name in error.validator_value}
        if error.validator == "additionalProperties":
            places |= {f"{path}.{name}" for name in error.instance}
    for step in found:
        places |= told_places(found[step], f"{path}[{step}]" if isinstance(step, int) else f"{path}.{step}")
    return places


def test_the_tree_is_readable() -> None:
    """What a vendor reads of a wrong document: each place once, what is wrong there under it."""
    document = example("stock", available=-1, ref={"connector": "x"})
    assert list(lines(tree("stock", document))) == [
        "$",
        "  available",
        "    - -1 is less than the minimum of 0",
        "  ref",
        "    - 'key' is a required property",
    ]


def test_unknown_kinds_are_bugs() -> None:
    """Asking for a kind that has no schema is the caller's error, not a fault of the document."""
    with pytest.raises(KeyError):
        errors("common", {})
