"""A record is the same thing as at most one record of another source: what the others of that source take away.

So much holds for a source that is clean. Where a source holds a thing twice, its two records do not compete: they
form a group, and of a group the likeliest counts. That is found in the records themselves, see `groups`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from matching.words import Floats, Ints

_MOST: Final = 60.0


@dataclass(frozen=True, slots=True)
class Pairs:
    """Candidate pairs of records of different sources."""

    left: Ints
    right: Ints
    source: Ints
    """Of each record, not of each pair."""

    def __len__(self) -> int:
        return len(self.left)


class Rivals:
    """Who competes with whom, worked out once for a set of pairs and groups.

    Seen from each end, a pair's rivals are the other candidates of that end in the source of the other end; of a group
    the best one counts.
    """

    def __init__(self, pairs: Pairs, group: Ints) -> None:
        one = np.concatenate([pairs.left, pairs.right])
        other = np.concatenate([pairs.right, pairs.left])
        sources = int(pairs.source.max()) + 1 if len(pairs.source) else 1
        segment = one * sources + pairs.source[other]
        del one  # of millions of pairs every column counts
        # One number a pair, 2^63 being far: sorting by one key is twice as fast as by two.
        self._order = np.argsort(segment * (int(group.max()) + 1 if len(group) else 1) + group[other])
        segment, grouped = segment[self._order], group[other[self._order]]
        news = np.ones(len(segment), bool)
        news[1:] = segment[1:] != segment[:-1]
        first = news.copy()
        first[1:] |= grouped[1:] != grouped[:-1]
        self._starts = np.flatnonzero(first)
        self._group_of = np.cumsum(first) - 1
        self._segment_of = (np.cumsum(news) - 1)[self._starts]

    def probabilities(self, weights: Floats, prior: float) -> Floats:
        """Return how probable it is that each pair is one thing, its rivals considered.

        `weights` are natural logarithms of odds, `prior` the share of pairs that are one thing.
        """
        if not len(weights):
            return weights
        odds = np.exp(np.clip(weights, -_MOST, _MOST)) * prior
        from_both = np.concatenate([odds, odds])[self._order]
        best = np.maximum.reduceat(from_both, self._starts)
        total = np.bincount(self._segment_of, weights=best)[self._segment_of]
        taken = np.empty(len(from_both))
        taken[self._order] = np.maximum(total - best, 0)[self._group_of]
        return np.asarray(odds / (1 - prior + odds + taken[: len(odds)] + taken[len(odds) :]))


def groups(left: Ints, right: Ints, size: int) -> Ints:
    """Return each record's group, given the pairs within one source that look like one thing told twice."""
    if not len(left):
        return np.arange(size)
    ties = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    return np.asarray(connected_components(ties, directed=False)[1], np.int64)


def distinct(levels: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Ints, Floats]:
    """Return the distinct rows, which of them each row is, and how often each occurs."""
    code = np.zeros(len(levels), np.uint64)
    for column in range(levels.shape[1]):
        values = levels[:, column]
        if values.any():
            code = code * np.uint64(31) + values
            code *= np.uint64(0x9E3779B97F4A7C15)
            code ^= code >> np.uint64(32)
    _, first, of, counts = np.unique(code, return_index=True, return_inverse=True, return_counts=True)
    return levels[first], of, counts.astype(np.float64)
