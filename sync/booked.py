"""What a batch or a sweep does to sessions that somebody booked: cancelled or moved, noted in the same transaction.

Their bookings are given back, or get their new cancellation limit, by `bookings/withdrawals.py`, in transactions of
its own: sync holds catalogue rows here, and must not wait for a wallet while it does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg

from catalogue.database import Connection
from catalogue.kinds import KindCode
from sync.guard import TooMuchEmptied, TooMuchGone
from sync.runs import RunContext

Name = tuple[KindCode, str, str]

WATCH = """
select distinct x.id, x.begins_at
from unnest($2::text[], $3::text[]) as t (key, part)
join source_record r on r.source_id = $1 and r.kind = 5 and r.key = t.key and r.part = t.part
join session x on x.id = r.entity_id
where exists (select from booking b where b.session_id = x.id and b.status in ('held', 'confirmed', 'used'))
"""
MOVED = """
select x.id from unnest($1::bigint[], $2::timestamptz[]) as t (id, begins_at) join session x on x.id = t.id
where x.begins_at <> t.begins_at
"""
CANCELLED = """
select distinct x.id from stage_session s join session x on x.id = s.session_id
where not s.unchanged and s.cancelled and x.cancelled_at = now()
"""
LIVE = """
select x.id, x.begins_at, x.cancelled_at is not null as is_cancelled, count(*) as bookings
from session x join booking b on b.session_id = x.id and b.status in ('held', 'confirmed')
where x.id = any($1::bigint[]) group by x.id order by x.id
"""
NEWS = """
insert into session_news (session_id, what, begins_at, noted_at)
select id, case when begins_at is null then 'cancelled' else 'moved' end, begins_at, clock_timestamp()
from unnest($1::bigint[], $2::timestamptz[]) as t (id, begins_at)
"""


@dataclass(slots=True)
class Booked:
    """The booked sessions of one transaction, and what has become of them so far."""

    before: dict[int, datetime] = field(default_factory=dict)
    """When those that the batch names began until now."""
    gone: list[int] = field(default_factory=list)
    """Those that their source has missed twice."""
    cancelled: list[int] = field(default_factory=list)
    """Those whose own record says that they are cancelled."""
    moved: list[int] = field(default_factory=list)

    async def after_merge(self, conn: Connection, *, any_merged: bool) -> None:
        """Looks at the sessions once the batch's own are merged."""
        if self.before:
            found = await conn.fetch(MOVED, list(self.before), list(self.before.values()))
            self.moved = [row["id"] for row in found]
        if any_merged:
            self.cancelled = [row["id"] for row in await conn.fetch(CANCELLED)]


async def watch(conn: Connection, source_id: int, names: Collection[Name]) -> Booked:
    """Remembers when the booked sessions among these names begin, before they are merged."""
    sessions = [(key, part) for kind, key, part in names if kind is KindCode.SESSION]
    if not sessions:
        return Booked()
    keys, parts = [key for key, _ in sessions], [part for _, part in sessions]
    return Booked({row["id"]: row["begins_at"] for row in await conn.fetch(WATCH, source_id, keys, parts)})


async def note_news(
    conn: Connection,
    run: RunContext,
    booked: Booked,
    *,
    refusal: type[TooMuchGone | TooMuchEmptied],
    released: bool = False,
) -> None:
    """Writes down what became of them, for those who booked, and counts it in the report.

    Raises `refusal` where the run would by now have cancelled more bookings than the source's handful
    (`feed.guard_bookings`), unless a person has looked.
    """
    touched = {*booked.gone, *booked.cancelled, *booked.moved}
    if not touched:
        return
    rows = await conn.fetch(LIVE, sorted(touched))
    cancelled = [row for row in rows if row["is_cancelled"]]
    moved = [row for row in rows if not row["is_cancelled"] and row["id"] in booked.moved]
    if not cancelled and not moved:
        return
    [told] = await conn.fetch(
        """
        update run set cancelled_bookings = cancelled_bookings + $2, moved_bookings = moved_bookings + $3
        where id = $1
        returning cancelled_bookings, (select guard_bookings from feed f where f.source_id = run.source_id) as handful
        """,
        run.run_id,
        _bookings(cancelled),
        _bookings(moved),
    )
    if cancelled and not (released or run.is_released) and told["cancelled_bookings"] > told["handful"]:
        raise refusal(
            f"{told['cancelled_bookings']} réservations seraient annulées avec leurs séances : plus que les "
            f"{told['handful']} permises, rien n'est annulé sans une personne"
        )
    sessions = [*cancelled, *moved]
    begins = [None if row["is_cancelled"] else row["begins_at"] for row in sessions]
    await conn.execute(NEWS, [row["id"] for row in sessions], begins)


def _bookings(rows: Sequence[asyncpg.Record]) -> int:
    return sum(row["bookings"] for row in rows)
