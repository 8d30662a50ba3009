"""Sources that say what a test wants, read into the référentiel as real ones are (`import feeds`).

A `Desk` works on one connection: in a test's rolled-back transaction, or on one of a pool. A reading goes
through the same lease, run, batches and sweep as a real one; only the provider is a list in memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from bench.content import content as content
from catalogue.database import Connection, Connections, held
from catalogue.kinds import KindCode
from catalogue.merging import source_info
from catalogue.venues import register_venue, registered
from connectors.base import Change, Checkpoint, Cursor, Delete, Reject, Upsert
from schemas.identifiers import identifier
from schemas.records import (
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
from sync.leases import release, take
from sync.reading import read_into
from sync.runs import RunContext, RunReport, begin, end, report

Said = Record | Delete | Reject | Checkpoint

QUIMPER, STRASBOURG = "12345678200010", "55210055400013"
"""SIRET of two venues that do not exist."""
TOMORROW = datetime.now(UTC).replace(hour=19, minute=0, second=0, microsecond=0) + timedelta(days=1)
EANS = ("9782070360024", "9782070394456", "9782253004226", "9782266111560", "9782070408504", "9782080700209")


class Reading(Protocol):
    """The shape of `sync.reading.read_into`, for tests that put a broken one in its place."""

    def __call__(
        self, connections: Connections, run: RunContext, changes: AsyncIterator[Change], *, rows: int = ...
    ) -> Awaitable[object]: ...


@dataclass(slots=True)
class Desk:
    """Venues, sources and their readings on one connection."""

    conn: Connection
    sources: dict[str, int] = field(default_factory=dict)

    async def venue(
        self, siret: str = QUIMPER, name: str = "Théâtre de Quimper", postal_code: str = "29000", city: str = "Quimper"
    ) -> int:
        """A registered venue."""
        venue = Venue(
            ref=registered(siret),
            name=name,
            time_zone="Europe/Paris",
            identifiers=[Identifier(scheme="siret", value=siret)],
            address=Address(street="1 place des Arts", postal_code=postal_code, city=city),
        )
        return await register_venue(self.conn, venue, at=datetime.now(UTC))

    async def source(
        self,
        name: str,
        *,
        venue_id: int | None = None,
        trust: int = 50,
        sales_seen: str = "never",
        guard: float = 0.3,
        licence: str = "etalab-2.0",
    ) -> int:
        """A source whose connector and account have that name."""
        source_id: int = await self.conn.fetchval(
            """
            insert into source (connector, account, label, venue_id, trust, sales_seen, licence)
            values ($1, $1, $1, $2, $3, $4, $5) returning id
            """,
            name,
            venue_id,
            trust,
            sales_seen,
            licence,
        )
        await self.conn.execute("insert into feed (source_id, guard_share) values ($1, $2)", source_id, guard)
        self.sources[name] = source_id
        return source_id

    async def begin(self, name: str, *, full: bool = False, owner: str = "test") -> tuple[RunContext, Cursor | None]:
        """An open run of the source, under a lease of its own."""
        source = await source_info(self.conn, self.sources[name])
        fence = await take(self.conn, source.id, owner)
        assert fence is not None, f"{name} is busy"
        return await begin(self.conn, source, fence, full=full)

    async def pull(
        self,
        name: str,
        changes: Callable[[Cursor | None], AsyncIterator[Change]],
        *,
        full: bool = False,
        rows: int = 2000,
        reading: Reading = read_into,
    ) -> RunReport:
        """A run that reads `changes` from where the last one stood; what ends it is raised, the report closed."""
        run, cursor = await self.begin(name, full=full)
        try:
            await reading(held(self.conn), run, changes(cursor), rows=rows)
        except Exception as error:
            await end(self.conn, run, "failed", "test", type(error).__name__)
            raise
        else:
            await end(self.conn, run, "done")
        finally:
            await release(self.conn, run.source.id, run.fence)
        return await report(self.conn, run.run_id)

    async def snapshot(self, name: str, *said: Said, rows: int = 2000) -> RunReport:
        """A full reading that names this and nothing else."""
        return await self.pull(name, lambda _: told([*said, Checkpoint(Cursor("1"), True)]), full=True, rows=rows)

    async def delta(self, name: str, *said: Said, rows: int = 2000) -> RunReport:
        """An incremental reading of this."""
        await self.conn.execute(
            "update feed set cursor = coalesce(cursor, '0') where source_id = $1", self.sources[name]
        )
        return await self.pull(name, lambda _: told([*said, Checkpoint(Cursor("2"))]), rows=rows)

    async def described(self, *eans: str) -> None:
        """Somebody describes these books: what tills have of them becomes offers."""
        if "describer" not in self.sources:
            await self.source("describer")
        await self.delta("describer", *[book("describer", ean, f"Le livre {ean}") for ean in eans])

    async def entity(self, name: str, kind: int, key: str, part: str = "") -> int:
        """The canonical id of a source's record."""
        if kind == KindCode.STOCK:
            stock: int = await self.one(
                "select stock_id from supply where source_id = $1 and key = $2 and part = $3",
                self.sources[name],
                key,
                part,
            )
            return stock
        found: int = await self.conn.fetchval(
            "select entity_id from source_record where source_id = $1 and kind = $2 and key = $3 and part = $4",
            self.sources[name],
            kind,
            key,
            part,
        )
        return found

    async def one(self, query: str, *args: Any) -> Any:
        """A single value."""
        return await self.conn.fetchval(query, *args)

    async def all(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        """Rows as tuples."""
        return [tuple(row) for row in await self.conn.fetch(query, *args)]


async def told(said: Iterable[Said]) -> AsyncIterator[Change]:
    """The stream of a provider that says this."""
    for one in said:
        yield one if isinstance(one, Delete | Reject | Checkpoint) else Upsert(one)


def ref(name: str, key: str, part: str = "") -> SourceRef:
    """How the source of that name calls a thing."""
    return SourceRef(connector=name, account=name, key=key, part=part)


def book(name: str, ean: str, title: str, author: str = "Albert Camus", **more: Any) -> Product:
    """A paper book as a publisher describes it."""
    return Product(
        ref=ref(name, more.pop("key", f"r-{ean}")),
        title=title,
        subcategory="LIVRE_PAPIER",
        identifiers=[identifier("ean", ean)],
        contributors=[Contributor(name=author)],
        **more,
    )


def copies(name: str, ean: str, available: int | None, price_cents: int | None = 790, part: str = "") -> Stock:
    """Copies of a book as a till counts them."""
    return Stock(ref=ref(name, ean, part), available=available, ean=ean, price_cents=price_cents)


def event(name: str, key: str, title: str, **more: Any) -> Event:
    """A show."""
    more.setdefault("subcategory", "SPECTACLE_REPRESENTATION")
    return Event(ref=ref(name, key), title=title, **more)


def session(
    name: str, key: str, event_key: str, begins_at: datetime = TOMORROW, part: str = "", **more: Any
) -> Session:
    """A dated occurrence."""
    return Session(ref=ref(name, key, part), event_key=event_key, begins_at=begins_at, **more)


def seats(name: str, session_key: str, available: int | None = 100, price_cents: int = 1200, part: str = "") -> Stock:
    """Seats of a session at one price."""
    return Stock(
        ref=ref(name, session_key, part), session_key=session_key, available=available, price_cents=price_cents
    )


def show(name: str, key: str, title: str, days: Iterable[int] = (0, 1, 2)) -> list[Record]:
    """An event with a session and seats on each of these days, counted from tomorrow."""
    said: list[Record] = [event(name, key, title)]
    for day in days:
        said.append(session(name, f"{key}-{day}", key, TOMORROW + timedelta(days=day), hall="Grande salle"))
        said.append(seats(name, f"{key}-{day}"))
    return said


def hall(name: str, key: str, title: str, city: str, postal_code: str, **more: Any) -> Venue:
    """A place as an agenda describes it."""
    where = Address(postal_code=postal_code, city=city, street=more.pop("street", None))
    position: Position | None = more.pop("position", None)
    return Venue(ref=ref(name, key), name=title, time_zone="Europe/Paris", address=where, position=position, **more)


async def counted(conn: Connection, table: str) -> int:
    """Rows of a table."""
    found: int = await conn.fetchval(f"select count(*) from {table}")
    return found
