"""The same key, the same answer."""

from __future__ import annotations

import asyncio

import pytest

from bookings import errors


async def test_the_same_key_gets_the_same_booking(town) -> None:
    """Repeated, a request books once and answers as the first time, whatever has become of the booking since."""
    person, show = await town.person(), await town.show()
    bookings = town.bookings()
    first = await bookings.book(person, show.stock_id, 1, "k1", 1500)
    assert first == await bookings.book(person, show.stock_id, 1, "k1", 1500)
    await bookings.cancel(person, first.id)
    assert first == await bookings.book(person, show.stock_id, 1, "k1", 1500)
    assert (await bookings.status(person, first.id)).status == "cancelled"
    assert await town.balance(person) == 500_00


async def test_the_same_key_twenty_times_at_once_books_once(town, wide_pool) -> None:
    """Twenty requests with one key, on as many connections: one booking, twenty equal answers."""
    person, show = await town.person(), await town.show()
    bookings = town.bookings(wide_pool)
    answers = await asyncio.gather(*(bookings.book(person, show.stock_id, 1, "k1") for _ in range(20)))
    assert len({answer.id for answer in answers}) == 1
    assert all(answer == answers[0] for answer in answers)
    assert await town.balance(person) == 485_00
    assert await town.counts(show.stock_id) == (0, 1)
    assert await town.audit() == []


async def test_the_same_key_for_something_else_is_refused(town) -> None:
    """A key answers one request: other stock, quantity or price is another."""
    person, show, other = await town.person(), await town.show(is_duo=True), await town.show()
    bookings = town.bookings()
    await bookings.book(person, show.stock_id, 1, "k1")
    for asked in ((other.stock_id, 1, None), (show.stock_id, 2, None), (show.stock_id, 1, 1500)):
        with pytest.raises(errors.IdempotencyMismatch):
            await bookings.book(person, asked[0], asked[1], "k1", asked[2])
    assert await town.counts(show.stock_id) == (0, 1)
    assert await town.counts(other.stock_id) == (0, 0)


async def test_keys_of_two_people_never_meet(town) -> None:
    """The same text from two people is two keys."""
    (one, two), show = await town.people(2), await town.show()
    first = await town.bookings().book(one, show.stock_id, 1, "k1")
    second = await town.bookings().book(two, show.stock_id, 1, "k1")
    assert first.id != second.id


async def test_a_refusal_is_an_answer_too(town) -> None:
    """What was refused under a key stays refused under it, with the same facts; a new key is judged anew."""
    (one, two), show = await town.people(2), await town.show(seats=1)
    bookings = town.bookings()
    first = await bookings.book(one, show.stock_id, 1, "k1")
    for _ in range(2):
        with pytest.raises(errors.SoldOut) as refused:
            await bookings.book(two, show.stock_id, 1, "k2")
        assert refused.value.remaining == 0
        await bookings.cancel(one, first.id)
    assert (await bookings.book(two, show.stock_id, 1, "k3")).status == "confirmed"


async def test_an_answer_is_kept_for_a_day(town, clock) -> None:
    """After 24 hours the key is forgotten and may be used again."""
    person, show, other = await town.person(), await town.show(), await town.show()
    bookings = town.bookings()
    await bookings.book(person, show.stock_id, 1, "k1")
    clock.later(hours=23, minutes=59)
    assert await bookings.purge_keys() == 0
    clock.later(minutes=1)
    made = await bookings.book(person, other.stock_id, 1, "k1")
    assert made.stock_id == other.stock_id
    clock.later(hours=24)
    assert await bookings.purge_keys() == 1


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_a_key_has_a_length(town, key) -> None:
    """An empty or endless key never reaches the database."""
    with pytest.raises(ValueError, match="1 to 255"):
        await town.bookings().book(await town.person(), 1, 1, key)
