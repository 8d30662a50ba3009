"""Books, cancels and shows bookings: the one way by which a young person's money and a venue's places move.

A booking passes its stock's gate (`gates.py`), is looked at and written (`reserving.py`), locks in the room's order
(wallet → allotment → booking), each late. One person's requests wait for each other, the same idempotency key included.
What the provider would sell (`supply`) is read, never locked. A stock sold in the provider's ticketing is held here,
asked for there after the commit (`external.py`), then confirmed or compensated.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg

from bookings import idempotency, rules, store
from bookings.errors import (
    AlreadyBooked,
    AlreadyReimbursed,
    AlreadyUsed,
    BookingPending,
    BookingUnknown,
    Busy,
    Cancelled,
    Expired,
    Refusal,
    TooLateToCancel,
)
from bookings.external import ExternalSales
from bookings.external_claims import LEASE, Claim, Outcome
from bookings.gates import Gates
from bookings.idempotency import Repetition, Request
from bookings.looking import look
from bookings.records import Booking, booking
from bookings.reserving import Answer, SaleKeys, reserve, reserve_locked
from bookings.returns import give_back
from bookings.seller import SellerDirectory
from bookings.transactions import AGAIN, TOO_SLOW, in_transaction

if TYPE_CHECKING:
    from bookings.transactions import Connection, Pool

SOLD_HERE = timedelta(seconds=10)
"""How long a source that has no seller is not asked for one again: a ticketing attached to it sells from then on."""
PAGE = 100
AT_ONCE = 2
"""Times that a booking is tried without waiting for a lock: the second finds what stood in the first one's way."""
_NEWEST = 2**63 - 1


class Bookings:
    """Bookings of beneficiaries, who are pseudonyms here."""

    def __init__(self, pool: Pool, sellers: SellerDirectory, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._sellers = sellers
        self._clock = clock
        self._sold_here: dict[int, datetime] = {}
        self._gates = Gates(pool, store.RESERVE)
        self._external = ExternalSales(pool, sellers, clock)

    async def book(
        self,
        pseudonym: uuid.UUID,
        stock_id: int,
        quantity: int,
        idempotency_key: str,
        expected_price_cents: int | None = None,
        birth_date: date | None = None,
    ) -> Booking:
        """The booking, or the answer already given to this key in the last 24 hours, refusals included.

        `is_pending` where the provider has not yet said whether it sold; `status` tells later. Raises the
        refusals of `rules.check_booking` in its order, `StockUnknown`, `WalletUnknown`, `ProviderRefused`,
        `ProviderDown`, `IdempotencyMismatch`, `StillRunning` and `Busy`. `expected_price_cents` is the price
        of one that the person was shown, `birth_date` judges what minors may book (None: nobody knows better, an
        adult) and is not kept. The key has 1 to 255 characters.
        """
        if not 1 <= len(idempotency_key) <= idempotency.LONGEST:
            raise ValueError(f"an idempotency key has 1 to {idempotency.LONGEST} characters")
        request = Request(pseudonym, idempotency_key, stock_id, quantity, expected_price_cents, birth_date)
        try:
            answer = await self._answer(request)
        except asyncpg.UniqueViolationError as error:
            # The wallet's lock leaves nothing to this index but an offer that was merged meanwhile.
            if error.constraint_name != "booking_one_live":
                raise
            raise AlreadyBooked from None
        if isinstance(answer, Refusal):
            raise answer
        if isinstance(answer, Repetition):
            return answer.answer(await self._get(answer.booking_id))
        if not answer.is_pending:
            return answer
        outcome, refusal = await self._external.carry_on(Claim(answer.id, 1))
        if refusal is not None:
            raise refusal
        return answer if outcome is Outcome.PENDING else await self._get(answer.id)

    async def _answer(self, request: Request) -> Answer:
        """At once where nobody is in the way, seats gone meanwhile included; else under the wallet's lock."""
        async with self._gates.at(request.stock_id) as gate:
            for _ in range(AT_ONCE):
                seen = await look(self._pool, request, self._clock())
                keys = await self._sale_keys(seen.facts)
                try:
                    answer = await reserve(self._pool, request, seen, keys, self._clock(), gate)
                except AGAIN:
                    continue
                except TOO_SLOW:
                    raise Busy from None
                if answer is not None:
                    return answer

        async def work(conn: Connection) -> Answer:
            return await reserve_locked(conn, request, seen, keys, self._clock())

        return await in_transaction(self._pool, work)

    async def status(self, pseudonym: uuid.UUID, booking_id: int) -> Booking:
        """The person's booking as it is now. Raises `BookingUnknown`, for other people's too."""
        row = await self._pool.fetchrow(store.OWN_BOOKING, booking_id, pseudonym)
        if row is None:
            raise BookingUnknown
        return booking(row)

    async def mine(self, pseudonym: uuid.UUID, *, before: int | None = None, limit: int = PAGE) -> list[Booking]:
        """The person's bookings, newest first, those of an id below `before`; at most `limit`."""
        rows = await self._pool.fetch(
            store.OWN_BOOKINGS, pseudonym, _NEWEST if before is None else before, min(limit, PAGE)
        )
        return [booking(row) for row in rows]

    async def cancel(self, pseudonym: uuid.UUID, booking_id: int) -> Booking:
        """The booking cancelled, refunded and its place freed; asked again, the same.

        Raises `BookingUnknown`, `BookingPending`, `TooLateToCancel`, `AlreadyUsed`, `AlreadyReimbursed`,
        `Expired`, `Cancelled` (by somebody else). A sale in the provider's ticketing is cancelled there
        after the commit, by the reconciler where that fails.
        """
        await self.status(pseudonym, booking_id)
        await self._end(booking_id, "cancelled", "beneficiary", check_cancellable_by_owner)
        return await self._get(booking_id)

    async def expire_due(self, limit: int = 500) -> int:
        """Gives back goods that nobody fetched in time; returns how many bookings expired."""
        due = await self._pool.fetch(store.DUE, self._clock(), limit)

        def check(row: asyncpg.Record, now: datetime) -> bool:
            return bool(row["status"] == "confirmed" and row["expires_at"] is not None and row["expires_at"] <= now)

        done = [await self._end(row["id"], "expired", "expired", check) for row in due]
        return sum(done)

    async def purge_keys(self) -> int:
        """Forgets answers older than the published time; returns how many."""
        tag = await self._pool.execute(store.PURGE_KEYS, self._clock() - idempotency.KEPT)
        return int(tag.split()[-1])

    async def _sale_keys(self, facts: rules.Facts | None) -> SaleKeys | None:
        """None where the stock is not sold in the provider's ticketing."""
        if facts is None or facts.source_id is None:
            return None
        now = self._clock()
        if self._sold_here.get(facts.source_id, now) > now:
            return None
        if await self._sellers.seller_of(facts.source_id) is None:
            self._sold_here[facts.source_id] = now + SOLD_HERE
            return None
        row = await self._pool.fetchrow(store.SALE_KEYS, facts.source_id, facts.session_id, facts.stock_id)
        return SaleKeys(None, None) if row is None else SaleKeys(row["key"], row["part"])

    async def _end(
        self,
        booking_id: int,
        status: str,
        reason: str,
        check: Callable[[asyncpg.Record, datetime], bool],
    ) -> bool:
        now = self._clock()

        async def work(conn: Connection) -> tuple[bool, int | None]:
            done = await give_back(
                conn, booking_id, status=status, reason=reason, now=now, check=lambda row: check(row, now)
            )
            attempt = await conn.fetchval(store.UNSELL, booking_id, now, now + LEASE) if done else None
            return done, attempt

        done, attempt = await in_transaction(self._pool, work)
        if attempt is not None:
            await self._external.carry_on(Claim(booking_id, attempt))
        return done

    async def _get(self, booking_id: int) -> Booking:
        row = await self._pool.fetchrow(store.BOOKING, booking_id)
        if row is None:
            raise BookingUnknown
        return booking(row)


def check_cancellable_by_owner(row: asyncpg.Record, now: datetime) -> bool:
    """False where it is already done; raises why the person may not cancel."""
    if row["status"] == "cancelled" and row["cancellation_reason"] == "beneficiary":
        return False
    check_live(row)
    limit: datetime | None = row["cancellable_until"]
    if limit is not None and now >= limit:
        raise TooLateToCancel(limit)
    return True


def check_live(row: asyncpg.Record) -> None:
    """Raises what a locked booking has become, unless it is confirmed and unused."""
    match row["status"]:
        case "held":
            raise BookingPending
        case "used":
            raise AlreadyUsed(row["used_at"])
        case "reimbursed":
            raise AlreadyReimbursed
        case "cancelled":
            raise Cancelled(row["cancelled_at"])
        case "expired":
            raise Expired(row["cancelled_at"])
