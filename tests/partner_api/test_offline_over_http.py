"""A till that works without network, over our API: the sandbox's till, written after the published guide alone."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import storefront as s
from partner_client import Partner

from bookings.booking import Bookings
from bookings.ticket_format import read, write
from sandbox.offline_till import Lists, OfflineTill
from sandbox.signed_ticket import REASONS, Refused, keys_of, verify
from schemas.ids import public_id

KEYS = "/.well-known/passerelle-keys.json"
PORT = "port"


def path(partner: Partner, what: str = "", venue: str = PORT) -> str:
    return f"/venues/{public_id('venue', partner.venues[venue])}/offline{what}"


async def keys(partner: Partner) -> dict[str, Any]:
    answer = await partner.client.get(KEYS)
    assert answer.status == 200
    told: dict[str, Any] = await answer.json()
    return told


async def opened(partner: Partner, name: str = "caisse 1", venue: str = PORT) -> OfflineTill:
    """A till that has just fetched what it needs."""
    _, policy = await partner.get(path(partner, venue=venue), venue)
    _, revocations = await partner.get(path(partner, "/revocations", venue), venue)
    return OfflineTill(name, Lists(partner.clock().isoformat(), await keys(partner), policy, revocations))


async def upload(partner: Partner, till: OfflineTill, venue: str = PORT) -> list[dict[str, Any]]:
    status, said = await partner.post(path(partner, "/entries", venue), venue, body=till.upload())
    assert status == 200, said
    till.settle(said["receipts"])
    receipts: list[dict[str, Any]] = said["receipts"]
    return receipts


async def cancel(partner: Partner, booking_id: int) -> None:
    """By whoever booked."""
    owner = await partner.deps.pool.fetchval(
        "select w.pseudonym from booking b join wallet w on w.id = b.wallet_id where b.id = $1", booking_id
    )
    await Bookings(partner.deps.pool, partner.directory, partner.clock).cancel(owner, booking_id)


def reason(till: OfflineTill, text: str, now: Any, **more: Any) -> str:
    with pytest.raises(Refused) as refused:
        till.accept(text, now, **more)
    assert str(refused.value) == REASONS[refused.value.reason]
    return refused.value.reason


async def test_an_offline_acceptance_is_reconciled(partner: Partner, tmp_path: Path) -> None:
    """Two tills without network accept one ticket: the first journal received wins, and both are told."""
    made = await partner.booked("till", s.STRANGER)
    ticket = await partner.ticket(made)
    first, second = await opened(partner, "caisse 1"), await opened(partner, "caisse 2")
    assert first.accept(ticket, partner.clock()).cents == made.amount_cents
    second.accept(ticket, partner.clock() + timedelta(minutes=30))
    assert reason(first, ticket, partner.clock()) == "used-here"
    first.save(tmp_path / "caisse.json")
    assert (tmp_path / "caisse.json").stat().st_mode & 0o077 == 0
    first = OfflineTill.load(tmp_path / "caisse.json")
    partner.clock.later(hours=1)
    [won] = await upload(partner, first)
    [lost] = await upload(partner, second)
    assert (won["outcome"], won["usedAt"]) == ("accepted", "2026-11-23T13:00:00Z")
    assert (lost["outcome"], lost["problem"]["type"], lost["problem"]["usedWhere"]) == (
        "conflict",
        "/problems/countermark-already-used",
        "caisse 1",
    )
    assert first.pending == second.pending == []
    status, told = await partner.get(path(partner, "/conflicts"))
    [conflict] = told["conflicts"]
    assert (status, conflict["till"], conflict["winnerTill"], conflict["winnerSequence"]) == (
        200,
        "caisse 2",
        "caisse 1",
        1,
    )
    _, risk = await partner.get(path(partner, "/risk"))
    assert (risk["accepted"], risk["conflicts"], risk["conflictCents"]) == (1, 1, made.amount_cents)
    assert [till["till"] for till in risk["tills"]] in (["caisse 1", "caisse 2"], ["caisse 2", "caisse 1"])
    for answer in (won, lost, conflict):
        assert made.countermark not in json.dumps(answer)
        assert ticket not in json.dumps(answer)


async def test_a_journal_sent_again_is_answered_the_same(partner: Partner) -> None:
    """The till lost our answer: the same receipts, and one acceptance."""
    ticket = await partner.ticket(await partner.booked("till", s.STRANGER))
    till = await opened(partner)
    till.accept(ticket, partner.clock())
    body = till.upload()
    first = await partner.post(path(partner, "/entries"), body=body)
    partner.clock.later(hours=2)
    assert await partner.post(path(partner, "/entries"), body=body) == first
    assert await partner.deps.pool.fetchval("select count(*) from acceptance where outcome = 'accepted'") == 1


async def test_a_till_judges_by_itself(partner: Partner) -> None:
    """Forged, altered, unknown and retired keys, another venue's, too early, too late, another quantity, revoked."""
    made, show = await partner.booked("till", s.STRANGER), await partner.booked("tickets", "cid-1", quantity=2)
    ticket, seat = await partner.ticket(made), await partner.ticket(show)
    till, now = await opened(partner), partner.clock()
    theirs = write(read(ticket).ticket, b"x" * 32)
    fields = ticket.split(":")
    for text, why in (
        ("ABCDEF", "malformed"),
        ("", "malformed"),
        (f"PASSCULTURE:v3;TOKEN:{made.countermark}", "malformed"),
        (ticket[:-1], "forged"),
        (":".join([*fields[:4], "9", *fields[5:]]), "forged"),
        (":".join([*fields[:-1], theirs.split(":")[-1]]), "forged"),
        (":".join([*fields[:-1], "é" * 103]), "forged"),
        (theirs, "key-unknown"),
        (seat, "wrong-venue"),
    ):
        assert reason(till, text, now) == why, text
    theatre = await opened(partner, venue="theatre")
    assert reason(theatre, seat, now) == "not-yet"
    assert reason(theatre, seat, now + timedelta(days=3)) == "stale"
    theatre.lists.fetched_at = (now + timedelta(days=3)).isoformat()
    assert reason(theatre, seat, now + timedelta(days=3), quantity=1) == "wrong-quantity"
    assert theatre.accept(seat, now + timedelta(days=3), quantity=2).quantity == 2
    till.lists.fetched_at = (now + timedelta(days=9, hours=1)).isoformat()
    assert reason(till, ticket, now + timedelta(days=9, hours=1)) == "expired"
    await cancel(partner, made.id)
    assert reason(await opened(partner), ticket, now) == "revoked"
    await partner.keys.retire(fields[1], actor="staff:test", force=True)
    assert reason(await opened(partner), ticket, now) == "key-retired"


async def test_a_till_stays_within_its_venues_limit(partner: Partner) -> None:
    """By amount and by count, of what is not uploaded yet; zero is never."""
    tickets = [await partner.ticket(await partner.booked("till", s.STRANGER, number=n)) for n in range(3)]
    venue, now = partner.venues[PORT], partner.clock()
    for cents, count in ((690 * 2, 99), (99_999, 2)):
        await partner.deps.offline.set_limit(venue, most_cents=cents, most_count=count, actor="staff:test")
        till = await opened(partner, f"caisse {cents}")
        for ticket in tickets[:2]:
            till.accept(ticket, now)
        assert reason(till, tickets[2], now) == "over-limit"
    await upload(partner, till)
    assert till.accept(tickets[2], now)
    await partner.deps.offline.set_limit(venue, most_cents=0, most_count=0, actor="staff:test")
    assert reason(await opened(partner, "neuve"), tickets[2], now) == "over-limit"


async def test_printed_tickets_outlive_a_rotation_at_the_till(partner: Partner) -> None:
    """Published two days before it signs: a till that reads the list once a day verifies old tickets and new ones."""
    made = await partner.booked("till", s.STRANGER)
    printed = await partner.ticket(made)
    rotated = await partner.keys.rotate(actor="staff:test")
    known = keys_of(await keys(partner))
    partner.clock.later(hours=49)
    fresh = await partner.ticket(made)
    assert (fresh.split(":")[1], printed.split(":")[1] == rotated.id) == (rotated.id, False)
    venue = public_id("venue", partner.venues[PORT])
    assert verify(fresh, known, [venue], partner.clock()) == verify(printed, known, [venue], partner.clock())


async def test_published_lists_are_told_once(partner: Partner) -> None:
    """304 to whoever has them, until they change; keys are for anybody, revocations for the venue's keys."""
    made = await partner.booked("till", s.STRANGER)
    await partner.ticket(made)
    lists = f"/partner/v1{path(partner, '/revocations')}"
    for address, headers in ((KEYS, {}), (lists, partner.headers[PORT])):
        first = await partner.client.get(address, headers=headers)
        etag = first.headers["ETag"]
        again = await partner.client.get(address, headers=headers | {"If-None-Match": f'"x", W/{etag}'})
        assert (first.status, again.status, await again.read(), again.headers["ETag"]) == (200, 304, b"", etag)
    await cancel(partner, made.id)
    changed = await partner.client.get(lists, headers=partner.headers[PORT] | {"If-None-Match": etag})
    assert (changed.status, len((await changed.json())["hashes"])) == (200, 1)
    await partner.keys.rotate(actor="staff:test")
    assert (await partner.client.get(KEYS, headers={"If-None-Match": etag})).status == 200
    said = str(await keys(partner))
    for secret in await partner.deps.pool.fetch("select sealed from ticket_key"):
        assert secret["sealed"].hex() not in said
    assert (await partner.client.get(lists)).status == 401


async def test_each_entry_is_judged_by_itself(partner: Partner) -> None:
    """What is wrong with one is in its receipt; the others are decided."""
    ticket = await partner.ticket(await partner.booked("till", s.STRANGER))
    good = {"sequence": 1, "nonce": "n", "ticket": ticket, "acceptedAt": "2026-11-23T12:00:00Z"}
    entries = [
        good | {"sequence": 0},
        good | {"sequence": -(2**70)},
        good | {"quantity": -1},
        good | {"quantity": 10**12},
        good | {"acceptedAt": "2026-11-23T12:00:00"},
        good | {"acceptedAt": "hier"},
        good | {"more": 1},
        {},
        "texte",
        None,
        good | {"ticket": "A" * 600},
        good | {"sequence": 2, "nonce": "m", "quantity": 2},
        good,
        good | {"nonce": "other"},
    ]
    status, said = await partner.post(path(partner, "/entries"), body={"till": "caisse", "entries": entries})
    told = [one.get("problem", {}).get("type", one["outcome"]) for one in said["receipts"]]
    assert (status, [one["n"] for one in said["receipts"]]) == (200, list(range(len(entries))))
    assert told == ["/problems/invalid-body"] * 11 + [
        "/problems/countermark-wrong-quantity",
        "accepted",
        "/problems/sequence-reused",
    ]
    assert said["receipts"][2]["problem"]["path"] == "$.entries[2].quantity"
    for body in (
        {"till": "", "entries": [good]},
        {"till": "caisse", "entries": []},
        {"till": "caisse", "entries": [good] * 501},
        {"till": "a\nb", "entries": [good]},
    ):
        assert (await partner.post(path(partner, "/entries"), body=body))[0] == 422


@pytest.mark.parametrize("said", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
async def test_a_till_whose_clock_is_mad_uploads_the_rest(partner: Partner, said: str) -> None:
    """A time that is none in UTC is refused by its place; the entry after it is decided."""
    ticket = await partner.ticket(await partner.booked("till", s.STRANGER))
    entries = [
        {"sequence": n, "nonce": str(n), "ticket": ticket, "acceptedAt": at}
        for n, at in ((1, said), (2, "2026-11-23T12:00:00Z"))
    ]
    status, told = await partner.post(path(partner, "/entries"), body={"till": "caisse", "entries": entries})
    assert status == 200
    assert [one["outcome"] for one in told["receipts"]] == ["refused", "accepted"]
    assert told["receipts"][0]["problem"]["path"] == "$.entries[0].acceptedAt"


async def test_other_venues_are_unknown(partner: Partner) -> None:
    """To another vendor's key, by every route; and a key that may only look uploads nothing."""
    for what in ("", "/revocations", "/conflicts", "/risk"):
        status, problem = await partner.get(path(partner, what), "theatre")
        assert (status, problem["type"]) == (404, "/problems/venue-unknown")
    body = {"till": "caisse", "entries": [{}]}
    assert (await partner.post(path(partner, "/entries"), "theatre", body=body))[0] == 404
    partner.headers["narrow"] = await partner.key(PORT, ("countermarks:check",))
    assert (await partner.post(path(partner, "/entries"), "narrow", body=body))[0] == 403
    assert (await partner.get(path(partner, "/conflicts?after=%00")))[0] == 400


async def test_a_journal_is_no_way_to_guess(partner: Partner) -> None:
    """Forged tickets count as misses: the rest is not looked at, and may be sent again later."""
    made = await partner.booked("till", s.STRANGER)
    forged = write(read(await partner.ticket(made)).ticket, b"x" * 32)
    entries = [
        {"sequence": n, "nonce": str(n), "ticket": forged, "acceptedAt": "2026-11-23T12:00:00Z"} for n in range(1, 63)
    ]
    _, said = await partner.post(path(partner, "/entries"), body={"till": "caisse", "entries": entries})
    assert [one["outcome"] for one in said["receipts"]] == ["refused"] * 60 + ["undecided"] * 2


async def test_conflicts_are_read_page_by_page(partner: Partner) -> None:
    """The newest first; the last page has no next."""
    ticket = await partner.ticket(await partner.booked("till", s.STRANGER))
    for n in range(4):
        till = await opened(partner, f"caisse {n}")
        till.lists.revocations["hashes"].clear()
        till.accept(ticket, partner.clock())
        await upload(partner, till)
    seen, url = [], f"/partner/v1{path(partner, '/conflicts')}?limit=2"
    while url:
        answer = await partner.client.get(url, headers=partner.headers[PORT])
        seen += [one["till"] for one in (await answer.json())["conflicts"]]
        url = str(answer.links["next"]["url"].relative()) if "next" in answer.links else ""
    assert seen == ["caisse 3", "caisse 2", "caisse 1"]
