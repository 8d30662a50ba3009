"""Takes up the sales whose outcome is in doubt until the provider has said what happened. Drops none.

Call it again and again: it works on what is due, each sale under a lease, several reconcilers side by side.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bookings.external import ExternalSales
from bookings.external_claims import Outcome
from bookings.seller import SellerDirectory

if TYPE_CHECKING:
    from bookings.transactions import Pool

logger = logging.getLogger(__name__)
_IN_DOUBT = """
select x.booking_id, x.source_id, x.state, b.status, x.attempts, x.next_try_at, x.last_error
from external_sale x join booking b on b.id = x.booking_id
where x.state not in ('sold', 'cancelled', 'refused') or x.surplus is not null order by x.booking_id limit $1
"""


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A sale nobody knows the end of yet, for people to see. A cancelled booking here may be sold there."""

    booking_id: int
    source_id: int
    state: str
    booking_status: str
    attempts: int
    next_try_at: datetime
    last_error: str | None


class Reconciler:
    """Resolves what `Bookings` left pending."""

    def __init__(self, pool: Pool, sellers: SellerDirectory, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._sales = ExternalSales(pool, sellers, clock)

    async def resolve_pending(self, limit: int = 100) -> Counter[Outcome]:
        """Works through at most `limit` sales that are due, and counts what became of them."""
        outcomes: Counter[Outcome] = Counter()
        for _ in range(limit):
            claim = await self._sales.claim()
            if claim is None:
                break
            try:
                outcome, _refusal = await self._sales.carry_on(claim)
            except Exception:
                # A defect met by one sale; it comes round again with its lease, and the others must not wait.
                logger.exception("booking %s: its sale could not be worked on", claim.booking_id)
                outcome = Outcome.PENDING
            outcomes[outcome] += 1
        return outcomes

    async def in_doubt(self, limit: int = 100) -> list[InDoubt]:
        """The sales that are not settled, oldest booking first."""
        rows = await self._pool.fetch(_IN_DOUBT, limit)
        return [
            InDoubt(
                booking_id=row["booking_id"],
                source_id=row["source_id"],
                state=row["state"],
                booking_status=row["status"],
                attempts=row["attempts"],
                next_try_at=row["next_try_at"],
                last_error=row["last_error"],
            )
            for row in rows
        ]
