"""What is known of a request before it is decided: one statement, as of one moment (`store.LOOK`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bookings import idempotency, store
from bookings.countermarks import draw
from bookings.idempotency import Request
from bookings.rules import Facts, Purse
from bookings.spending import credits

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Connection, Pool


@dataclass(frozen=True, slots=True)
class Look:
    """A request's wallet, stock and earlier answer. `row` holds the remaining columns of `store.LOOK`."""

    purse: Purse | None
    """None where no wallet was ever opened."""
    facts: Facts | None
    """None where there is no such stock."""
    row: asyncpg.Record

    @property
    def source_id(self) -> int | None:
        """Who tells the stock."""
        return None if self.facts is None else self.facts.source_id


async def look(conn: Connection | Pool, request: Request, now: datetime) -> Look:
    """The request as it stands; its time is that of one snapshot, and it locks nothing."""
    row = await conn.fetchrow(
        store.LOOK,
        request.stock_id,
        request.pseudonym,
        request.owner,
        request.key,
        draw(),
        now - idempotency.KEPT,
    )
    if row is None:
        raise AssertionError("a query from one row answers one row")
    wallet_id: int | None = row["wallet_id"]
    return Look(
        None if wallet_id is None else Purse(wallet_id, row["wallet_version"], credits(row["deposits"])),
        None if row["stock_id"] is None else Facts(*row[store.FACTS_AT : -1]),
        row,
    )


async def facts_of(conn: Connection | Pool, stock_id: int) -> Facts | None:
    """The stock as sold now, None where there is none. No lock."""
    row = await conn.fetchrow(store.FACTS, stock_id)
    return None if row is None else Facts(*row[:-1])
