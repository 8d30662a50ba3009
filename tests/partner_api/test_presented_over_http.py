"""What a till may scan, what it may know beside that, and several at once."""

from __future__ import annotations

import re
from typing import Any

import pytest
import storefront as s
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from partner_client import Partner

from accounts.offerers import Offerers
from bookings.records import Booking
from bookings.ticket_format import FORM, Ticket, read, write
from partner_api.keys import ADDRESS_MISS_ALLOWANCE, MISS_ALLOWANCE
from schemas.ids import public_id

ELSE = Ed25519PrivateKey.generate().private_bytes_raw()


async def check(partner: Partner, token: str, venue: str = "port", **told: Any) -> tuple[int, Any]:
    return await partner.post("/countermarks/check", venue, body={"token": token, **told})


async def use(partner: Partner, *uses: dict[str, Any], venue: str = "port") -> Any:
    """The receipts of a batch."""
    asked = [{"nonce": f"n{number}", **one} for number, one in enumerate(uses)]
    status, said = await partner.post("/countermarks/use", venue, body={"uses": asked})
    assert status == 200, said
    assert [one["nonce"] for one in said["uses"]] == [one["nonce"] for one in asked]
    return [one.get("problem", {}).get("type", one.get("usedAt")) for one in said["uses"]]


async def untouched(partner: Partner, booking: Booking) -> bool:
    row = await partner.deps.pool.fetchrow("select status, used_at from booking where id = $1", booking.id)
    return tuple(row) == ("confirmed", None)


async def test_whatever_the_scanner_gives_is_the_same_countermark(partner: Partner) -> None:
    """Typed, in the field's QR codes of then and now, and as a signed ticket."""
    made = await partner.booked("till", s.STRANGER)
    mark, signed = made.countermark, await partner.ticket(made)
    asked = [
        mark,
        f"PASSCULTURE:v3;TOKEN:{mark}",
        f"passculture:v2;datetime:2019-11-23T12:00:00Z;token:{mark.lower()};ean13:9782070360024",
        signed,
        f" {signed.lower()} ",
    ]
    views = [await check(partner, text) for text in asked]
    assert [status for status, _ in views] == [200] * 5
    assert all(view == views[0] for view in views)
    assert mark not in signed
    for text in (f"PASSCULTURE:v3;TOKEN:{mark};TOKEN:{mark}", "PASSCULTURE:v3;", f"TOKEN:{mark}", "A" * 512):
        assert (await check(partner, text))[0] == 404
    assert await use(partner, {"token": asked[1]}, {"token": signed}) == [
        "2026-11-23T12:00:00Z",
        "/problems/countermark-already-used",
    ]


async def test_a_signed_ticket_is_one_use_with_its_countermark(partner: Partner) -> None:
    """Accepted by either, the other says when and where it was; taken back by one, it is good by the other."""
    made = await partner.booked("till", s.STRANGER)
    signed = await partner.ticket(made)
    body = {"nonce": "n", "till": "caisse 2", "quantity": 1}
    assert await partner.post(f"/countermarks/{signed}/use", body=body) == (200, {"usedAt": "2026-11-23T12:00:00Z"})
    partner.clock.later(minutes=1)
    for text in (made.countermark, signed):
        status, problem = await check(partner, text)
        assert (status, problem["usedAt"], problem["usedWhere"]) == (409, "2026-11-23T12:00:00Z", "caisse 2")
    assert (await partner.post(f"/countermarks/{made.countermark}/keep"))[0] == 204
    assert await use(partner, {"token": signed}) == ["2026-11-23T12:01:00Z"]
    _, problem = await check(partner, signed)
    assert problem["usedWhere"] == "test"


async def test_forged_tickets_are_refused_each_by_its_name(partner: Partner) -> None:
    """Malformed, altered, another's key, a retired key; nothing changes, and each attempt is recorded."""
    made = await partner.booked("till", s.STRANGER)
    signed = await partner.ticket(made)
    ticket = read(signed).ticket
    stranger = write(ticket, ELSE)
    fields = signed.split(":")
    cases = {
        "ticket-malformed": (422, signed[:-3], f"{FORM}:", ":".join([*fields[:4], "-1", *fields[5:]])),
        "ticket-forged": (
            422,
            ":".join([*fields[:4], "2", *fields[5:]]),
            ":".join([*fields[:7], str(int(fields[7]) + 9), fields[8]]),
            ":".join([*fields[:-1], stranger.split(":")[-1]]),
        ),
        "ticket-key-unknown": (422, stranger),
    }
    for slug, (status, *texts) in cases.items():
        for text in texts:
            answer = await check(partner, str(text))
            assert (answer[0], answer[1]["type"]) == (status, f"/problems/{slug}"), text
            assert await use(partner, {"token": text}) == [f"/problems/{slug}"]
    await partner.keys.retire(fields[1], actor="staff:test", force=True)
    status, problem = await check(partner, signed)
    assert (status, problem["type"], problem["retiredAt"]) == (
        409,
        "/problems/ticket-key-retired",
        "2026-11-23T12:00:00Z",
    )
    assert await untouched(partner, made)
    recorded = await partner.deps.pool.fetch("select distinct outcome from acceptance order by 1")
    assert [row["outcome"] for row in recorded] == [
        "TicketForged",
        "TicketKeyRetired",
        "TicketKeyUnknown",
        "TicketMalformed",
    ]
    assert (await check(partner, await partner.ticket(made)))[0] == 200


async def test_a_ticket_whose_time_is_over_is_gone(partner: Partner) -> None:
    """Of a session that was moved, the old ticket says so; the countermark and a new ticket are good."""
    made = await partner.booked("tickets", "cid-1")
    old = await partner.ticket(made)
    await partner.deps.pool.execute("update session set begins_at = begins_at + interval '30 days'")
    partner.clock.later(days=13)
    status, problem = await check(partner, old, "theatre")
    assert (status, problem["type"], problem["validUntil"]) == (
        410,
        "/problems/ticket-expired",
        "2026-12-05T12:00:00Z",
    )
    assert await untouched(partner, made)
    assert (await check(partner, await partner.ticket(made), "theatre"))[0] == 200
    assert (await check(partner, made.countermark, "theatre"))[0] == 200


async def test_another_venues_ticket_says_so_and_its_countermark_does_not(partner: Partner) -> None:
    """Who holds a ticket could read its venue anyway; a countermark of a venue the key does not know stays unknown."""
    made = await partner.booked("till", s.STRANGER)
    status, problem = await check(partner, await partner.ticket(made), "theatre")
    port = public_id("venue", partner.venues["port"])
    assert (status, problem["type"], problem["venue"]) == (409, "/problems/countermark-wrong-venue", port)
    assert (await check(partner, made.countermark, "theatre"))[1]["type"] == "/problems/countermark-unknown"
    assert (await use(partner, {"token": await partner.ticket(made)}, venue="theatre")) == [
        "/problems/countermark-wrong-venue"
    ]
    assert await untouched(partner, made)


async def test_a_till_says_where_it_stands_and_how_many(partner: Partner) -> None:
    """A key for two venues: the countermark of the other is refused, and so is another number of places."""
    vendor = await partner.deps.pool.fetchval("select id from vendor where name = 'Logiciel de theatre'")
    await Offerers(partner.deps.pool).let_act(vendor, partner.venues["port"])
    here, there = (public_id("venue", partner.venues[name]) for name in ("theatre", "port"))
    made = await partner.booked("tickets", "cid-1", quantity=2)
    partner.clock.later(days=3)
    for asked, status, slug, member in (
        ({"venueId": there}, 409, "countermark-wrong-venue", {"venue": here}),
        ({"venueId": here, "quantity": 1}, 409, "countermark-wrong-quantity", {"quantity": 2}),
        ({"quantity": 3}, 409, "countermark-wrong-quantity", {"quantity": 2}),
        ({"quantity": 0}, 422, "invalid-body", {"path": "$.quantity"}),
        ({"quantity": -2}, 422, "invalid-body", {"path": "$.quantity"}),
        ({"quantity": 10**30}, 422, "invalid-body", {"path": "$.quantity"}),
        ({"quantity": 1.5}, 422, "invalid-body", {"path": "$.quantity"}),
        ({"venueId": "v_0"}, 404, "unknown-id", {}),
        ({"till": ""}, 422, "invalid-body", {"path": "$.till"}),
        ({"till": "a\nb"}, 422, "invalid-body", {"path": "$.till"}),
    ):
        for answer in (
            await check(partner, made.countermark, "theatre", **asked),
            await partner.post(f"/countermarks/{made.countermark}/use", "theatre", body={"nonce": "n", **asked}),
        ):
            assert (answer[0], answer[1]["type"]) == (status, f"/problems/{slug}"), asked
            assert member.items() <= answer[1].items()
    assert await untouched(partner, made)
    told = {"nonce": "n", "venueId": here, "quantity": 2}
    assert (await partner.post(f"/countermarks/{made.countermark}/use", "theatre", body=told))[0] == 200


async def test_a_batch_has_a_receipt_for_each(partner: Partner) -> None:
    """One refusal does not hold up the others; the same batch again is answered the same."""
    first, second = await partner.booked("till", s.STRANGER), await partner.booked("till", s.STRANGER, number=2)
    batch = [
        {"token": first.countermark},
        {"token": "ZZZZZZ"},
        {"token": await partner.ticket(second), "till": "caisse 3"},
        {"token": first.countermark},
    ]
    answers = [await use(partner, *batch), await use(partner, *batch)]
    assert (
        answers
        == [
            [
                "2026-11-23T12:00:00Z",
                "/problems/countermark-unknown",
                "2026-11-23T12:00:00Z",
                "/problems/countermark-already-used",
            ]
        ]
        * 2
    )
    for body in ({"uses": []}, {"uses": [{"token": "ABCDEF"}]}, {"uses": [{"token": "A", "nonce": "n"}] * 101}):
        assert (await partner.post("/countermarks/use", body=body))[0] == 422


async def test_a_batch_is_no_way_to_guess(partner: Partner) -> None:
    """Its misses count like others: the rest of the batch is not looked at."""
    made = await partner.booked("till", s.STRANGER)
    wrong = [{"token": "ZZZZZZ"}] * (MISS_ALLOWANCE.quota + 1)
    answers = await use(partner, *wrong, {"token": made.countermark})
    assert answers.count("/problems/countermark-unknown") == MISS_ALLOWANCE.quota
    assert answers[-2:] == ["/problems/too-many-requests"] * 2
    assert await untouched(partner, made)


async def test_one_address_with_many_keys_is_one_guesser(partner: Partner) -> None:
    """Misses count by address too, whatever the keys; it is told how long to wait."""
    for number in range(ADDRESS_MISS_ALLOWANCE.quota // MISS_ALLOWANCE.quota):
        partner.headers[f"key{number}"] = await partner.key("port")
        await use(partner, *[{"token": "ZZZZZZ"}] * MISS_ALLOWANCE.quota, venue=f"key{number}")
    partner.headers["fresh"] = await partner.key("port")
    answer = await partner.client.get("/partner/v1/countermarks/ZZZZZZ", headers=partner.headers["fresh"])
    assert (answer.status, int(answer.headers["Retry-After"]) > 0) == (429, True)
    assert (await answer.json(content_type=None))["violatedPolicies"] == [ADDRESS_MISS_ALLOWANCE.name]


@pytest.mark.parametrize("scope", ["countermarks:check", "runs:read"])
async def test_a_use_needs_its_right(partner: Partner, scope: str) -> None:
    """A key that may only look accepts nothing, alone or in a batch; one that may not even look is told so."""
    made = await partner.booked("till", s.STRANGER)
    partner.headers["narrow"] = await partner.key("port", (scope,))
    body = {"uses": [{"token": made.countermark, "nonce": "n"}]}
    assert (await partner.post("/countermarks/use", "narrow", body=body))[0] == 403
    assert (await check(partner, made.countermark, "narrow"))[0] == (200 if scope == "countermarks:check" else 403)
    assert await untouched(partner, made)


def test_tickets_have_no_room_for_a_sign() -> None:
    """A negative or huge quantity has no form to be written in, so none can be signed by mistake."""
    now = s.NOW
    for quantity in (0, -1, 100):
        text = write(
            Ticket(booking_id=1, venue_id=1, quantity=quantity, amount_cents=1, valid_from=now, valid_until=now), ELSE
        )
        assert re.fullmatch(r"PC1:[0-9A-F]{8}:\w{13}:\w{13}:-?\d+:.*", text)
        with pytest.raises(Exception, match="mal formé"):
            read(text)
