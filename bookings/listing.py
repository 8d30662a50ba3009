"""Bookings as the venue they were made at sees them, for those who act for it."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bookings.records import Promise, promise

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Pool

_COLUMNS = """
select b.id, b.status, b.venue_id, b.offer_id, b.stock_id, b.quantity, b.unit_price_cents, b.created_at,
       b.cancellable_until, b.snapshot::text as snapshot, w.pseudonym
from booking b join wallet w on w.id = b.wallet_id
"""
_ONE = f"{_COLUMNS} where b.id = $1 and b.venue_id = any($2::bigint[])"
# Bookings of an offer that was merged into this one name theirs. Materialised, so that the venue's bookings are gone
# through and not, in the order of their ids, everybody's.
_OF_OFFER = f"""
with mine as materialized (
    select b.id from booking b join offer o on o.id = b.offer_id
    left join session se0 on se0.id = b.session_id
    left join session se on se.id = coalesce(se0.merged_into, se0.id)
    where coalesce(o.merged_into, o.id) = $1 and b.venue_id = any($2::bigint[]) and b.id >= $3
      and b.status = any($4::text[]) and ($5::bigint is null or b.stock_id = $5)
      and ($6::timestamptz is null or se.begins_at = $6)
)
{_COLUMNS} where b.id in (select id from mine order by id limit $7) order by b.id
"""  # noqa: S608 - constants of this module
_OFFER = "select coalesce(merged_into, id) from offer where id = $1 and venue_id = any($2::bigint[])"
SEEN = frozenset({"confirmed", "used", "reimbursed", "cancelled", "expired"})
"""A booking that the venue's ticketing has not confirmed is none yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueBooking:
    """A booking, and the pseudonym of who made it, for `accounts.people.contacts`."""

    id: int
    status: str
    venue_id: int
    offer_id: int
    stock_id: int
    quantity: int
    unit_price_cents: int
    created_at: datetime
    cancellable_until: datetime | None
    pseudonym: uuid.UUID
    promise: Promise


async def one(pool: Pool, booking_id: int, venue_ids: Collection[int]) -> VenueBooking | None:
    """The booking, where it is at one of these venues."""
    row = await pool.fetchrow(_ONE, booking_id, list(venue_ids))
    return None if row is None else _made(row)


async def of_offer(
    pool: Pool,
    offer_id: int,
    venue_ids: Collection[int],
    *,
    statuses: Collection[str] = SEEN,
    stock_id: int | None = None,
    begins_at: datetime | None = None,
    first_id: int = 1,
    limit: int = 50,
) -> list[VenueBooking] | None:
    """Bookings of an offer in the order of their ids from `first_id` on; None where it is no offer of these venues."""
    stands = await pool.fetchval(_OFFER, offer_id, list(venue_ids))
    if stands is None:
        return None
    rows = await pool.fetch(
        _OF_OFFER, stands, list(venue_ids), first_id, sorted(set(statuses) & SEEN), stock_id, begins_at, limit
    )
    return [_made(row) for row in rows]


def _made(row: asyncpg.Record) -> VenueBooking:
    fields = dict(row)
    return VenueBooking(promise=promise(fields.pop("snapshot")), **fields)
