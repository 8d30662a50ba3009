"""Which offers are about something: what hangs on an entity that is about to change."""

from __future__ import annotations

from collections.abc import Sequence

from catalogue.database import Connection
from catalogue.kinds import KindCode

_ABOUT = {
    KindCode.VENUE: "select id from offer where venue_id = any($1::bigint[]) and merged_into is null",
    KindCode.WORK: """
        select o.id from product p join offer o on o.product_id = p.id and o.merged_into is null
        where p.work_id = any($1::bigint[])
        union
        select o.id from event e join offer o on o.event_id = e.id and o.merged_into is null
        where e.work_id = any($1::bigint[])
    """,
    KindCode.PRODUCT: "select id from offer where product_id = any($1::bigint[]) and merged_into is null",
    KindCode.EVENT: "select id from offer where event_id = any($1::bigint[]) and merged_into is null",
}


async def offers_about(conn: Connection, kind: KindCode, ids: Sequence[int]) -> list[int]:
    """The standing offers of these entities, of the editions and events of works, of the events at venues."""
    return [row["id"] for row in await conn.fetch(_ABOUT[kind], list(ids))]
