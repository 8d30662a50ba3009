"""Gives place and money back: cancellation by either side, expiry, compensation of a sale that did not happen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from bookings import store

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Connection


async def lock(conn: Connection, booking_id: int) -> tuple[asyncpg.Record, asyncpg.Record] | None:
    """Locks wallet, allotment and booking in the room's order: (`store.PLACES`, `store.LOCK_BOOKING`) rows."""
    places = await conn.fetchrow(store.PLACES, booking_id)
    if places is None:
        return None
    await conn.execute(store.TOUCH_WALLET, places["wallet_id"])
    await conn.fetchrow(store.LOCK_ALLOTMENT, places["stock_id"], places["venue_id"])
    row = await conn.fetchrow(store.LOCK_BOOKING, booking_id)
    return None if row is None else (places, row)


async def give_back(
    conn: Connection,
    booking_id: int,
    *,
    status: str,
    reason: str,
    now: datetime,
    check: Callable[[asyncpg.Record], bool],
) -> bool:
    """Ends a held or confirmed booking, refunds what paid it, frees its place; False where `check` of the row says so.

    `check` may raise a refusal instead. The ledger's journal of the booking is undone by a journal of its own.
    """
    locked = await lock(conn, booking_id)
    if locked is None or not check(locked[1]):
        return False
    places, _ = locked
    ended: int | None = await conn.fetchval(
        store.GIVE_BACK,
        booking_id,
        places["stock_id"],
        places["venue_id"],
        status,
        reason,
        now,
    )
    return ended is not None
