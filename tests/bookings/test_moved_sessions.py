"""A session that its venue moves after it was booked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bookings import errors


async def moved(town, show, **by: float) -> None:
    await town.pool.execute(
        "update session set begins_at = $2 where id = (select session_id from stock where id = $1)",
        show.stock_id,
        town.clock.now + timedelta(**by),
    )


async def test_a_session_brought_forward_lets_people_in(town) -> None:
    """Booked today for in ten days, played tomorrow: the countermark is good at the door, not two days later."""
    show, key, person = await town.show(begins_in=timedelta(days=10)), await town.key(), await town.person()
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    await moved(town, show, days=1)
    town.clock.later(hours=20)
    assert (await town.desk().check(made.countermark, [show.venue_id], key)).booking_id == made.id
    assert await town.desk().use(made.countermark, [show.venue_id], key) == town.clock.now
    assert await town.audit() == []


async def test_a_session_put_off_is_no_sooner_good(town) -> None:
    """What was promised stays: the time to think is the one of the booking."""
    show, key, person = await town.show(begins_in=timedelta(days=10)), await town.key(), await town.person()
    made = await town.bookings().book(person, show.stock_id, 1, "k1")
    await moved(town, show, days=30)
    with pytest.raises(errors.NotYet):
        await town.desk().use(made.countermark, [show.venue_id], key)
    town.clock.later(hours=48)
    assert await town.desk().use(made.countermark, [show.venue_id], key) == town.clock.now
