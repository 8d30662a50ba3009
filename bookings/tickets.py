"""Gives a person what to show at the venue: the countermark, as the field's QR codes hold it, and a signed ticket."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bookings.booking import check_live
from bookings.errors import BookingUnknown
from bookings.rules import CANCELLABLE
from bookings.ticket_format import Ticket, write
from bookings.ticket_keys import TicketKeys

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Pool

AFTER_BEGIN = timedelta(hours=48)
"""How long the ticket of a session is good after it began."""
STANDING = timedelta(days=180)
"""How long one without session and expiry is good; the app shows a new one then."""

# The session as it is now, and the venue it was merged into: what a till at the door goes by.
_OWN = """
select b.id, b.status, b.countermark, b.quantity, b.quantity * b.unit_price_cents as amount_cents, b.created_at,
       b.used_at, b.cancelled_at, b.cancellable_until, b.expires_at, coalesce(v.merged_into, v.id) as venue_id,
       se.begins_at
from booking b join wallet w on w.id = b.wallet_id join venue v on v.id = b.venue_id
left join session se0 on se0.id = b.session_id
left join session se on se.id = coalesce(se0.merged_into, se0.id)
where b.id = $1 and w.pseudonym = $2
"""
_ISSUED = """
insert into ticket_issue as i (booking_id, key_id, venue_id, valid_until) values ($1, $2, $3, $4)
on conflict (booking_id, key_id) do update
    set valid_until = greatest(i.valid_until, excluded.valid_until), venue_id = excluded.venue_id
    where i.valid_until < excluded.valid_until or i.venue_id <> excluded.venue_id
"""


@dataclass(frozen=True, slots=True)
class Shown:
    """The texts that a QR code may hold. Each is worth what was booked: never in a log."""

    countermark: str = field(repr=False)
    signed: str = field(repr=False)

    @property
    def legacy(self) -> str:
        """The pass Culture's own QR content, version 3: 27 characters."""
        return f"PASSCULTURE:v3;TOKEN:{self.countermark}"


class Tickets:
    """Tickets of beneficiaries, who are pseudonyms here."""

    def __init__(self, pool: Pool, keys: TicketKeys, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._keys = keys
        self._clock = clock

    async def of(self, pseudonym: uuid.UUID, booking_id: int) -> Shown:
        """What the person shows for a booking that can still be used.

        Raises `BookingUnknown`, for other people's too, and what became of the booking: `BookingPending`,
        `AlreadyUsed`, `AlreadyReimbursed`, `Cancelled`, `Expired`.
        """
        row = await self._pool.fetchrow(_OWN, booking_id, pseudonym)
        if row is None:
            raise BookingUnknown
        check_live(row)
        key, ticket = await self._keys.signing(), ticket_of(row)
        await self._pool.execute(_ISSUED, booking_id, key.id, ticket.venue_id, ticket.valid_until)
        return Shown(row["countermark"], write(ticket, key.private_key))


def ticket_of(row: asyncpg.Record) -> Ticket:
    """The ticket of a booking, good from when it can no longer be cancelled until it expires or began long since."""
    since: datetime = row["cancellable_until"] or row["created_at"]
    begins_at: datetime | None = row["begins_at"]
    if begins_at is not None:
        # A session brought forward is good at its door; the person's own time to cancel is never longer than that.
        since, until = min(since, begins_at - CANCELLABLE), begins_at + AFTER_BEGIN
    else:
        until = row["expires_at"] or row["created_at"] + STANDING
    return Ticket(
        booking_id=row["id"],
        venue_id=row["venue_id"],
        quantity=row["quantity"],
        amount_cents=row["amount_cents"],
        valid_from=since.replace(microsecond=0),
        valid_until=until.replace(microsecond=0),
    )
