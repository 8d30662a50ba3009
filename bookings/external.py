"""The second phase of a booking whose seats are sold in the provider's ticketing, and its cancellation there.

The first phase committed: our place is held, the wallet charged, and `external_sale` says what is wanted.
Then, outside any transaction, the provider is asked; each step is written down before it is taken, so
whoever finds the row later knows what may have happened. Last, one transaction confirms or compensates.

A sale whose answer was lost is looked up first. Where the protocol has no look-up it is asked for again, if saying it
twice cannot sell twice; else the money goes back, and that it may be sold there stays listed for a person. A sale that
was given back before anybody knew is looked up once more later, and cancelled there where it was made after all.

Who works on a row has its lease (`next_try_at`) and its `attempts` as a fencing token: one that was
overtaken writes nothing.
"""

from __future__ import annotations

import asyncio
import enum
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from accounts.people import People
from bookings import external_store as sql
from bookings import idempotency, mails, orders, store
from bookings.errors import ProviderDown, ProviderRefused, Refusal, remember
from bookings.letters import Letter
from bookings.returns import give_back
from bookings.seller import Seller, SellerDirectory
from bookings.transactions import in_transaction
from connectors.selling import Hold, Left, NotSold, Order, SaleRefused, Sold, Ticket
from net.errors import AccessDenied, ProviderUnavailable, SourceFailure
from schemas.ids import public_id

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Connection, Pool

PATIENCE = 20.0
"""Seconds a provider has for one answer. The person waits behind it."""
LEASE = timedelta(seconds=60)
"""Longer than two answers: a row whose lease is over has nobody working on it."""
GIVE_UP = timedelta(minutes=15)
"""A sale that was never asked to be confirmed by then is not tried any more: the person has gone."""
LATE = timedelta(minutes=10)
"""When a sale that was given back in doubt is looked up once more: by then a request under way has been executed."""
TO_ASK = "à vérifier auprès du lieu"
_T = TypeVar("_T")


class Outcome(enum.Enum):
    """What became of a row that was worked on."""

    SOLD = "sold"
    COMPENSATED = "compensated"
    CANCELLED = "cancelled"
    NOT_SOLD = "not_sold"
    """Given back before; now the provider says that it had not sold it."""
    PENDING = "pending"
    OVERTAKEN = "overtaken"
    """Somebody else has it now, or had finished it."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a booking's sale, while no later claim was made."""

    booking_id: int
    attempt: int

    @property
    def client_ref(self) -> str:
        """What the provider knows the sale by: the same at each attempt."""
        return public_id("booking", self.booking_id)


@dataclass(frozen=True, slots=True)
class _Sale:
    """A claimed row, who sells it, and what is asked for."""

    claim: Claim
    row: asyncpg.Record
    seller: Seller
    order: Order


class ExternalSales:
    """Carries sales through in the providers' ticketing."""

    def __init__(self, pool: Pool, sellers: SellerDirectory, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._sellers = sellers
        self._clock = clock
        self._people = People(pool)

    async def claim(self) -> Claim | None:
        """The sale in doubt that has waited longest, for `LEASE`; None where all are settled or being worked on."""
        now = self._clock()
        row = await self._pool.fetchrow(sql.CLAIM, now + LEASE, now)
        return None if row is None else Claim(row["booking_id"], row["attempts"])

    async def carry_on(self, claim: Claim) -> tuple[Outcome, Refusal | None]:
        """Takes a claimed sale as far as the provider lets it, and says why it was refused where it was."""
        row = await self._pool.fetchrow(sql.SALE, claim.booking_id)
        if row is None or row["attempts"] != claim.attempt:
            return Outcome.OVERTAKEN, None
        seller = await self._sellers.seller_of(row["source_id"])
        if seller is None:
            await self._put_off(claim, row["state"], "aucun vendeur pour cette source")
            return Outcome.PENDING, None
        contacts = await self._people.contacts([row["pseudonym"]])
        sale = _Sale(claim, row, seller, orders.order(row, contacts.get(row["pseudonym"])))
        if row["state"] == "cancelling":
            return await self._cancel(sale, orders.read(row["tickets"])), None
        if row["state"] == "sold":
            return await self._trim(sale), None
        if row["status"] == "cancelled":
            return await self._look_back(sale), None
        return await self._sell(sale)

    async def _sell(self, sale: _Sale) -> tuple[Outcome, Refusal | None]:
        claim, row, seller, order = sale.claim, sale.row, sale.seller, sale.order
        hold = None if row["hold_reference"] is None else Hold(row["hold_reference"])
        in_doubt = hold is not None and row["state"] in ("confirming", "unknown")
        is_late = self._clock() - row["created_at"] > GIVE_UP
        if hold is None and is_late:
            return await self._compensate(sale, "refused", ProviderDown())
        asked_at = self._clock()
        try:
            sold = None
            if hold is not None and in_doubt:
                found = await _answer(seller.status(order, hold))
                if isinstance(found, Sold):
                    sold = orders.keepable(found)
                elif not seller.sells_once or (isinstance(found, NotSold) and is_late):
                    return await self._compensate(sale, "unknown", ProviderDown(), "vente sans réponse")
            if hold is None:
                if not await self._step(claim, "holding", None):
                    return Outcome.OVERTAKEN, None
                hold = orders.keepable_hold(await _answer(seller.hold(order)))
            if sold is None:
                if not await self._step(claim, "confirming", hold.reference):
                    return Outcome.OVERTAKEN, None
                asked_at = self._clock()
                sold = orders.keepable(await _answer(seller.confirm(hold, order)))
        except SaleRefused as refused:
            await self._note_refusal(sale, refused, asked_at)
            # Said again after an answer that was lost, no does not tell whether the first one sold.
            state = "unknown" if in_doubt else "refused"
            return await self._compensate(sale, state, ProviderRefused(refused.reason, refused.remaining))
        except (ProviderUnavailable, AccessDenied) as failure:
            if in_doubt or (isinstance(failure, ProviderUnavailable) and failure.outcome_unknown):
                await self._put_off(claim, "unknown", failure.message)
                return Outcome.PENDING, None
            return await self._compensate(sale, "refused", ProviderDown(), failure.message)
        except SourceFailure as failure:
            # An answer that nobody understands may mean yes.
            await self._put_off(claim, "unknown", failure.message)
            return Outcome.PENDING, None
        if len(sold.tickets) < row["quantity"]:
            refusal = ProviderRefused("fewer_tickets", None)
            return await self._compensate(sale, "cancelling", refusal, tickets=sold.tickets)
        return await self._confirm(sale, sold, asked_at), None

    async def _confirm(self, sale: _Sale, sold: Sold, asked_at: datetime) -> Outcome:
        now, claim = self._clock(), sale.claim
        kept = sold.tickets[: sale.order.quantity]
        codes = {ticket.barcode for ticket in kept}
        surplus = [ticket for ticket in sold.tickets[sale.order.quantity :] if ticket.barcode not in codes]

        async def work(conn: Connection) -> Outcome:
            places = await conn.fetchrow(store.PLACES, claim.booking_id)
            if places is None:
                return Outcome.OVERTAKEN
            await conn.fetchrow(store.LOCK_ALLOTMENT, places["stock_id"], places["venue_id"])
            row = await conn.fetchrow(store.LOCK_BOOKING, claim.booking_id)
            if row is None:
                return Outcome.OVERTAKEN
            if row["status"] != "held":
                if row["status"] in ("cancelled", "expired"):
                    await conn.execute(sql.ORPHANED, claim.booking_id, orders.written(sold.tickets), now)
                return Outcome.OVERTAKEN
            more = orders.written(surplus) if surplus else None
            done = await conn.fetchval(sql.SOLD, claim.booking_id, claim.attempt, orders.written(kept), now, more)
            if done is None:
                return Outcome.OVERTAKEN
            await conn.execute(sql.TAKE, places["stock_id"], places["venue_id"], row["quantity"])
            await conn.execute(sql.CONFIRM, claim.booking_id, now)
            await conn.execute(store.ANSWER, claim.booking_id, idempotency.accepted("confirmed"))
            return Outcome.SOLD

        outcome = await in_transaction(self._pool, work)
        if outcome is Outcome.SOLD and sold.left is not None:
            await self._note_left(sale, sold.left, asked_at)
        return outcome

    async def _compensate(
        self,
        sale: _Sale,
        state: str,
        refusal: Refusal,
        error: str | None = None,
        tickets: Sequence[Ticket] | None = None,
    ) -> tuple[Outcome, Refusal | None]:
        now, claim = self._clock(), sale.claim
        kept = None if tickets is None else orders.written(tickets)
        again = now + (LATE if state == "unknown" else LEASE)
        reason = "provider_refused" if isinstance(refusal, ProviderRefused) else "provider_unavailable"

        async def work(conn: Connection) -> bool:
            given = await give_back(
                conn,
                claim.booking_id,
                status="cancelled",
                reason=reason,
                now=now,
                check=lambda row: bool(row["status"] == "held"),
            )
            ended = given and await conn.fetchval(
                sql.END, claim.booking_id, claim.attempt, state, error or str(refusal), now, again, kept
            )
            if given and ended is None:
                raise _OvertakenMeanwhile
            if given:
                await conn.execute(store.ANSWER, claim.booking_id, json.dumps(remember(refusal)))
            return given

        try:
            done = await in_transaction(self._pool, work)
        except _OvertakenMeanwhile:
            done = False
        return (Outcome.COMPENSATED, refusal) if done else (Outcome.OVERTAKEN, None)

    async def _look_back(self, sale: _Sale) -> Outcome:
        """Given back in doubt: if it was sold there for all that, it is cancelled there. Else only a person can ask."""
        claim = sale.claim
        try:
            found = await _answer(sale.seller.status(sale.order, Hold(sale.row["hold_reference"] or "")))
            sold = orders.keepable(found) if isinstance(found, Sold) else None
        except SaleRefused as refused:
            await self._put_off(claim, "unknown", refused.reason)
            return Outcome.PENDING
        except SourceFailure as failure:
            await self._put_off(claim, "unknown", failure.message)
            return Outcome.PENDING
        now = self._clock()
        if sold is not None:
            done = await self._pool.fetchval(
                sql.END,
                claim.booking_id,
                claim.attempt,
                "cancelling",
                None,
                now,
                now + LEASE,
                orders.written(sold.tickets),
            )
            return Outcome.OVERTAKEN if done is None else await self._cancel(sale, sold.tickets)
        if isinstance(found, NotSold):
            await self._pool.fetchval(sql.END, claim.booking_id, claim.attempt, "refused", None, now, now, None)
            return Outcome.NOT_SOLD
        await self._put_off(claim, "unknown", TO_ASK)
        await self._ask_people(sale)
        return Outcome.PENDING

    async def _ask_people(self, sale: _Sale) -> None:
        """One mail to staff a sale: nobody else can clear it up."""
        said = Letter(
            "Passerelle : une vente à vérifier auprès du lieu",
            f"La réservation {sale.claim.client_ref} ({sale.order.thing.venue_name}) a été remboursée sans savoir si la"
            f" billetterie du lieu l'a vendue : {sale.row['quantity']} place(s), séance {sale.order.session_key}.\n"
            "Demandez-le au lieu ; « passerelle doubts » liste ces ventes.\n",
        )
        async with self._pool.acquire() as conn:
            await mails.queue(conn, f"doubt:{sale.claim.booking_id}", "doubt", said, self._clock())

    async def _cancel(self, sale: _Sale, tickets: Sequence[Ticket]) -> Outcome:
        if not await self._cancelled_there(sale, tickets, "cancelling"):
            return Outcome.PENDING
        now, claim = self._clock(), sale.claim
        await self._pool.fetchval(sql.END, claim.booking_id, claim.attempt, "cancelled", None, now, now, None)
        return Outcome.CANCELLED

    async def _trim(self, sale: _Sale) -> Outcome:
        """Cancels there the tickets that were sold beyond the seats asked for."""
        if not await self._cancelled_there(sale, orders.read(sale.row["surplus"]), "sold"):
            return Outcome.PENDING
        await self._pool.execute(sql.TRIMMED, sale.claim.booking_id, sale.claim.attempt, self._clock())
        return Outcome.CANCELLED

    async def _cancelled_there(self, sale: _Sale, tickets: Sequence[Ticket], state: str) -> bool:
        """Whether they are; else it is put off. Freed seats that the answer tells of are noted."""
        asked_at = self._clock()
        try:
            left = await _answer(sale.seller.cancel(tickets, sale.order)) if tickets else None
        except SaleRefused as refused:
            if refused.reason != "already_cancelled":
                await self._put_off(sale.claim, state, refused.reason)
                return False
            left = None if refused.remaining is None else Left(refused.remaining)
        except SourceFailure as failure:
            await self._put_off(sale.claim, state, failure.message)
            return False
        if left is not None:
            await self._note_left(sale, left, asked_at)
        return True

    async def _note_refusal(self, sale: _Sale, refused: SaleRefused, asked_at: datetime) -> None:
        if refused.reason in ("sold_out", "not_enough_seats"):
            seats = 0 if refused.reason == "sold_out" else refused.remaining
            if seats is not None:
                await self._note_left(sale, Left(max(0, seats)), asked_at)

    async def _note_left(self, sale: _Sale, left: Left, asked_at: datetime) -> None:
        row = sale.row
        await self._pool.execute(
            sql.LEFT, row["stock_id"], row["venue_id"], left.seats, asked_at, sale.claim.booking_id
        )

    async def _step(self, claim: Claim, state: str, reference: str | None) -> bool:
        done = await self._pool.fetchval(sql.STEP, claim.booking_id, claim.attempt, state, reference, self._clock())
        return done is not None

    async def _put_off(self, claim: Claim, state: str, error: str) -> None:
        now, again = self._clock(), self._clock() + back_off(claim.attempt)
        await self._pool.execute(sql.PUT_OFF, claim.booking_id, claim.attempt, state, error, again, now)


class _OvertakenMeanwhile(Exception):
    """The claim was lost between the provider's answer and our writing it: roll back."""


def back_off(attempts: int) -> timedelta:
    """30 s, then twice as long each time, up to an hour: never given up."""
    return timedelta(seconds=min(30 << min(attempts - 1, 10), 3600))


async def _answer(call: Awaitable[_T]) -> _T:
    try:
        async with asyncio.timeout(PATIENCE):
            return await call
    except TimeoutError:
        raise ProviderUnavailable("pas de réponse à temps", outcome_unknown=True) from None
