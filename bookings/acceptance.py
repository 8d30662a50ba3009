"""The steps of an acceptance, each within its caller's transaction: judge, accept, record.

A use has exactly one winner, by the booking's lock and an index. Every attempt is recorded, without the text that
was tried.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from bookings.booking import check_live
from bookings.countermarks import fingerprint
from bookings.errors import AlreadyUsed, NotYet, Refusal, UseTakenBack
from bookings.presented import NOTHING, Expected, Found
from bookings.rules import CANCELLABLE
from bookings.token_errors import TicketExpired, WrongQuantity

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Connection

# One statement. It writes nothing where the key used this nonce before, be it for an acceptance since taken back.
_ACCEPT = """
with won as (
    insert into acceptance (at, api_key_id, booking_id, token_hash, action, outcome, nonce, till)
    values ($2, $3, $1, $4, 'use', 'accepted', $5, $6) on conflict do nothing returning booking_id
)
update booking b set status = 'used', used_at = $2, used_by = $3,
    told_at = case when s.sales_seen = 'at_acceptance' then $2 else b.told_at end
from won, source s where b.id = won.booking_id and b.status = 'confirmed' and s.id = b.source_id returning b.id
"""
# A session's bookings are used by themselves two days after it: a journal that comes later tells how it really was.
_ACCEPT_LATE = """
insert into acceptance (at, api_key_id, booking_id, token_hash, action, outcome, nonce, till)
select b.used_at, $2, b.id, $3, 'use', 'accepted', $4, $5 from booking b
where b.id = $1 and b.status = 'used' and b.used_by is null on conflict do nothing returning at
"""
_REPEATED = """
select at, undone_at from acceptance
where booking_id = $1 and api_key_id = $2 and nonce = $3 and action = 'use' and outcome = 'accepted'
"""
_ATTEMPT = """
insert into acceptance (at, api_key_id, booking_id, token_hash, action, outcome, nonce, till)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_WHERE = """
select coalesce(a.till, k.label) from acceptance a left join api_key k on k.id = a.api_key_id
where a.booking_id = $1 and a.action = 'use' and a.outcome = 'accepted' and a.undone_at is null
"""
ACCEPTED = "accepted"


def why_not_usable(found: Found, now: datetime, expected: Expected = NOTHING) -> Refusal | None:
    """Why it cannot be used now: what it is, where, what became of it, when, how many; None where it can."""
    row = found.row
    if row is None or found.refusal is not None:
        return found.refusal
    try:
        check_live(row)
    except Refusal as refusal:
        return refusal
    if found.ticket is not None and now > found.ticket.valid_until:
        return TicketExpired(found.ticket.valid_until)
    limit = valid_from(row)
    if limit is not None and now < limit:
        return NotYet(limit)
    if expected.quantity not in (None, row["quantity"]):
        return WrongQuantity(row["quantity"])
    return None


def valid_from(row: asyncpg.Record) -> datetime | None:
    """When the person can no longer cancel; or, of a session brought forward since, two days before it begins."""
    limit: datetime | None = row["cancellable_until"]
    begins_now: datetime | None = row["begins_now"]
    return limit if limit is None or begins_now is None else min(limit, begins_now - CANCELLABLE)


async def decide(
    conn: Connection,
    found: Found,
    now: datetime,
    key_id: int,
    token: str,
    nonce: str | None,
    expected: Expected = NOTHING,
) -> datetime | Refusal:
    """Accepts what was found and locked, and says when: now, or when this key did under the same nonce. Recorded.

    The refusal is returned, so that the caller's transaction commits the record of it.
    """
    refusal = why_not_usable(found, now, expected)
    if found.row is not None:
        booking_id: int = found.row["id"]
        if refusal is None and await _accept(conn, booking_id, now, key_id, token, nonce, expected.till):
            return now
        before = None if nonce is None else await conn.fetchrow(_REPEATED, booking_id, key_id, nonce)
        if before is not None and before["undone_at"] is None:
            first: datetime = before["at"]
            return first
        if before is not None:
            refusal = UseTakenBack()
    refusal = await tell_where(conn, found, refusal)
    assert refusal is not None
    await record(conn, now, key_id, found, token, "use", refusal, nonce, expected.till)
    return refusal


async def _accept(
    conn: Connection, booking_id: int, now: datetime, key_id: int, token: str, nonce: str | None, till: str | None
) -> bool:
    """Accepts a locked booking that can be used, and records it; False where the key used this nonce for it before."""
    done = await conn.fetchval(_ACCEPT, booking_id, now, key_id, fingerprint(token), nonce, till)
    return done is not None


async def record_late(
    conn: Connection, found: Found, key_id: int, token: str, nonce: str, till: str
) -> datetime | None:
    """Notes who accepted a locked booking that was used by nobody's act; None where somebody did accept it."""
    assert found.row is not None
    at: datetime | None = await conn.fetchval(_ACCEPT_LATE, found.row["id"], key_id, fingerprint(token), nonce, till)
    return at


async def record(
    conn: Connection,
    now: datetime,
    key_id: int,
    found: Found,
    token: str,
    action: str,
    refusal: Refusal | None,
    nonce: str | None = None,
    till: str | None = None,
) -> None:
    """Writes the attempt down."""
    outcome = ACCEPTED if refusal is None else type(refusal).__name__
    booking_id = None if found.row is None else found.row["id"]
    await conn.execute(_ATTEMPT, now, key_id, booking_id, fingerprint(token), action, outcome, nonce, till)


async def tell_where(conn: Connection, found: Found, refusal: Refusal | None) -> Refusal | None:
    """The refusal; where it says that the countermark was used, with the till or the key that accepted it."""
    if isinstance(refusal, AlreadyUsed) and found.row is not None:
        return AlreadyUsed(refusal.used_at, await conn.fetchval(_WHERE, found.row["id"]))
    return refusal
