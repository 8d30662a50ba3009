"""Records that may be the same meet under a key."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.blocking import block_keys, number
from matching.features import Features
from matching.places import metres
from schemas.records import Kind

WEEK = 7 * 24 * 60
FRANCE = st.tuples(st.floats(-21.5, 51.2), st.floats(-61.8, 55.9))


@settings(deadline=None)
@given(FRANCE, st.floats(-0.0018, 0.0018), st.floats(-0.0018, 0.0018))
def test_neighbours_share_a_cell(position: tuple[float, float], north: float, east: float) -> None:
    """Two nameless venues 200 metres apart meet, on whatever side of a cell's edge they stand."""
    there = (position[0] + north, position[1] + east)
    if metres(position, there) <= 200:
        ours, theirs = (block_keys(Features(kind=Kind.VENUE, position=place)) for place in (position, there))
        assert ours & theirs


def test_towns_apart_share_nothing() -> None:
    """Two Salles des fêtes in two towns never meet."""
    here = Features(kind=Kind.VENUE, title="salle des fetes", city="obernai", position=(48.46, 7.48))
    there = replace(here, city="pezenas", position=(43.46, 3.42))
    assert frozenset() == block_keys(here) & block_keys(there)


def test_a_common_title_at_other_venues_shares_nothing() -> None:
    """Ten thousand guided tours do not make one block: the venue is in each key."""
    here = Features(kind=Kind.EVENT, title="visite guidee", venue_id=1, begins=(0,), city="brest")
    there = replace(here, venue_id=2, city="lyon")
    assert frozenset() == block_keys(here) & block_keys(there)


def test_a_long_run_is_found_from_its_end() -> None:
    """An agenda lists a run of months, a till what is left of it; mistyped titles meet by venue and week."""
    whole = Features(kind=Kind.EVENT, title="cendrillon", venue_id=1, begins=tuple(range(0, 40 * WEEK, WEEK)))
    left = replace(whole, title="sandrillon", begins=whole.begins[-3:])
    assert block_keys(whole) & block_keys(left)


def test_a_mistyped_film_without_director_is_found_by_its_year() -> None:
    """Year and a word of the title are enough to look, a year apart too."""
    film = Features(kind=Kind.WORK, family="film", title="la table triste et la neige", year=1975)
    typo = replace(film, title="table trimte et la neige", year=1976)
    assert block_keys(film) & block_keys(typo)


def test_an_identifier_is_a_key() -> None:
    """Whatever the title became, the same EAN meets."""
    keys = block_keys(Features(kind=Kind.PRODUCT, identifiers=frozenset({("ean", "9782070360024")})))
    assert {number("i:ean:9782070360024")} == keys
