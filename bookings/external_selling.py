"""Sells a claimed sale in the provider's ticketing: hold, confirm, then one transaction confirms or compensates here.

A sale whose answer was lost is looked up first. Where the protocol has no look-up it is asked for again, if saying it
twice cannot sell twice; else the money goes back, and that it may be sold there stays listed for a person.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bookings import external_store as sql
from bookings import idempotency, orders, store
from bookings.errors import ProviderDown, ProviderRefused, Refusal, remember
from bookings.external_claims import LEASE, Notes, Outcome, Sale, in_time
from bookings.returns import give_back
from bookings.transactions import in_transaction
from connectors.selling import Hold, NotSold, SaleRefused, Sold, Ticket
from net.errors import AccessDenied, ProviderUnavailable, SourceFailure

if TYPE_CHECKING:
    from bookings.transactions import Connection

GIVE_UP = timedelta(minutes=15)
"""A sale that was never asked to be confirmed by then is not tried any more: the person has gone."""
LATE = timedelta(minutes=10)
"""When a sale that was given back in doubt is looked up once more: by then a request under way has been executed."""


class _OvertakenMeanwhile(Exception):
    """The claim was lost between the provider's answer and our writing it: roll back."""


async def sell(notes: Notes, sale: Sale) -> tuple[Outcome, Refusal | None]:
    """As far as the provider lets it: sold, or given back with why, or to be taken up later."""
    claim, row, seller, order = sale.claim, sale.row, sale.seller, sale.order
    hold = None if row["hold_reference"] is None else Hold(row["hold_reference"])
    in_doubt = hold is not None and row["state"] in ("confirming", "unknown")
    is_late = notes.clock() - row["created_at"] > GIVE_UP
    if hold is None and is_late:
        return await _compensate(notes, sale, "refused", ProviderDown())
    asked_at = notes.clock()
    try:
        sold = None
        if hold is not None and in_doubt:
            found = await in_time(seller.status(order, hold))
            if isinstance(found, Sold):
                sold = orders.keepable(found)
            elif not seller.sells_once or (isinstance(found, NotSold) and is_late):
                return await _compensate(notes, sale, "unknown", ProviderDown(), "vente sans réponse")
        if hold is None:
            if not await notes.step(claim, "holding", None):
                return Outcome.OVERTAKEN, None
            hold = orders.keepable_hold(await in_time(seller.hold(order)))
        if sold is None:
            if not await notes.step(claim, "confirming", hold.reference):
                return Outcome.OVERTAKEN, None
            asked_at = notes.clock()
            sold = orders.keepable(await in_time(seller.confirm(hold, order)))
    except SaleRefused as refused:
        await notes.refusal(sale, refused, asked_at)
        # Said again after an answer that was lost, no does not tell whether the first one sold.
        state = "unknown" if in_doubt else "refused"
        return await _compensate(notes, sale, state, ProviderRefused(refused.reason, refused.remaining))
    except (ProviderUnavailable, AccessDenied) as failure:
        if in_doubt or (isinstance(failure, ProviderUnavailable) and failure.outcome_unknown):
            await notes.put_off(claim, "unknown", failure.message)
            return Outcome.PENDING, None
        return await _compensate(notes, sale, "refused", ProviderDown(), failure.message)
    except SourceFailure as failure:
        # An answer that nobody understands may mean yes.
        await notes.put_off(claim, "unknown", failure.message)
        return Outcome.PENDING, None
    if len(sold.tickets) < row["quantity"]:
        refusal = ProviderRefused("fewer_tickets", None)
        return await _compensate(notes, sale, "cancelling", refusal, tickets=sold.tickets)
    return await _confirm(notes, sale, sold, asked_at), None


async def _confirm(notes: Notes, sale: Sale, sold: Sold, asked_at: datetime) -> Outcome:
    now, claim = notes.clock(), sale.claim
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

    outcome = await in_transaction(notes.pool, work)
    if outcome is Outcome.SOLD and sold.left is not None:
        await notes.left(sale, sold.left, asked_at)
    return outcome


async def _compensate(
    notes: Notes,
    sale: Sale,
    state: str,
    refusal: Refusal,
    error: str | None = None,
    tickets: Sequence[Ticket] | None = None,
) -> tuple[Outcome, Refusal | None]:
    now, claim = notes.clock(), sale.claim
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
        done = await in_transaction(notes.pool, work)
    except _OvertakenMeanwhile:
        done = False
    return (Outcome.COMPENSATED, refusal) if done else (Outcome.OVERTAKEN, None)
