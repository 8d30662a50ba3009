"""What every connector promises, checked against a source of its own, recorded or live.

`faults(make)` reads the source three times, and once more from some of the places where the first reading could
have stopped, and says, check by check, what is not as promised. `make` builds
the connector anew each time, as a crashed worker would.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from types import MappingProxyType
from typing import cast

from connectors.base import Change, Checkpoint, Connector, Cursor, Delete, Reject, Upsert
from connectors.reading import to_line
from net.errors import SourceFailure
from schemas.faults import explain
from schemas.records import KIND_OF, Event, Kind, Product, Session, SourceRef, Stock
from schemas.validation import check

Make = Callable[[], Connector]
MAX_CHANGES = 1_000_000
_LONGEST_CURSOR = 1000
_SLICES = 4
"""So many of the places midway are tried, the first and the last among them."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One promise not kept: which, and what was seen, in French."""

    check: str
    why: str
    is_end: bool = False
    """The reading broke off there: nothing else could be checked."""


@dataclass(frozen=True, slots=True)
class Readings:
    """What the pulls gave: two whole ones, one from the first's last cursor, and some from midway."""

    connector: Connector
    first: Sequence[Change]
    second: Sequence[Change]
    resumed: Sequence[Change]
    slices: Sequence[tuple[Sequence[Change], Sequence[Change]]]
    """The first reading up to a place midway, and what a pull from there told."""
    limit: int
    """A reading longer than this was given up."""


async def faults(make: Make, *, limit: int = MAX_CHANGES) -> list[Fault]:
    """What the connector does not keep of its promises on this source; nothing, when all is well."""
    try:
        first = await _read(make(), None, limit)
        cursor = next((one.cursor for one in reversed(first) if isinstance(one, Checkpoint)), None)
        second = await _read(make(), None, limit)
        resumed = await _read(make(), cursor, limit) if cursor else []
        slices = [(first[: at + 1], await _read(make(), point, limit)) for at, point in _places(first)]
    except SourceFailure as failure:
        return [Fault("ends", f"la lecture finit par {type(failure).__name__} : {failure}", is_end=True)]
    except Exception as error:  # noqa: BLE001  a connector raises the failures of net.errors and nothing else
        why = f"la lecture lève {type(error).__name__} au lieu de rejeter la ligne : {error}"
        return [Fault("rejects", why, is_end=True)]
    readings = Readings(make(), first, second, resumed, slices, limit)
    return [Fault(name, why) for name, one in CHECKS.items() for why in one(readings)]


async def _read(connector: Connector, since: Cursor | None, limit: int) -> list[Change]:
    found: list[Change] = []
    async with aclosing(cast(AsyncGenerator[Change], connector.pull(since))) as changes:
        async for change in changes:
            found.append(change)
            if len(found) > limit:
                break
    return found


def _places(changes: Sequence[Change]) -> list[tuple[int, Cursor]]:
    """Where a reading could have stopped, spread over it."""
    midway = [(at, one.cursor) for at, one in enumerate(changes) if isinstance(one, Checkpoint) and one.midway]
    if len(midway) <= _SLICES:
        return midway
    return [midway[number * (len(midway) - 1) // (_SLICES - 1)] for number in range(_SLICES)]


def _ends(readings: Readings) -> Iterator[str]:
    """The last change is a checkpoint, and there is a last one."""
    for name, changes in (("entière", readings.first), ("reprise", readings.resumed)):
        if len(changes) > readings.limit:
            yield f"la lecture {name} ne finit pas"
        elif not changes or not isinstance(last := changes[-1], Checkpoint) or last.midway:
            yield f"la lecture {name} ne finit pas par un point de reprise"


def _resumes(readings: Readings) -> Iterator[str]:
    """Cursors are short texts, and what a resumed reading tells is spelt as in a whole one."""
    for one in readings.first:
        if isinstance(one, Checkpoint) and not 0 < len(one.cursor) <= _LONGEST_CURSOR:
            yield f"point de reprise vide ou de plus de {_LONGEST_CURSOR} caractères"
    whole = {_name(one) for one in readings.first}
    for one in readings.resumed:
        if isinstance(one, Upsert) and _name(one) not in whole:
            yield f"la reprise nomme {_name(one)}, inconnu de la lecture entière"


def _slices(readings: Readings) -> Iterator[str]:
    """A reading that stopped midway and went on names what one names in one go, and ends as it does.

    What it names twice is harmless; its last cursor is the whole one's, whose watermark was taken at its beginning.
    """
    whole = _named(readings.first)
    for before, after in readings.slices:
        named = _named((*before, *after))
        for missing in list(whole - named)[:5]:
            yield f"la lecture reprise ne nomme pas {missing}"
        for unknown in list(named - whole)[:5]:
            yield f"la lecture reprise nomme {unknown}, inconnu de la lecture d'un trait"
        if not after or after[-1] != readings.first[-1]:
            yield "la lecture reprise ne finit pas comme celle d'un trait"


def _repeats(readings: Readings) -> Iterator[str]:
    """Two readings of the same source tell the same."""
    first, second = Counter(_told(readings.first)), Counter(_told(readings.second))
    for line in [*(first - second), *(second - first)][:5]:
        yield f"dit une fois sur deux : {line[:200]}"


def _keys_unique(readings: Readings) -> Iterator[str]:
    """One reading tells a record once."""
    named = Counter(_name(one) for one in readings.first if isinstance(one, Upsert))
    for name, count in named.items():
        if count > 1:
            yield f"{name} est dit {count} fois"


def _refs(readings: Readings) -> Iterator[str]:
    """Records carry the connector's name and account, and a key."""
    for one in readings.first:
        ref = _ref(one)
        if ref is None:
            continue
        if (ref.connector, ref.account) != (readings.connector.name, readings.connector.account):
            yield f"{ref} n'est pas de {readings.connector.name}, {readings.connector.account}"
        elif not ref.key:
            yield f"{ref} n'a pas de clé"


def _valid(readings: Readings) -> Iterator[str]:
    """Records are valid against the published schemas."""
    for one in readings.first:
        if isinstance(one, Upsert) and (wrong := check(one.record)):
            yield f"{_name(one)} : {explain(wrong)}"


def _related(readings: Readings) -> Iterator[str]:
    """What a record names in its own source is told by the source, accepted or rejected."""
    told = {(name[0], name[1]) for one in readings.first if (name := _name(one)) is not None}
    for one in readings.first:
        if not isinstance(one, Upsert):
            continue
        for kind, key in _named_by(one):
            if key is not None and (kind, key) not in told:
                yield f"{_name(one)} nomme {kind} {key}, que la source ne dit pas"


def _rejects(readings: Readings) -> Iterator[str]:
    """A rejection says why and keeps the row."""
    for one in readings.first:
        if isinstance(one, Reject) and not (one.why.strip() and one.raw):
            yield f"rejet sans raison ou sans ligne : {one.why[:100]}"


def _written(readings: Readings) -> Iterator[str]:
    """Every change can be written as a line of JSON."""
    for one in readings.first:
        try:
            json.dumps(to_line(one))
        except (TypeError, ValueError) as error:
            yield f"{type(one).__name__} ne s'écrit pas en JSON : {error}"


CHECKS: Mapping[str, Callable[[Readings], Iterator[str]]] = MappingProxyType(
    {
        "ends": _ends,
        "resumes": _resumes,
        "slices": _slices,
        "repeats": _repeats,
        "keys_unique": _keys_unique,
        "refs": _refs,
        "valid": _valid,
        "related": _related,
        "rejects": _rejects,
        "written": _written,
    }
)
"""By name; each yields what it saw wrong."""


def _named_by(one: Upsert) -> Iterator[tuple[Kind, str | None]]:
    record = one.record
    if isinstance(record, Event):
        yield Kind.VENUE, record.venue_key
        yield Kind.WORK, record.work_key
    elif isinstance(record, Session):
        yield Kind.EVENT, record.event_key
    elif isinstance(record, Product):
        yield Kind.WORK, record.work_key
    elif isinstance(record, Stock):
        yield Kind.PRODUCT, record.product_key
        yield Kind.SESSION, record.session_key
        yield Kind.EVENT, record.event_key


def _name(one: Change) -> tuple[Kind, str, str] | None:
    ref = _ref(one)
    if ref is None:
        return None
    kind = KIND_OF[type(one.record)] if isinstance(one, Upsert) else one.kind  # type: ignore[union-attr]
    return None if kind is None else (kind, ref.key, ref.part)


def _named(changes: Sequence[Change]) -> set[tuple[Kind, str, str]]:
    """What a sweep would hold for named."""
    return {name for one in changes if not isinstance(one, Delete) and (name := _name(one)) is not None}


def _ref(one: Change) -> SourceRef | None:
    if isinstance(one, Upsert):
        return one.record.ref
    return one.ref if isinstance(one, Delete | Reject) else None


def _told(changes: Sequence[Change]) -> Iterator[str]:
    for one in changes:
        if not isinstance(one, Checkpoint):
            yield json.dumps(to_line(one), sort_keys=True, default=str)
