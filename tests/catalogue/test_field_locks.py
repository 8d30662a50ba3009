"""Fields held by hand, and trust that differs by field."""

from __future__ import annotations

import pytest
from feeds import EANS, Desk, book, event, show

from catalogue.field_locks import hold, lift, locks
from catalogue.kinds import KindCode
from catalogue.merge_history import fields_of
from catalogue.refusals import MergeRefused, UnknownEntity


async def test_no_import_overwrites_what_a_person_set(desk: Desk) -> None:
    """The value stays through later readings of every source, and the sources' words come back when it is lifted."""
    await desk.source("publisher", trust=90)
    await desk.source("other", trust=50)
    await desk.snapshot("publisher", book("publisher", EANS[0], "La Pest"))
    product = await desk.entity("publisher", 2, f"r-{EANS[0]}")
    await hold(desk.conn, KindCode.PRODUCT, product, "title", "La Peste", author="jeanne")
    await desk.delta("publisher", book("publisher", EANS[0], "LA PEST"))
    await desk.snapshot("other", book("other", EANS[0], "La peste, roman"))
    assert await desk.one("select title from product where id = $1", product) == "La Peste"
    assert await desk.one("select provenance ->> 'title' from product where id = $1", product) == "0"
    said = (await fields_of(desk.conn, KindCode.PRODUCT, product))["title"]
    assert [one.value for one in said] == ["La Peste", "LA PEST", "La peste, roman"]
    assert [one.author for one in await locks(desk.conn)] == ["jeanne"]
    await lift(desk.conn, KindCode.PRODUCT, product, "title")
    assert await desk.one("select title from product where id = $1", product) == "LA PEST"


async def test_two_providers_of_one_venue_do_not_overwrite_one_another(desk: Desk) -> None:
    """Each is believed in what it knows: the office in the duration, the agenda in the description, in any order."""
    venue_id = await desk.venue()
    office = await desk.source("office", venue_id=venue_id, trust=60)
    await desk.source("agenda", venue_id=venue_id, trust=40)
    await desk.conn.execute("update source set trust_by_field = $1 where id = $2", {"event.description": 10}, office)
    for name, words, minutes in (("office", "Billet 12 €", 90), ("agenda", "Racine, mis en scène", 95)) * 2:
        [_, *dates] = show(name, "e", "Phèdre")
        await desk.snapshot(name, event(name, "e", "Phèdre", description=words, duration_minutes=minutes), *dates)
    assert await desk.entity("agenda", 4, "e") == await desk.entity("office", 4, "e")
    shown = await desk.one("select fields from event where merged_into is null and withdrawn_at is null limit 1")
    assert (shown["description"], shown["durationMinutes"]) == ("Racine, mis en scène", 90)


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("colour", "red", "champ inconnu"),
        ("title", 7, "valeur refusée"),
        ("contributors", [{"nom": "x"}], "valeur refusée"),
    ],
)
async def test_what_cannot_be_held_is_refused(desk: Desk, field: str, value: object, why: str) -> None:
    await desk.source("publisher")
    await desk.snapshot("publisher", book("publisher", EANS[0], "La Peste"))
    product = await desk.entity("publisher", 2, f"r-{EANS[0]}")
    with pytest.raises(MergeRefused, match=why):
        await hold(desk.conn, KindCode.PRODUCT, product, field, value, author="jeanne")
    assert await locks(desk.conn) == []
    with pytest.raises(UnknownEntity):
        await hold(desk.conn, KindCode.PRODUCT, 999_999, "title", "x", author="jeanne")
    with pytest.raises(UnknownEntity):
        await lift(desk.conn, KindCode.PRODUCT, product, "title")
