"""The simulated cinemas speak the Boost API: login, pages, the two-call sale, its refusals."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sandbox.changes import move_showtime
from sandbox.programme import CREDIT, Programme

WINDOW = "/api/showtimes/between/2026-11-23/2027-01-22"


async def login(client: Any, programme: Programme) -> dict[str, str]:
    """The header a login earns."""
    status, body = await client.send(
        "POST",
        programme.place.id,
        "/api/vendors/login?ignore_device=true",
        json={
            "username": programme.username,
            "password": programme.password,
            "stationName": programme.station,
        },
    )
    assert status == 200
    assert body["token"].count(".") == 2
    return {"Authorization": f"Bearer {body['token']}"}


async def shows(client: Any, programme: Programme, headers: dict[str, str]) -> list[dict[str, Any]]:
    """All showtimes, page by page."""
    found: list[dict[str, Any]] = []
    page = 1
    while True:
        params = {"paymentMethod": CREDIT, "hideFullReservation": "1", "page": str(page), "per_page": "30"}
        status, body = await client.get(programme.place.id, WINDOW, params=params, headers=headers)
        assert status == 200
        found += body["data"]
        if page == body["totalPages"]:
            assert body["totalCount"] == len(found)
            return found
        page = body["nextPage"]


async def sell(client: Any, programme: Programme, headers: dict[str, str], **body: Any) -> tuple[int, Any]:
    """One call of a sale."""
    return await client.send(
        "POST",
        programme.place.id,
        "/api/sale/complete",
        json={"codePayment": CREDIT, **body},
        headers=headers,
    )


def pass_price(show: dict[str, Any]) -> int:
    """The id of the pass Culture price of a showtime."""
    return next(price["id"] for price in show["showtimePricing"] if price["typePayment"] == CREDIT)


async def test_paging_visits_every_showtime_with_seats_once(client: Any, world: Any) -> None:
    """No showtime twice, none left out, sold-out ones hidden; times carry the cinema's offset."""
    for programme in (one for one in world.programmes.values() if one.system == "boost"):
        found = await shows(client, programme, await login(client, programme))
        expected = {show.id for show in programme.showtimes.values() if show.online > 0}
        assert len(expected) < len(programme.showtimes)
        assert sorted(expected) == sorted(show["id"] for show in found)
    assert found[0]["showDate"].endswith("-03:00")
    late = [datetime.fromisoformat(show["showDate"]) for show in found if "T20:45" in show["showDate"]]
    assert all(start.astimezone(UTC).hour == 23 for start in late)


async def test_doors_stay_shut_without_a_token(client: Any, world: Any, clock: Any) -> None:
    """Wrong login 401, no token 401, a token of yesterday 401."""
    programme = world.programmes["star"]
    status, body = await client.send("POST", "star", "/api/vendors/login", json={"username": "x"})
    assert (status, body["message"]) == (401, "Invalid credentials.")
    assert (await client.get("star", WINDOW))[0] == 401
    headers = await login(client, programme)
    assert (await client.get("star", "/api/cinemas/attributs", headers=headers))[0] == 200
    clock.forward(hours=24)
    assert (await client.get("star", "/api/cinemas/attributs", headers=headers))[0] == 401


async def test_a_sale_takes_two_calls_and_takes_the_seats(client: Any, world: Any) -> None:
    """Prepared seats are gone, confirmed ones have a code, a cancelled sale gives them back."""
    programme = world.programmes["star"]
    headers = await login(client, programme)
    show = (await shows(client, programme, headers))[5]
    before = show["numberRemainingSeatsForOnlineSale"]
    status, body = await sell(
        client, programme, headers, basketItems=[{"idShowtimePricing": pass_price(show), "quantity": 2}]
    )
    assert (status, body["code"]) == (202, 202)
    sale_id = body["data"][0]["id"]
    status, body = await sell(client, programme, headers, basketItems=[], idsBeforeSale=str(sale_id))
    assert (status, body["code"]) == (201, 201)
    assert re.fullmatch(r"sale-\d+", body["data"]["code"])
    path = f"/api/showtimes/{show['id']}"
    left = (await client.get("star", path, headers=headers))[1]["data"]["numberRemainingSeatsForOnlineSale"]
    assert (left, world.offices["star"].sold()) == (before - 2, 2)
    cancel = {"sales": [{"code": body["data"]["code"], "refundType": "pcu"}]}
    answers = [
        await client.send("PUT", "star", "/api/sale/orderCancel", json=cancel, headers=headers) for _ in range(2)
    ]
    assert [status for status, _ in answers] == [200, 400]
    left = (await client.get("star", path, headers=headers))[1]["data"]["numberRemainingSeatsForOnlineSale"]
    assert (left, world.offices["star"].sold()) == (before, 0)


async def test_a_preparation_lapses(client: Any, world: Any, clock: Any) -> None:
    """After ten minutes an unconfirmed preparation gives its seats back and cannot be confirmed; nor one twice."""
    programme = world.programmes["melies"]
    headers = await login(client, programme)
    show = (await shows(client, programme, headers))[3]
    basket = [{"idShowtimePricing": pass_price(show), "quantity": 1}]
    lapsed = (await sell(client, programme, headers, basketItems=basket))[1]["data"][0]["id"]
    clock.forward(minutes=11)
    assert (await sell(client, programme, headers, idsBeforeSale=str(lapsed)))[0] == 400
    again = (await shows(client, programme, headers))[3]
    assert again["numberRemainingSeatsForOnlineSale"] == show["numberRemainingSeatsForOnlineSale"]
    kept = (await sell(client, programme, headers, basketItems=basket))[1]["data"][0]["id"]
    answers = [await sell(client, programme, headers, idsBeforeSale=str(kept)) for _ in range(2)]
    assert [status for status, _ in answers] == [201, 400]


async def test_refusals_are_english_sentences(client: Any, world: Any) -> None:
    """Too many seats names what remains; an unknown price or showtime is not found; nothing is taken."""
    programme = world.programmes["star"]
    headers = await login(client, programme)
    scarce = next(show for show in programme.showtimes.values() if show.online == 2)
    pricing = next(price.id for price in scarce.pricings if price.payment == CREDIT)
    status, body = await sell(client, programme, headers, basketItems=[{"idShowtimePricing": pricing, "quantity": 3}])
    assert status == 400
    assert re.search(r"Insufficient number of seats.*remaining: 2", body["message"])
    assert scarce.online == 2
    halves = [{"idShowtimePricing": pricing, "quantity": 2}, {"idShowtimePricing": pricing, "quantity": 1}]
    assert (await sell(client, programme, headers, basketItems=halves))[0] == 400
    unknown = await sell(client, programme, headers, basketItems=[{"idShowtimePricing": 1, "quantity": 1}])
    assert (unknown[0], unknown[1]["message"]) == (404, "No showtime found")
    assert (await client.get("star", "/api/showtimes/1", headers=headers))[0] == 404
    assert (await sell(client, programme, headers, basketItems=[]))[0] == 400
    assert (await client.send("POST", "star", "/api/sale/complete", data=b"{", headers=headers))[0] == 400


async def test_a_moved_showtime_keeps_its_id(client: Any, world: Any) -> None:
    """The second act moves one showtime by three quarters of an hour, under the same number."""
    programme = world.programmes["star"]
    headers = await login(client, programme)
    before = {show["id"]: show["showDate"] for show in await shows(client, programme, headers)}
    move_showtime(world)
    after = {show["id"]: show["showDate"] for show in await shows(client, programme, headers)}
    assert before.keys() == after.keys()
    assert sum(before[show_id] != after[show_id] for show_id in before) == 1


def test_films_carry_no_invented_visa(world: Any) -> None:
    """What stands in for a visa is ten digits and starts with a year; real visas are shorter."""
    for programme in (one for one in world.programmes.values() if one.system == "boost"):
        for show in programme.showtimes.values():
            film = show.film
            assert (film.visa is None) == (film.filed_as is not None)
            assert film.visa is None or film.visa < 1_000_000
            assert film.filed_as is None or re.fullmatch(r"20\d{8}", str(film.filed_as))
