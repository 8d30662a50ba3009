"""Records made of constants and told one by one: what telling so many costs, whoever reads them."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping

from bench.connector_inputs import NOW
from connectors.base import Upsert
from connectors.reading import read
from schemas.records import (
    Address,
    Contributor,
    Event,
    Identifier,
    Position,
    Product,
    Record,
    Session,
    SourceRef,
    Stock,
    Venue,
    Work,
)


def _work(ref: SourceRef) -> Work:
    return Work(ref=ref, title="t", type="film", identifiers=[], contributors=[], genres=[], description="d")


def _product(ref: SourceRef) -> Product:
    return Product(
        ref=ref,
        title="t",
        subcategory="LIVRE_PAPIER",
        identifiers=[Identifier(scheme="ean", value="9782070360024")],
        contributors=[Contributor(name="n")],
        publisher="p",
        genres=[],
        description="d",
    )


def _venue(ref: SourceRef) -> Venue:
    return Venue(
        ref=ref, name="n", time_zone="z", address=Address(), position=Position(latitude=1.0, longitude=1.0), url="u"
    )


def _event(ref: SourceRef) -> Event:
    return Event(ref=ref, title="t", subcategory="CONCERT", venue_key="v", identifiers=[], genres=[], description="d")


def _session(ref: SourceRef) -> Session:
    return Session(ref=ref, event_key="e", begins_at=NOW, ends_at=NOW, hall="h", features=[])


def _stock(ref: SourceRef) -> Stock:
    return Stock(ref=ref, available=1, session_key="s", price_cents=690, price_label="l")


MADE: Mapping[type, Callable[[SourceRef], Record]] = {
    Work: _work,
    Product: _product,
    Venue: _venue,
    Event: _event,
    Session: _session,
    Stock: _stock,
}
"""A record of each kind, with the fields that most of them have."""


@functools.cache
def kinds_of(name: str, file: str) -> Mapping[type, int]:
    """How many records of each kind a connector reads from a file; asked again it does not read again."""

    async def reading() -> Counter[type]:
        changes = read(name, {"path": file}, None, clock=lambda: NOW)
        return Counter([type(change.record) async for change in changes if isinstance(change, Upsert)])

    return asyncio.run(reading())


def told(kinds: Mapping[type, int]) -> int:
    """Tells so many of each kind, and returns how many came."""

    async def telling() -> AsyncIterator[Upsert]:
        for kind, count in kinds.items():
            for number in range(count):
                yield Upsert(MADE[kind](SourceRef(connector="c", account="a", key=str(number))))

    async def counting() -> int:
        return len([None async for _ in telling()])

    return asyncio.run(counting())
