"""How many standing bookings hang on offers: what somebody should know who is about to change these."""

from __future__ import annotations

from collections.abc import Sequence

from bookings.tables import LIVE
from catalogue.database import Connection

_COUNT = f"select count(*) from booking where offer_id = any($1::bigint[]) and {LIVE}"  # noqa: S608


async def bookings_of(conn: Connection, offer_ids: Sequence[int]) -> int:
    """Bookings of these offers that hold a place."""
    found: int = await conn.fetchval(_COUNT, list(offer_ids))
    return found
