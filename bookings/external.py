"""The second phase of a booking whose seats are sold in the provider's ticketing, and its cancellation there.

The first phase committed: our place is held, the wallet charged, and `external_sale` says what is wanted.
Then, outside any transaction, the provider is asked; each step is written down before it is taken, so
whoever finds the row later knows what may have happened. Last, one transaction confirms or compensates.

`external_selling.py` sells · `external_undoing.py` cancels there, and looks back at what was given back in doubt ·
`external_claims.py` who works on a sale, and what is noted on the way · `external_store.py` the statements.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from accounts.people import People
from bookings import external_store as sql
from bookings import orders
from bookings.errors import Refusal
from bookings.external_claims import LEASE, Claim, Notes, Outcome, Sale
from bookings.external_selling import sell
from bookings.external_undoing import cancel, look_back, trim
from bookings.seller import SellerDirectory

if TYPE_CHECKING:
    from bookings.transactions import Pool


class ExternalSales:
    """Carries sales through in the providers' ticketing."""

    def __init__(self, pool: Pool, sellers: SellerDirectory, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._sellers = sellers
        self._clock = clock
        self._people = People(pool)
        self._notes = Notes(pool, clock)

    async def claim(self) -> Claim | None:
        """The sale in doubt that has waited longest, for `LEASE`; None where all are settled or being worked on."""
        now = self._clock()
        row = await self._pool.fetchrow(sql.CLAIM, now + LEASE, now)
        return None if row is None else Claim(row["booking_id"], row["attempts"])

    async def carry_on(self, claim: Claim) -> tuple[Outcome, Refusal | None]:
        """Takes a claimed sale as far as the provider lets it, and says why it was refused where it was."""
        notes = self._notes
        row = await self._pool.fetchrow(sql.SALE, claim.booking_id)
        if row is None or row["attempts"] != claim.attempt:
            return Outcome.OVERTAKEN, None
        seller = await self._sellers.seller_of(row["source_id"])
        if seller is None:
            await notes.put_off(claim, row["state"], "aucun vendeur pour cette source")
            return Outcome.PENDING, None
        contacts = await self._people.contacts([row["pseudonym"]])
        sale = Sale(claim, row, seller, orders.order(row, contacts.get(row["pseudonym"])))
        if row["state"] == "cancelling":
            return await cancel(notes, sale, orders.read(row["tickets"])), None
        if row["state"] == "sold":
            return await trim(notes, sale), None
        if row["status"] == "cancelled":
            return await look_back(notes, sale), None
        return await sell(notes, sale)
