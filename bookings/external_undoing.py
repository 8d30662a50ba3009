"""Takes back in the provider's ticketing what is no longer wanted there: cancelled bookings, tickets too many, and
sales that were given back here before anybody knew whether they had been made.
"""

from __future__ import annotations

from collections.abc import Sequence

from bookings import external_store as sql
from bookings import mails, orders
from bookings.external_claims import LEASE, Notes, Outcome, Sale, in_time
from bookings.letters import Letter
from connectors.selling import Hold, Left, NotSold, SaleRefused, Sold, Ticket
from net.errors import SourceFailure

TO_ASK = "à vérifier auprès du lieu"


async def cancel(notes: Notes, sale: Sale, tickets: Sequence[Ticket]) -> Outcome:
    """A sale that was ended here is ended there."""
    if not await _cancelled_there(notes, sale, tickets, "cancelling"):
        return Outcome.PENDING
    await notes.end(sale.claim, "cancelled")
    return Outcome.CANCELLED


async def trim(notes: Notes, sale: Sale) -> Outcome:
    """Cancels there the tickets that were sold beyond the seats asked for."""
    if not await _cancelled_there(notes, sale, orders.read(sale.row["surplus"]), "sold"):
        return Outcome.PENDING
    await notes.pool.execute(sql.TRIMMED, sale.claim.booking_id, sale.claim.attempt, notes.clock())
    return Outcome.CANCELLED


async def look_back(notes: Notes, sale: Sale) -> Outcome:
    """Given back in doubt: if it was sold there for all that, it is cancelled there. Else only a person can ask."""
    claim = sale.claim
    try:
        found = await in_time(sale.seller.status(sale.order, Hold(sale.row["hold_reference"] or "")))
        sold = orders.keepable(found) if isinstance(found, Sold) else None
    except SaleRefused as refused:
        await notes.put_off(claim, "unknown", refused.reason)
        return Outcome.PENDING
    except SourceFailure as failure:
        await notes.put_off(claim, "unknown", failure.message)
        return Outcome.PENDING
    if sold is not None:
        is_ours = await notes.end(claim, "cancelling", LEASE, orders.written(sold.tickets))
        return await cancel(notes, sale, sold.tickets) if is_ours else Outcome.OVERTAKEN
    if isinstance(found, NotSold):
        await notes.end(claim, "refused")
        return Outcome.NOT_SOLD
    await notes.put_off(claim, "unknown", TO_ASK)
    await _ask_people(notes, sale)
    return Outcome.PENDING


async def _ask_people(notes: Notes, sale: Sale) -> None:
    """One mail to staff a sale: nobody else can clear it up."""
    said = Letter(
        "Passerelle : une vente à vérifier auprès du lieu",
        f"La réservation {sale.claim.client_ref} ({sale.order.thing.venue_name}) a été remboursée sans savoir si la"
        f" billetterie du lieu l'a vendue : {sale.row['quantity']} place(s), séance {sale.order.session_key}.\n"
        "Demandez-le au lieu ; « passerelle doubts » liste ces ventes.\n",
    )
    async with notes.pool.acquire() as conn:
        await mails.queue(conn, f"doubt:{sale.claim.booking_id}", "doubt", said, notes.clock())


async def _cancelled_there(notes: Notes, sale: Sale, tickets: Sequence[Ticket], state: str) -> bool:
    """Whether they are; else it is put off. Freed seats that the answer tells of are noted."""
    asked_at = notes.clock()
    try:
        left = await in_time(sale.seller.cancel(tickets, sale.order)) if tickets else None
    except SaleRefused as refused:
        if refused.reason != "already_cancelled":
            await notes.put_off(sale.claim, state, refused.reason)
            return False
        left = None if refused.remaining is None else Left(refused.remaining)
    except SourceFailure as failure:
        await notes.put_off(sale.claim, state, failure.message)
        return False
    if left is not None:
        await notes.left(sale, left, asked_at)
    return True
