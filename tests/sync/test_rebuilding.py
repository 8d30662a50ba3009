"""All that stands matched anew: shown first, done member by member, taken back; the second time nothing is left."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Any

from feeds import TOMORROW, Desk, event, hall, ref, seats, session

from bench.increment import corpus, told_otherwise
from catalogue import rebuild as rebuild_room
from catalogue.database import Pool
from catalogue.decisions import REBUILD
from catalogue.field_locks import hold
from catalogue.joining import join, undo
from catalogue.kinds import MATCHED, KindCode
from catalogue.members import Member
from catalogue.rebuild_plan import Plan
from catalogue.splitting import split
from catalogue.verdicts import never, questions
from schemas.records import Contributor, Record, Work
from sync.rebuilding import foresee, rebuild

WORKS, DOUBLES = 150, 30
STATE = {"change_log", "entity_merge", "merge_member", "run", "merge_decision"}
MOMENTS = ("changed_at", "observed_at")


async def everything(desk: Desk, *left_out: str) -> dict[str, list[Any]]:
    """All rows of all tables, without the times at which they were last touched."""
    names = await desk.all("select tablename from pg_tables where schemaname = 'public' order by 1")
    return {
        name: sorted(
            repr(sorted((c, v) for c, v in row.items() if c not in MOMENTS))
            for row in await desk.conn.fetch(f"select * from {name}")
        )
        for (name,) in names
        if name not in left_out
    }


async def library(desk: Desk) -> list[int]:
    """Two sources that tell the same works, thirty of which a rule has wrongly kept apart; the ids of these."""
    works = list(corpus(WORKS, 3))
    chance = random.Random(5)
    theirs = [told_otherwise(work, n, chance) for n, work in enumerate(works)]
    for name in ("bench", "new"):
        await desk.source(name)
    await desk.snapshot("bench", *works)
    await desk.snapshot("new", *theirs)
    joined = await desk.all(
        "select a.entity_id, b.key from source_record a join source_record b on b.kind = 1"
        " and b.entity_id = a.entity_id and b.source_id = $2 where a.source_id = $1 order by a.entity_id limit $3",
        desk.sources["bench"], desk.sources["new"], DOUBLES,
    )  # fmt: skip
    assert len(joined) == DOUBLES
    for _, key in joined:
        await split(desk.conn, KindCode.WORK, Member(desk.sources["new"], key), author="rules-0")
    return [id_ for id_, _ in joined]


async def plans(pool: Pool) -> dict[KindCode, Plan]:
    return {found.plan.kind: found.plan async for found in foresee(pool)}


async def applied(pool: Pool, kinds: Sequence[KindCode] = MATCHED) -> None:
    for kind in kinds:
        await rebuild(pool, kind)


async def entities(desk: Desk, source: str, kind: KindCode = KindCode.WORK) -> dict[str, int]:
    rows = await desk.all(
        "select key, entity_id from source_record where source_id = $1 and kind = $2 and part = ''",
        desk.sources[source],
        kind.value,
    )
    return dict(rows)


async def test_looking_writes_nothing_and_says_why(own: Desk, pool: Pool) -> None:
    """Without being told to, a rebuild changes no row of any table; every join is explained in French and adds up."""
    doubled = await library(own)
    before = await everything(own)
    found = await plans(pool)
    assert await everything(own) == before
    works = found[KindCode.WORK]
    assert (works.records, works.entities) == (2 * WORKS, WORKS + DOUBLES)
    assert sorted(one.one for one in works.joins) == doubled
    for one in works.joins:
        assert one.score == sum(level["points"] for level in one.explanation["levels"])
        assert any("titre" in reason for reason in one.explanation["reasons"])
    assert all(plan.is_empty for kind, plan in found.items() if kind is not KindCode.WORK)


async def test_what_was_done_is_not_done_again_and_is_taken_back(own: Desk, pool: Pool) -> None:
    """A second rebuild finds nothing to do; each join undone in any order leaves every row as it was."""
    await library(own)
    before = await everything(own, *STATE)
    found, done = await rebuild(pool, KindCode.WORK)
    assert (done.made, done.overtaken) == (len(found.plan.joins), 0) == (DOUBLES, 0)
    assert await own.one("select count(*) from work where merged_into is null") == WORKS
    assert await own.one("select count(distinct author) from entity_merge where author = $1", REBUILD) == 1
    assert all(plan.is_empty for plan in (await plans(pool)).values())
    merges = [row[0] for row in await own.all("select id from entity_merge")]
    random.Random(1).shuffle(merges)
    for merge_id in merges:
        async with own.conn.transaction():
            await undo(own.conn, merge_id, author="person:t")
    assert await everything(own, *STATE) == before


async def test_one_that_broke_off_is_gone_on_with(own: Desk, pool: Pool) -> None:
    """A run that died between two transactions, run again, ends where one that did not would have."""
    await library(own)
    works = (await plans(pool))[KindCode.WORK]
    await rebuild_room.apply_some(own.conn, KindCode.WORK, works.joins[:7])
    dying = own.conn.transaction()
    await dying.start()
    await rebuild_room.apply_some(own.conn, KindCode.WORK, works.joins[7:14])
    await dying.rollback()
    assert await own.one("select count(*) from entity_merge") == 7
    _, done = await rebuild(pool, KindCode.WORK)
    assert (done.made, done.overtaken) == (DOUBLES - 7, 0)
    assert all(plan.is_empty for plan in (await plans(pool)).values())
    again = await rebuild_room.apply_some(own.conn, KindCode.WORK, works.joins)
    assert (again.made, again.overtaken) == (0, DOUBLES)


async def test_people_are_not_overruled(own: Desk, pool: Pool) -> None:
    """« Never » is never; what a person joined stays joined; what a person took back is asked; locked fields stay."""
    ids = await library(own)
    works = (await plans(pool))[KindCode.WORK]
    never_, locked = works.joins[0], works.joins[1]
    await never(own.conn, KindCode.WORK, never_.one, never_.other, author="jeanne")
    await hold(own.conn, KindCode.WORK, locked.one, "title", "Le Titre de Jeanne", author="jeanne")
    back = works.joins[2]
    merge = await join(own.conn, KindCode.WORK, back.one, back.other, author="person:jeanne")
    await undo(own.conn, merge.id, author="person:jeanne")
    unlike = [id_ for id_ in (await entities(own, "bench")).values() if id_ not in ids][:2]
    kept = await join(own.conn, KindCode.WORK, *unlike, author="person:jeanne")

    _, done = await rebuild(pool, KindCode.WORK)
    assert done.made == DOUBLES - 1, "a question among them"
    standing = {row[0] for row in await own.all("select id from work where merged_into is null")}
    assert {never_.one, never_.other, back.one, back.other} <= standing
    assert await own.one("select merged_into from work where id = $1", kept.absorbed_id) == kept.survivor_id
    assert await own.one("select title from work where id = $1", locked.one) == "Le Titre de Jeanne"
    [asked] = await questions(own.conn)
    assert {asked.newcomer, asked.candidate} == {back.one, back.other}
    assert asked.explanation["reasons"]
    assert all(plan.is_empty for plan in (await plans(pool)).values())


async def test_what_a_rule_joined_wrongly_is_parted(own: Desk, pool: Pool) -> None:
    """A merge that nothing speaks for is undone, a record that a rule put elsewhere gets an entity of its own."""
    ids = await library(own)
    theirs = await entities(own, "bench")
    first, second, third, fourth = [id_ for id_ in theirs.values() if id_ not in ids][:4]
    await join(own.conn, KindCode.WORK, first, second, author=REBUILD)
    [(key,)] = await own.all(
        "select key from source_record where source_id = $1 and entity_id = $2", own.sources["new"], third
    )
    await own.conn.execute(
        "update source_record set entity_id = $3 where source_id = $1 and key = $2", own.sources["new"], key, fourth
    )
    await own.conn.execute(
        "insert into merge_decision (kind, source_id, key, entity_id, outcome, score, author)"
        " values (1, $1, $2, $3, 'same', 80, 'rules-1')",
        own.sources["new"], key, fourth,
    )  # fmt: skip
    works = (await plans(pool))[KindCode.WORK]
    assert {part.entity_id for part in works.parts} == {min(first, second), fourth}
    for _ in range(2):
        await rebuild(pool, KindCode.WORK)
    assert await own.one("select merged_into from work where id = $1", max(first, second)) is None
    assert await own.entity("new", 1, key) == third
    assert all(plan.is_empty for plan in (await plans(pool)).values())


async def test_sources_are_read_meanwhile(own: Desk, pool: Pool) -> None:
    """Readings and a rebuild at once: nothing is lost or doubled, and a last rebuild has nothing to do."""
    await library(own)
    works = list(corpus(WORKS + 20, 3))

    async def read() -> None:
        async with pool.acquire() as conn:
            desk = Desk(conn, own.sources)
            for at in range(0, len(works), 34):
                await desk.delta("bench", *works[at : at + 34], rows=10)

    await asyncio.gather(rebuild(pool, KindCode.WORK, steps=3), read())
    await rebuild(pool, KindCode.WORK)
    assert all(plan.is_empty for plan in (await plans(pool)).values())
    assert await own.one("select count(*) from work where merged_into is null") == WORKS + 20


def season(source: str, key: str) -> list[Record]:
    """Twenty halls, and a show in each."""
    said: list[Record] = []
    for n in range(20):
        town = f"{'ABCDEFGHIJKLMNOPQRST'[n]}ville-sur-Loire"
        said.append(hall(source, f"{key}h{n}", f"Théâtre {town}", town, f"{45000 + n}", street=f"{n + 1} rue du Pont"))
        said.append(
            event(source, f"{key}e{n}", f"La Nuit {town}", venue_key=f"{key}h{n}",
                  contributors=[Contributor(name=f"Compagnie {town}")])
        )  # fmt: skip
        said.append(session(source, f"{key}s{n}", f"{key}e{n}", TOMORROW))
        if source == "office":
            said.append(seats(source, f"{key}s{n}"))
    return said


async def test_events_are_foreseen_at_the_venues_that_will_be(own: Desk, pool: Pool) -> None:
    """Doubled venues and their doubled events: what is shown is what is done, offers counted, in one go."""
    for name in ("office", "agenda"):
        await own.source(name)
        await own.snapshot(name, *season(name, name[0]))
    halls = await entities(own, "agenda", KindCode.VENUE)
    shows = await entities(own, "agenda", KindCode.EVENT)
    for key in list(shows)[:8]:
        await split(own.conn, KindCode.EVENT, Member(own.sources["agenda"], key), author="rules-0")
    for key in list(halls)[:8]:
        await split(own.conn, KindCode.VENUE, Member(own.sources["agenda"], key), author="rules-0")
    found = await plans(pool)
    assert len(found[KindCode.VENUE].joins) == 8
    assert len(found[KindCode.EVENT].joins) == 8
    for kind in MATCHED:
        foreseen, done = await rebuild(pool, kind)
        assert foreseen.plan.joins == found[kind].joins or kind is not KindCode.VENUE
        assert (done.made, done.overtaken) == (len(found[kind].joins), 0)
    assert await own.one("select count(*) from event where merged_into is null") == 20
    assert await own.one("select count(*) from session where merged_into is null") == 20
    assert all(plan.is_empty for plan in (await plans(pool)).values())


async def test_homonyms_are_asked_about_or_left(own: Desk, pool: Pool) -> None:
    """Same title, other author: whatever else is learned, nobody joins them without a person."""
    for name in ("one", "two"):
        await own.source(name)
    works = list(corpus(60, 9))
    await own.snapshot("one", *[_of(work, "one", n) for n, work in enumerate(works)])
    others = [
        _of(work, "two", n, author=f"Quelqu'un {chr(65 + n % 26)}{n}" if n < 5 else None)
        for n, work in enumerate(works)
    ]
    await own.snapshot("two", *others)
    _, done = await rebuild(pool, KindCode.WORK)
    ours, theirs = await entities(own, "one"), await entities(own, "two")
    assert [n for n in range(5) if ours[f"w{n}"] == theirs[f"w{n}"]] == []
    assert all(plan.is_empty for plan in (await plans(pool)).values()), done


def _of(work: Work, source: str, n: int, author: str | None = None) -> Work:
    people = [Contributor(name=author)] if author else work.contributors
    return Work(ref=ref(source, f"w{n}"), title=work.title, type="book", year=work.year, contributors=people)
