"""At the same time from several processes, each with connections of its own: what one of them holds, none oversteps."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import storefront as s
from storefront import Storefront

from bench.bookers import processes, share
from bench.crashing import ean
from bookings.booking import Bookings
from bookings.errors import Refusal

ROWS, TITLED = 10_000, 60


async def test_processes_sell_accept_and_answer_once(town, database_url, deadlocks) -> None:
    """2,000 people on 100 seats are 100; 50 tills on one countermark are one; one key 50 times is one booking."""
    show, book, other = await town.show(seats=100), await town.book(), await town.show()
    crowd, key = [str(one) for one in await town.crowd(2001)], await town.key()
    (person,) = await town.people(1)
    async with processes(4) as workers:

        async def at_once(calls: list[list[object]]) -> Counter[str]:
            return Counter(await share(workers, database_url, town.clock.now, calls))

        seats = await at_once([["book", one, show.stock_id, 1, "k"] for one in crowd[:2000]])
        assert seats.pop("SoldOut") == 1900
        assert {(answer.split()[0], count) for answer, count in seats.items()} == {("confirmed", 1)}
        assert (len(seats), await town.counts(show.stock_id)) == (100, (0, 100))

        made = await town.bookings().book(person, book.stock_id, 1, "k")
        tills = await at_once([["use", made.countermark, book.venue_id, key, f"n{n}"] for n in range(50)])
        assert tills == {"accepted": 1, "AlreadyUsed": 49}

        same = await at_once([["book", crowd[2000], other.stock_id, 1, "same"]] * 50)
        assert [answer.split()[0] for answer in same] == ["confirmed"]
        assert (list(same.values()), await town.counts(other.stock_id)) == ([50], (0, 1))

        book2 = await town.book()
        raced = await town.bookings().book(person, book2.stock_id, 1, "r")
        race = [["cancel", str(person), raced.id], ["use", raced.countermark, book2.venue_id, key, "n"]] * 8
        ended = set(await at_once(race))
        assert ended in ({"accepted", "AlreadyUsed"}, {f"cancelled {raced.id}", "Cancelled"})
    assert await deadlocks() == 0
    assert await town.audit() == []


async def test_a_great_merge_and_bookings_of_its_stocks(town, pool, wide_pool, deadlocks) -> None:
    """Ten thousand stocks are restated twice while sixty of them are booked and cancelled: no deadlock, nothing off."""
    shop = Storefront(pool)
    port = await shop.venue(s.BOOKSHOP, "Librairie du Port")
    await shop.source("till", "stocks_api", venue_id=port)
    await shop.source("publisher", "onix", trust=80)
    eans = [ean(n) for n in range(ROWS)]
    await shop.says("publisher", *(s.book("publisher", one, f"Livre {one}") for one in eans[:TITLED]))
    await shop.says("till", *(s.on_shelf("till", one, 5) for one in eans))
    stocks = [await shop.stock("till", one) for one in eans[:TITLED]]
    bookings, people = Bookings(wide_pool, town.directory, town.clock), await town.crowd(30)
    is_over = asyncio.Event()

    async def live(person, seed: int) -> int:
        draw, n = random.Random(seed), 0
        while not is_over.is_set():
            made = await asyncio.gather(
                *(bookings.book(person, one, 1, f"k{n}-{one}") for one in draw.sample(stocks, 2)),
                return_exceptions=True,
            )
            for one in made:
                if isinstance(one, Refusal):
                    continue
                if isinstance(one, BaseException):
                    raise one
                await bookings.cancel(person, one.id)
                n += 1
        return n

    async def merge() -> None:
        for price in (700, 800):
            await shop.says("till", *(s.on_shelf("till", one, 4, price) for one in eans))
        is_over.set()

    *lives, _ = await asyncio.gather(*(live(person, n) for n, person in enumerate(people)), merge())
    assert sum(lives) > 30
    assert await deadlocks() == 0
    assert await town.audit() == []
