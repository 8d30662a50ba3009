"""What changes while a booking waits for its turn counts: the rules are judged by what holds under the lock."""

from __future__ import annotations

import asyncio

import pytest

from bookings import errors, store


async def waiting(town, pool, person, stock_id, change: str, *args, expected: int | None = None):
    """The outcome of a booking that waits for its wallet while the référentiel changes."""
    async with pool.acquire() as conn:
        transaction = conn.transaction()
        await transaction.start()
        await conn.fetchrow(store.LOCK_WALLET, person)
        task = asyncio.create_task(town.bookings(pool).book(person, stock_id, 1, "k1", expected))
        await asyncio.sleep(0.3)
        await town.pool.execute(change, *args)
        await transaction.rollback()
    return await task


async def test_a_price_that_rises_meanwhile_is_not_charged_at_the_old_one(town, wide_pool) -> None:
    """The person expected 15 €, it is 20 € by now: refused with the new price, nothing charged."""
    person, show = await town.person(), await town.show(price_cents=1500)
    raised = "update stock set price_cents = 2000 where id = $1"
    with pytest.raises(errors.PriceChanged) as refusal:
        await waiting(town, wide_pool, person, show.stock_id, raised, show.stock_id, expected=1500)
    assert refusal.value.price_cents == 2000
    assert await town.balance(person) == 500_00
    assert await town.audit() == []


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("update session set cancelled_at = now() where id = (select session_id from stock where id = $1)", "session"),
        ("update stock set withdrawn_at = now() where id = $1", "withdrawn"),
    ],
    ids=["session cancelled", "stock withdrawn"],
)
async def test_what_is_gone_meanwhile_is_not_sold(town, wide_pool, change: str, why: str) -> None:
    """A session cancelled, or a stock withdrawn, while the booking waited: refused, and that is the answer kept."""
    person, show = await town.person(), await town.show()
    with pytest.raises(errors.StockNotBookable) as refusal:
        await waiting(town, wide_pool, person, show.stock_id, change, show.stock_id)
    assert refusal.value.why.startswith(why)
    assert await town.balance(person) == 500_00
    assert (await town.answer_kept("k1"))["refusal"]
