"""What every ticketing that sells must bear: `test_sellers.py` runs each proof over each stand of `STANDS`.

A new selling protocol adds one line to `STANDS`: an async context manager that is given an `Http` and yields a
`Stand`, which is its simulator, its seller over HTTP, and where its requests go. The proofs then break the answer of
each of its steps in each way, kill the process before and after each step, and hold this in the end: nobody has a
booking without a seat there; a seat there without a booking is listed for a person, and only where the protocol
neither sells once nor has a look-up; money and places are whole.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from connectors.base import Upsert
from connectors.boost import Boost, BoostSettings
from connectors.registry import build as make
from connectors.registry import build_seller
from connectors.sellers import make_seller
from connectors.selling import Selling
from net.client import Http
from sandbox import cgr
from sandbox.directory import sources
from sandbox.faults import Faults
from sandbox.serving import serve_app, serve_world
from sandbox.ticketing import TicketDesk
from sandbox.world import build
from schemas.records import Session, Stock

Spot = tuple[str, int]
"""Where a step's request goes: a part of its path, and how many such requests of the same sale come before it."""


@dataclass(frozen=True)
class Stand:
    """One simulated ticketing with a session that has seats, and the seller that reaches it over HTTP."""

    seller: Selling
    session_key: str
    price_part: str
    price_cents: int
    seats: int
    """How many it has for sale: thirty at least."""
    faults: Faults
    sold: Callable[[], int]
    """How many seats it has sold for good, by its own books."""
    spots: Mapping[str, Spot]
    """The requests of the steps `hold`, `confirm`, `cancel` and `status`, those that the protocol has."""
    looks_up: bool = False
    """Its protocol has a look-up: then nothing is ever left to a person."""
    tells_left: bool = False
    """Its answer to a sale tells what is left."""
    cancel_tries: int = 1
    """How often the seller itself sends a cancellation that fails."""


def _now() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def boost(http: Http) -> AsyncIterator[Stand]:
    """Two calls and no look-up; a preparation is sold once."""
    world = build(_now().date(), _now)
    async with serve_world(world) as addresses:
        source = next(source for source in sources(world, addresses) if source.connector == "boost")
        reader = Boost(BoostSettings(**source.settings), http, account=source.account, clock=_now)
        told = [c.record async for c in reader.pull(None) if isinstance(c, Upsert)]
        begins = {one.ref.key: one.begins_at for one in told if isinstance(one, Session)}
        stocks = [one for one in told if isinstance(one, Stock) and begins[one.ref.key] > _now() + timedelta(days=1)]
        stock = max(stocks, key=lambda one: one.available or 0)
        name = next(name for name, address in addresses.items() if address == source.settings["base_url"])
        yield Stand(
            seller=build_seller("boost", source.settings, http),
            session_key=stock.ref.key,
            price_part=stock.ref.part,
            price_cents=stock.price_cents or 0,
            seats=stock.available or 0,
            faults=world.faults[name],
            sold=world.offices[name].sold,
            spots={
                "hold": ("/api/sale/complete", 0),
                "confirm": ("/api/sale/complete", 1),
                "cancel": ("/api/sale/orderCancel", 0),
            },
            cancel_tries=3,
        )


def cinema(
    connector: str, spots: Mapping[str, Spot], *, looks_up: bool = False
) -> Callable[[Http], AbstractAsyncContextManager[Stand]]:
    """A cinema whose software reads and sells by one protocol."""

    @asynccontextmanager
    async def stand(http: Http) -> AsyncIterator[Stand]:
        world = build(_now().date(), _now)
        async with serve_world(world) as addresses:
            source = next(source for source in sources(world, addresses) if source.connector == connector)
            reader = make(connector, source.settings, http, clock=_now, account=source.account)
            told = [change.record async for change in reader.pull(None) if isinstance(change, Upsert)]
            shows = world.programmes[source.name].showtimes
            # Of today's, whatever began in the last minutes is told and no longer sold.
            tomorrow = _now() + timedelta(days=1)
            stock = next(
                one
                for one in told
                if isinstance(one, Stock)
                and shows[int(one.ref.key)].online > 9
                and shows[int(one.ref.key)].starts_at > tomorrow
            )
            yield Stand(
                seller=build_seller(connector, source.settings, http),
                session_key=stock.ref.key,
                price_part=stock.ref.part,
                price_cents=stock.price_cents or 0,
                seats=shows[int(stock.ref.key)].online,
                faults=world.faults[source.name],
                sold=world.offices[source.name].sold,
                spots=spots,
                looks_up=looks_up,
                cancel_tries=3,
            )

    return stand


def ticketing_webhook(form: str, *, with_status: bool) -> Callable[[Http], AbstractAsyncContextManager[Stand]]:
    """One call; the current form sells once, the legacy one as often as it is asked."""

    @asynccontextmanager
    async def stand(http: Http) -> AsyncIterator[Stand]:
        desk = TicketDesk("cle-partagee", _now, legacy=form == "legacy", seats={"representation-1": 60})
        faults = Faults()
        async with serve_app(desk.build(faults)) as address:
            settings = {
                "booking_url": f"{address}/book",
                "cancel_url": f"{address}/cancel",
                "hmac_key": desk.key,
                "form": form,
            } | ({"status_url": f"{address}/status"} if with_status else {})
            yield Stand(
                seller=make_seller("ticketing_webhook", settings, http, clock=_now),
                session_key="representation-1",
                price_part="plein",
                price_cents=1500,
                seats=60,
                faults=faults,
                sold=desk.sold,
                spots={"confirm": ("/book", 0), "cancel": ("/cancel", 0)}
                | ({"status": ("/status", 0)} if with_status else {}),
                looks_up=with_status,
                tells_left=True,
            )

    return stand


STANDS: Mapping[str, Callable[[Http], AbstractAsyncContextManager[Stand]]] = {
    "boost": boost,
    "cds": cinema(
        "cds",
        {
            "hold": ("/vad/shows", 0),
            "confirm": ("/vad/transaction/create", 0),
            "cancel": ("/vad/transaction/cancel", 0),
        },
    ),
    # One address for all: a sale asks the programme, then reserves.
    "cgr": cinema("cgr", {"hold": (cgr.PATH, 0), "confirm": (cgr.PATH, 1), "cancel": (cgr.PATH, 0)}),
    "ems": cinema(
        "ems",
        {"confirm": ("/ventes/VENTE", 0), "cancel": ("/ventes/ANNULATION", 0), "status": ("/ventes/STATUT", 0)},
        looks_up=True,
    ),
    "ticketing_webhook": ticketing_webhook("current", with_status=False),
    "ticketing_webhook_status": ticketing_webhook("current", with_status=True),
    "ticketing_webhook_legacy": ticketing_webhook("legacy", with_status=False),
}
