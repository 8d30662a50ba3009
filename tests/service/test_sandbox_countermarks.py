"""Whoever writes a till is given countermarks to accept, with nothing to book first."""

from __future__ import annotations

import pytest

from service.young_people import countermarks


async def test_each_can_be_accepted_at_once(served) -> None:
    """Each is another booking's, and good at the desk of its venue."""
    made = await countermarks(served.house, 3)
    assert len(set(made)) == 3
    vendor = await served.house.keys.verify(served.till)
    for one in made:
        found = await served.house.desk.check(one, vendor.venue_ids, vendor.key_id)
        assert found.promise.title == "L'Étranger"


async def test_no_more_than_there_are_on_the_shelves(served) -> None:
    """A shop of a thousand copies has no thousand and first: a sentence says why, and nothing is booked."""
    before = await served.house.pool.fetchval("select count(*) from booking")
    with pytest.raises(LookupError, match="première lecture"):
        await countermarks(served.house, 1001)
    assert before == await served.house.pool.fetchval("select count(*) from booking")
