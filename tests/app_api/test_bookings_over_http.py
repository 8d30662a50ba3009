"""A beneficiary books, looks and cancels; whatever is refused says why in a problem."""

from __future__ import annotations

import storefront as s
from app_client import App
from yarl import URL

from bookings.reconciler import Reconciler
from schemas.ids import public_id


async def test_a_book_is_booked(app: App) -> None:
    """201 with the countermark, the offer as booked, the amounts; the wallet is charged."""
    lou = await app.person()
    status, booking = await app.book(lou, "book", expectedPriceCents=690)
    assert (status, booking["status"], booking["amountCents"]) == (201, "confirmed", 690)
    assert len(booking["countermark"]) == 6
    assert booking["offer"] | {} == {
        "title": "L'Étranger",
        "subcategory": "LIVRE_PAPIER",
        "venueName": "Librairie du Port",
        "timeZone": "Europe/Paris",
        "siret": s.BOOKSHOP,
        "ean": s.STRANGER,
    }
    assert booking["expiresAt"] == "2026-12-03T12:00:00Z"
    assert await app.get("/wallet", lou) == (
        200,
        {
            "policy": "2018",
            "balanceCents": 49310,
            "physicalLeftCents": 9310,
            "digitalLeftCents": 20000,
            "expiresAt": "2028-11-23T12:00:00Z",
            "isExpired": False,
            "deposits": [
                {
                    "credit": "2018",
                    "title": None,
                    "isLocal": False,
                    "grantedCents": 50000,
                    "balanceCents": 49310,
                    "physicalCapCents": 10000,
                    "physicalLeftCents": 9310,
                    "digitalCapCents": 20000,
                    "digitalLeftCents": 20000,
                    "subcategories": None,
                    "departments": None,
                    "expiresAt": "2028-11-23T12:00:00Z",
                    "isExpired": False,
                    "nextRecredit": None,
                }
            ],
        },
    )
    assert await app.get(f"/bookings/{booking['id']}", lou) == (200, booking)


async def test_the_same_key_gets_the_same_answer(app: App) -> None:
    """A phone that lost our answer asks again, and has booked once."""
    lou = await app.person()
    first = await app.book(lou, "book", key="one")
    assert await app.book(lou, "book", key="one") == first
    _, mine = await app.get("/bookings", lou)
    assert mine == {"bookings": [first[1]]}


async def test_the_answer_says_where_the_booking_is(app: App) -> None:
    """The Location header can be read."""
    lou = await app.person()
    answer = await app.client.post(
        "/app/v1/bookings",
        headers=lou | {"Idempotency-Key": '"quoted"'},
        json={"stockId": app.stocks["book"]},
    )
    looked_up = await app.client.get(answer.headers["Location"], headers=lou)
    assert await looked_up.json() == await answer.json()


async def test_refusals_are_problems(app: App) -> None:
    """Each says what it is, with the figures the person needs."""
    lou = await app.person()
    await app.book(lou, "book", key="first")
    for expected, given in (
        ((400, "invalid-parameter", {"parameter": "Idempotency-Key"}), {"stock": "show", "key": None}),
        ((422, "idempotency-mismatch", {}), {"stock": "show", "key": "first"}),
        ((409, "already-booked", {}), {"stock": "book"}),
        ((409, "quantity-refused", {"allowed": 1}), {"stock": "dear", "quantity": 2, "key": "b"}),
        ((409, "price-changed", {"priceCents": 1500}), {"stock": "show", "expectedPriceCents": 1, "key": "c"}),
        ((409, "cap-reached", {"cap": "physical", "leftCents": 9310}), {"stock": "dear", "key": "d"}),
        ((404, "stock-unknown", {}), {"stock": public_id("stock", 99_999), "key": "e"}),
        ((404, "unknown-id", {}), {"stock": "k_0", "key": "f"}),
        ((422, "invalid-body", {"path": "$.quantity"}), {"stock": "show", "quantity": 0, "key": "g"}),
        ((422, "invalid-body", {"path": "$"}), {"stock": "show", "quantité": 1, "key": "h"}),
    ):
        status, problem = await app.book(lou, **given)
        members = {name: problem.get(name) for name in expected[2]}
        assert (status, problem["type"].removeprefix("/problems/"), members) == expected
        assert problem["detail"]


async def test_over_budget_is_refused(app: App) -> None:
    """Five hundred euros are five hundred euros."""
    lou = await app.person()
    await app.shop.says("tickets", *s.show("tickets", "gala", "Gala", price_cents=25001, is_duo=True))
    stock = public_id("stock", await app.shop.stock("tickets", "gala-1"))
    status, problem = await app.book(lou, stock, quantity=2)
    assert (status, problem["type"]) == (409, "/problems/insufficient-credit")
    assert (problem["balanceCents"], problem["amountCents"]) == (50000, 50002)


async def test_sold_out_says_what_is_left(app: App) -> None:
    """One place left, two people."""
    await app.shop.says("tickets", *s.show("tickets", "solo", "Solo", seats=1, is_duo=True))
    stock = public_id("stock", await app.shop.stock("tickets", "solo-1"))
    lou = await app.person()
    status, problem = await app.book(lou, stock, quantity=2)
    assert (status, problem["type"], problem["remaining"]) == (409, "/problems/sold-out", 1)
    assert (await app.book(lou, stock, key="b"))[0] == 201
    status, problem = await app.book(await app.person("max"), stock)
    assert (status, problem["type"], problem["remaining"]) == (409, "/problems/sold-out", 0)


async def test_what_cannot_be_booked_any_more(app: App) -> None:
    """A session that has begun names its reason."""
    lou = await app.person()
    app.clock.later(days=10, minutes=1)
    fresh = await app.person()
    status, problem = await app.book(fresh, "show")
    assert (status, problem["type"], problem["why"]) == (409, "/problems/stock-not-bookable", "begun")
    assert lou != fresh


async def test_a_seat_of_the_cinema_is_sold_there(app: App) -> None:
    """The booking carries the tickets of the venue's own ticketing."""
    lou = await app.person()
    status, booking = await app.book(lou, "film")
    box = app.directory.sellers[app.shop.sources["box"]]
    assert (status, booking["status"]) == (201, "confirmed")
    assert booking["tickets"] == [{"barcode": box.sold[booking["id"]][0].barcode, "seat": "C1"}]


async def test_an_unknown_outcome_is_202_until_it_is_known(app: App) -> None:
    """The seat may be sold: the person is given an address to look at, no countermark, and later the truth."""
    lou = await app.person()
    box = app.directory.sellers[app.shop.sources["box"]]
    box.loses = 1
    answer = await app.client.post(
        "/app/v1/bookings", headers=lou | {"Idempotency-Key": "a"}, json={"stockId": app.stocks["film"]}
    )
    pending = await answer.json()
    assert (answer.status, pending["status"]) == (202, "held")
    assert "countermark" not in pending
    assert int(answer.headers["Retry-After"]) > 0
    status, problem = await app.cancel(lou, pending["id"])
    assert (status, problem["type"]) == (409, "/problems/booking-pending")
    for _ in range(5):
        app.clock.later(minutes=10)
        await Reconciler(app.deps.pool, app.directory, app.clock).resolve_pending()
    lou = app.headers(await app.deps.people.register(email="lou@example.org", first_name="Lou", last_name="Martin"))
    resolved = await (await app.client.get(answer.headers["Location"], headers=lou)).json()
    assert (resolved["status"], len(resolved["tickets"])) == ("confirmed", 1)
    assert len(resolved["countermark"]) == 6


async def test_a_ticketing_that_says_no_or_nothing(app: App) -> None:
    """Nothing is debited, and the person is told which of the two it was."""
    lou = await app.person()
    box = app.directory.sellers[app.shop.sources["box"]]
    box.is_down = True
    status, problem = await app.book(lou, "film")
    assert (status, problem["type"]) == (503, "/problems/provider-down")
    box.is_down, box.seats = False, 0
    status, problem = await app.book(lou, "film", key="b")
    assert (status, problem["type"], problem["remaining"]) == (409, "/problems/provider-refused", 0)
    assert (await app.get("/wallet", lou))[1]["balanceCents"] == 50000


async def test_cancelling_gives_the_money_back(app: App) -> None:
    """Once and for all: asked again, the same answer."""
    lou = await app.person()
    _, booking = await app.book(lou, "show", quantity=2)
    assert (await app.get("/wallet", lou))[1]["balanceCents"] == 47000
    status, cancelled = await app.cancel(lou, booking["id"])
    assert (status, cancelled["status"], cancelled["cancellationReason"]) == (200, "cancelled", "beneficiary")
    assert await app.cancel(lou, booking["id"]) == (200, cancelled)
    assert (await app.get("/wallet", lou))[1]["balanceCents"] == 50000
    assert (await app.book(lou, "show", key="again"))[0] == 201


async def test_too_late_to_cancel(app: App) -> None:
    """Two days after booking a show, the place is taken for good."""
    lou = await app.person()
    _, booking = await app.book(lou, "show")
    app.clock.later(days=2)
    lou = await app.person()
    status, problem = await app.cancel(lou, booking["id"])
    assert (status, problem["type"]) == (409, "/problems/too-late-to-cancel")
    assert problem["limit"] == booking["cancellableUntil"] == "2026-11-25T12:00:00Z"


async def test_other_peoples_bookings_do_not_exist(app: App) -> None:
    """Neither to look at nor to cancel; nor do ids nobody was given."""
    _, booking = await app.book(await app.person("lou"), "book")
    max_ = await app.person("max")
    for id_, slug in ((booking["id"], "booking-unknown"), ("b_nope", "unknown-id")):
        for status, problem in (await app.get(f"/bookings/{id_}", max_), await app.cancel(max_, id_)):
            assert (status, problem["type"]) == (404, f"/problems/{slug}")
    assert await app.get("/bookings", max_) == (200, {"bookings": []})


async def test_ones_bookings_page_by_page(app: App) -> None:
    """Following the Link header shows each booking once, the newest first."""
    lou = await app.person()
    made = [(await app.book(lou, stock, key=stock))[1]["id"] for stock in ("book", "show", "film")]
    found, path = [], URL("/app/v1/bookings?limit=2")
    while True:
        answer = await app.client.get(path, headers=lou)
        found += [booking["id"] for booking in (await answer.json())["bookings"]]
        if "next" not in answer.links:
            break
        path = URL(answer.links["next"]["url"]).relative()
    assert found == made[::-1]
    status, problem = await app.get("/bookings?after=b_x", lou)
    assert (status, problem["parameter"]) == (400, "after")


async def test_a_person_without_credit_is_told_so(app: App) -> None:
    """Known, but no wallet was ever opened."""
    person = await app.deps.people.register(email="ana@example.org", first_name="Ana", last_name="Petit")
    status, problem = await app.get("/wallet", app.headers(person))
    assert (status, problem["type"]) == (404, "/problems/wallet-unknown")
