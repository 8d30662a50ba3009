"""Whom a newcomer is compared with: few, and the right ones among them."""

from __future__ import annotations

from matching.blocking import block_keys
from matching.features import Features, features
from matching.meeting import COMMON_KEY, MOST_CANDIDATES, meetings
from schemas.records import Contributor, SourceRef, Work

REF = SourceRef(connector="test", account="test", key="1")


def volume(number: int) -> Features:
    maker = Contributor(name="Eiichiro Oda")
    return features(Work(ref=REF, title=f"One Piece, tome {number}", type="book", contributors=[maker]))


def test_what_is_shared_by_few_counts_most() -> None:
    """Of many candidates those are met that share the rarest keys; the older first where they share the same."""
    entities = {1: list(range(COMMON_KEY)), 2: [70, 7]}
    [known], [earlier] = meetings([[1, 2]], entities, [()])
    assert (MOST_CANDIDATES, [7, 70], []) == (len(known), known[:2], earlier)
    assert known[2:] == list(range(7)) + list(range(8, MOST_CANDIDATES - 1))


def test_who_bears_the_identifier_is_always_met() -> None:
    """However many share a title."""
    [known], _ = meetings([[1]], {1: list(range(COMMON_KEY))}, [{99}])
    assert known[0] == 99
    assert len(known) == 1 + MOST_CANDIDATES


def test_a_batch_that_tells_one_thing_many_times_finds_the_first() -> None:
    """Each meets the first, and nobody meets more than a bounded number."""
    _, earlier = meetings([[1, 2]] * 1000, {}, [()] * 1000)
    assert all(0 in met and len(met) <= MOST_CANDIDATES for met in earlier[1:])


def test_a_series_of_a_hundred_volumes_finds_each_of_them() -> None:
    """The title alone says nothing where a hundred share it; with the volume it does."""
    keys = [block_keys(volume(number)) for number in (*range(1, 121), 117)]
    _, earlier = meetings(keys, {}, [()] * len(keys))
    assert earlier[-1][0] == 116
