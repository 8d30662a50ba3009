"""The rules of the format that JSON Schema cannot state: check digits, the order of times, real zones.

Each function answers the faults of one kind of record that its schema has already accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from schemas.faults import Fault
from schemas.identifiers import SCHEMES, InvalidIdentifier, insee_code
from schemas.records import Event, Identifier, Kind, Product, Record, Session, Stock, Venue, Work
from schemas.taxonomy import SUBCATEGORIES
from schemas.zones import is_zone


def semantic_faults(record: Record) -> list[Fault]:
    """What is wrong with a record of the right shape; empty when nothing is."""
    return list(RULES[type(record)](record))


def _work(record: Work) -> Iterator[Fault]:
    return _identifiers(record.identifiers, Kind.WORK)


def _product(record: Product) -> Iterator[Fault]:
    return _identifiers(record.identifiers, Kind.PRODUCT)


def _venue(record: Venue) -> Iterator[Fault]:
    yield from _identifiers(record.identifiers, Kind.VENUE)
    if not is_zone(record.time_zone):
        yield Fault("$.timeZone", f"« {record.time_zone} » n'est pas un fuseau de la base IANA")
    if record.address is not None and record.address.insee_code is not None:
        yield from _normal("$.address.inseeCode", insee_code, record.address.insee_code)


def _event(record: Event) -> Iterator[Fault]:
    yield from _identifiers(record.identifiers, Kind.EVENT)
    if record.is_duo and not SUBCATEGORIES[record.subcategory].can_be_duo:
        yield Fault("$.isDuo", f"la sous-catégorie {record.subcategory} ne se réserve pas à deux")


def _session(record: Session) -> Iterator[Fault]:
    if record.ends_at is not None and record.ends_at < record.begins_at:
        yield Fault("$.endsAt", "la séance finirait avant de commencer")


def _stock(record: Stock) -> Iterator[Fault]:
    if record.ean is not None:
        yield from _normal("$.ean", SCHEMES["ean"].normalise, record.ean)


def _identifiers(identifiers: list[Identifier], kind: Kind) -> Iterator[Fault]:
    named: dict[str, str] = {}
    for place, one in enumerate(identifiers):
        scheme = SCHEMES[one.scheme]
        if kind not in scheme.kinds:
            yield Fault(f"$.identifiers[{place}].scheme", f"{scheme.title} n'identifie pas cette sorte de chose")
        yield from _normal(f"$.identifiers[{place}].value", scheme.normalise, one.value)
        if scheme.exclusive and named.setdefault(one.scheme, one.value) != one.value:
            why = f"deux valeurs de {scheme.title} sur un même enregistrement : l'une des deux est fausse"
            yield Fault(f"$.identifiers[{place}].value", why)


def _normal(path: str, normalise: Callable[[str], str], value: str) -> Iterator[Fault]:
    try:
        normal = normalise(value)
    except InvalidIdentifier as invalid:
        yield Fault(path, str(invalid))
    else:
        if normal != value:
            yield Fault(path, f"« {value[:60]} » n'est pas sous sa forme normale : « {normal} »")


RULES: dict[type[Record], Callable[[Any], Iterator[Fault]]] = {
    Work: _work,
    Product: _product,
    Venue: _venue,
    Event: _event,
    Session: _session,
    Stock: _stock,
}
