"""A sale in the provider's ticketing that somebody works on, and what is written down about it on the way.

Who works on a row has its lease (`next_try_at`) and its `attempts` as a fencing token: one that was overtaken writes
nothing.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from bookings import external_store as sql
from bookings.seller import Seller
from connectors.selling import Left, Order, SaleRefused
from net.errors import ProviderUnavailable
from schemas.ids import public_id

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Pool

PATIENCE = 20.0
"""Seconds a provider has for one answer. The person waits behind it."""
LEASE = timedelta(seconds=60)
"""Longer than two answers: a row whose lease is over has nobody working on it."""
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
class Sale:
    """A claimed row, who sells it, and what is asked for."""

    claim: Claim
    row: asyncpg.Record
    seller: Seller
    order: Order


@dataclass(frozen=True, slots=True)
class Notes:
    """Writes down how far a claimed sale has got."""

    pool: Pool
    clock: Callable[[], datetime]

    async def step(self, claim: Claim, state: str, reference: str | None) -> bool:
        """What is about to be asked of the provider; False for whoever was overtaken, who then must not ask."""
        done = await self.pool.fetchval(sql.STEP, claim.booking_id, claim.attempt, state, reference, self.clock())
        return done is not None

    async def put_off(self, claim: Claim, state: str, error: str) -> None:
        """Nobody knows yet: it is taken up again later."""
        now = self.clock()
        again = now + back_off(claim.attempt)
        await self.pool.execute(sql.PUT_OFF, claim.booking_id, claim.attempt, state, error, again, now)

    async def end(self, claim: Claim, state: str, again: timedelta = timedelta(0), tickets: str | None = None) -> bool:
        """Nothing more is to be sold; False for whoever was overtaken. `again`: when it is taken up at the earliest."""
        now = self.clock()
        done = await self.pool.fetchval(
            sql.END, claim.booking_id, claim.attempt, state, None, now, now + again, tickets
        )
        return done is not None

    async def refusal(self, sale: Sale, refused: SaleRefused, asked_at: datetime) -> None:
        """The seats that a refusal says are left, where it does."""
        if refused.reason in ("sold_out", "not_enough_seats"):
            seats = 0 if refused.reason == "sold_out" else refused.remaining
            if seats is not None:
                await self.left(sale, Left(max(0, seats)), asked_at)

    async def left(self, sale: Sale, left: Left, asked_at: datetime) -> None:
        """The seats that an answer says are left."""
        row = sale.row
        await self.pool.execute(sql.LEFT, row["stock_id"], row["venue_id"], left.seats, asked_at, sale.claim.booking_id)


def back_off(attempts: int) -> timedelta:
    """30 s, then twice as long each time, up to an hour: never given up."""
    return timedelta(seconds=min(30 << min(attempts - 1, 10), 3600))


async def in_time(call: Awaitable[_T]) -> _T:
    """A provider's answer. ProviderUnavailable, its outcome unknown, where it takes longer than `PATIENCE`."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await call
    except TimeoutError:
        raise ProviderUnavailable("pas de réponse à temps", outcome_unknown=True) from None
