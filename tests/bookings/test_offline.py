"""What tills accepted without us, decided when their journals come."""

from __future__ import annotations

import asyncio
import contextlib
import random
import uuid
from datetime import timedelta

import asyncpg
import pytest

from bookings import errors, token_errors
from bookings.offline import Entry, OfflineDesk, Place, Receipt, Uploader
from bookings.offline_reports import conflicts, risk
from bookings.retention import purge_tickets
from bookings.ticket_format import short_hash
from bookings.ticket_keys import TicketKeys
from bookings.tickets import Tickets
from sync.vault import Vault

VAULT = Vault([b"v" * 32])


@pytest.fixture
def offline(town) -> OfflineDesk:
    return OfflineDesk(town.pool, town.clock)


@pytest.fixture
def tickets(town) -> Tickets:
    return Tickets(town.pool, TicketKeys(town.pool, VAULT, town.clock), town.clock)


async def till(town, placed, name: str = "caisse 1") -> Uploader:
    """A till of the venue, with a key and a vendor of its own."""
    key = await town.key()
    vendor = await town.pool.fetchval("select vendor_id from api_key where id = $1", key)
    return Uploader(vendor, key, Place(placed.venue_id, (placed.venue_id,)), name)


async def booked(town, tickets, **book):
    """A book, its booking, who made it and the ticket they show."""
    placed, person = await town.book(**book), await town.person()
    made = await town.bookings().book(person, placed.stock_id, 1, "k")
    return placed, made, person, (await tickets.of(person, made.id)).signed


def entry(
    ticket: str, sequence: int = 1, *, at: timedelta = timedelta(0), nonce: str | None = None, town=None
) -> Entry:
    return Entry(sequence, nonce or uuid.uuid4().hex, ticket, town.clock.now + at)


def told(receipt: Receipt) -> tuple[object, ...]:
    """All that a receipt says: refusals are equal by what they tell."""
    refusal = receipt.refusal and errors.remember(receipt.refusal)
    return receipt.outcome, receipt.received_at, receipt.used_at, refusal


async def test_an_entry_is_decided_once(town, offline, tickets, clock) -> None:
    """Accepted when it is received, by our clock; sent again, it gets the same receipt, and nothing is written."""
    placed, made, person, ticket = await booked(town, tickets)
    caisse = await till(town, placed)
    clock.later(hours=3)
    said = entry(ticket, at=timedelta(hours=-2), town=town)
    first = await offline.receive(caisse, said)
    assert (first.outcome, first.used_at, first.received_at) == ("accepted", clock.now, clock.now)
    clock.later(days=1)
    assert await offline.receive(caisse, said) == first
    assert (await town.bookings().status(person, made.id)).used_at == first.used_at
    assert await town.pool.fetchval("select count(*) from offline_entry") == 1
    assert await town.audit() == []


async def test_fifty_tills_with_one_ticket_are_one(town, wide_pool, tickets) -> None:
    """Exactly one wins, at the same moment on open connections; each of the others knows which."""
    placed, made, _, ticket = await booked(town, tickets)
    desk = OfflineDesk(wide_pool, town.clock)
    tills = [await till(town, placed, f"caisse {n}") for n in range(50)]
    receipts = await asyncio.gather(*(desk.receive(one, entry(ticket, town=town)) for one in tills))
    won = [one.till for one, receipt in zip(tills, receipts, strict=True) if receipt.outcome == "accepted"]
    lost = [receipt.refusal for receipt in receipts if receipt.outcome == "conflict"]
    assert (len(won), len(lost)) == (1, 49)
    assert {(type(refusal), refusal.used_where) for refusal in lost} == {(errors.AlreadyUsed, won[0])}
    told = await conflicts(wide_pool, tills[0].place)
    assert len(told) == 49
    assert {(one.winner_till, one.winner_sequence, one.ticket) for one in told} == {(won[0], 1, short_hash(made.id))}
    assert await town.audit() == []


async def test_one_journal_sent_many_times_at_once_is_decided_once(town, wide_pool, tickets) -> None:
    """A till that repeats itself at the same moment gets one and the same receipt."""
    placed, _, _, ticket = await booked(town, tickets)
    desk, caisse, said = OfflineDesk(wide_pool, town.clock), await till(town, placed), entry(ticket, town=town)
    receipts = await asyncio.gather(*(desk.receive(caisse, said) for _ in range(20)))
    assert {receipt.outcome for receipt in receipts} == {"accepted"}
    assert await town.pool.fetchval("select count(*) from offline_entry") == 1
    assert await town.audit() == []


async def test_the_order_of_receipt_decides_and_not_the_clocks(town, offline, tickets, clock) -> None:
    """Who says that it was earlier, and comes later, has lost; an acceptance made with us counts like any other."""
    placed, _, _, ticket = await booked(town, tickets)
    slow, quick = await till(town, placed, "lente"), await till(town, placed, "rapide")
    await offline.receive(quick, entry(ticket, at=timedelta(hours=9), town=town))
    late = await offline.receive(slow, entry(ticket, at=timedelta(days=-9), town=town))
    assert (late.outcome, late.refusal.used_where) == ("conflict", "rapide")
    _, made, _, other = placed, *(await booked(town, tickets))[1:]
    row = await town.pool.fetchrow("select venue_id from booking where id = $1", made.id)
    await town.desk().use(made.countermark, [row["venue_id"]], quick.key_id, "n")
    there = Uploader(slow.vendor_id, slow.key_id, Place(row["venue_id"], (row["venue_id"],)), "lente")
    lost = await offline.receive(there, entry(other, 2, town=town))
    assert (lost.outcome, lost.refusal.used_where) == ("conflict", "caisse")
    [told] = await conflicts(town.pool, there.place)
    assert (told.winner_till, told.winner_sequence, told.sequence) == (None, None, 2)


async def test_what_became_of_the_booking_since_is_a_conflict(town, offline, tickets, clock) -> None:
    """Cancelled by its owner, or expired; the money stays where it is, and the venue sees what it lost."""
    placed, made, person, ticket = await booked(town, tickets)
    caisse = await till(town, placed)
    await town.bookings().cancel(person, made.id)
    cancelled = await offline.receive(caisse, entry(ticket, town=town))
    assert (cancelled.outcome, type(cancelled.refusal)) == ("conflict", errors.Cancelled)
    assert await town.balance(person) == 500_00
    other_place, _, _, other = await booked(town, tickets)
    clock.later(days=11)
    await town.bookings().expire_due()
    there = await till(town, other_place)
    expired = await offline.receive(there, entry(other, town=town))
    assert (expired.outcome, type(expired.refusal)) == ("conflict", errors.Expired)
    said = await risk(town.pool, await offline.policy(there.place), clock.now)
    assert (said.conflicts, said.conflict_cents, said.accepted) == (1, 890, 0)
    assert await town.audit() == []


async def test_a_till_ahead_of_its_time_is_told_so(town, offline, tickets) -> None:
    """While the person may still cancel nothing is accepted, whatever the till's clock says."""
    show, person = await town.show(), await town.person()
    made = await town.bookings().book(person, show.stock_id, 1, "k")
    ticket = (await tickets.of(person, made.id)).signed
    receipt = await offline.receive(await till(town, show), entry(ticket, at=timedelta(days=9), town=town))
    assert (receipt.outcome, type(receipt.refusal)) == ("conflict", errors.NotYet)
    assert (await town.bookings().status(person, made.id)).status == "confirmed"


async def test_a_late_journal_tells_who_accepted_what_was_used_by_itself(town, offline, tickets, clock) -> None:
    """Two days after a session its bookings are used by nobody's act: the till that did accept is not in conflict."""
    show, person = await town.show(begins_in=timedelta(days=3)), await town.person()
    made = await town.bookings().book(person, show.stock_id, 1, "k")
    ticket = (await tickets.of(person, made.id)).signed
    clock.later(days=6)
    await town.pool.execute("update booking set status = 'used', used_at = $1", clock.now)
    clock.later(hours=1)
    receipts = [
        await offline.receive(await till(town, show, name), entry(ticket, town=town)) for name in ("une", "deux")
    ]
    assert [receipt.outcome for receipt in receipts] == ["accepted", "conflict"]
    assert receipts[1].refusal.used_where == "une"
    assert receipts[0].used_at == clock.now - timedelta(hours=1)
    assert await town.audit() == []


async def test_a_journal_may_come_after_the_tickets_time(town, offline, tickets, clock) -> None:
    """The ticket's own time was for the till to judge: what counts on receipt is whether the booking stands."""
    show, person = await town.show(begins_in=timedelta(days=3)), await town.person()
    made = await town.bookings().book(person, show.stock_id, 1, "k")
    ticket = (await tickets.of(person, made.id)).signed
    clock.later(days=20)
    with pytest.raises(token_errors.TicketExpired):
        await town.desk().use(ticket, [show.venue_id], await town.key(), "n")
    receipt = await offline.receive(await till(town, show), entry(ticket, at=timedelta(days=-17), town=town))
    assert (receipt.outcome, receipt.used_at) == ("accepted", clock.now)


async def test_what_is_no_ticket_of_this_venue_is_refused(town, offline, tickets) -> None:
    """A bare countermark, a forged ticket, another venue's; each kept with its reason, without the ticket."""
    placed, made, _, ticket = await booked(town, tickets)
    caisse, elsewhere = await till(town, placed), await till(town, await town.book())
    forged = ticket[:-10] + ("A" if ticket[-10] != "A" else "B") + ticket[-9:]
    for n, (where, text, reason) in enumerate(
        (
            (caisse, made.countermark, token_errors.TicketUnsigned),
            (caisse, forged, token_errors.TicketForged),
            (caisse, ticket[:40], token_errors.TicketMalformed),
            (elsewhere, ticket, token_errors.WrongVenue),
        ),
        1,
    ):
        receipt = await offline.receive(where, entry(text, n, town=town))
        assert (receipt.outcome, type(receipt.refusal)) == ("refused", reason)
    kept = str(await town.pool.fetch("select * from offline_entry"))
    assert made.countermark not in kept
    assert ticket[:40] not in kept
    assert (await offline.receive(caisse, entry(ticket, 9, town=town))).outcome == "accepted"


async def test_a_number_is_used_once(town, offline, tickets) -> None:
    """Another entry under the number or the nonce of an earlier one is refused, whichever it was; nothing changes."""
    placed, _, _, ticket = await booked(town, tickets)
    caisse = await till(town, placed)
    first = entry(ticket, 7, nonce="a", town=town)
    await offline.receive(caisse, first)
    for other in (
        entry(ticket, 7, nonce="b", town=town),
        entry(ticket, 8, nonce="a", town=town),
        entry("PC1:", 7, nonce="a", town=town),
    ):
        receipt = await offline.receive(caisse, other)
        assert (receipt.outcome, type(receipt.refusal)) == ("refused", token_errors.SequenceReused)
    assert await town.pool.fetchval("select count(*) from offline_entry") == 1
    other_till = Uploader(caisse.vendor_id, caisse.key_id, caisse.place, "caisse 2")
    assert (await offline.receive(other_till, entry(ticket, 7, nonce="a", town=town))).outcome == "accepted"


async def test_a_use_whose_answer_was_lost_may_come_again_in_the_journal(town, offline, tickets) -> None:
    """Made with us, the answer lost, written into the journal under the same number: it is the same use."""
    placed, made, _, ticket = await booked(town, tickets)
    caisse = await till(town, placed)
    used_at = await town.desk().use(made.countermark, [placed.venue_id], caisse.key_id, "n1")
    receipt = await offline.receive(caisse, entry(ticket, nonce="n1", town=town))
    assert (receipt.outcome, receipt.used_at) == ("accepted", used_at)


async def test_the_revocation_list_holds_what_looks_good_and_is_not(town, offline, tickets, clock) -> None:
    """Used or cancelled bookings with a ticket that is still good; not those that stand, are over, or have none."""
    placed, used, _, _ = await booked(town, tickets)
    place = Place(placed.venue_id, (placed.venue_id,))
    person = await town.person()
    standing = await town.bookings().book(person, placed.stock_id, 1, "k")
    await tickets.of(person, standing.id)
    unseen = await town.bookings().book(await town.person(), placed.stock_id, 1, "k")
    assert await offline.revocations(place) == []
    for made in (used, unseen):
        await town.desk().use(made.countermark, [placed.venue_id], await town.key(), "n")
    assert await offline.revocations(place) == [short_hash(used.id)]
    await town.bookings().cancel(person, standing.id)
    assert await offline.revocations(place) == sorted([short_hash(used.id), short_hash(standing.id)])
    await town.desk().keep(used.countermark, [placed.venue_id], await town.key())
    assert await offline.revocations(place) == [short_hash(standing.id)]
    clock.later(days=11)
    assert await offline.revocations(place) == []
    assert await purge_tickets(town.pool, clock.now) == 0
    assert await purge_tickets(town.pool, clock.now + timedelta(days=30)) == 2


async def test_a_venue_sets_what_it_risks(town, offline, tickets) -> None:
    """The usual limit, the venue's own, and none at all; who set it is in the audit log."""
    placed, _, _, ticket = await booked(town, tickets)
    caisse = await till(town, placed)
    assert ((policy := await offline.policy(caisse.place)).most_cents, policy.most_count) == (100_00, 20)
    await offline.set_limit(placed.venue_id, most_cents=50_00, most_count=3, actor="staff:test")
    policy = await offline.policy(caisse.place)
    assert (policy.most_cents, policy.most_count) == (50_00, 3)
    await offline.receive(caisse, entry(ticket, 1, town=town))
    await offline.receive(caisse, entry(ticket, 4, town=town))
    said = await risk(town.pool, policy, town.clock.now)
    assert (said.accepted, said.accepted_cents, said.conflicts, said.exposed_cents) == (1, 890, 1, 50_00)
    [seen] = said.tills
    assert (seen.till, seen.last_sequence, seen.missing, seen.conflicts) == ("caisse 1", 4, 2, 1)
    with pytest.raises(ValueError, match="négatif"):
        await offline.set_limit(placed.venue_id, most_cents=-1, most_count=3, actor="staff:test")
    with pytest.raises(LookupError):
        await offline.set_limit(424_242, most_cents=1, most_count=3, actor="staff:test")
    assert await town.pool.fetchval("select actor from audit_event where action = 'offline.limit_set'") == "staff:test"


async def test_journals_are_never_changed(town, offline, tickets) -> None:
    """Neither updated, nor deleted, nor emptied."""
    placed, _, _, ticket = await booked(town, tickets)
    await offline.receive(await till(town, placed), entry(ticket, town=town))
    for sql in ("update offline_entry set till = 'x'", "delete from offline_entry", "truncate offline_entry"):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await town.pool.execute(sql)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_tills_do_with_and_without_network(town, offline, tickets, clock, seed) -> None:
    """Eighty steps at random by owners, tills, journals sent late or twice, and time: every receipt stays true.

    What was accepted is one acceptance at a time; a journal sent again is answered as before; no rule is broken.
    """
    chance = random.Random(seed)
    places = [await town.book(copies=None, price_cents=100), await town.show(seats=None, begins_in=timedelta(days=9))]
    desk, bookings, held, receipts = town.desk(), town.bookings(), [], {}
    tills = [await till(town, place, name) for place in places for name in ("une", "deux")]

    async def step(n: int) -> None:
        match chance.choice(["book"] * 2 + ["cancel", "use", "keep", "wait", "expire"] + ["alone"] * 4 + ["again"] * 2):
            case "book":
                place, person = chance.choice(places), await town.person()
                made = await bookings.book(person, place.stock_id, 1, "k")
                held.append((place, person, made, (await tickets.of(person, made.id)).signed))
            case "cancel" if held:
                _, person, made, _ = chance.choice(held)
                await bookings.cancel(person, made.id)
            case ("use" | "keep") as act if held:
                place, _, made, signed = chance.choice(held)
                call = {"use": desk.use, "keep": desk.keep}[act]
                await call(chance.choice([made.countermark, signed]), [place.venue_id], chance.choice(tills).key_id)
            case "alone" if held:
                signed, one = chance.choice(held)[3], chance.choice(tills)
                said = Entry(n + 1, f"n{n}", signed, clock.now + timedelta(hours=chance.randint(-99, 99)))
                receipts[one, said] = await offline.receive(one, said)
            case "again" if receipts:
                one, said = chance.choice(sorted(receipts, key=lambda pair: pair[1].sequence))
                assert told(await offline.receive(one, said)) == told(receipts[one, said])
            case "wait":
                clock.later(hours=chance.randint(1, 60))
            case "expire":
                await bookings.expire_due()

    for n in range(80):
        with contextlib.suppress(errors.Refusal):
            await step(n)
        standing = await town.pool.fetchval(
            "select count(*) from booking b where (b.status = 'used') <> exists (select from acceptance a"
            " where a.booking_id = b.id and a.action = 'use' and a.outcome = 'accepted' and a.undone_at is null)"
        )
        assert standing == 0
    assert await town.audit() == []
    outcomes = [receipt.outcome for receipt in receipts.values()]
    assert {"accepted", "conflict", "refused"} >= set(outcomes) >= {"accepted", "conflict"}
    stored = await town.pool.fetch("select outcome from offline_entry order by sequence")
    assert [row["outcome"] for row in stored] == outcomes
