"""Booking, cancelling, and what is refused: one person at a time."""

from __future__ import annotations

import json
import typing
import uuid
from datetime import timedelta

import pytest

from bookings import errors, store
from bookings.countermarks import draw
from bookings.errors import Refusal


async def test_a_booking_charges_the_wallet_and_takes_a_place(town) -> None:
    """What was promised comes out of the balance and of the stock, and the countermark is there at once."""
    person, show = await town.person(), await town.show(price_cents=1500)
    made = await town.bookings().book(person, show.stock_id, 1, "k1", expected_price_cents=1500)
    assert made.status == "confirmed"
    assert made.countermark is not None
    assert made.promise.title.startswith("Spectacle")
    assert made == await town.bookings().status(person, made.id)
    assert await town.balance(person) == 485_00
    assert await town.counts(show.stock_id) == (0, 1)
    assert await town.audit() == []


async def test_the_countermark_shows_in_no_representation(town) -> None:
    """A countermark is a bearer secret: a booking that is logged does not tell it."""
    made = await town.bookings().book(await town.person(), (await town.show()).stock_id, 1, "k1")
    assert made.countermark not in repr(made)


async def test_a_cancellation_gives_money_and_place_back(town) -> None:
    """Cancelled, refunded, freed; asked again, the same; and the offer can be booked anew."""
    person, show = await town.person(), await town.show()
    bookings = town.bookings()
    made = await bookings.book(person, show.stock_id, 1, "k1")
    ended = await bookings.cancel(person, made.id)
    assert (ended.status, ended.cancellation_reason) == ("cancelled", "beneficiary")
    assert await town.balance(person) == 500_00
    assert await town.counts(show.stock_id) == (0, 0)
    assert await bookings.cancel(person, made.id) == ended
    again = await bookings.book(person, show.stock_id, 1, "k2")
    assert again.id != made.id
    assert [again.id, made.id] == [one.id for one in await bookings.mine(person)]
    assert await town.audit() == []


@pytest.mark.parametrize(
    ("begins_in", "until"),
    [
        pytest.param(timedelta(days=30), timedelta(hours=48), id="far: 48 h after booking"),
        pytest.param(timedelta(hours=72), timedelta(hours=24), id="near: 48 h before the session"),
        pytest.param(timedelta(hours=20), timedelta(0), id="nearer: never"),
    ],
)
async def test_an_event_is_cancellable_until(town, clock, begins_in, until) -> None:
    """max(min(begins − 48 h, created + 48 h), created)."""
    person, show = await town.person(), await town.show(begins_in=begins_in)
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    assert made.cancellable_until == made.created_at + until
    clock.now = made.cancellable_until
    with pytest.raises(errors.TooLateToCancel) as refused:
        await town.bookings().cancel(person, made.id)
    assert refused.value.limit == made.cancellable_until
    assert await town.balance(person) == 485_00


async def test_goods_expire_and_are_given_back(town, clock) -> None:
    """A paper book waits 10 days, a disc 30; then money and copy go back and the countermark is expired."""
    person = await town.person()
    book, disc = await town.book(), await town.book(subcategory="SUPPORT_PHYSIQUE_MUSIQUE_CD", price_cents=1500)
    bookings = town.bookings()
    first = await bookings.book(person, book.stock_id, 1, "k1")
    second = await bookings.book(person, disc.stock_id, 1, "k2")
    assert (first.expires_at, second.expires_at) == (clock.now + timedelta(days=10), clock.now + timedelta(days=30))
    assert first.cancellable_until is None
    clock.later(days=10)
    assert await bookings.expire_due() == 1
    assert await bookings.expire_due() == 0
    assert (await bookings.status(person, first.id)).status == "expired"
    assert (await bookings.status(person, second.id)).status == "confirmed"
    assert await town.balance(person) == 485_00
    with pytest.raises(errors.Expired):
        await bookings.cancel(person, first.id)
    assert await town.audit() == []


async def test_two_seats_only_of_a_duo_offer(town) -> None:
    """One, or two where the offer is duo; nothing else is a quantity."""
    person, single, duo = await town.person(), await town.show(), await town.show(is_duo=True)
    made = await town.bookings().book(person, duo.stock_id, 2, "k1")
    assert (made.amount_cents, await town.balance(person)) == (3000, 470_00)
    assert await town.counts(duo.stock_id) == (0, 2)
    for n, quantity in enumerate((2, 0, -1, 10**9)):
        with pytest.raises(errors.QuantityRefused) as refused:
            await town.bookings().book(person, single.stock_id, quantity, f"bad{n}")
        assert refused.value.allowed == 1
    assert await town.audit() == []


async def test_nobody_spends_what_they_do_not_have(town) -> None:
    """A price beyond the balance is refused and changes nothing."""
    person = await town.person("2021")
    first, second = await town.show(price_cents=200_00), await town.show(price_cents=150_00)
    await town.bookings().book(person, first.stock_id, 1, "k1")
    with pytest.raises(errors.InsufficientCredit) as refused:
        await town.bookings().book(person, second.stock_id, 1, "k2")
    assert (refused.value.balance_cents, refused.value.amount_cents) == (100_00, 150_00)
    assert await town.balance(person) == 100_00
    assert await town.counts(second.stock_id) == (0, 0)


@pytest.mark.parametrize(
    ("cap", "subcategory", "cents"),
    [("physical", "LIVRE_PAPIER", 60_00), ("digital", "JEU_EN_LIGNE", 120_00)],
)
async def test_caps_hold_and_are_freed_by_cancelling(town, cap, subcategory, cents) -> None:
    """The pilot's 100 € of goods and 200 € online, whatever is left of the 500."""
    person, bookings = await town.person("2018"), town.bookings()
    first, second = [await town.book(price_cents=cents, subcategory=subcategory) for _ in range(2)]
    made = await bookings.book(person, first.stock_id, 1, "k1")
    with pytest.raises(errors.CapReached) as refused:
        await bookings.book(person, second.stock_id, 1, "k2")
    assert (refused.value.cap, refused.value.left_cents) == (cap, {"physical": 40_00, "digital": 80_00}[cap])
    show = await town.show(price_cents=cents)
    assert (await bookings.book(person, show.stock_id, 1, "k3")).status == "confirmed"
    await bookings.cancel(person, made.id)
    assert (await bookings.book(person, second.stock_id, 1, "k4")).status == "confirmed"
    assert await town.audit() == []


async def test_credit_expires_but_what_is_free_stays_free(town, clock) -> None:
    """After its end a credit buys nothing."""
    person = await town.person()
    clock.later(days=800)
    paid, free = await town.show(), await town.show(price_cents=0)
    with pytest.raises(errors.CreditExpired):
        await town.bookings().book(person, paid.stock_id, 1, "k1")
    assert (await town.bookings().book(person, free.stock_id, 1, "k2")).amount_cents == 0
    assert await town.audit() == []


async def test_one_live_booking_per_offer(town) -> None:
    """The second price category of a booked offer is refused, that of another offer is not."""
    person, show = await town.person(), await town.show()
    other = await town._stock(show.venue_id, show.offer_id, show.source_id, 5, None, 900)
    await town.bookings().book(person, show.stock_id, 1, "k1")
    with pytest.raises(errors.AlreadyBooked):
        await town.bookings().book(person, other.stock_id, 1, "k2")


async def test_an_offer_that_was_merged_is_still_the_same_offer(town) -> None:
    """A booking of an offer that has become another counts for the survivor."""
    person, first, second = await town.person(), await town.show(), await town.show()
    await town.bookings().book(person, first.stock_id, 1, "k1")
    await town.pool.execute("update offer set merged_into = $2 where id = $1", first.offer_id, second.offer_id)
    with pytest.raises(errors.AlreadyBooked):
        await town.bookings().book(person, second.stock_id, 1, "k2")


@pytest.mark.parametrize(
    ("why", "sql"),
    [
        ("withdrawn", "update stock set withdrawn_at = now() where id = $1"),
        ("withdrawn", "update offer set withdrawn_at = now() where id = (select offer_id from stock where id = $1)"),
        ("closed", "update stock set sellable_until = '2026-11-23 11:59+00' where id = $1"),
        (
            "session_cancelled",
            "update session set cancelled_at = now() where id = (select session_id from stock where id = $1)",
        ),
        (
            "begun",
            "update session set begins_at = '2026-11-23 12:00+00'"
            " where id = (select session_id from stock where id = $1)",
        ),
        ("no_price", "update stock set price_cents = null where id = $1"),
        ("incomplete", "delete from supply where stock_id = $1"),
        ("incomplete", "update event set subcategory = 'INCONNUE'"),
    ],
)
async def test_what_cannot_be_booked_says_why(town, why, sql) -> None:
    """Each state of an offer that is not for sale has its own reason."""
    person, show = await town.person(), await town.show()
    await town.pool.execute(sql, *([show.stock_id] if "$1" in sql else []))
    with pytest.raises(errors.StockNotBookable) as refused:
        await town.bookings().book(person, show.stock_id, 1, "k1")
    assert refused.value.why == why


async def test_a_book_is_sold_when_its_publisher_says_so(town, clock) -> None:
    """Not what is out of sale, and not before the embargo's end."""
    person = await town.person()
    gone = await town.book(sellable=False)
    soon = await town.book(sellable_from=clock.now + timedelta(hours=1))
    for stock, why in ((gone, "not_sellable"), (soon, "embargo")):
        with pytest.raises(errors.StockNotBookable) as refused:
            await town.bookings().book(person, stock.stock_id, 1, f"k{why}")
        assert refused.value.why == why
    clock.later(hours=1)
    assert (await town.bookings().book(person, soon.stock_id, 1, "k3")).unit_price_cents == 890


async def test_a_price_that_changed_is_not_charged(town) -> None:
    """Who was shown another price is told the new one, and pays nothing."""
    person, show = await town.person(), await town.show(price_cents=1600)
    with pytest.raises(errors.PriceChanged) as refused:
        await town.bookings().book(person, show.stock_id, 1, "k1", expected_price_cents=1500)
    assert refused.value.price_cents == 1600
    assert await town.balance(person) == 500_00


async def test_what_was_promised_stays_promised(town) -> None:
    """A later price or title changes nothing in a booking."""
    person, show = await town.person(), await town.show(price_cents=1500)
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    await town.pool.execute("update stock set price_cents = 9900")
    await town.pool.execute("update event set title = 'Autre chose'")
    assert await town.bookings().status(person, made.id) == made


async def test_unknown_things_are_unknown(town) -> None:
    """No such stock, no such wallet, somebody else's booking."""
    person, other, show = await town.person(), await town.person(), await town.show()
    bookings = town.bookings()
    with pytest.raises(errors.StockUnknown):
        await bookings.book(person, 10**12, 1, "k1")
    with pytest.raises(errors.WalletUnknown):
        await bookings.book(uuid.uuid4(), show.stock_id, 1, "k1")
    made = await bookings.book(person, show.stock_id, 1, "k2")
    with pytest.raises(errors.BookingUnknown):
        await bookings.status(other, made.id)
    with pytest.raises(errors.BookingUnknown):
        await bookings.cancel(other, made.id)


async def test_supply_that_shrinks_below_what_is_sold_sells_no_more(town) -> None:
    """The provider's newer, smaller figure stops sales and undoes none."""
    people, show = await town.people(3), await town.show(seats=10)
    for n, person in enumerate(people[:2]):
        await town.bookings().book(person, show.stock_id, 1, f"k{n}")
    await town.supply(show, 1)
    with pytest.raises(errors.SoldOut) as refused:
        await town.bookings().book(people[2], show.stock_id, 1, "k9")
    assert refused.value.remaining == 0
    await town.supply(show, 1, seen=2)
    assert (await town.bookings().book(people[2], show.stock_id, 1, "k10")).status == "confirmed"
    assert await town.audit() == []


async def test_what_is_unlimited_stays_so(town) -> None:
    """No figure is no limit."""
    show = await town.show(seats=None)
    for n, person in enumerate(await town.people(12)):
        await town.bookings().book(person, show.stock_id, 1, f"k{n}")
    assert await town.counts(show.stock_id) == (0, 12)
    assert await town.audit() == []


def test_every_refusal_can_be_remembered(clock) -> None:
    """A refusal that is kept under a key and read back is the same reason with the same facts."""
    for name, reason in Refusal.REASONS.items():
        samples = {
            "why": "closed", "allowed": 2, "remaining": 3, "price_cents": 4, "balance_cents": 5, "amount_cents": 6,
            "cap": "digital", "left_cents": 7, "from_age": 18, "reason": "sold_out", "used_where": "caisse 2",
            "venue": "Le Quartz", "quantity": 2,
        }  # fmt: skip
        asked = [name for name in typing.get_type_hints(reason.__init__) if name != "return"]
        refusal = reason(**{asked_for: samples.get(asked_for, clock.now) for asked_for in asked})
        kept = errors.recall(json.loads(json.dumps(errors.remember(refusal))))
        assert (type(kept).__name__, vars(kept), str(kept)) == (name, vars(refusal), str(refusal))


async def test_a_drawn_countermark_that_is_taken_is_passed_over(town) -> None:
    """Of the candidates drawn, the first that no booking ever had, cancelled ones included."""
    person, show = await town.person(), await town.show()
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    await town.bookings().cancel(person, made.id)
    free = next(mark for mark in draw(2) if mark != made.countermark)

    async def chosen(*candidates: str) -> str | None:
        return await town.pool.fetchval(
            f"select countermark from ({store.LOOK}) s",
            show.stock_id, person, "wallet:x", "k", list(candidates), town.clock.now,
        )  # fmt: skip

    assert await chosen(made.countermark, free) == free
    assert await chosen(made.countermark) is None


@pytest.mark.parametrize(
    ("policy", "is_sold_there", "is_told"),
    [("never", False, False), ("at_booking", False, True), ("at_acceptance", False, False), ("never", True, True)],
)
async def test_the_provider_knows_of_a_sale_when_it_is_told(town, ticketing, policy, is_sold_there, is_told) -> None:
    """At once where it counts bookings or sells itself; what it knows, its next figure has left out."""
    show = await town.show(sales_seen=policy, ticketing=ticketing if is_sold_there else None)
    made = await town.bookings().book(await town.person(), show.stock_id, 1, "k1")
    told_at = await town.pool.fetchval("select told_at from booking where id = $1", made.id)
    assert told_at == (made.confirmed_at if is_told else None)
