"""Seats that the provider sells itself: hold, confirm, compensate, and what happens when nobody answers."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bookings import errors
from bookings.external import ExternalSales
from bookings.external_claims import LEASE, Claim, Outcome, back_off


async def state(town, booking_id: int) -> str:
    return await town.pool.fetchval("select state from external_sale where booking_id = $1", booking_id)


async def test_a_seat_is_sold_there_and_here(town, ticketing) -> None:
    """Booked, the seat is sold in the provider's ticketing under our booking's id, and its ticket is ours."""
    person, show = await town.person(), await town.show(ticketing=ticketing, is_duo=True)
    made = await town.bookings().book(person, show.stock_id, 2, "k1")
    assert made.status == "confirmed"
    assert made.countermark is not None
    assert ticketing.standing() == {made.public_id}
    assert [f"{made.public_id}-0", f"{made.public_id}-1"] == [ticket.barcode for ticket in made.tickets]
    assert await town.counts(show.stock_id) == (0, 2)
    assert made == await town.bookings().book(person, show.stock_id, 2, "k1")
    assert ticketing.calls == ["hold", "confirm"]
    assert await town.audit() == []


async def test_a_refusal_there_gives_everything_back_here(town, ticketing) -> None:
    """Sold out there: refused with their figure, refunded, freed; the same key is answered the same."""
    ticketing.seats = 0
    person, show = await town.person(), await town.show(ticketing=ticketing)
    for _ in range(2):
        with pytest.raises(errors.ProviderRefused) as refused:
            await town.bookings().book(person, show.stock_id, 1, "k1")
        assert (refused.value.reason, refused.value.remaining) == ("not_enough_seats", 0)
    assert await town.balance(person) == 500_00
    assert await town.counts(show.stock_id) == (0, 0)
    (ended,) = await town.bookings().mine(person)
    assert (ended.status, ended.cancellation_reason, ended.countermark) == ("cancelled", "provider_refused", None)
    assert await town.audit() == []


@pytest.mark.parametrize("call", ["hold", "confirm"])
async def test_a_provider_that_is_down_sold_nothing(town, ticketing, call) -> None:
    """A request that was certainly not executed is an answer: everything is given back at once."""
    ticketing.fails = [call]
    person, show = await town.person(), await town.show(ticketing=ticketing)
    with pytest.raises(errors.ProviderDown):
        await town.bookings().book(person, show.stock_id, 1, "k1")
    assert await town.balance(person) == 500_00
    assert ticketing.standing() == set()
    assert await town.audit() == []


@pytest.mark.parametrize("call", ["hold", "confirm"])
async def test_a_lost_answer_is_resolved(town, clock, ticketing, call) -> None:
    """Unknown is said as such; the reconciler finds out; money, place and seat agree before and after."""
    ticketing.loses = [call]
    person, show = await town.person(), await town.show(ticketing=ticketing)
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    assert made.is_pending
    assert made.countermark is None
    assert await town.counts(show.stock_id) == (1, 0)
    assert await town.balance(person) == 485_00
    with pytest.raises(errors.BookingPending):
        await town.bookings().cancel(person, made.id)
    with pytest.raises(errors.StillRunning):
        await town.bookings().book(person, show.stock_id, 1, "k1")
    assert await town.audit() == []
    (doubt,) = await town.reconciler().in_doubt()
    assert (doubt.booking_id, doubt.state, doubt.last_error) == (made.id, "unknown", "réponse perdue")
    assert not await town.reconciler().resolve_pending()

    clock.later(seconds=31)
    assert (await town.bookings().book(person, show.stock_id, 1, "k1")).is_pending
    assert await town.reconciler().resolve_pending() == {Outcome.SOLD: 1}
    ended = await town.bookings().status(person, made.id)
    assert ended.status == "confirmed"
    assert ended.countermark is not None
    assert ticketing.standing() == {made.public_id}
    assert await town.counts(show.stock_id) == (0, 1)
    assert ended == await town.bookings().book(person, show.stock_id, 1, "k1")
    assert await town.reconciler().in_doubt() == []
    assert await town.audit() == []


async def test_a_process_killed_between_the_phases_loses_nothing(town, clock, ticketing) -> None:
    """Killed after the first commit, before the provider was asked: somebody else carries the sale through."""
    person, show = await town.person(), await town.show(ticketing=ticketing)
    asked, committed = asyncio.Event(), asyncio.Event()

    class Killed:
        async def seller_of(self, source_id):
            if asked.is_set():
                committed.set()
                await asyncio.Event().wait()
            asked.set()
            return ticketing

    directory, town.directory = town.directory, Killed()
    running = asyncio.create_task(town.bookings().book(person, show.stock_id, 1, "k1"))
    await committed.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    town.directory = directory
    assert ticketing.calls == []
    assert await town.audit() == []

    assert not await town.reconciler().resolve_pending()
    clock.now += LEASE
    assert await town.reconciler().resolve_pending() == {Outcome.SOLD: 1}
    (made,) = await town.bookings().mine(person)
    assert made.status == "confirmed"
    assert ticketing.standing() == {made.public_id}
    assert await town.audit() == []


async def test_a_sale_nobody_waits_for_is_not_made(town, clock, ticketing) -> None:
    """What could not be asked for within a quarter of an hour is given back, not sold to somebody who has gone."""
    ticketing.loses = ["hold"]
    person, show = await town.person(), await town.show(ticketing=ticketing)
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    clock.later(minutes=16)
    assert await town.reconciler().resolve_pending() == {Outcome.COMPENSATED: 1}
    assert await town.balance(person) == 500_00
    assert ticketing.standing() == set()
    with pytest.raises(errors.ProviderDown):
        await town.bookings().book(person, show.stock_id, 1, "k1")
    assert (await town.bookings().status(person, made.id)).status == "cancelled"
    assert await town.audit() == []


async def test_a_no_after_a_lost_answer_is_shown_to_people(town, clock, ticketing) -> None:
    """The person gets the money back; that the seat may be sold there all the same stays visible."""
    ticketing.loses, person = ["confirm"], await town.person()
    show = await town.show(ticketing=ticketing)
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    ticketing.refuses = ["confirm"]
    clock.later(seconds=31)
    assert await town.reconciler().resolve_pending() == {Outcome.COMPENSATED: 1}
    assert await town.balance(person) == 500_00
    clock.later(days=3)
    assert await town.reconciler().resolve_pending() == {Outcome.PENDING: 1}
    (doubt,) = await town.reconciler().in_doubt()
    assert (doubt.booking_id, doubt.state, doubt.booking_status) == (made.id, "unknown", "cancelled")
    assert await town.audit() == []


async def test_a_provider_that_stays_silent_is_asked_again_and_again(town, clock, ticketing) -> None:
    """Back-off grows to an hour and the sale is never dropped."""
    ticketing.loses = ["confirm"] * 12
    show = await town.show(ticketing=ticketing)
    made = await town.bookings().book(await town.person(), show.stock_id, 1, "k1")
    for _ in range(11):
        clock.later(hours=1)
        assert await town.reconciler().resolve_pending() == {Outcome.PENDING: 1}
    clock.later(hours=1)
    assert await town.reconciler().resolve_pending() == {Outcome.SOLD: 1}
    assert ticketing.standing() == {made.public_id}
    waits = [back_off(attempts).total_seconds() for attempts in range(1, 40)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (30, 3600)


async def test_a_cancellation_cancels_there_too(town, clock, ticketing) -> None:
    """Refunded at once; cancelled there now or, where that fails, as soon as it works. Twice harms nothing."""
    person, show = await town.person(), await town.show(ticketing=ticketing)
    bookings = town.bookings()
    first = await bookings.book(person, show.stock_id, 1, "k1")
    await bookings.cancel(person, first.id)
    assert await state(town, first.id) == "cancelled"
    assert ticketing.standing() == set()

    second = await bookings.book(person, show.stock_id, 1, "k2")
    ticketing.fails, ticketing.loses = ["cancel"], ["cancel"]
    assert (await bookings.cancel(person, second.id)).status == "cancelled"
    assert await town.balance(person) == 500_00
    assert await state(town, second.id) == "cancelling"
    assert await town.audit() == []
    for outcome in (Outcome.PENDING, Outcome.CANCELLED):
        clock.later(hours=1)
        assert {outcome: 1} == await town.reconciler().resolve_pending()
    assert ticketing.standing() == set()
    assert await town.audit() == []


async def test_a_venues_cancellation_reaches_its_ticketing(town, clock, ticketing) -> None:
    """Cancelled at the desk, the seat is freed in the provider's ticketing by the reconciler."""
    show, key = await town.show(ticketing=ticketing), await town.key()
    made = await town.bookings().book(await town.person(), show.stock_id, 1, "k1")
    await town.desk().cancel(made.countermark, [show.venue_id], key)
    assert await town.reconciler().resolve_pending() == {Outcome.CANCELLED: 1}
    assert ticketing.standing() == set()
    assert await town.audit() == []


async def test_too_few_tickets_are_no_sale(town, clock, ticketing) -> None:
    """Fewer tickets than seats: refused, refunded, and what was sold there is cancelled there."""
    ticketing.fewer = 1
    person, show = await town.person(), await town.show(ticketing=ticketing, is_duo=True)
    with pytest.raises(errors.ProviderRefused) as refused:
        await town.bookings().book(person, show.stock_id, 2, "k1")
    assert refused.value.reason == "fewer_tickets"
    assert await town.balance(person) == 500_00
    assert len(ticketing.standing()) == 1
    clock.later(minutes=2)
    assert await town.reconciler().resolve_pending() == {Outcome.CANCELLED: 1}
    assert ticketing.standing() == set()
    assert await town.audit() == []


async def test_who_was_overtaken_writes_nothing(town, clock, ticketing) -> None:
    """A worker whose lease ran out finds that the sale is somebody else's."""
    ticketing.loses = ["hold"]
    person, show = await town.person(), await town.show(ticketing=ticketing)
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    clock.later(minutes=1)
    await town.reconciler().resolve_pending()
    late = ExternalSales(town.pool, town.directory, clock)
    calls = list(ticketing.calls)
    assert await late.carry_on(Claim(made.id, 1)) == (Outcome.OVERTAKEN, None)
    assert calls == ticketing.calls
    assert (await town.bookings().status(person, made.id)).status == "confirmed"


async def test_tickets_that_come_after_the_compensation_are_cancelled_there(town, clock, ticketing) -> None:
    """A confirmation slower than its lease finds the booking given back: the seat it bought is sold back."""
    person, show = await town.person(), await town.show(ticketing=ticketing)
    entered, release = asyncio.Event(), asyncio.Event()

    class Slow:
        def __getattr__(self, name):
            return getattr(ticketing, name)

        async def confirm(self, hold, order):
            entered.set()
            await release.wait()
            return await ticketing.confirm(hold, order)

    town.directory.sellers[show.source_id] = Slow()
    slow = asyncio.create_task(town.bookings().book(person, show.stock_id, 1, "k1"))
    await entered.wait()
    town.directory.sellers[show.source_id] = ticketing
    ticketing.refuses = ["confirm"]
    clock.later(minutes=2)
    assert await town.reconciler().resolve_pending() == {Outcome.COMPENSATED: 1}
    release.set()
    assert (await slow).status == "cancelled"
    assert len(ticketing.standing()) == 1
    clock.later(minutes=2)
    assert await town.reconciler().resolve_pending() == {Outcome.CANCELLED: 1}
    assert ticketing.standing() == set()
    assert await town.balance(person) == 500_00
    assert await town.audit() == []


async def test_many_buyers_and_a_flaky_ticketing_agree_seat_by_seat(town, clock, ticketing, wide_pool) -> None:
    """Sixty people, twenty seats, answers lost at every step: in the end both sides count the same seats."""
    ticketing.seats = 20
    ticketing.loses = ["hold", "confirm"] * 6
    people, show = await town.people(60), await town.show(seats=30, ticketing=ticketing)
    bookings = town.bookings(wide_pool)
    await asyncio.gather(*(bookings.book(person, show.stock_id, 1, "k1") for person in people), return_exceptions=True)
    assert await town.audit() == []
    for _ in range(4):
        clock.later(minutes=2)
        await asyncio.gather(*(town.reconciler().resolve_pending() for _ in range(3)))
    ours = [one.public_id for person in people for one in await bookings.mine(person) if one.status == "confirmed"]
    assert ticketing.standing() == set(ours)
    assert await town.counts(show.stock_id) == (0, len(ours))
    assert len(ours) <= 20
    assert await town.audit() == []


async def test_two_reconcilers_share_the_work(town, clock, ticketing) -> None:
    """Side by side they resolve each sale once."""
    ticketing.loses = ["confirm"] * 8
    for person in await town.people(8):
        show = await town.show(ticketing=ticketing)
        await town.bookings().book(person, show.stock_id, 1, "k1")
    clock.later(minutes=1)
    counts = await asyncio.gather(*(town.reconciler().resolve_pending() for _ in range(3)))
    assert sum(count[Outcome.SOLD] for count in counts) == 8
    assert ticketing.calls.count("confirm") == 16


async def test_a_stock_its_ticketing_no_longer_names_is_not_bookable(town, ticketing) -> None:
    """Without the provider's keys nothing can be asked for, so nothing is charged."""
    person, show = await town.person(), await town.show(ticketing=ticketing)
    await town.pool.execute("delete from source_record")
    with pytest.raises(errors.StockNotBookable):
        await town.bookings().book(person, show.stock_id, 1, "k1")
    assert await town.balance(person) == 500_00


async def test_a_lost_sale_is_looked_up_and_not_repeated(town, clock, ticketing) -> None:
    """With a look-up nothing is asked for twice; its own answer may be lost as well."""
    ticketing.looks_up, ticketing.sells_once = True, False
    ticketing.loses = ["confirm", "status"]
    person, show = await town.person(), await town.show(ticketing=ticketing)
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    assert made.is_pending
    clock.later(seconds=31)
    assert await town.reconciler().resolve_pending() == {Outcome.PENDING: 1}
    clock.later(minutes=2)
    assert await town.reconciler().resolve_pending() == {Outcome.SOLD: 1}
    assert ticketing.calls == ["hold", "confirm", "status", "status"]
    assert len((await town.bookings().status(person, made.id)).tickets) == 1
    assert await town.audit() == []


async def test_what_would_sell_twice_is_never_asked_again(town, clock, ticketing) -> None:
    """Neither sold once nor looked up: refunded at the next turn, and listed for ever."""
    ticketing.sells_once, ticketing.loses = False, ["confirm"]
    person, show = await town.person(), await town.show(ticketing=ticketing)
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    clock.later(seconds=31)
    assert await town.reconciler().resolve_pending() == {Outcome.COMPENSATED: 1}
    clock.later(days=30)
    assert await town.reconciler().resolve_pending() == {Outcome.PENDING: 1}
    assert ticketing.calls == ["hold", "confirm"]
    [doubt] = await town.reconciler().in_doubt()
    assert (doubt.booking_id, doubt.last_error) == (made.id, "à vérifier auprès du lieu")
    clock.later(days=1)
    await town.reconciler().resolve_pending()
    [mail] = await town.pool.fetch("select letter from mail where kind = 'doubt'")
    assert made.public_id in mail["letter"]
    assert await town.balance(person) == 500_00
    assert await town.audit() == []


@pytest.mark.parametrize("sold_late", [True, False])
async def test_what_was_given_back_in_doubt_is_looked_up_once_more(town, clock, ticketing, sold_late) -> None:
    """A request executed after the look-up said no is found ten minutes later, and its seat given back there."""
    ticketing.looks_up, ticketing.sells_once = True, False
    person, show = await town.person(), await town.show(ticketing=ticketing)
    ticketing.loses = ["confirm"]
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    late = ticketing.sold.pop(made.public_id)
    clock.later(seconds=31)
    assert await town.reconciler().resolve_pending() == {Outcome.COMPENSATED: 1}
    if sold_late:
        ticketing.sold[made.public_id] = late
    clock.later(minutes=5)
    assert not await town.reconciler().resolve_pending()
    clock.later(minutes=6)
    last = Outcome.CANCELLED if sold_late else Outcome.NOT_SOLD
    assert await town.reconciler().resolve_pending() == {last: 1}
    assert ticketing.standing() == set()
    assert await town.reconciler().in_doubt() == []
    assert await town.balance(person) == 500_00
    assert await town.audit() == []


async def test_tickets_beyond_the_seats_are_given_back_there(town, clock, ticketing) -> None:
    """One ticket too many: the booking stands with its own, and the other is cancelled, however often that fails."""
    ticketing.fewer, ticketing.fails = -1, ["cancel"]
    person, show = await town.person(), await town.show(ticketing=ticketing)
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    assert (made.status, len(made.tickets)) == ("confirmed", 1)
    assert [doubt.state for doubt in await town.reconciler().in_doubt()] == ["sold"]
    for outcome in (Outcome.PENDING, Outcome.CANCELLED):
        clock.later(hours=1)
        assert await town.reconciler().resolve_pending() == {outcome: 1}
    assert [ticket.barcode for ticket in ticketing.sold[made.public_id]] == [ticket.barcode for ticket in made.tickets]
    assert await town.reconciler().in_doubt() == []
    assert await town.audit() == []


async def test_seats_left_never_overwrite_a_newer_word(town, clock, ticketing) -> None:
    """What the answer to a sale tells is taken as of when it was asked: a reading that came later stands."""
    ticketing.tells_left, ticketing.seats = True, 7
    show = await town.show(seats=50, ticketing=ticketing, sales_seen="at_booking")
    first = await town.person()
    made = await town.bookings().book(first, show.stock_id, 1, "k1")
    row = "select available, seen, total, observed_at from supply"
    assert tuple(await town.pool.fetchrow(row)) == (6, 1, 7, clock.now)
    clock.later(minutes=1)
    await town.bookings().cancel(first, made.id)
    assert tuple(await town.pool.fetchrow(row)) == (7, 0, 7, clock.now)
    newer = clock.now + timedelta(hours=1)
    await town.pool.execute("update supply set available = 3, observed_at = $1", newer)
    await town.bookings().book(await town.person(), show.stock_id, 1, "k2")
    assert tuple(await town.pool.fetchrow(row)) == (3, 0, 3, newer)
    await town.pool.execute("update supply set observed_at = $1", clock.now)
    ticketing.seats = 1
    with pytest.raises(errors.ProviderRefused):
        await town.bookings().book(await town.person(), show.stock_id, 1, "k3")
    assert (await town.pool.fetchrow(row))["available"] == 0
    assert await town.audit() == []
