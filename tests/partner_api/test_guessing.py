"""A stolen key is no way to try countermarks until one is good."""

from __future__ import annotations

import storefront as s
from partner_client import Partner

from partner_api.keys import MISS_ALLOWANCE


async def test_who_guesses_is_stopped_even_before_a_hit(partner: Partner) -> None:
    """After so many unknown countermarks the next is not even looked at, by any route; no other key pays for it."""
    booking = await partner.booked("till", s.STRANGER)
    for n in range(MISS_ALLOWANCE.quota):
        route = ("/countermarks/ABC234", "/countermarks/nonsense")[n % 2]
        assert (await partner.get(route))[0] == 404
    status, problem = await partner.get(f"/countermarks/{booking.countermark}")
    assert (status, problem["type"]) == (429, "/problems/too-many-requests")
    for action in ("use", "keep", "cancel"):
        assert (await partner.post(f"/countermarks/{booking.countermark}/{action}", number="n1"))[0] == 429
    other = await partner.key("port", ("countermarks:check",))
    partner.headers["second"] = other
    assert (await partner.get(f"/countermarks/{booking.countermark}", "second"))[0] == 200


async def test_good_countermarks_and_refusals_cost_no_guess(partner: Partner) -> None:
    """A busy desk is never slowed down by what it did right, nor by what was used already."""
    booking = await partner.booked("till", s.STRANGER)
    for n in range(MISS_ALLOWANCE.quota + 5):
        await partner.post(f"/countermarks/{booking.countermark}/use", number=f"n{n}")
    assert (await partner.get(f"/countermarks/{booking.countermark}"))[0] == 409
