"""What somebody presents at a venue, found among its bookings: a countermark typed or scanned, or a signed ticket.

A countermark of a venue the key does not act for is unknown: otherwise any key could learn which ones exist. Of a
signed ticket, whose holder could read its venue anyway, the venue is told.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookings.countermarks import normalise
from bookings.errors import CountermarkUnknown, Refusal
from bookings.ticket_format import Ticket, is_ticket, read
from bookings.ticket_keys import check_genuine
from bookings.token_errors import WrongVenue
from schemas.ids import public_id

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Connection

LONGEST = 512
_QR = "PASSCULTURE:V"

_BOOKING = """
select b.id, b.status, b.venue_id, b.offer_id, b.stock_id, b.quantity, b.unit_price_cents, b.created_at, b.used_at,
       b.cancelled_at, b.cancellable_until, b.expires_at, b.snapshot::text as snapshot, b.used_by, w.pseudonym,
       se.begins_at as begins_now, coalesce(v.merged_into, v.id) as venue_now
from booking b join wallet w on w.id = b.wallet_id join venue v on v.id = b.venue_id
left join session se0 on se0.id = b.session_id
left join session se on se.id = coalesce(se0.merged_into, se0.id)
"""
_BY_MARK = f"{_BOOKING} where b.countermark = $1 and b.venue_id = any($2::bigint[])"
_BY_ID = f"{_BOOKING} where b.id = $1 and b.venue_id = any($2::bigint[])"
_LOCKED = " for update of b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the till knows beside what it scanned; None is left open."""

    venue_id: int | None = None
    """Where it stands."""
    quantity: int | None = None
    """How many it is about to hand over."""
    till: str | None = None
    """What it is called, for whoever finds the countermark used."""


NOTHING = Expected()


@dataclass(frozen=True, slots=True)
class Found:
    """A booking of these venues, and the ticket that named it; or why there is none."""

    row: asyncpg.Record | None
    refusal: Refusal | None = None
    ticket: Ticket | None = None


async def find(
    conn: Connection, text: str, venue_ids: Collection[int], expected: Expected = NOTHING, *, lock: bool = False
) -> Found:
    """The booking that the text names, locked if asked.

    The refusal is `CountermarkUnknown`, `TicketMalformed`, `TicketForged`, `TicketKeyUnknown`, `TicketKeyRetired`
    or `WrongVenue`. It is returned: the caller records the attempt in the same transaction.
    """
    suffix = _LOCKED if lock else ""
    if not is_ticket(text):
        mark = countermark_in(text)
        row = None if mark is None else await conn.fetchrow(_BY_MARK + suffix, mark, list(venue_ids))
        found = Found(row, CountermarkUnknown() if row is None else None)
    else:
        try:
            presented = read(text)
            await check_genuine(conn, presented)
        except Refusal as refusal:
            return Found(None, refusal)
        ticket = presented.ticket
        row = await conn.fetchrow(_BY_ID + suffix, ticket.booking_id, list(venue_ids))
        found = Found(row, _elsewhere(ticket.venue_id) if row is None else None, ticket)
    if found.row is not None and not _is_at(found.row, expected):
        return Found(found.row, _elsewhere(found.row["venue_now"]), found.ticket)
    return found


def countermark_in(text: str) -> str | None:
    """The countermark that a person typed, or in the field's QR codes of 2019 and since; None where there is none."""
    if len(text) > LONGEST:
        return None
    if text.strip()[: len(_QR)].upper() != _QR:
        return normalise(text)
    values = [value for name, _, value in (part.partition(":") for part in text.split(";")) if name.upper() == "TOKEN"]
    return normalise(values[0]) if len(values) == 1 else None


def _is_at(row: asyncpg.Record, expected: Expected) -> bool:
    return expected.venue_id is None or expected.venue_id in (row["venue_id"], row["venue_now"])


def _elsewhere(venue_id: int) -> WrongVenue:
    return WrongVenue(public_id("venue", venue_id))
