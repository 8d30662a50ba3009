"""Tills written for the field's own interfaces work unchanged: each dialect's statuses, bodies and callers."""

from __future__ import annotations

import base64
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import storefront as s
from jsonschema import Draft202012Validator
from partner_client import Partner

from bookings.booking import Bookings
from bookings.records import Booking
from partner_api.dialects.shown import humanised
from partner_api.keys import MISS_ALLOWANCE

CURRENT, SECOND, PILOT = "/public/bookings/v1", "/v2/bookings", "/bookings"
DIALECTS = (CURRENT, SECOND, PILOT)
PEOPLE = itertools.count(1)
ACTS = ("check", "use", "keep", "cancel")


def address(dialect: str, act: str, token: str | None) -> tuple[str, str]:
    """Method and path."""
    if act == "check":
        return "GET", f"{dialect}/token/{token}"
    return "PATCH", f"{dialect}/token/{token}" if dialect == PILOT else f"{dialect}/{act}/token/{token}"


async def ask(
    partner: Partner, dialect: str, act: str, token: str | None, venue: str = "port", **query: str
) -> tuple[int, Any]:
    method, path = address(dialect, act, token)
    answer = await partner.client.request(method, path, headers=partner.headers[venue], params=query)
    body = await answer.read()
    assert not body or answer.headers["Content-Type"] == "application/json"
    return answer.status, json.loads(body) if body else None


async def said(partner: Partner, dialect: str, act: str, token: str | None, venue: str = "port") -> tuple[int, str]:
    """The status, and under which name the sentence is."""
    status, body = await ask(partner, dialect, act, token, venue)
    if status < 400:
        return status, ""
    [(field, [sentence])] = body.items()
    assert sentence
    assert token not in sentence
    return status, field


async def usable(partner: Partner) -> Booking:
    return await partner.booked("till", s.STRANGER, number=next(PEOPLE))


async def used(partner: Partner) -> Booking:
    made = await usable(partner)
    assert (await partner.post(f"/countermarks/{made.countermark}/use", number="n"))[0] == 200
    return made


async def reimbursed(partner: Partner) -> Booking:
    made = await used(partner)
    await partner.deps.pool.execute("update booking set status = 'reimbursed' where id = $1", made.id)
    return made


async def cancelled(partner: Partner) -> Booking:
    made = await usable(partner)
    assert (await partner.post(f"/countermarks/{made.countermark}/cancel"))[0] == 204
    return made


async def expired(partner: Partner) -> Booking:
    made = await usable(partner)
    partner.clock.later(days=11)
    await Bookings(partner.deps.pool, partner.directory, partner.clock).expire_due()
    return made


async def pending(partner: Partner) -> Booking:
    made = await usable(partner)
    await partner.deps.pool.execute("update booking set status = 'held' where id = $1", made.id)
    return made


async def not_yet(partner: Partner) -> Booking:
    partner.headers["port"] = partner.headers["theatre"]
    return await partner.booked("tickets", "cid-1", number=next(PEOPLE))


async def too_late(partner: Partner) -> Booking:
    made = await not_yet(partner)
    partner.clock.later(days=9)
    return made


OK, DONE, UNKNOWN = (200, ""), (204, ""), (404, "global")
STATES = {
    "usable": (
        usable,
        {CURRENT: (OK, DONE, (403, "booking"), DONE), SECOND: (OK, DONE, (410, "booking"), DONE), PILOT: (OK, DONE)},
    ),
    "used": (
        used,
        {
            CURRENT: ((410, "booking"), (410, "booking"), DONE, (403, "booking")),
            SECOND: ((410, "booking"), (410, "booking"), DONE, (403, "global")),
            PILOT: ((410, "booking"), (410, "booking")),
        },
    ),
    "reimbursed": (
        reimbursed,
        {
            CURRENT: ((403, "payment"), (403, "payment"), (410, "payment"), (403, "payment")),
            SECOND: ((403, "payment"), (403, "payment"), (410, "payment"), (403, "payment")),
            PILOT: ((410, "booking"), (410, "booking")),
        },
    ),
    "cancelled": (
        cancelled,
        {
            CURRENT: ((410, "booking"), (410, "booking"), (410, "booking"), (410, "booking")),
            SECOND: ((410, "booking"), (410, "booking"), (403, "booking"), (410, "global")),
            PILOT: ((410, "booking"), (410, "booking")),
        },
    ),
    "expired": (
        expired,
        {
            CURRENT: ((410, "booking"), (410, "booking"), (410, "booking"), (410, "booking")),
            SECOND: ((410, "booking"), (410, "booking"), (403, "booking"), (410, "global")),
            PILOT: ((410, "booking"), (410, "booking")),
        },
    ),
    "not confirmed by the venue's ticketing": (
        pending,
        {
            CURRENT: ((403, "booking"), (403, "booking"), (403, "booking"), (403, "booking")),
            SECOND: ((403, "booking"), (403, "booking"), (410, "booking"), (403, "booking")),
            PILOT: ((403, "booking"), (403, "booking")),
        },
    ),
    "not yet": (
        not_yet,
        {
            CURRENT: ((403, "booking"), (403, "booking"), (403, "booking"), DONE),
            SECOND: ((403, "booking"), (403, "booking"), (410, "booking"), DONE),
            PILOT: ((403, "booking"), (403, "booking")),
        },
    ),
    "too late to cancel": (
        too_late,
        {CURRENT: (OK, None, None, (403, "booking")), SECOND: (OK, None, None, (403, "global")), PILOT: (OK,)},
    ),
}
"""By state: how each dialect answers check, use, keep and cancel, which is the reference's table of it."""


@pytest.mark.parametrize(("make", "answers"), STATES.values(), ids=STATES)
async def test_each_state_has_its_statuses(partner: Partner, make: Any, answers: Any) -> None:
    """By each dialect's own matrix, in its own body. A refusal changes nothing: the next one finds the same state."""
    await partner.shop.says("till", s.on_shelf("till", s.STRANGER, None))
    made = await make(partner)
    for dialect, expected in answers.items():
        for act, answer in zip(ACTS, expected, strict=False):
            if answer is not None:
                assert (dialect, act, await said(partner, dialect, act, made.countermark)) == (dialect, act, answer)
            if answer == DONE:
                made = await make(partner)


async def test_what_is_not_the_callers_is_unknown(partner: Partner) -> None:
    """No countermark, another venue's, a forged ticket: 404 alike, and nothing changes."""
    for dialect in DIALECTS:
        made = await usable(partner)
        ticket = await partner.ticket(made)
        acts = ACTS[:2] if dialect == PILOT else ACTS
        for act in acts:
            for token, venue in (
                ("ZZZZZZ", "port"),
                ("nonsense", "port"),
                (made.countermark, "theatre"),
                (ticket[:-9], "port"),
                (ticket, "theatre"),
            ):
                assert await said(partner, dialect, act, token, venue) == UNKNOWN
        assert await said(partner, dialect, "use", (made.countermark or "").lower()) == DONE
        row = await partner.deps.pool.fetchrow("select used_by, used_at from booking where id = $1", made.id)
        assert row["used_at"] == partner.clock()


async def test_each_form_of_a_key(partner: Partner) -> None:
    """A bearer token everywhere; a password where the dialect had one; else 401, in the dialect's own body."""
    for dialect in DIALECTS:
        made = await usable(partner)
        path = address(dialect, "check", made.countermark)[1]
        key = partner.headers["port"]["Authorization"].removeprefix("Bearer ")
        basic = {"Authorization": "Basic " + base64.b64encode(f"pro@example.org:{key}".encode()).decode()}
        for headers, status in (
            ({}, 401),
            ({"Authorization": "Bearer " + key[:-1] + ("0" if key[-1] != "0" else "1")}, 401),
            ({"Authorization": "Basic AAAA"}, 401),
            ({"Authorization": "Basic é"}, 401),
            (basic, 401 if dialect == CURRENT else 200),
            (partner.headers["port"], 200),
        ):
            answer = await partner.client.get(path, headers=headers)
            assert answer.status == status, headers
            if status == 401:
                assert list(await answer.json()) == ["auth"]
                assert "WWW-Authenticate" in answer.headers
        narrow = await partner.key("port", ("countermarks:check",))
        method, use = address(dialect, "use", made.countermark)
        answer = await partner.client.request(method, use, headers=narrow)
        assert (answer.status, list(await answer.json())) == (403, ["user"])


async def test_unknown_addresses_and_guessers(partner: Partner) -> None:
    """Both in the dialect's form: the router's answers, and 429 with how long to wait."""
    for dialect in DIALECTS:
        partner.headers["port"] = await partner.key("port")
        for method, path, status in (("GET", f"{dialect}/nowhere", 404), ("POST", f"{dialect}/token/ABCDEF", 405)):
            answer = await partner.client.request(method, path, headers=partner.headers["port"])
            said = await answer.json()
            assert (answer.status, list(said)) == (status, ["global"])
            assert "adresse" in said["global"][0]
            assert (status == 405) == ("Allow" in answer.headers)
        for _ in range(MISS_ALLOWANCE.quota):
            await ask(partner, dialect, "check", "ZZZZZZ")
        answer = await partner.client.get(f"{dialect}/token/ZZZZZZ", headers=partner.headers["port"])
        assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (429, True)


async def test_the_current_dialect_shows_a_booking(partner: Partner) -> None:
    """Names and e-mail of who booked; telephone, birth date and postal code are there, and empty."""
    made = await partner.booked("tickets", "cid-1", quantity=2)
    partner.clock.later(days=3)
    status, body = await ask(partner, CURRENT, "check", made.countermark, "theatre")
    assert (status, body) == (
        200,
        {
            "id": made.id,
            "quantity": 2,
            "creationDate": "2026-11-23T12:00:00Z",
            "confirmationDate": "2026-11-25T12:00:00Z",
            "price": 1500,
            "status": "CONFIRMED",
            "offerId": made.offer_id,
            "stockId": made.stock_id,
            "priceCategoryId": None,
            "priceCategoryLabel": "Plein tarif",
            "offerName": "Le Cid",
            "offerEan": None,
            "offerAddress": "1 rue des Arts, 67000 Ville",
            "offerDepartmentCode": "67",
            "venueId": partner.venues["theatre"],
            "venueName": "Théâtre des Deux Rives",
            "userEmail": "lou1@example.org",
            "userPhoneNumber": None,
            "userFirstName": "Lou",
            "userLastName": "Martin",
            "userBirthDate": None,
            "userPostalCode": None,
        },
    )


async def test_the_second_dialect_shows_a_booking(partner: Partner) -> None:
    """A book, in euros, its ids humanised."""
    made = await partner.booked("till", s.STRANGER)
    _, body = await ask(partner, SECOND, "check", made.countermark)
    assert body == {
        "bookingId": humanised(made.id),
        "dateOfBirth": "",
        "datetime": "",
        "ean13": s.STRANGER,
        "email": "lou1@example.org",
        "formula": "",
        "isUsed": False,
        "offerId": made.offer_id,
        "publicOfferId": humanised(made.offer_id),
        "offerName": "L'Étranger",
        "offerType": "BIEN",
        "phoneNumber": "",
        "price": 6.9,
        "quantity": 1,
        "theater": {},
        "userName": "Lou Martin",
        "venueAddress": "1 rue des Arts",
        "venueDepartmentCode": "67",
        "venueName": "Librairie du Port",
    }


async def test_the_pilots_dialect_asks_who_and_what(partner: Partner) -> None:
    """Address and offer must be the booking's own where they are given; a plus may come as a blank."""
    made = await usable(partner)
    await partner.deps.pool.execute("update beneficiary set email = 'lou+pass@example.org'")
    offer = humanised(made.offer_id)
    right, wrong = "Lou+Pass@example.org", "max@example.org"
    for act in ("check", "use"):
        for query in (
            {"email": wrong},
            {"email": ""},
            {"email": right, "offer_id": humanised(made.offer_id + 1)},
            {"offer_id": "A" * 500},
            {"email": wrong, "offer_id": offer},
        ):
            status, body = await ask(partner, PILOT, act, made.countermark, **query)
            assert (status, list(body)) == UNKNOWN_BODY, query
    status, body = await ask(partner, PILOT, "check", made.countermark, email=right, offer_id=offer)
    assert (status, body) == (
        200,
        {
            "bookingId": humanised(made.id),
            "date": "",
            "email": "lou+pass@example.org",
            "isUsed": False,
            "offerName": "L'Étranger",
            "userName": "Lou Martin",
            "venueDepartementCode": "67",
        },
    )
    assert (await ask(partner, PILOT, "use", made.countermark, email="lou pass@example.org"))[0] == 204


UNKNOWN_BODY = (404, ["global"])


@pytest.mark.parametrize(("number", "text"), [(1, "AE"), (255, "74"), (256, "AEAA"), (14, "BY"), (8 << 3, "IA")])
def test_ids_are_humanised_as_the_field_did(number: int, text: str) -> None:
    """Base 32 of the bytes; 8 and 9 stand for O and I, which look like digits."""
    assert humanised(number) == text.replace("O", "8").replace("I", "9")


async def test_an_offers_bookings_are_listed(partner: Partner) -> None:
    """By id, from an id on, by status, stock and date; only of the caller's venues."""
    books = [await partner.booked("till", s.STRANGER, number=n) for n in range(3)]
    show = await partner.booked("tickets", "cid-1")
    await partner.post(f"/countermarks/{books[0].countermark}/use", number="n")
    await partner.post(f"/countermarks/{books[1].countermark}/cancel")

    async def listed(venue: str = "port", **query: Any) -> Any:
        asked = {"offerId": books[0].offer_id} | query
        params = {name: str(value) for name, value in asked.items()}
        answer = await partner.client.get(f"{CURRENT}/bookings", headers=partner.headers[venue], params=params)
        body = await answer.json()
        return answer.status, [one["id"] for one in body["bookings"]] if answer.status == 200 else body

    ids = [book.id for book in books]
    assert await listed() == (200, ids)
    assert await listed(firstIndex=ids[1], limit=1) == (200, ids[1:2])
    for status, expected in (("USED", ids[:1]), ("CANCELLED", ids[1:2]), ("CONFIRMED", ids[2:]), ("REIMBURSED", [])):
        assert await listed(status=status) == (200, expected)
    assert await listed(stockId=books[0].stock_id) == (200, ids)
    assert await listed(stockId=show.stock_id) == (200, [])
    assert await listed(priceCategoryId=1) == (200, [])
    begins = {"offerId": show.offer_id, "beginningDatetime": "2026-12-03T13:00:00+01:00"}
    assert await listed("theatre", **begins) == (200, [show.id])
    assert await listed("theatre", **begins | {"beginningDatetime": "2026-12-03T13:00:00Z"}) == (200, [])
    assert await listed("theatre") == (404, {"global": ["Cette offre n'existe pas."]})
    assert (await listed(offerId=424_242))[0] == 404
    for wrong in (
        {"offerId": "abc"},
        {"offerId": "-1"},
        {"offerId": "9" * 30},
        {"limit": 51},
        {"limit": 0},
        {"firstIndex": "٣"},
        {"status": "used"},
        {"beginningDatetime": "demain"},
        {"beginningDatetime": "2026-12-03T13:00:00"},
        {"beginningDatetime": "0001-01-01T00:00:00+14:00"},
        {"beginningDatetime": "9999-12-31T23:59:59-14:00"},
    ):
        status, body = await listed(**wrong)
        assert (status, [one["loc"] for one in body]) == (422, [["query", next(iter(wrong))]])


async def test_the_current_dialect_keeps_the_published_contract(partner: Partner, samples: Path) -> None:
    """What the pass Culture publishes of its interface: our answers are valid by its schemas, our statuses are its."""
    published = samples.parent / "contracts" / "passculture-partner-openapi.json"
    if not published.is_file():
        pytest.skip(f"contrat absent : {published}")
    contract = json.loads(published.read_text("utf-8"))

    def check(schema: str, value: Any) -> None:
        whole = {"$ref": f"#/components/schemas/{schema}", "components": contract["components"]}
        Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)

    made, show = await usable(partner), await partner.booked("tickets", "cid-1")
    check("GetBookingResponse", (await ask(partner, CURRENT, "check", made.countermark))[1])
    statuses = {act: set() for act in ACTS}
    for act in ACTS:
        for token in (made.countermark, show.countermark, "ZZZZZZ", made.countermark):
            statuses[act].add(str((await ask(partner, CURRENT, act, token))[0]))
    for act, seen in statuses.items():
        method, path = address(CURRENT, act, "{token}")
        assert seen <= set(contract["paths"][path][method.lower()]["responses"]), act
    for venue, offer_id in (("port", made.offer_id), ("theatre", show.offer_id)):
        answer = await partner.client.get(f"{CURRENT}/bookings?offerId={offer_id}", headers=partner.headers[venue])
        check("GetFilteredBookingsResponse", await answer.json())
    answer = await partner.client.get(f"{CURRENT}/bookings?limit=x", headers=partner.headers["port"])
    assert answer.status == 422
    check("ValidationError", await answer.json())
    listing = {one["name"] for one in contract["paths"][f"{CURRENT}/bookings"]["get"]["parameters"]}
    assert listing == {
        "limit",
        "firstIndex",
        "offerId",
        "priceCategoryId",
        "stockId",
        "status",
        "beginningDatetime",
    }
