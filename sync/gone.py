"""What is gone: the parts a restated key no longer has, and the sessions that one word alone does not cancel.

A session that somebody booked goes off sale the first time its source no longer has it, missing from a complete
snapshot or said to be deleted, and is kept. A second word by a later run confirms that it is gone: then it is
cancelled, and `bookings/withdrawals.py` gives its bookings back. Named once more in between, it is back as it was.
A session whose own record says that it is cancelled needs no second word.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from catalogue.database import Connection
from catalogue.kinds import CODE, KindCode
from connectors.base import Delete
from sync.runs import RunContext

Name = tuple[KindCode, str, str]

SOLD = """
with named as (
    select * from unnest($2::smallint[], $3::text[], $4::text[]) as t (kind, key, part)
), records as (
    select r.key, r.part, r.entity_id
    from source_record r join named n on n.kind = 5 and n.key = r.key and n.part = r.part
    where r.source_id = $1 and r.kind = 5 and r.gone_at is null and r.observed_at <= $5
    union
    select r.key, r.part, r.entity_id
    from source_record r join named n on n.kind = 4 and n.key = r.record ->> 'eventKey'
    where r.source_id = $1 and r.kind = 5 and r.gone_at is null and r.observed_at <= $5
)
select r.key, r.part, r.entity_id as id from records r
where not exists (
    -- Its source names it otherwise by now: then it is not gone.
    select from source_record o where o.kind = 5 and o.entity_id = r.entity_id and o.source_id = $1
      and o.gone_at is null and not exists (select from records m where m.key = o.key and m.part = o.part))
  and exists (
    select from booking b where b.session_id = r.entity_id and b.status in ('held', 'confirmed', 'used'))
order by r.key, r.part
"""
MISS = """
insert into session_miss (source_id, key, part, run_id)
select $1, key, part, $2 from unnest($3::text[], $4::text[]) as t (key, part)
on conflict (source_id, key, part) do update set run_id = session_miss.run_id
returning key, part, run_id < $2 as is_second
"""


@dataclass(frozen=True, slots=True)
class Sold:
    """Booked sessions of which a run heard that they are gone, by their ids."""

    spared: Sequence[int] = ()
    """For the first time: off sale and kept."""
    confirmed: Sequence[int] = ()
    """For the second: they may be cancelled."""
    names: Sequence[tuple[str, str]] = field(default=(), repr=False)
    """Keys and parts of all of their records."""


async def parts_gone(
    conn: Connection, source_id: int, restated: Sequence[Delete], upserts: Collection[Name]
) -> list[Name]:
    """Stored parts of the restated keys that the provider no longer states."""
    if not restated:
        return []
    kept = {(CODE[d.kind].value, d.ref.key): d.parts_kept or frozenset() for d in restated}
    kinds, keys = zip(*kept, strict=True)
    rows = await conn.fetch(
        """
        select r.kind, r.key, r.part
        from unnest($2::smallint[], $3::text[]) as t (kind, key)
        join source_record r on r.source_id = $1 and r.kind = t.kind and r.key = t.key
        where r.gone_at is null
        union all
        select 6, u.key, u.part
        from unnest($2::smallint[], $3::text[]) as t (kind, key)
        join supply u on t.kind = 6 and u.source_id = $1 and u.key = t.key
        where u.gone_at is null
        """,
        source_id,
        list(kinds),
        list(keys),
    )
    names = [(KindCode(r["kind"]), r["key"], r["part"]) for r in rows]
    return [name for name in names if name[2] not in kept[name[0].value, name[1]] and name not in upserts]


async def other_parts(conn: Connection, source_id: int, keys: Sequence[str]) -> list[Name]:
    """Stored parts of stocks whose keys are now told without any."""
    if not keys:
        return []
    rows = await conn.fetch(
        """
        select u.key, u.part from unnest($2::text[]) as t (key)
        join supply u on u.source_id = $1 and u.key = t.key where u.part <> '' and u.gone_at is null
        """,
        source_id,
        keys,
    )
    return [(KindCode.STOCK, row["key"], row["part"]) for row in rows]


async def sold_sessions(conn: Connection, run: RunContext, gone: Sequence[Name]) -> Sold:
    """Of the sessions that would go, those somebody has booked, and whether it is the second time that they are missed.

    Notes the first time. A half-dead feed must not cancel a cinema's bookings: cancelling asks for a second answer.
    """
    named = [(kind.value, key, part) for kind, key, part in gone if kind in (KindCode.SESSION, KindCode.EVENT)]
    if not named:
        return Sold()
    kinds, keys, parts = zip(*named, strict=True)
    rows = await conn.fetch(SOLD, run.source.id, list(kinds), list(keys), list(parts), run.asked_at)
    if not rows:
        return Sold()
    sold = {(row["key"], row["part"]): row["id"] for row in rows}
    missed = await conn.fetch(MISS, run.source.id, run.run_id, [key for key, _ in sold], [part for _, part in sold])
    first = {sold[row["key"], row["part"]] for row in missed if not row["is_second"]}
    return Sold(sorted(first), sorted(set(sold.values()) - first), list(sold))


async def seen_again(conn: Connection, source_id: int, names: Collection[Name]) -> None:
    """Sessions that the source names are not missed any more."""
    sessions = [(key, part) for kind, key, part in names if kind is KindCode.SESSION]
    if sessions:
        await conn.execute(
            """
            delete from session_miss m using unnest($2::text[], $3::text[]) as t (key, part)
            where m.source_id = $1 and m.key = t.key and m.part = t.part
            """,
            source_id,
            [key for key, _ in sessions],
            [part for _, part in sessions],
        )


async def forget_missed(conn: Connection, source_id: int, still: Sequence[tuple[str, str]]) -> None:
    """After a complete snapshot: only the sessions it has missed itself are missed."""
    await conn.execute(
        """
        delete from session_miss m where m.source_id = $1
          and not exists (select from unnest($2::text[], $3::text[]) as t (key, part)
                          where t.key = m.key and t.part = m.part)
        """,
        source_id,
        [key for key, _ in still],
        [part for _, part in still],
    )
