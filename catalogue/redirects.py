"""Where merged entities went: ids that were given out once go on leading to what they name."""

from __future__ import annotations

from catalogue.database import Connection
from catalogue.kinds import KindCode


async def survivor(conn: Connection, kind: KindCode, entity_id: int) -> int | None:
    """The entity this one was merged into; None where it was not, or never was. Not for stocks, which do not merge."""
    found: int | None = await conn.fetchval(
        f"select merged_into from {kind.name.lower()} where id = $1",  # noqa: S608 - the name of an enum's member
        entity_id,
    )
    return found
