"""What time does: a warning before goods go back, events used, cards used at once; and who is old enough."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta

import pytest

from bookings import errors
from bookings.closing import Closing
from bookings.withdrawals import Withdrawals

SIXTEEN, SEVENTEEN, FOURTEEN = date(2010, 1, 1), date(2008, 11, 24), date(2011, 11, 24)
"""By the tests' clock, 23 November 2026; the second is eighteen tomorrow."""


async def notices(town) -> list[tuple[int, str]]:
    rows = await town.pool.fetch("select booking_id, kind from booking_notice order by id")
    return [(row["booking_id"], row["kind"]) for row in rows]


async def test_goods_are_warned_of_before_they_go_back(town, clock) -> None:
    """Seven days before, paper books five; once each, by several workers; not what was fetched or cancelled."""
    person, closing, bookings = await town.person(), Closing(town.pool, clock), town.bookings()
    book, fetched, disc = (
        await town.book(),
        await town.book(),
        await town.book(subcategory="SUPPORT_PHYSIQUE_MUSIQUE_CD"),
    )
    made = [await bookings.book(person, one.stock_id, 1, str(one.stock_id)) for one in (book, fetched, disc)]
    await town.desk().use(made[1].countermark, [fetched.venue_id], await town.key())
    clock.later(days=4, hours=23)
    assert await closing.warn() == 0
    clock.later(hours=1)
    await asyncio.gather(*(closing.warn() for _ in range(4)))
    assert await notices(town) == [(made[0].id, "expires_soon")]
    clock.later(days=17, hours=23)
    assert (await closing.warn(), await bookings.expire_due()) == (0, 1)
    clock.later(hours=1)
    assert (await closing.warn(), await closing.warn()) == (1, 0)
    assert await notices(town) == [(made[0].id, "expires_soon"), (made[2].id, "expires_soon")]
    assert await town.audit() == []


async def test_events_are_used_two_days_after_they_began(town, clock) -> None:
    """By the session's time as it is now; not cancelled ones, not goods, and not what the venue took back."""
    people, key = await town.people(4), await town.key()
    show = await town.show(begins_in=timedelta(days=3), sales_seen="at_acceptance")
    moved, gone = await town.show(begins_in=timedelta(days=3)), await town.show(begins_in=timedelta(days=3))
    book, bookings, closing = await town.book(), town.bookings(), Closing(town.pool, clock)
    at_show = [await bookings.book(person, show.stock_id, 1, "k") for person in people]
    others = [await bookings.book(people[0], one.stock_id, 1, str(one.stock_id)) for one in (moved, gone, book)]
    clock.later(days=4)
    late = "update session set {} where id = (select session_id from stock where id = $1)"
    await town.pool.execute(late.format("begins_at = begins_at + interval '1 day'"), moved.stock_id)
    await town.pool.execute(late.format("cancelled_at = now()"), gone.stock_id)
    await town.desk().use(at_show[0].countermark, [show.venue_id], key)
    await town.desk().use(at_show[1].countermark, [show.venue_id], key)
    await town.desk().keep(at_show[1].countermark, [show.venue_id], key)
    clock.later(hours=23, minutes=59)
    assert await closing.use_past_events() == 0
    clock.later(minutes=1)
    assert sorted(await asyncio.gather(*(closing.use_past_events() for _ in range(3)))) == [0, 0, 2]
    states = [(await bookings.status(people[n], one.id)).status for n, one in enumerate(at_show)]
    assert states == ["used", "confirmed", "used", "used"]
    told = await town.pool.fetch("select told_at = used_at from booking where stock_id = $1 order by id", show.stock_id)
    assert [row[0] for row in told] == [True, None, True, True]
    assert [(await bookings.status(people[0], one.id)).status for one in others] == ["confirmed"] * 3
    with pytest.raises(errors.AlreadyUsed):
        await town.desk().use(at_show[2].countermark, [show.venue_id], key)
    await town.desk().keep(at_show[2].countermark, [show.venue_id], key)
    assert await closing.use_past_events() == 0
    assert await town.audit() == []
    await Withdrawals(town.pool, clock).note_late()
    await Withdrawals(town.pool, clock).settle()
    assert (await bookings.status(people[0], others[1].id)).status == "cancelled"
    assert await town.audit() == []


@pytest.mark.parametrize(
    ("subcategory", "cents", "status"),
    [
        ("ABO_BIBLIOTHEQUE", 0, "used"),
        ("CARTE_MUSEE", 0, "used"),
        ("ABO_BIBLIOTHEQUE", 5_00, "confirmed"),
        ("LIVRE_PAPIER", 0, "confirmed"),
    ],
)
async def test_a_free_card_is_used_by_being_booked(town, subcategory, cents, status) -> None:
    """A library's or a museum's, free: nobody validates it; asked again under its key, the same answer."""
    person, card = await town.person(), await town.book(subcategory=subcategory, price_cents=cents)
    made = await town.bookings().book(person, card.stock_id, 1, "k")
    assert (made.status, made.used_at) == (status, town.clock.now if status == "used" else None)
    assert await town.bookings().status(person, made.id) == made
    assert (await town.bookings().book(person, card.stock_id, 1, "k")).status == status
    assert await town.audit() == []


async def test_nothing_dearer_than_three_hundred_euros_is_sold(town) -> None:
    """At 300 € it is, a cent above it is not, whatever the credit."""
    person, most, more = await town.person(), await town.show(price_cents=300_00), await town.show(price_cents=300_01)
    with pytest.raises(errors.StockNotBookable) as refused:
        await town.bookings().book(person, more.stock_id, 1, "k1")
    assert refused.value.why == "too_dear"
    assert (await town.bookings().book(person, most.stock_id, 1, "k2")).status == "confirmed"


@pytest.mark.parametrize(
    ("born", "subcategory", "cents", "from_age"),
    [
        (SEVENTEEN, "LIVRE_PAPIER", 10_00, None),
        (SIXTEEN, "VOD", 0, None),
        (SIXTEEN, "VOD", 1, 18),
        (SEVENTEEN, "VOD", 10_00, 18),
        (SEVENTEEN, "JEU_EN_LIGNE", 0, 18),
        (FOURTEEN, "LIVRE_PAPIER", 0, 15),
        (None, "JEU_EN_LIGNE", 10_00, None),
    ],
)
async def test_minors_book_what_they_may(town, clock, born, subcategory, cents, from_age) -> None:
    """By subcategory, free or not, by the age on the day; the refusal says from when, and adults are not asked."""
    person, stock = await town.person(), await town.book(subcategory=subcategory, price_cents=cents)
    bookings = town.bookings()
    if from_age is None:
        assert (await bookings.book(person, stock.stock_id, 1, "k", birth_date=born)).status == "confirmed"
        return
    with pytest.raises(errors.AgeRefused) as refused:
        await bookings.book(person, stock.stock_id, 1, "k", birth_date=born)
    assert refused.value.from_age == from_age
    if born == SEVENTEEN:
        clock.later(days=1)
        assert (await bookings.book(person, stock.stock_id, 1, "k2", birth_date=born)).status == "confirmed"
