"""Joins two entities that stand, and takes it back: ids, records, and all that refers to them.

The absorbed entity keeps its row and id, which leads to the survivor (`merged_into`, always one step). Its records
move over, each remembered with where it came from; sessions, offers and stocks follow their records
(`catalogue.following`). Bookings are not touched: they were promised by the stock, whose offer is found from it.
Both directions lock like a batch does: the kind, then rows in id order, the change log last.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from catalogue import following
from catalogue.changes import Op, Touched, log
from catalogue.database import Connection
from catalogue.entities import derive, empty
from catalogue.kinds import KindCode
from catalogue.members import bring_back, take_over
from catalogue.portraits import index
from catalogue.refusals import MergeRefused, UnknownEntity
from catalogue.resolve import hold_kind
from catalogue.verdicts import forbidden

_MERGE = """
insert into entity_merge (kind, absorbed_id, survivor_id, author, explanation) values ($1, $2, $3, $4, $5) returning id
"""
# A merge, and those since that went into or with what it made, oldest first.
_SINCE = """
with recursive together as (
    select id, absorbed_id, survivor_id from entity_merge where id = $1 and undone_at is null
    union
    select m.id, m.absorbed_id, m.survivor_id from entity_merge m
    join together t on array[m.survivor_id, m.absorbed_id] && array[t.absorbed_id, t.survivor_id]
    where m.kind = $2 and m.undone_at is null and m.id > $1
)
select id, absorbed_id, survivor_id from together order by id
"""
_STANDING = "select id from {table} where id = any($1::bigint[]) and merged_into is null order by id"
_REDIRECT = """
update {table} set merged_into = $2, changed_at = now() where id = $1 or merged_into = $1
"""
# Those whom standing merges led to the one that comes back lead to it again.
_COME_BACK = """
with recursive under as (
    select absorbed_id from entity_merge where kind = $2 and survivor_id = $1 and undone_at is null and id < $3
    union all
    select m.absorbed_id from entity_merge m join under u on m.survivor_id = u.absorbed_id
    where m.kind = $2 and m.undone_at is null and m.id < $3
)
update {table} t set merged_into = nullif($1, t.id), changed_at = now()
where t.id = $1 or t.id in (select absorbed_id from under)
"""
_FORGET = (
    "delete from entity_identifier where kind = $1 and entity_id = $2",
    "delete from match_key where kind = $1 and entity_id = $2",
)


@dataclass(frozen=True, slots=True)
class Merge:
    """A merge that stands."""

    id: int
    kind: KindCode
    absorbed_id: int
    survivor_id: int


async def join(
    conn: Connection, kind: KindCode, one: int, other: int, *, author: str, explanation: dict[str, Any] | None = None
) -> Merge:
    """Makes two entities one; the older id survives, a live one before a withdrawn one, a venue that sells before one
    that does not. `UnknownEntity`, or `MergeRefused` with a sentence for the person who asked.

    To be called in a transaction of its own, or last in one: it writes the change log.
    """
    touched = Touched()
    merge = await join_among(conn, kind, one, other, touched, author=author, explanation=explanation)
    await log(conn, touched)
    return merge


async def join_among(
    conn: Connection,
    kind: KindCode,
    one: int,
    other: int,
    touched: Touched,
    *,
    author: str,
    explanation: dict[str, Any] | None = None,
) -> Merge:
    """As `join`, one of several in a transaction, whose caller logs what was `touched` at the end of it."""
    await hold_kind(conn, kind)
    survivor, absorbed = await _order(conn, kind, one, other)
    if await forbidden(conn, kind, survivor, absorbed):
        raise MergeRefused("quelqu'un a décidé que ces deux-là ne sont jamais les mêmes")
    await following.check(conn, kind, survivor, absorbed)
    merge_id: int = await conn.fetchval(_MERGE, kind.value, absorbed, survivor, author, explanation or {})
    merge = Merge(merge_id, kind, absorbed, survivor)
    await _apply(conn, merge, touched)
    await _derive(conn, kind, [survivor])
    touched.add(kind, [survivor])
    return merge


async def undo(conn: Connection, merge_id: int, *, author: str) -> Merge:
    """Takes a merge back: the absorbed entity stands again with the records it came with, and what refers to them.

    Later merges into the same entity are taken back first and made again after it, each as it was. Records that
    joined since stay with the survivor. `UnknownEntity` where no such merge stands.

    To be called in a transaction of its own, or last in one: it writes the change log.
    """
    touched = Touched()
    merge = await undo_among(conn, merge_id, touched, author=author)
    await log(conn, touched)
    return merge


async def undo_among(conn: Connection, merge_id: int, touched: Touched, *, author: str) -> Merge:
    """As `undo`, one of several in a transaction, whose caller logs what was `touched` at the end of it."""
    kind_of = await conn.fetchval("select kind from entity_merge where id = $1 and undone_at is null", merge_id)
    if kind_of is None:
        raise UnknownEntity(f"aucune fusion {merge_id} en vigueur")
    kind = KindCode(kind_of)
    await hold_kind(conn, kind)
    merges = [Merge(row["id"], kind, row["absorbed_id"], row["survivor_id"])
              for row in await conn.fetch(_SINCE, merge_id, kind.value)]  # fmt: skip
    if not merges or merges[0].id != merge_id:
        raise UnknownEntity(f"aucune fusion {merge_id} en vigueur")
    concerned = sorted({id_ for merge in merges for id_ in (merge.absorbed_id, merge.survivor_id)})
    await _lock(conn, kind, concerned)
    for merge in reversed(merges):
        await _reverse(conn, merge, touched)
    await conn.execute("update entity_merge set undone_at = now(), undone_by = $2 where id = $1", merge_id, author)
    for merge in merges[1:]:
        await conn.execute("delete from merge_member where merge_id = $1", merge.id)
        await _apply(conn, merge, touched)
    standing = await conn.fetch(_STANDING.format(table=kind.name.lower()), concerned)
    await _derive(conn, kind, [row["id"] for row in standing])
    touched.add(kind, [row["id"] for row in standing])
    return merges[0]


async def _apply(conn: Connection, merge: Merge, touched: Touched) -> None:
    kind, absorbed, survivor = merge.kind, merge.absorbed_id, merge.survivor_id
    members = await take_over(conn, merge.id, kind, absorbed, survivor)
    await conn.execute(_REDIRECT.format(table=kind.name.lower()), absorbed, survivor)
    for statement in _FORGET:
        await conn.execute(statement, kind.value, absorbed)
    await following.follow(conn, kind, following.Step(merge.id, absorbed, survivor, members), touched)
    touched.add(kind, [absorbed], Op.MERGED)


async def _reverse(conn: Connection, merge: Merge, touched: Touched) -> None:
    kind, absorbed, survivor = merge.kind, merge.absorbed_id, merge.survivor_id
    table = kind.name.lower()
    members = await bring_back(conn, merge.id, kind, survivor, absorbed)
    await conn.execute(_COME_BACK.format(table=table), absorbed, kind.value, merge.id)
    await empty(conn, kind, survivor)
    step = following.Step(merge.id, survivor, absorbed, members, back=True)
    await following.follow(conn, kind, step, touched)


async def _order(conn: Connection, kind: KindCode, one: int, other: int) -> tuple[int, int]:
    table = kind.name.lower()
    rows = await conn.fetch(
        f"select coalesce(merged_into, id) as id from {table} where id = any($1::bigint[])",  # noqa: S608
        [one, other],
    )
    known: set[int] = {row["id"] for row in rows}
    if len(rows) < len({one, other}):
        raise UnknownEntity("l'un des deux n'existe pas")
    if len(known) < 2:
        raise MergeRefused("c'est déjà la même chose")
    standing = await _lock(conn, kind, sorted(known))
    survivor, absorbed = sorted(known, key=lambda id_: (id_ not in standing, id_))
    if kind is KindCode.VENUE and await following.sells(conn, absorbed) and not await following.sells(conn, survivor):
        return absorbed, survivor
    return survivor, absorbed


async def _lock(conn: Connection, kind: KindCode, ids: list[int]) -> set[int]:
    rows = await conn.fetch(
        f"select id, withdrawn_at from {kind.name.lower()} where id = any($1::bigint[]) order by id for no key update",  # noqa: S608
        ids,
    )
    return {row["id"] for row in rows if row["withdrawn_at"] is None}


async def _derive(conn: Connection, kind: KindCode, ids: list[int]) -> None:
    if kind is KindCode.EVENT:
        await following.relink_events(conn, ids)
    if kind is KindCode.PRODUCT:
        await following.relink_products(conn, ids)
    await derive(conn, kind, ids)
    await index(conn, kind, ids)
