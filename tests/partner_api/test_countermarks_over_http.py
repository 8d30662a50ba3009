"""A till checks, accepts, takes back and cancels; what it may not do says why."""

from __future__ import annotations

import asyncio

import pytest
import storefront as s
from partner_client import Partner

from bookings.booking import Bookings
from schemas.ids import public_id


async def mark(partner: Partner, number: int = 1) -> str:
    """The countermark of a booked book."""
    booking = await partner.booked("till", s.STRANGER, number=number)
    assert booking.countermark is not None
    return booking.countermark


async def test_a_check_says_what_to_hand_over(partner: Partner) -> None:
    """Title, place, quantity and price; nothing of who booked."""
    booking = await partner.booked("tickets", "cid-1", quantity=2)
    partner.clock.later(days=3)
    status, view = await partner.get(f"/countermarks/{booking.countermark}", "theatre")
    assert (status, {name: value for name, value in view.items() if not name.endswith("Id")}) == (
        200,
        {
            "status": "usable",
            "title": "Le Cid",
            "subcategory": "SPECTACLE_REPRESENTATION",
            "venueName": "Théâtre des Deux Rives",
            "timeZone": "Europe/Paris",
            "quantity": 2,
            "priceCents": 1500,
            "amountCents": 3000,
            "beginsAt": "2026-12-03T12:00:00Z",
            "hall": "Grande salle",
            "priceLabel": "Plein tarif",
        },
    )
    assert (view["venueId"], view["offerId"]) == (
        public_id("venue", partner.venues["theatre"]),
        public_id("offer", booking.offer_id),
    )
    assert "Martin" not in str(view)


async def test_a_use_is_accepted_once(partner: Partner) -> None:
    """The second acceptance is refused, and says when the first was."""
    token = await mark(partner)
    first = await partner.post(f"/countermarks/{token}/use", number="till-1")
    assert first == (200, {"usedAt": "2026-11-23T12:00:00Z"})
    partner.clock.later(minutes=5)
    status, problem = await partner.post(f"/countermarks/{token}/use", number="till-2")
    assert (status, problem["type"], problem["usedAt"]) == (
        409,
        "/problems/countermark-already-used",
        "2026-11-23T12:00:00Z",
    )
    status, problem = await partner.get(f"/countermarks/{token}")
    assert (status, problem["type"]) == (409, "/problems/countermark-already-used")


@pytest.mark.parametrize("way", ["header", "body"])
async def test_a_till_that_lost_our_answer_gets_it_again(partner: Partner, way: str) -> None:
    """The same number is the same use, in the header or in the body."""
    token = await mark(partner)
    given = {"number": "n-1"} if way == "header" else {"body": {"nonce": "n-1"}}
    first = await partner.post(f"/countermarks/{token}/use", **given)
    partner.clock.later(hours=1)
    assert await partner.post(f"/countermarks/{token}/use", **given) == first
    assert first[0] == 200


async def test_a_use_needs_its_number(partner: Partner) -> None:
    """Without one, or with two that differ, nothing is accepted."""
    token = await mark(partner)
    for given in ({}, {"body": {}}, {"number": "a", "body": {"nonce": "b"}}):
        status, problem = await partner.post(f"/countermarks/{token}/use", **given)
        assert (status, problem["type"]) == (400, "/problems/invalid-parameter")
    status, problem = await partner.post(f"/countermarks/{token}/use", body={"nonse": "a"})
    assert (status, problem["type"]) == (422, "/problems/invalid-body")
    both = {"number": "a", "body": {"nonce": "a"}}
    assert (await partner.post(f"/countermarks/{token}/use", **both))[0] == 200


async def test_twenty_tills_at_once(partner: Partner) -> None:
    """Exactly one wins."""
    token = await mark(partner)
    answers = await asyncio.gather(*(partner.post(f"/countermarks/{token}/use", number=f"till-{n}") for n in range(20)))
    assert sorted(status for status, _ in answers) == [200] + [409] * 19


async def test_keep_takes_a_use_back(partner: Partner) -> None:
    """The countermark can be used again, with a new number; the old number is not a new use."""
    token = await mark(partner)
    await partner.post(f"/countermarks/{token}/use", number="n-1")
    assert await partner.post(f"/countermarks/{token}/keep") == (204, None)
    status, problem = await partner.post(f"/countermarks/{token}/keep")
    assert (status, problem["type"]) == (409, "/problems/countermark-not-used")
    status, problem = await partner.post(f"/countermarks/{token}/use", number="n-1")
    assert (status, problem["type"]) == (409, "/problems/use-taken-back")
    assert (await partner.post(f"/countermarks/{token}/use", number="n-2"))[0] == 200


async def test_the_venue_cancels(partner: Partner) -> None:
    """The booking ends; what is cancelled cannot be used."""
    token = await mark(partner)
    assert await partner.post(f"/countermarks/{token}/cancel") == (204, None)
    for path in ("/cancel", "/use", "/keep"):
        status, problem = await partner.post(f"/countermarks/{token}{path}", number="n")
        assert (status, problem["type"], problem["cancelledAt"]) == (
            409,
            "/problems/countermark-cancelled",
            "2026-11-23T12:00:00Z",
        )


async def test_not_yet(partner: Partner) -> None:
    """While the person may still cancel, the countermark says from when it is valid."""
    booking = await partner.booked("tickets", "cid-1")
    status, problem = await partner.post(f"/countermarks/{booking.countermark}/use", "theatre", number="n")
    assert (status, problem["type"], problem["validFrom"]) == (
        409,
        "/problems/countermark-not-yet-valid",
        "2026-11-25T12:00:00Z",
    )


async def test_too_late_for_the_venue_to_cancel(partner: Partner) -> None:
    """The day before a show, its bookings stand."""
    booking = await partner.booked("tickets", "cid-1")
    partner.clock.later(days=9)
    status, problem = await partner.post(f"/countermarks/{booking.countermark}/cancel", "theatre")
    assert (status, problem["type"], problem["limit"]) == (
        409,
        "/problems/too-late-to-cancel",
        "2026-12-01T12:00:00Z",
    )


async def test_expired_is_gone(partner: Partner) -> None:
    """410 only for what nobody fetched in time."""
    token = await mark(partner)
    partner.clock.later(days=10)
    await Bookings(partner.deps.pool, partner.directory, partner.clock).expire_due()
    status, problem = await partner.post(f"/countermarks/{token}/use", number="n")
    assert (status, problem["type"], problem["expiredAt"]) == (
        410,
        "/problems/countermark-expired",
        "2026-12-03T12:00:00Z",
    )


async def test_lower_case_is_accepted(partner: Partner) -> None:
    """People type as they can."""
    token = await mark(partner)
    assert (await partner.get(f"/countermarks/{token.lower()}"))[0] == 200


async def test_other_venues_countermarks_do_not_exist(partner: Partner) -> None:
    """To another vendor's key it is as unknown as one that was never given out, to look at and to use."""
    token = await mark(partner)
    unknown = await partner.get("/countermarks/ZZZZZZ", "theatre")
    foreign = await partner.get(f"/countermarks/{token}", "theatre")
    for status, problem in (unknown, foreign, await partner.get("/countermarks/%00%FF", "theatre")):
        assert (status, problem | {"requestId": ""}) == (404, unknown[1] | {"requestId": ""})
    for path in ("use", "keep", "cancel"):
        status, problem = await partner.post(f"/countermarks/{token}/{path}", "theatre", number="n")
        assert (status, problem["type"]) == (404, "/problems/countermark-unknown")
    assert (await partner.get(f"/countermarks/{token}"))[0] == 200


async def test_no_problem_repeats_the_countermark(partner: Partner) -> None:
    """It is a secret, and problems end up in logs."""
    token = await mark(partner)
    await partner.post(f"/countermarks/{token}/use", number="n")
    for path in ("/use", "/cancel"):
        _, problem = await partner.post(f"/countermarks/{token}{path}", number="m")
        assert token not in str(problem)
