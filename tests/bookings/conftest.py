"""A small town to book in: builders that write the référentiel's rows, a clock that is set, a ticketing that sells."""

from __future__ import annotations

import asyncio
import itertools
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from bench.bookers import crowd
from bookings.audit import Violation, violations
from bookings.booking import Bookings
from bookings.desk import Desk
from bookings.local_credits import LocalCredit, LocalCredits
from bookings.reconciler import Reconciler
from bookings.wallets import Wallets
from connectors.selling import Hold, Left, NotSold, Order, SaleRefused, Sold, Ticket
from net.errors import ProviderUnavailable

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Clock:
    """The time it is set to."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Ticketing:
    """A provider's ticketing, which knows us by `client_ref` and can lose its answers."""

    seats: int = 100
    loses: list[str] = field(default_factory=list)
    """The next calls whose answer is lost after they were executed: hold, confirm, cancel or status."""
    fails: list[str] = field(default_factory=list)
    """The next calls that are not executed at all."""
    refuses: list[str] = field(default_factory=list)
    sold: dict[str, list[Ticket]] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    fewer: int = 0
    """So many tickets are missing from each sale; below zero, so many too many."""
    looks_up: bool = False
    """Its protocol has a look-up."""
    sells_once: bool = True
    tells_left: bool = False
    _holds: dict[str, int] = field(default_factory=dict)

    async def hold(self, order: Order) -> Hold:
        self._called("hold")
        ref = order.client_ref
        self._holds.pop(ref, None)
        if order.quantity > self.remaining_seats():
            raise SaleRefused("not_enough_seats", remaining=self.remaining_seats())
        self._holds[ref] = order.quantity
        self._answer("hold")
        return Hold(f"{order.session_key}/{order.price_part}/{ref}")

    async def confirm(self, hold: Hold, order: Order) -> Sold:
        self._called("confirm")
        ref = order.client_ref
        if ref not in self.sold:
            count = self._holds.pop(ref) - self.fewer
            self.sold[ref] = [Ticket(f"{ref}-{n}", seat=f"A{n}") for n in range(count)]
        self._answer("confirm")
        return Sold(self.sold[ref], left=Left(self.remaining_seats()) if self.tells_left else None)

    async def cancel(self, tickets: Sequence[Ticket], order: Order) -> Left | None:
        self._called("cancel")
        ref = order.client_ref
        if ref in self.cancelled:
            raise SaleRefused("already_cancelled")
        kept = [ticket for ticket in self.sold[ref] if ticket not in tickets]
        assert len(kept) + len(tickets) == len(self.sold[ref])
        if kept:
            self.sold[ref] = kept
        else:
            self.cancelled.add(ref)
        self._answer("cancel")
        return Left(self.remaining_seats()) if self.tells_left else None

    async def remaining(self, *, session_key: str) -> int | None:
        return self.remaining_seats()

    async def status(self, order: Order, hold: Hold) -> Sold | NotSold | None:
        if not self.looks_up:
            return None
        self._called("status")
        self._answer("status")
        ref = order.client_ref
        return Sold(self.sold[ref]) if ref in self.standing() else NotSold()

    def remaining_seats(self) -> int:
        standing = sum(len(tickets) for ref, tickets in self.sold.items() if ref not in self.cancelled)
        return self.seats - standing - sum(self._holds.values())

    def standing(self) -> set[str]:
        """The client refs sold here and not cancelled."""
        return set(self.sold) - self.cancelled

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.fails:
            self.fails.remove(name)
            raise ProviderUnavailable("en panne")
        if name in self.refuses:
            self.refuses.remove(name)
            raise SaleRefused("refused")

    def _answer(self, name: str) -> None:
        if name in self.loses:
            self.loses.remove(name)
            raise ProviderUnavailable("réponse perdue", outcome_unknown=True)


@dataclass
class Directory:
    """Which source sells where."""

    sellers: dict[int, Ticketing] = field(default_factory=dict)

    async def seller_of(self, source_id: int) -> Ticketing | None:
        return self.sellers.get(source_id)


@dataclass(frozen=True)
class Placed:
    """A stock that was built."""

    stock_id: int
    venue_id: int
    offer_id: int
    source_id: int


class Town:
    """Builds what is booked, by whom and where."""

    def __init__(self, pool: asyncpg.Pool, clock: Clock) -> None:
        self.pool = pool
        self.clock = clock
        self.directory = Directory()
        self._numbers = itertools.count(1)

    def bookings(self, pool: asyncpg.Pool | None = None) -> Bookings:
        return Bookings(pool or self.pool, self.directory, self.clock)

    def desk(self, pool: asyncpg.Pool | None = None) -> Desk:
        return Desk(pool or self.pool, self.clock)

    def reconciler(self) -> Reconciler:
        return Reconciler(self.pool, self.directory, self.clock)

    async def audit(self) -> list[Violation]:
        async with self.pool.acquire() as conn:
            return await violations(conn)

    async def person(self, policy: str = "2018") -> uuid.UUID:
        pseudonym = uuid.uuid4()
        await Wallets(self.pool, self.clock).open(pseudonym, policy)
        return pseudonym

    async def crowd(self, count: int) -> list[uuid.UUID]:
        """So many people with 500 € each."""
        async with self.pool.acquire() as conn:
            return await crowd(conn, count, self.clock.now)

    async def region(
        self,
        *people: uuid.UUID,
        cents: int = 5_00,
        subcategories: list[str] | None = None,
        departments: list[str] | None = None,
        spent: str = "before",
        days: int = 30,
    ) -> str:
        """The code of a new local credit that these people have."""
        code = f"region-{next(self._numbers)}"
        credits = LocalCredits(self.pool, self.clock)
        terms = LocalCredit(
            code=code,
            title="Chèque lecture",
            amount_cents=cents,
            spent=spent,
            ends_at=self.clock.now + timedelta(days=days),
            subcategories=subcategories,
            departments=departments,
        )
        await credits.declare(terms, actor="system:test")
        for person in people:
            await credits.grant(person, code, actor="system:test")
        return code

    async def people(self, count: int) -> list[uuid.UUID]:
        return list(await asyncio.gather(*(self.person() for _ in range(count))))

    async def balance(self, pseudonym: uuid.UUID) -> int:
        return (await Wallets(self.pool, self.clock).view(pseudonym)).balance_cents

    async def counts(self, stock_id: int) -> tuple[int, int]:
        """Held and sold."""
        row = await self.pool.fetchrow("select held, sold from allotment where stock_id = $1", stock_id)
        return (0, 0) if row is None else (row["held"], row["sold"])

    async def key(self) -> int:
        n = next(self._numbers)
        vendor_id = await self.pool.fetchval("insert into vendor (name) values ($1) returning id", f"Caisse {n}")
        return await self.pool.fetchval(
            "insert into api_key (prefix, secret_hash, vendor_id, label, scopes)"
            " values ($1, decode(repeat('00', 32), 'hex'), $2, 'caisse', '{}') returning id",
            f"sandbox_{n:012x}",
            vendor_id,
        )

    async def venue(self) -> int:
        n = next(self._numbers)
        return await self.pool.fetchval(
            "insert into venue (siret, name, folded, time_zone) values ($1, $2, $2, 'Europe/Paris') returning id",
            f"{n:014d}",
            f"Salle {n}",
        )

    async def source(self, sales_seen: str = "never") -> int:
        return await self.pool.fetchval(
            "insert into source (connector, account, label, licence, sales_seen)"
            " values ('test', $1, 'test', 'etalab-2.0', $2) returning id",
            str(next(self._numbers)),
            sales_seen,
        )

    async def book(
        self,
        *,
        copies: int | None = 10,
        price_cents: int | None = 890,
        subcategory: str = "LIVRE_PAPIER",
        sellable_from: datetime | None = None,
        sellable: bool | None = True,
        sales_seen: str = "never",
    ) -> Placed:
        n, venue_id, source_id = next(self._numbers), await self.venue(), await self.source(sales_seen)
        product_id = await self.pool.fetchval(
            "insert into product (ean, title, folded, subcategory, price_cents, sellable, sellable_from)"
            " values ($1, $2, $2, $3, $4, $5, $6) returning id",
            f"{9780000000000 + n}",
            f"Livre {n}",
            subcategory,
            price_cents,
            sellable,
            sellable_from,
        )
        offer_id = await self.pool.fetchval(
            "insert into offer (venue_id, product_id) values ($1, $2) returning id", venue_id, product_id
        )
        return await self._stock(venue_id, offer_id, source_id, copies)

    async def show(
        self,
        *,
        seats: int | None = 10,
        price_cents: int | None = 1500,
        begins_in: timedelta = timedelta(days=10),
        is_duo: bool = False,
        subcategory: str = "SPECTACLE_REPRESENTATION",
        ticketing: Ticketing | None = None,
        sales_seen: str = "never",
    ) -> Placed:
        n, venue_id, source_id = next(self._numbers), await self.venue(), await self.source(sales_seen)
        event_id = await self.pool.fetchval(
            "insert into event (venue_id, title, folded, subcategory, is_duo) values ($1, $2, $2, $3, $4) returning id",
            venue_id,
            f"Spectacle {n}",
            subcategory,
            is_duo,
        )
        session_id = await self.pool.fetchval(
            "insert into session (event_id, begins_at, hall) values ($1, $2, 'Grande salle') returning id",
            event_id,
            self.clock.now + begins_in,
        )
        offer_id = await self.pool.fetchval(
            "insert into offer (venue_id, event_id) values ($1, $2) returning id", venue_id, event_id
        )
        placed = await self._stock(venue_id, offer_id, source_id, seats, session_id, price_cents)
        if ticketing is not None:
            self.directory.sellers[source_id] = ticketing
            await self.pool.execute(
                "insert into source_record (source_id, kind, key, part, hash, entity_id, generation)"
                " values ($1, 5, 'seance', '', '', $2, 1)",
                source_id,
                session_id,
            )
            await self.pool.execute(
                "update supply set key = 'seance', part = 'PCU' where stock_id = $1", placed.stock_id
            )
        return placed

    async def supply(self, placed: Placed, available: int | None, seen: int = 0) -> None:
        await self.pool.execute(
            "insert into supply (stock_id, venue_id, source_id, available, seen, observed_at, generation, key, of_key)"
            " values ($1, $2, $3, $4, $5, $6, 1, $1::bigint::text, 'x')"
            " on conflict (stock_id, venue_id) where stock_id is not null"
            " do update set available = excluded.available, seen = excluded.seen",
            placed.stock_id,
            placed.venue_id,
            placed.source_id,
            available,
            seen,
            self.clock.now,
        )

    async def _stock(
        self,
        venue_id: int,
        offer_id: int,
        source_id: int,
        available: int | None,
        session_id: int | None = None,
        price_cents: int | None = None,
    ) -> Placed:
        stock_id = await self.pool.fetchval(
            "insert into stock (venue_id, offer_id, session_id, price_cents) values ($1, $2, $3, $4) returning id",
            venue_id,
            offer_id,
            session_id,
            price_cents,
        )
        placed = Placed(stock_id, venue_id, offer_id, source_id)
        await self.supply(placed, available)
        return placed

    async def answer_kept(self, key: str) -> dict[str, object] | None:
        """What is remembered under an idempotency key."""
        kept = await self.pool.fetchval("select response::text from idempotency_key where key = $1", key)
        return None if kept is None else json.loads(kept)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def town(pool: asyncpg.Pool, clock: Clock) -> Town:
    return Town(pool, clock)


@pytest.fixture
def ticketing() -> Ticketing:
    return Ticketing()


@pytest.fixture
def builders() -> tuple[type[Town], type[Clock], type[Ticketing]]:
    """For whoever builds towns in an event loop of their own."""
    return Town, Clock, Ticketing


@pytest.fixture
def deadlocks(wide_pool: asyncpg.Pool) -> Callable[[], Awaitable[int]]:
    """How many deadlocks PostgreSQL has broken in this test's database, all sessions having reported."""

    async def count() -> int:
        meeting = asyncio.Barrier(wide_pool.get_size())

        async def report() -> None:
            async with wide_pool.acquire() as conn:
                await meeting.wait()
                await conn.execute("select pg_stat_force_next_flush()")

        await asyncio.gather(*(report() for _ in range(wide_pool.get_size())))
        return await wide_pool.fetchval("select deadlocks from pg_stat_database where datname = current_database()")

    return count


@pytest.fixture
async def wide_pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Forty connections that are really open, for what must happen at the same time."""
    async with asyncpg.create_pool(database_url, min_size=40, max_size=40) as made:
        yield made
