"""Selling in CDS, CGR and EMS: seats, refusals in their words, and answers that nobody understands.

What their sales bear in the middle of a failure is tried by `tests/bookings/test_sellers.py`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from connectors.cds_seats import chosen, given_name, is_free, map_of, seat_name
from connectors.registry import build_seller
from connectors.selling import Customer, Hold, NotSold, Order, SaleRefused, Sold, Ticket
from connectors.settings import SettingsRefused
from net.client import Http
from net.errors import ProviderUnavailable, SourceFailure
from sandbox.directory import sources
from sandbox.programme import Showtime
from sandbox.serving import serve_world
from sandbox.world import build

SELLING = ("cds", "cgr", "ems")


def clock() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def cinema(name: str, http: Http) -> AsyncIterator[tuple[Any, list[Showtime]]]:
    """The seller of a simulated cinema, and its showings of later days, that the pass Culture may buy."""
    world = build(clock().date(), clock)
    async with serve_world(world) as addresses:
        source = next(source for source in sources(world, addresses) if source.connector == name)
        # A showing of today may begin during the test, and is then no longer sold.
        tomorrow = clock() + timedelta(days=1)
        shows = [show for show in world.programmes[source.name].showtimes.values() if show.starts_at > tomorrow]
        yield build_seller(name, source.settings, http), shows


def order(name: str, show: Showtime, **changed: Any) -> Order:
    credit = show.pricings[-1]
    parts = {"cds": "97" if credit.amount_cents == 1200 else "96", "cgr": credit.title, "ems": str(credit.amount_cents)}
    told = {"client_ref": "b_1", "session_key": str(show.id), "price_part": parts[name], "quantity": 1}
    customer = Customer(first_name="Ada", last_name="L.", email="ada@example.org")
    return Order(**told | {"unit_price_cents": credit.amount_cents, "customer": customer} | changed)


async def sell(seller: Any, asked: Order) -> Sold:
    return await seller.confirm(await seller.hold(asked), asked)


@pytest.mark.parametrize("name", SELLING)
async def test_the_last_seats_are_sold_once(name, http) -> None:
    """A duo takes two seats side by side where they are numbered; the gauge ends at none, and says so."""
    async with cinema(name, http) as (seller, shows):
        show = next(show for show in shows if show.online > 3)
        # The first seats of the hall: where a row ends, two seats in succession are of two rows.
        show.seats, show.online = show.screen.capacity, 3
        duo = await sell(seller, order(name, show, quantity=2))
        assert (len(duo.tickets), show.online) == (2, 1)
        if name != "ems":
            row, numbers = (
                duo.tickets[0].seat[0],
                [int(ticket.seat.strip("ABCDEFGHIJKLMNO_")) for ticket in duo.tickets],
            )
            assert duo.tickets[1].seat[0] == row
            assert numbers[1] - numbers[0] == 1
            assert await seller.remaining(session_key=str(show.id)) == 1
        with pytest.raises(SaleRefused) as few:
            await sell(seller, order(name, show, client_ref="b_2", quantity=2))
        assert few.value.reason == ("sold_out" if name == "ems" else "not_enough_seats")
        assert few.value.remaining == (0 if name == "ems" else 1)
        await sell(seller, order(name, show, client_ref="b_3"))
        with pytest.raises(SaleRefused) as none:
            await sell(seller, order(name, show, client_ref="b_4"))
        assert (none.value.reason, none.value.remaining) == ("sold_out", 0)
        assert await seller.cancel(duo.tickets, order(name, show, quantity=2)) is None
        assert show.online == 2
        with pytest.raises(SaleRefused, match="already_cancelled"):
            await seller.cancel(duo.tickets, order(name, show, quantity=2))


@pytest.mark.parametrize("name", SELLING)
async def test_what_is_gone_is_refused_by_its_name(name, http) -> None:
    """A showing that is gone, a price that is no longer asked, and tickets nobody sold."""
    async with cinema(name, http) as (seller, shows):
        show = next(show for show in shows if show.online > 3)
        for changed, reasons in (
            ({"session_key": "999999"}, {"unknown_session"}),
            ({"price_part": "1", "unit_price_cents": 1}, {"unknown_price", "refused"}),
        ):
            with pytest.raises(SaleRefused) as refused:
                await sell(seller, order(name, show, **changed))
            assert refused.value.reason in reasons
        if name == "ems":
            return
        with pytest.raises(SaleRefused, match="unknown_session"):
            await seller.remaining(session_key="999999")
        show.pricings[-1].amount_cents = 1
        show.pricings[-1].title += " modifié"
        with pytest.raises((SaleRefused, SourceFailure)):
            await sell(seller, order(name, show, unit_price_cents=690))
        with pytest.raises(SaleRefused, match="refused"):
            await seller.cancel([Ticket("424242")], order(name, show))


async def test_cds_chooses_other_seats_when_somebody_was_quicker(http) -> None:
    """Two people are given the same seats; the second gets others, without being asked again."""
    async with cinema("cds", http) as (seller, shows):
        show = next(show for show in shows if show.online > 6)
        first, second = order("cds", show, quantity=2), order("cds", show, client_ref="b_2", quantity=2)
        holds = [await seller.hold(first), await seller.hold(second)]
        assert holds[0].reference == holds[1].reference
        sold = [await seller.confirm(hold, one) for hold, one in zip(holds, (first, second), strict=True)]
        seats = [ticket.seat for one in sold for ticket in one.tickets]
        assert len(set(seats)) == 4
        assert len(holds[0].reference) < 2000


async def test_ems_finds_a_sale_by_our_reference(http) -> None:
    """Before it, after it, and after its cancellation; a cancellation needs no numbers that were lost."""
    async with cinema("ems", http) as (seller, shows):
        show = next(show for show in shows if show.online > 6)
        asked = order("ems", show, quantity=2)
        assert isinstance(await seller.status(asked, Hold("b_1")), NotSold)
        sold = await sell(seller, asked)
        found = await seller.status(asked, Hold("b_1"))
        assert isinstance(found, Sold)
        assert [ticket.more for ticket in found.tickets] == [ticket.more for ticket in sold.tickets]
        assert all(len(ticket.more) == 3 for ticket in sold.tickets)
        await seller.cancel([Ticket(ticket.barcode) for ticket in sold.tickets], asked)
        assert isinstance(await seller.status(asked, Hold("b_1")), NotSold)


def wrapped(result: Any) -> web.Response:
    return web.Response(text=f"<E><XResult>{json.dumps(result)}</XResult></E>", content_type="text/xml")


async def seller_of(name: str, serve: Any, http: Http, answer: Any) -> Any:
    """A seller whose provider answers every sale so."""

    async def handle(_: web.Request) -> web.Response:
        if isinstance(answer, web.Response):
            return web.Response(status=answer.status, body=answer.body, content_type=answer.content_type)
        return wrapped(answer) if name == "cgr" else web.json_response(answer)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    base = await serve(app)
    settings = {
        "cds": {"base_url": base, "token": "t", "cinema": "1"},
        "cgr": {"base_url": f"{base}/ws", "username": "u", "password": "p"},
        "ems": {"base_url": base, "username": "u", "password": "p", "site": "7", "booking_url": base,
                "booking_source": "s", "booking_secret": "c"},
    }  # fmt: skip
    return build_seller(name, settings[name], http)


HOLDS = {
    "cds": Hold('{"show":1,"tariff":96,"voucher":2,"cents":690,"payment":3,"seats":null}'),
    "cgr": Hold('{"cinema":999,"price":"6.9"}'),
    "ems": Hold("b_1"),
}
ASKED = Order(client_ref="b_1", session_key="1", price_part="690", quantity=1)


@pytest.mark.parametrize("name", SELLING)
@pytest.mark.parametrize(
    "answer",
    [{}, {"statut": "?", "CodeErreur": 0, "tickets": {}}, [], web.Response(text="<html>500</html>"), web.Response()],
    ids=["nothing in it", "of no form", "a list", "a page", "empty"],
)
async def test_an_answer_nobody_understands_is_no_refusal(name, answer, serve, http) -> None:
    """It may have sold: never a refusal, never tickets."""
    seller = await seller_of(name, serve, http, answer)
    with pytest.raises(SourceFailure) as failure:
        await seller.confirm(HOLDS[name], ASKED)
    if isinstance(failure.value, ProviderUnavailable):
        assert failure.value.outcome_unknown


@pytest.mark.parametrize(
    ("said", "reason", "remaining"),
    [
        ("Impossible de délivrer 2 places , il n'en reste que : 1", "not_enough_seats", 1),
        ("Impossible de délivrer 2 places , il n'en reste que : 0", "sold_out", 0),
        ("Impossible de délivrer 2 places , il n'en reste que : -3", "sold_out", 0),
        ("PASS CULTURE IMPOSSIBLE erreur création résa (site) : IdSeance(12) inconnu", "unknown_session", None),
        ("Séance inconnue", "unknown_session", None),
        ("il n'en reste que : " + "9" * 5000, "not_enough_seats", None),
        ("Erreur 12", "refused", None),
    ],
)
async def test_cgr_s_sentences_become_reasons(said, reason, remaining, serve, http) -> None:
    """The French sentences that are known, and one of any length."""
    seller = await seller_of("cgr", serve, http, {"CodeErreur": 99, "IntituleErreur": said})
    with pytest.raises(SaleRefused) as refused:
        await seller.confirm(HOLDS["cgr"], ASKED)
    assert (refused.value.reason, refused.value.remaining) == (reason, remaining)


async def test_cgr_s_code_1_says_that_it_was_cancelled_before(serve, http) -> None:
    """By its number, whatever its words; any other number is a refusal."""
    for code, reason in ((1, "already_cancelled"), (99, "refused")):
        seller = await seller_of("cgr", serve, http, {"CodeErreur": code, "IntituleErreur": "Impossible"})
        with pytest.raises(SaleRefused, match=reason):
            await seller.cancel([Ticket("CINE1")], ASKED)


async def test_ems_s_refused_cancellation_is_looked_into(serve, http) -> None:
    """Refused while the sale stands, it is refused; once the sale is not found, it was cancelled before."""
    standing = True

    async def handle(request: web.Request) -> web.Response:
        if "/STATUT/" in request.path and standing:
            ticket = {"code_barre": "1", "num_caisse": "2", "num_trans": 3, "num_ope": 4}
            return web.json_response({"statut": 1, "billets": [ticket]})
        return web.json_response({"statut": 0, "code_erreur": 9, "message_erreur": "commande introuvable"})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handle)
    settings = {
        "base_url": "http://c.example", "username": "u", "password": "p", "site": "7",
        "booking_url": await serve(app), "booking_source": "s", "booking_secret": "c",
    }  # fmt: skip
    seller = build_seller("ems", settings, http)
    sold = [Ticket("1", more={"num_caisse": "2", "num_trans": 3, "num_ope": 4})]
    with pytest.raises(SaleRefused, match=r"^refused$"):
        await seller.cancel(sold, ASKED)
    standing = False
    with pytest.raises(SaleRefused, match="already_cancelled"):
        await seller.cancel(sold, ASKED)


@pytest.mark.parametrize(
    ("code", "reason"),
    [(104, "sold_out"), (105, "unknown_session"), ("105", "unknown_session"), (106, "sold_out"), (999, "refused")],
)
async def test_ems_s_codes_become_reasons(code, reason, serve, http) -> None:
    answer = {"statut": 0, "code_erreur": code, "message_erreur": "non"}
    with pytest.raises(SaleRefused) as refused:
        await (await seller_of("ems", serve, http, answer)).confirm(HOLDS["ems"], ASKED)
    assert refused.value.reason == reason


async def test_ems_that_cannot_look_up_does_not_say_unsold(serve, http) -> None:
    """Only words that say there is no such sale are taken for that."""
    down = {"statut": 0, "code_erreur": 500, "message_erreur": "Service en maintenance"}
    with pytest.raises(ProviderUnavailable):
        await (await seller_of("ems", serve, http, down)).status(ASKED, HOLDS["ems"])


def test_ems_sells_on_one_site_only(http) -> None:
    """Read as all sites, a source does not sell: which site would it be."""
    settings = {"base_url": "http://c.example", "username": "u", "password": "p"}
    with pytest.raises(SettingsRefused, match="pour vendre"):
        build_seller("ems", settings, http)


MAPS = st.integers(1, 12).flatmap(
    lambda width: st.lists(
        st.lists(st.sampled_from([0, 1, 1, 3]), min_size=width, max_size=width), min_size=1, max_size=9
    )
)


@given(MAPS, st.integers(1, 2))
def test_chosen_seats_are_free_side_by_side_and_there_if_any_are(rows, quantity) -> None:
    """What is chosen is free; nothing is chosen only where no such seats are."""
    place = chosen(rows, quantity)
    free = [
        (row, column)
        for row in range(len(rows))
        for column in range(len(rows[0]))
        if all(is_free(rows, row, column + n) for n in range(quantity))
    ]
    assert (place in free) if free else place is None


@given(MAPS)
def test_seat_names_are_one_a_seat(rows) -> None:
    """Whatever the hall's flags, no two seats of it bear one name."""
    for flags in range(8):
        names = ("seatmapfronttoback", "seatmaplefttoright", "seatmapskipmissingseats")
        screen = {name: bool(flags >> bit & 1) for bit, name in enumerate(names)}
        seats = [(r, c) for r, row in enumerate(rows) for c, seat in enumerate(row) if seat]
        assert len({seat_name(rows, r, c, screen) for r, c in seats}) == len(seats)


def test_seats_are_named_as_the_hall_says() -> None:
    """From the front or the back, from either side, with or without what is missing; or as the cinema says itself."""
    rows = [[0, 0, 0, 0], [1, 0, 1, 1], [1, 1, 1, 1]]
    flags = {"seatmapfronttoback": True, "seatmaplefttoright": True, "seatmapskipmissingseats": False}
    assert seat_name(rows, 1, 2, flags) == "A_3"
    assert seat_name(rows, 1, 2, flags | {"seatmapskipmissingseats": True}) == "A_2"
    assert seat_name(rows, 1, 2, flags | {"seatmaplefttoright": False}) == "A_2"
    assert seat_name(rows, 1, 2, flags | {"seatmapfronttoback": False}) == "B_3"
    own = {"cinemaParameters": [{"key": "SEATMAP_HARDCODED_LABELS_SCREENID_4", "value": '[["P1", 0], ["P3", "P4"]]'}]}
    assert given_name(own, "4", 1, 1) == "P4"
    assert given_name(own, "4", 0, 1) is None
    assert given_name(own, "4", 9, 9) is None
    assert given_name(own, "5", 0, 0) is None


def test_pairs_leave_no_lone_seats_where_they_need_not() -> None:
    """A row of twelve is filled by six pairs, in whatever order the middle asks."""
    rows = [[1] * 12]
    for _ in range(6):
        place = chosen(rows, 2)
        assert place is not None
        rows[0][place[1]] = rows[0][place[1] + 1] = 3
    assert chosen(rows, 1) is None


@pytest.mark.parametrize("rows", [None, {}, [], [5], [[None]], [[True]], [["1"]], [[1]] * 400])
def test_what_is_no_seat_map_is_none(rows) -> None:
    assert map_of(rows) is None
