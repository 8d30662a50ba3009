"""What the app finds: by words whatever their accents, by place and kind, only what can be had."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from feeds import EANS, QUIMPER, STRASBOURG, TOMORROW, Desk, book, copies, event, seats, session

from catalogue.kinds import KindCode
from catalogue.offers import read_offers
from catalogue.search import Query, search
from connectors.base import Delete
from schemas.records import Kind


@pytest.fixture
async def town(desk: Desk) -> Desk:
    """A bookshop in Quimper and a theatre in Strasbourg."""
    await desk.source("publisher")
    await desk.source("till", venue_id=await desk.venue(QUIMPER, "Librairie", "29000", "Quimper"))
    await desk.source("theatre", venue_id=await desk.venue(STRASBOURG, "Théâtre", "67000", "Strasbourg"))
    titles = ("L'Été", "Elle", "100 % Bretagne", "La Peste")
    await desk.snapshot("publisher", *[book("publisher", ean, title) for ean, title in zip(EANS, titles, strict=False)])
    await desk.snapshot("till", *[copies("till", ean, n) for n, ean in enumerate(EANS[:4])])
    await desk.snapshot(
        "theatre",
        event("theatre", "now", "Phèdre"),
        session("theatre", "now", "now"),
        seats("theatre", "now"),
        event("theatre", "over", "Phèdre au passé"),
        session("theatre", "over", "over", TOMORROW - timedelta(days=3)),
        event("theatre", "off", "Phèdre annulée"),
        session("theatre", "off", "off", cancelled=True),
    )
    return desk


async def titles(desk: Desk, **asked: object) -> list[str]:
    """The titles found, in their order."""
    at = datetime.now(UTC)
    ids = await search(desk.conn, Query(**asked), at=at)  # type: ignore[arg-type]
    offers = {offer.id: offer for offer in await read_offers(desk.conn, ids, at=at)}
    assert len(offers) == len(ids)
    rows = await desk.conn.fetch(
        """
        select coalesce(p.title, e.title) from unnest($1::bigint[]) with ordinality as t (id, n)
        join offer o on o.id = t.id left join product p on p.id = o.product_id left join event e on e.id = o.event_id
        order by n
        """,
        list(ids),
    )
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("phedre", ["Phèdre"]),
        ("PHÈDRE", ["Phèdre"]),
        ("elle", ["Elle"]),
        ("peste camus", ["La Peste"]),
        ("100 %", ["100 % Bretagne"]),
        ("%", ["100 % Bretagne", "Elle", "La Peste", "Phèdre"]),
        ("l'été", []),
        ("rien de tel", []),
    ],
)
async def test_words_are_found_whatever_their_accents(town: Desk, words: str, found: list[str]) -> None:
    """Small French words count; signs are no wildcards; what is sold out or over is not found."""
    assert sorted(await titles(town, words=words)) == found


async def test_a_small_french_title_is_found_once_it_can_be_had(town: Desk) -> None:
    """A full-text search would take L'Été for empty words."""
    await town.delta("till", copies("till", EANS[0], 1))
    assert await titles(town, words="l'été") == ["L'Été"]


async def test_place_and_kind_narrow_the_search(town: Desk) -> None:
    assert await titles(town, department="67") == ["Phèdre"]
    assert await titles(town, department="973") == []
    assert await titles(town, subcategories=("SPECTACLE_REPRESENTATION",)) == ["Phèdre"]
    assert sorted(await titles(town, department="29", subcategories=("LIVRE_PAPIER",))) == [
        "100 % Bretagne",
        "Elle",
        "La Peste",
    ]


async def test_pages_follow_each_other_without_overlap(town: Desk) -> None:
    everything = await titles(town)
    assert len(everything) == 4
    assert [*await titles(town, limit=3), *await titles(town, limit=3, offset=3)] == everything


async def test_what_is_withdrawn_is_neither_found_nor_read(town: Desk) -> None:
    """Its offer leaves the search and the published documents at once."""
    event_id = await town.entity("theatre", KindCode.EVENT, "now")
    [offer] = [row[0] for row in await town.all("select id from offer where event_id = $1", event_id)]
    assert len(await read_offers(town.conn, [offer], at=datetime.now(UTC))) == 1
    await town.delta("theatre", Delete(Kind.EVENT, event("theatre", "now", "Phèdre").ref))
    assert await titles(town, words="phedre") == []
    assert await read_offers(town.conn, [offer], at=datetime.now(UTC)) == []
