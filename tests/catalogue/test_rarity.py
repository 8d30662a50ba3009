"""How rare words are in the catalogue, and what it changes."""

from __future__ import annotations

from feeds import Desk

from catalogue.database import Pool
from catalogue.kinds import KindCode
from catalogue.rarity import count, count_grown, rarity


async def test_words_are_counted_by_kind(desk: Desk) -> None:
    """A word has as many entities as show it, once each; rare words and other kinds' are not counted."""
    await works(desk, ("lune lune", 2), ("lune rousse", 3))
    await count(desk.conn, KindCode.WORK)
    found = await rarity(desk.conn, KindCode.WORK, ["lune", "rousse", "absente"])
    assert (found.records, dict(found.counts)) == (5, {"lune": 5, "rousse": 3})
    assert found.times("absente") == 2
    assert not (await rarity(desk.conn, KindCode.VENUE, ["lune"])).records


async def test_counting_again_forgets_what_is_gone(desk: Desk) -> None:
    """Merged entities no longer count."""
    await works(desk, ("lune", 4))
    await count(desk.conn, KindCode.WORK)
    await desk.conn.execute(
        "update work set merged_into = first.id from (select min(id) as id from work) first where work.id > first.id"
    )
    await count(desk.conn, KindCode.WORK)
    found = await rarity(desk.conn, KindCode.WORK, ["lune"])
    assert (found.records, dict(found.counts)) == (1, {})


async def test_a_catalogue_is_counted_when_it_has_grown(own: Desk, pool: Pool) -> None:
    """Not while it is small, once when it is not, and again only after a fifth more."""
    assert await count_grown(pool) == []
    await works(own, ("lune", 5_000))
    await own.conn.execute("analyze work")
    assert [KindCode.WORK] == await count_grown(pool)
    assert await count_grown(pool) == []


async def works(desk: Desk, *titles: tuple[str, int]) -> None:
    for title, number in titles:
        await desk.conn.execute(
            "insert into work (type, title, folded) select 'book', $1, $1 from generate_series(1, $2)", title, number
        )
