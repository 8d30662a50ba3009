"""What tills do with countermarks."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest

from bookings import errors
from bookings.countermarks import ALPHABET, LENGTH, draw, normalise
from bookings.retention import ATTEMPTS_KEPT, purge_attempts


async def booked(town, **book):
    """A book, its booking, and a till's key."""
    placed = await town.book(**book)
    person = await town.person()
    return placed, await town.bookings().book(person, placed.stock_id, 1, "k1"), await town.key(), person


async def test_a_use_and_its_repetition(town, clock) -> None:
    """The till that lost our answer is told again that it won, when it did; anybody else is refused."""
    placed, made, key, person = await booked(town)
    desk, venues = town.desk(), [placed.venue_id]
    used_at = await desk.use(made.countermark, venues, key, "n1")
    clock.later(minutes=5)
    assert await desk.use(made.countermark, venues, key, "n1") == used_at
    for other_key, nonce in ((key, "n2"), (key, None), (await town.key(), "n1")):
        with pytest.raises(errors.AlreadyUsed) as refused:
            await desk.use(made.countermark, venues, other_key, nonce)
        assert refused.value.used_at == used_at
    assert (await town.bookings().status(person, made.id)).used_at == used_at
    with pytest.raises(errors.AlreadyUsed):
        await town.bookings().cancel(person, made.id)
    assert await town.audit() == []


async def test_a_countermark_is_typed_as_people_type(town) -> None:
    """Lower case and blanks around it are accepted."""
    placed, made, key, _ = await booked(town)
    assert await town.desk().use(f" {made.countermark.lower()} ", [placed.venue_id], key, "n1")


async def test_a_check_changes_nothing_and_says_what_a_use_would(town) -> None:
    """It shows what to hand over, and refuses what a use would refuse."""
    placed, made, key, person = await booked(town)
    desk, venues = town.desk(), [placed.venue_id]
    view = await desk.check(made.countermark, venues, key)
    assert (view.booking_id, view.pseudonym, view.promise) == (made.id, person, made.promise)
    assert (await town.bookings().status(person, made.id)).status == "confirmed"
    await desk.use(made.countermark, venues, key, "n1")
    with pytest.raises(errors.AlreadyUsed):
        await desk.check(made.countermark, venues, key)


async def test_a_foreign_countermark_is_not_told_from_none(town) -> None:
    """With another venue's key a real countermark and an invented one answer the same, and stay as they are."""
    placed, made, key, person = await booked(town)
    stranger = await town.venue()
    invented = next(mark for mark in draw(2) if mark != made.countermark)
    answers = []
    for token in (made.countermark, invented, "pas une contremarque", "", "\ud800", "0" * 10_000):
        for act in ("check", "use", "keep", "cancel"):
            with pytest.raises(errors.CountermarkUnknown) as refused:
                await getattr(town.desk(), act)(token, [stranger], key)
            answers.append((str(refused.value), vars(refused.value)))
    assert answers == [answers[0]] * 24
    with pytest.raises(errors.CountermarkUnknown):
        await town.desk().use(made.countermark, [], key)
    assert (await town.bookings().status(person, made.id)).status == "confirmed"
    assert await town.desk().use(made.countermark, [placed.venue_id, stranger], key)


async def test_attempts_are_recorded_without_what_was_tried(town, caplog) -> None:
    """Each attempt leaves a row with its key and outcome; no countermark is in it, in a log or in an exception."""
    placed, made, key, _ = await booked(town)
    caplog.set_level(logging.DEBUG)
    with pytest.raises(errors.CountermarkUnknown):
        await town.desk().use("ZZZZZZ", [placed.venue_id], key)
    await town.desk().use(made.countermark, [placed.venue_id], key, "n1")
    with pytest.raises(errors.AlreadyUsed) as refused:
        await town.desk().use(made.countermark, [placed.venue_id], key, "n2")
    rows = await town.pool.fetch("select * from acceptance order by id")
    assert [(row["action"], row["outcome"]) for row in rows] == [
        ("use", "CountermarkUnknown"),
        ("use", "accepted"),
        ("use", "AlreadyUsed"),
    ]
    assert {row["api_key_id"] for row in rows} == {key}
    assert [row["booking_id"] for row in rows] == [None, made.id, made.id]
    written = f"{rows} {refused.value!r} {vars(refused.value)} {caplog.text}"
    assert made.countermark not in written
    assert "ZZZZZZ" not in written


async def test_an_event_is_not_used_while_it_can_be_cancelled(town, clock) -> None:
    """Until the person can no longer cancel, the countermark is not yet valid, and says from when."""
    show, key, person = await town.show(), await town.key(), await town.person()
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    with pytest.raises(errors.NotYet) as refused:
        await town.desk().use(made.countermark, [show.venue_id], key, "n1")
    assert refused.value.valid_from == made.cancellable_until
    clock.now = made.cancellable_until
    assert await town.desk().use(made.countermark, [show.venue_id], key, "n1") == clock.now


async def test_a_use_taken_back_can_be_made_again_but_not_by_a_late_repetition(town) -> None:
    """After keep the countermark is good again; the till's old message, come late, is not a new use."""
    placed, made, key, person = await booked(town)
    desk, venues = town.desk(), [placed.venue_id]
    with pytest.raises(errors.NotUsed):
        await desk.keep(made.countermark, venues, key)
    await desk.use(made.countermark, venues, key, "n1")
    await desk.keep(made.countermark, venues, key)
    assert (await town.bookings().status(person, made.id)).status == "confirmed"
    with pytest.raises(errors.UseTakenBack):
        await desk.use(made.countermark, venues, key, "n1")
    assert await desk.use(made.countermark, venues, key, "n2")
    assert await town.audit() == []


async def test_what_was_reimbursed_is_over(town) -> None:
    """A booking the venue was paid for is neither used, taken back nor cancelled."""
    placed, made, key, person = await booked(town)
    await town.desk().use(made.countermark, [placed.venue_id], key, "n1")
    await town.pool.execute("update booking set status = 'reimbursed' where id = $1", made.id)
    for act in ("check", "use", "keep", "cancel"):
        with pytest.raises(errors.AlreadyReimbursed):
            await getattr(town.desk(), act)(made.countermark, [placed.venue_id], key)
    with pytest.raises(errors.AlreadyReimbursed):
        await town.bookings().cancel(person, made.id)


async def test_cancelled_and_expired_are_told_apart(town, clock) -> None:
    """Each with its moment."""
    placed, made, key, person = await booked(town)
    other = await town.book()
    second = await town.bookings().book(person, other.stock_id, 1, "k2")
    ended = await town.bookings().cancel(person, made.id)
    clock.later(days=11)
    await town.bookings().expire_due()
    for act in ("check", "use", "keep", "cancel"):
        with pytest.raises(errors.Cancelled) as cancelled:
            await getattr(town.desk(), act)(made.countermark, [placed.venue_id], key)
        assert cancelled.value.cancelled_at == ended.cancelled_at
        with pytest.raises(errors.Expired) as expired:
            await getattr(town.desk(), act)(second.countermark, [other.venue_id], key)
        assert expired.value.expired_at == clock.now


async def test_a_venue_cancels_until_two_days_before(town, clock) -> None:
    """Refunded and freed; later than 48 hours before the session it may not, nor once used."""
    show, key = await town.show(begins_in=timedelta(days=3)), await town.key()
    (one, two), desk = await town.people(2), town.desk()
    first = await town.bookings().book(one, show.stock_id, 1, "k1")
    second = await town.bookings().book(two, show.stock_id, 1, "k2")
    await desk.cancel(first.countermark, [show.venue_id], key)
    assert await town.balance(one) == 500_00
    assert (await town.bookings().status(one, first.id)).cancellation_reason == "offerer"
    with pytest.raises(errors.Cancelled):
        await town.bookings().cancel(one, first.id)
    clock.later(days=1, minutes=1)
    with pytest.raises(errors.TooLateToCancel):
        await desk.cancel(second.countermark, [show.venue_id], key)
    await desk.use(second.countermark, [show.venue_id], key, "n1")
    with pytest.raises(errors.AlreadyUsed):
        await desk.cancel(second.countermark, [show.venue_id], key)
    assert await town.counts(show.stock_id) == (0, 1)
    assert await town.audit() == []


@pytest.mark.parametrize(("policy", "told"), [("never", False), ("at_acceptance", True)])
async def test_a_till_that_accepted_knows_of_the_sale(town, policy, told) -> None:
    """Where the provider counts our sale at acceptance, the moment is kept, and forgotten by keep."""
    placed, made, key, _ = await booked(town, sales_seen=policy)
    await town.desk().use(made.countermark, [placed.venue_id], key, "n1")
    known = "select told_at is not null from booking where id = $1"
    assert await town.pool.fetchval(known, made.id) is told
    await town.desk().keep(made.countermark, [placed.venue_id], key)
    assert await town.pool.fetchval(known, made.id) is False


def test_countermarks_are_drawn_from_thirty_characters() -> None:
    """Six of A–Z without I and O, 2–7; all of them come up; what is drawn reads back as itself."""
    drawn = draw(3000)
    assert set("ABCDEFGHJKLMNPQRSTUVWXYZ234567") == set("".join(drawn)) == set(ALPHABET)
    assert {LENGTH} == {len(mark) for mark in drawn} == {6}
    assert drawn == [normalise(mark.lower()) for mark in drawn]


@pytest.mark.parametrize(
    "text", ["ABCDE", "ABCDEFG", "ABCDE1", "ABCDEI", "ABCDEO", "ABCDE8", "ABC DE", "ÀBCDEF", "ßABCD"]
)
def test_what_cannot_be_a_countermark_is_none(text) -> None:
    """Wrong length, look-alikes, other letters."""
    assert normalise(text) is None


async def test_refused_attempts_are_forgotten_and_accepted_ones_are_not(town, clock) -> None:
    """After half a year nobody needs to know what did not work; what was accepted stays for ever."""
    show, key = await town.show(), await town.key()
    made = await town.bookings().book(await town.person(), show.stock_id, 1, "k")
    clock.later(hours=49)
    await town.desk().use(made.countermark, [show.venue_id], key)
    with pytest.raises(errors.AlreadyUsed):
        await town.desk().use(made.countermark, [show.venue_id], key)
    assert await purge_attempts(town.pool, clock.now + ATTEMPTS_KEPT) == 0
    assert await purge_attempts(town.pool, clock.now + ATTEMPTS_KEPT + timedelta(seconds=1)) == 1
    assert await town.pool.fetchval("select count(*) from acceptance") == 1
    assert await town.audit() == []
