"""What a venue does with countermarks: check, use, take the use back, cancel.

A use has exactly one winner; whoever repeats its own use (same key, same nonce) is told that it won, because
a till that lost our answer must not be refused. A countermark of another venue is unknown here: otherwise
anybody with a key could learn which ones exist. Every attempt is recorded, without the text that was tried.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING

from bookings.acceptance import decide, record, tell_where, valid_from, why_not_usable
from bookings.booking import check_live
from bookings.errors import (
    AlreadyReimbursed,
    Cancelled,
    Expired,
    NotUsed,
    Refusal,
    TooLateToCancel,
)
from bookings.presented import NOTHING, Expected, Found, find
from bookings.records import CountermarkView, promise
from bookings.returns import give_back
from bookings.rules import CANCELLABLE
from bookings.transactions import in_transaction

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Connection, Pool

_UNDO = """
with undone as (
    update acceptance set undone_at = $2
    where booking_id = $1 and action = 'use' and outcome = 'accepted' and undone_at is null
)
update booking b set status = 'confirmed', used_at = null, used_by = null,
    told_at = case when s.sales_seen = 'at_acceptance' then null else b.told_at end
from source s where b.id = $1 and s.id = b.source_id
"""
_UNSELL = """
update external_sale set state = 'cancelling', attempts = attempts + 1, next_try_at = $2, changed_at = $2
where booking_id = $1 and state = 'sold'
"""


class Desk:
    """The countermarks of venues. `venue_ids` are those the caller's key acts for, `key_id` the key.

    `token` is a countermark, the text of a QR code that holds one, or a signed ticket. What cannot be found raises
    `CountermarkUnknown`, or of a ticket `TicketMalformed`, `TicketForged`, `TicketKeyUnknown`, `TicketKeyRetired`,
    and `WrongVenue`; all may raise `Busy`.
    """

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock

    async def check(
        self, token: str, venue_ids: Collection[int], key_id: int, expected: Expected = NOTHING
    ) -> CountermarkView:
        """What the countermark is good for, where it could be used now; raises what `use` would."""

        async def work(conn: Connection) -> CountermarkView | Refusal:
            now = self._clock()
            found = await find(conn, token, venue_ids, expected)
            refusal = await tell_where(conn, found, why_not_usable(found, now, expected))
            if refusal is not None:
                await record(conn, now, key_id, found, token, "check", refusal, till=expected.till)
                return refusal
            assert found.row is not None
            return view(found.row)

        answer = await in_transaction(self._pool, work)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    async def use(
        self,
        token: str,
        venue_ids: Collection[int],
        key_id: int,
        nonce: str | None = None,
        expected: Expected = NOTHING,
    ) -> datetime:
        """When it was accepted: now, or when this key first did with the same nonce.

        Raises `AlreadyUsed`, `AlreadyReimbursed`, `Cancelled`, `Expired`, `TicketExpired`, `NotYet`,
        `WrongQuantity`, `BookingPending`, `UseTakenBack`.
        """

        async def work(conn: Connection) -> datetime | Refusal:
            found = await find(conn, token, venue_ids, expected, lock=True)
            return await decide(conn, found, self._clock(), key_id, token, nonce, expected)

        answer = await in_transaction(self._pool, work)
        if isinstance(answer, Refusal):
            raise answer
        return answer

    async def keep(self, token: str, venue_ids: Collection[int], key_id: int) -> None:
        """Takes a use back: the countermark may be used again. (The field calls this *keep*.)

        Raises `NotUsed`, `AlreadyReimbursed`, `Cancelled`, `Expired`.
        """

        async def work(conn: Connection) -> Refusal | None:
            now = self._clock()
            found = await find(conn, token, venue_ids, lock=True)
            refusal = found.refusal or _why_not_kept(found)
            await record(conn, now, key_id, found, token, "keep", refusal)
            if found.row is not None and refusal is None:
                await conn.execute(_UNDO, found.row["id"], now)
            return refusal

        if (refusal := await in_transaction(self._pool, work)) is not None:
            raise refusal

    async def cancel(self, token: str, venue_ids: Collection[int], key_id: int) -> None:
        """The venue cancels: refunded, and the place freed; a sale in its own ticketing by the reconciler.

        Raises `AlreadyUsed`, `AlreadyReimbursed`, `Cancelled`, `Expired`, and `TooLateToCancel` less than 48 hours
        before the session.
        """

        async def work(conn: Connection) -> Refusal | None:
            now = self._clock()
            found = await find(conn, token, venue_ids)
            refusal = found.refusal
            if found.row is not None and refusal is None:
                try:
                    await give_back(
                        conn,
                        found.row["id"],
                        status="cancelled",
                        reason="offerer",
                        now=now,
                        check=lambda locked: _check_cancellable_by_venue(locked, now),
                    )
                    await conn.execute(_UNSELL, found.row["id"], now)
                except Refusal as caught:
                    refusal = await tell_where(conn, found, caught)
            await record(conn, now, key_id, found, token, "cancel", refusal)
            return refusal

        if (refusal := await in_transaction(self._pool, work)) is not None:
            raise refusal


def _why_not_kept(found: Found) -> Refusal | None:
    row = found.row
    assert row is not None
    match row["status"]:
        case "used":
            return None
        case "reimbursed":
            return AlreadyReimbursed()
        case "cancelled":
            return Cancelled(row["cancelled_at"])
        case "expired":
            return Expired(row["cancelled_at"])
        case _:
            return NotUsed()


def _check_cancellable_by_venue(row: asyncpg.Record, now: datetime) -> bool:
    check_live(row)
    begins_at = promise(row["snapshot"]).begins_at
    if begins_at is not None and now > begins_at - CANCELLABLE:
        raise TooLateToCancel(begins_at - CANCELLABLE)
    return True


def view(row: asyncpg.Record) -> CountermarkView:
    """A row of `presented.find`."""
    return CountermarkView(
        booking_id=row["id"],
        pseudonym=row["pseudonym"],
        venue_id=row["venue_id"],
        offer_id=row["offer_id"],
        stock_id=row["stock_id"],
        quantity=row["quantity"],
        unit_price_cents=row["unit_price_cents"],
        created_at=row["created_at"],
        valid_from=valid_from(row),
        expires_at=row["expires_at"],
        promise=promise(row["snapshot"]),
    )
