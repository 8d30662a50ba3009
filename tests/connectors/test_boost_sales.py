"""Selling in a Boost cinema: against the simulated one, and against answers it would never give."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from connectors.base import Upsert
from connectors.boost import Boost, BoostSettings
from connectors.registry import build_seller
from connectors.selling import Hold, Order, SaleRefused, Ticket
from net.client import Limits, open_http
from net.errors import ProviderUnavailable
from sandbox.directory import sources
from sandbox.serving import serve_world
from sandbox.world import build
from schemas.records import Session, Stock


def _order(session_key: str, price_part: str, quantity: int = 1) -> Order:
    return Order(client_ref="b-1", session_key=session_key, price_part=price_part, quantity=quantity)


@pytest.fixture
async def cinema(http):
    """The settings of a simulated cinema, and one of its stocks of a later day, with three places at least."""

    def clock() -> datetime:
        return datetime.now(UTC)

    world = build(clock().date(), clock)
    async with serve_world(world) as addresses:
        source = next(source for source in sources(world, addresses) if source.connector == "boost")
        settings = BoostSettings(**source.settings)
        reader = Boost(settings, http, account=source.account, clock=clock)
        told = [c.record async for c in reader.pull(None) if isinstance(c, Upsert)]
        # A show of today is not sold once it has begun.
        tomorrow = clock() + timedelta(days=1)
        later = {one.ref.key for one in told if isinstance(one, Session) and one.begins_at > tomorrow}
        stocks = [one for one in told if isinstance(one, Stock) and one.ref.key in later]
        yield source.settings, next(stock for stock in stocks if stock.available and stock.available > 3)


async def test_two_seats_are_sold_and_given_back(http, cinema) -> None:
    """Held then confirmed, two seats leave the gauge and carry one barcode; cancelled, they come back."""
    settings, stock = cinema
    seller = build_seller("boost", settings, http)
    order = _order(stock.session_key, stock.ref.part, quantity=2)
    held = await seller.hold(order)
    tickets = (await seller.confirm(held, order)).tickets
    assert len(tickets) == 2
    assert len({ticket.barcode for ticket in tickets}) == 1
    assert stock.available - 2 == await seller.remaining(session_key=stock.session_key)
    await seller.cancel(tickets, order)
    assert stock.available == await seller.remaining(session_key=stock.session_key)
    with pytest.raises(SaleRefused) as refusal:
        await seller.cancel(tickets, order)
    assert refusal.value.reason == "already_cancelled"


async def test_too_many_seats_are_refused_with_what_remains(http, cinema) -> None:
    """The English sentence becomes a reason and a number."""
    settings, stock = cinema
    seller = build_seller("boost", settings, http)
    with pytest.raises(SaleRefused) as refusal:
        await seller.hold(_order(stock.session_key, stock.ref.part, quantity=stock.available + 1))
    assert ("not_enough_seats", stock.available) == (refusal.value.reason, refusal.value.remaining)


async def test_unknown_showtimes_and_prices_are_refused_by_name(http, cinema) -> None:
    """A showtime that is gone and a price no longer sold are told apart."""
    settings, stock = cinema
    seller = build_seller("boost", settings, http)
    for key, part, reason in (("999999", "PCU", "unknown_session"), (stock.session_key, "PC5", "unknown_price")):
        with pytest.raises(SaleRefused) as refusal:
            await seller.hold(_order(key, part))
        assert reason == refusal.value.reason
    with pytest.raises(SaleRefused):
        await seller.remaining(session_key="999999")


def _hall(complete) -> web.Application:
    async def login(_: web.Request) -> web.Response:
        return web.json_response({"token": "jeton"})

    app = web.Application()
    app.router.add_post("/api/vendors/login", login)
    app.router.add_post("/api/sale/complete", complete)
    return app


ORDER = _order("1", "PCU")
HELD = Hold('{"basket":[{"idShowtimePricing":1,"quantity":1}],"before":"12"}')


@pytest.mark.parametrize(
    "answer",
    [
        {"code": 200, "message": "ok"},
        {"code": 201, "data": {}},
        {"code": 202, "data": {"code": "sale-1"}},
        "<html>",
    ],
    ids=["another step", "no code", "prepared again", "not JSON"],
)
async def test_a_sale_nobody_understands_is_of_unknown_outcome(answer, http, serve) -> None:
    """An answer that does not say whether it sold is never taken for a refusal."""

    async def complete(_: web.Request) -> web.Response:
        return web.json_response(answer) if isinstance(answer, dict) else web.Response(text=answer)

    settings = {"base_url": await serve(_hall(complete)), "username": "u", "password": "p", "station_name": "s"}
    with pytest.raises(ProviderUnavailable) as failure:
        await build_seller("boost", settings, http).confirm(HELD, ORDER)
    assert failure.value.outcome_unknown


async def test_a_sale_without_answer_is_of_unknown_outcome_and_sent_once(serve) -> None:
    """A time-out says that it may have sold, and the sale is not sent a second time."""
    sent = 0

    async def complete(_: web.Request) -> web.Response:
        nonlocal sent
        sent += 1
        await asyncio.sleep(2)
        return web.json_response({"code": 201, "data": {"code": "sale-1"}})

    settings = {"base_url": await serve(_hall(complete)), "username": "u", "password": "p", "station_name": "s"}
    async with open_http(Limits(total_seconds=0.3, tries=3, first_backoff_seconds=0.01), allow_private=True) as http:
        with pytest.raises(ProviderUnavailable) as failure:
            await build_seller("boost", settings, http).confirm(HELD, ORDER)
    assert failure.value.outcome_unknown
    assert sent == 1


@pytest.mark.parametrize(
    ("status", "message", "reason", "remaining"),
    [
        (400, "Insufficient number of seats for the showtime, remaining: 0", "sold_out", 0),
        (400, "Insufficient number of seats, remaining : 3", "not_enough_seats", 3),
        (404, "No showtime found", "unknown_session", None),
        (400, "Sale preparation not found or expired", "refused", None),
        (400, "Insufficient number of seats, remaining: " + "9" * 5000, "not_enough_seats", None),
        (400, "insufficient number of seats " * 100_000, "not_enough_seats", None),
    ],
    ids=["sold out", "three left", "unknown", "expired", "a number of 5,000 digits", "an endless sentence"],
)
async def test_refusals_in_english_become_reasons(status, message, reason, remaining, http, serve) -> None:
    """Known sentences become reasons, others are `refused`: never a crash."""

    async def complete(_: web.Request) -> web.Response:
        return web.json_response({"code": status, "message": message}, status=status)

    settings = {"base_url": await serve(_hall(complete)), "username": "u", "password": "p", "station_name": "s"}
    with pytest.raises(SaleRefused) as refusal:
        await build_seller("boost", settings, http).confirm(HELD, ORDER)
    assert (reason, remaining) == (refusal.value.reason, refusal.value.remaining)


async def test_cancelling_asks_for_each_sale_once(http, serve) -> None:
    """Tickets of one sale share a barcode: one cancellation a sale."""
    bodies = []

    async def cancel(request: web.Request) -> web.Response:
        bodies.append(await request.json())
        return web.json_response({"code": 200})

    app = _hall(cancel)
    app.router.add_put("/api/sale/orderCancel", cancel)
    settings = {"base_url": await serve(app), "username": "u", "password": "p", "station_name": "s"}
    await build_seller("boost", settings, http).cancel([Ticket("sale-1"), Ticket("sale-1")], ORDER)
    assert bodies == [{"sales": [{"code": "sale-1", "refundType": "pcu"}]}]
