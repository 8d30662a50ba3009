"""A small référentiel for the faces' tests, built the way sync builds one (`import storefront`).

Sources speak through the same batches as real runs, so whatever a test reads went through validation,
matching and derivation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from catalogue.database import Pool
from catalogue.merging import source_info
from catalogue.venues import register_venue, registered
from connectors.base import Delete, Reject, Upsert
from connectors.selling import Hold, Order, SaleRefused, Sold, Ticket
from net.errors import ProviderUnavailable
from schemas.identifiers import identifier
from schemas.records import (
    KIND_OF,
    Address,
    Contributor,
    Event,
    Identifier,
    Position,
    Product,
    Record,
    Session,
    SourceRef,
    Stock,
    Venue,
)
from sync import leases, runs
from sync.applying import apply
from sync.batch import Batch

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
"""The instant the faces' tests happen at."""
STRANGER, EXILE = "9782070360024", "9782070394456"
"""EAN of two books."""
BOOKSHOP, THEATRE, FAR = "55210055400013", "44306184100047", "35600000000048"
"""SIRET of three venues that do not exist; the last is in Guyane."""


@dataclass(slots=True)
class Clock:
    """The time it is set to."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(slots=True)
class BoxOffice:
    """A provider's ticketing that sells; it can lose the answer to a confirmation, or be down."""

    seats: int = 50
    is_down: bool = False
    loses: int = 0
    sold: dict[str, list[Ticket]] = field(default_factory=dict)
    _holds: dict[str, int] = field(default_factory=dict)

    sells_once: ClassVar[bool] = True

    async def hold(self, order: Order) -> Hold:
        if self.is_down:
            raise ProviderUnavailable("en panne")
        if order.quantity > self.seats:
            raise SaleRefused("not_enough_seats", remaining=self.seats)
        self._holds[order.client_ref] = order.quantity
        return Hold(order.client_ref)

    async def confirm(self, hold: Hold, order: Order) -> Sold:
        client_ref = order.client_ref
        if client_ref not in self.sold:
            quantity = self._holds[client_ref]
            self.seats -= quantity
            self.sold[client_ref] = [Ticket(f"{client_ref}-{n}", seat=f"C{n + 1}") for n in range(quantity)]
        if self.loses:
            self.loses -= 1
            raise ProviderUnavailable("réponse perdue", outcome_unknown=True)
        return Sold(self.sold[client_ref])

    async def cancel(self, tickets: Sequence[Ticket], order: Order) -> None:
        self.seats += len(self.sold.pop(order.client_ref))

    async def status(self, order: Order, hold: Hold) -> None:
        return None

    async def remaining(self, *, session_key: str) -> int | None:
        return self.seats


@dataclass(slots=True)
class Directory:
    """Which source sells in its own ticketing."""

    sellers: dict[int, BoxOffice] = field(default_factory=dict)

    async def seller_of(self, source_id: int) -> BoxOffice | None:
        return self.sellers.get(source_id)


@dataclass(slots=True)
class Storefront:
    """Sources and venues of one test's database; ids are row ids."""

    pool: Pool
    sources: dict[str, int] = field(default_factory=dict)
    fences: dict[str, int] = field(default_factory=dict)

    async def venue(self, siret: str, name: str, *, postal_code: str = "67000", zone: str = "Europe/Paris") -> int:
        """A registered venue."""
        async with self.pool.acquire() as conn:
            return await register_venue(
                conn,
                Venue(
                    ref=registered(siret),
                    name=name,
                    time_zone=zone,
                    identifiers=[Identifier("siret", siret)],
                    address=Address(street="1 rue des Arts", postal_code=postal_code, city="Ville"),
                    position=Position(latitude=48.58, longitude=7.75),
                ),
                at=NOW,
            )

    async def source(
        self,
        name: str,
        connector: str,
        *,
        venue_id: int | None = None,
        licence: str = "etalab-2.0",
        trust: int = 50,
    ) -> int:
        """A source of that account name, with a feed nobody ever rings for."""
        async with self.pool.acquire() as conn, conn.transaction():
            source_id: int = await conn.fetchval(
                "insert into source (connector, account, label, venue_id, licence, trust)"
                " values ($1, $2, $2, $3, $4, $5) returning id",
                connector,
                name,
                venue_id,
                licence,
                trust,
            )
            await conn.execute("insert into feed (source_id) values ($1)", source_id)
        self.sources[name] = source_id
        return source_id

    async def says(self, name: str, *said: Record | Delete | Reject, at: datetime | None = None) -> int:
        """One finished run of the source that says this; the run's id."""
        batch = Batch()
        for one in said:
            batch.add(one if isinstance(one, Delete | Reject) else Upsert(one))
        async with self.pool.acquire() as conn:
            source = await source_info(conn, self.sources[name])
            fence = await leases.take(conn, source.id, "test")
            assert fence is not None
            run, _ = await runs.begin(conn, source, fence, full=False)
            await apply(conn, run, batch)
            await runs.end(conn, run, "done")
            await leases.release(conn, source.id, fence)
            return run.run_id

    async def stock(self, name: str, key: str, part: str = "") -> int:
        """The row id of a source's stock."""
        found: int = await self.pool.fetchval(
            "select stock_id from supply where source_id = $1 and key = $2 and part = $3",
            self.sources[name],
            key,
            part,
        )
        return found

    async def offer(self, name: str, key: str, part: str = "") -> int:
        """The row id of the offer of a source's stock."""
        found: int = await self.pool.fetchval(
            "select offer_id from stock where id = $1", await self.stock(name, key, part)
        )
        return found


def ref(name: str, connector: str, key: str, part: str = "") -> SourceRef:
    """How a source of that account name calls a thing."""
    return SourceRef(connector=connector, account=name, key=key, part=part)


def book(name: str, ean: str, title: str, *, price_cents: int = 690, author: str = "Albert Camus") -> Product:
    """A paper book as a publisher describes it."""
    return Product(
        ref=ref(name, "onix", ean),
        title=title,
        subcategory="LIVRE_PAPIER",
        identifiers=[identifier("ean", ean)],
        contributors=[Contributor(name=author)],
        publisher="Éditions du Port",
        language="fr",
        price_cents=price_cents,
        sellable=True,
    )


def on_shelf(name: str, ean: str, available: int | None, price_cents: int | None = None) -> Stock:
    """Copies of a book as a till counts them."""
    return Stock(ref=ref(name, "stocks_api", ean), available=available, ean=ean, price_cents=price_cents)


def show(
    name: str,
    key: str,
    title: str,
    *,
    seats: int | None = 10,
    price_cents: int = 1500,
    begins_in: timedelta = timedelta(days=10),
    is_duo: bool = False,
) -> list[Record]:
    """A show with one session and one price, as a ticketing tells it; its session and stock share the key."""
    return [
        Event(ref=ref(name, "stocks_api", key), title=title, subcategory="SPECTACLE_REPRESENTATION", is_duo=is_duo),
        Session(ref=ref(name, "stocks_api", f"{key}-1"), event_key=key, begins_at=NOW + begins_in, hall="Grande salle"),
        Stock(
            ref=ref(name, "stocks_api", f"{key}-1"),
            available=seats,
            session_key=f"{key}-1",
            price_cents=price_cents,
            price_label="Plein tarif",
        ),
    ]


def withdrawn(record: Record) -> Delete:
    """That record is gone at its source."""
    return Delete(KIND_OF[type(record)], record.ref)
