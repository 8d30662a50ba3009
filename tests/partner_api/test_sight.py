"""A run's report shows where it stands, what went wrong first, and which sessions moved."""

from __future__ import annotations

from datetime import timedelta

import storefront as s
from partner_client import Partner

from connectors.base import Reject
from schemas.ids import public_id
from schemas.records import Kind


async def test_the_first_refusals_stand_in_the_report(partner: Partner) -> None:
    """Five, in the order they came, with what they are about; and where the time went."""
    rejects = [Reject(f"raison {n}", b"?", Kind.STOCK, s.ref("till", "stocks_api", f"k{n}")) for n in range(7)]
    run_id = await partner.shop.says("till", *rejects)
    _, told = await partner.get(f"/runs/{public_id('run', run_id)}")
    assert told["rejected"] == 7
    assert told["firstErrors"] == [{"why": f"raison {n}", "kind": "stock", "key": f"k{n}"} for n in range(5)]
    assert set(told["seconds"]) == {"fetch", "parse", "merge", "commit", "sweep"}
    assert (told["isPartial"], told["moved"], told["firstMoves"]) == (False, 0, [])


async def test_a_moved_session_is_told_with_both_times(partner: Partner) -> None:
    """From when to when, by the title people know; a session that stays is not told."""
    await partner.shop.says("till", *s.show("till", "cid", "Le Cid"), *s.show("till", "avare", "L'Avare"))
    later = timedelta(days=10, minutes=30)
    run_id = await partner.shop.says(
        "till", *s.show("till", "cid", "Le Cid", begins_in=later), *s.show("till", "avare", "L'Avare")
    )
    _, told = await partner.get(f"/runs/{public_id('run', run_id)}")
    assert (told["moved"], told["firstMoves"]) == (
        1,
        [{"key": "cid-1", "title": "Le Cid", "before": "2026-12-03T12:00:00Z", "after": "2026-12-03T12:30:00Z"}],
    )
