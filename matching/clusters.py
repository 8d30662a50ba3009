"""Pairs gathered to clusters: the surest first, and never two records of one clean source in a cluster.

Plain transitive closure lets one wrong pair glue two clusters together. Here a pair joins two clusters only where they
have no source in common, or, of sources that hold things twice, where what is known between the two speaks for it.
Where nothing can speak against it the closure is taken as a whole; only the rest is gone through pair by pair.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from matching.words import Floats, Ints


def clusters(left: Ints, right: Ints, weights: Floats, source: Ints, is_clean: bool) -> Ints:
    """Return each record's cluster, named by its lowest record.

    `weights` are log odds of the pairs that were compared, negative ones too: they are what speaks against a join. Each
    pair stands there once.
    """
    told = weights > 0
    cluster, is_settled = _unopposed(left[told], right[told], source, is_clean)
    open_ = ~is_settled[left]
    open_ &= ~is_settled[right]
    some = np.flatnonzero(~is_settled)
    place = np.zeros(len(source), np.int64)
    place[some] = np.arange(len(some))
    joined = _joined(place[left[open_]], place[right[open_]], weights[open_], source[some], is_clean)
    cluster[some] = some[joined]
    return cluster


def _unopposed(left: Ints, right: Ints, source: Ints, is_clean: bool) -> tuple[Ints, NDArray[np.bool_]]:
    """Each record's cluster as the plain closure of the likely pairs, and where nothing can speak against it: of a
    clean source no record twice; of others, all pairs of the closure being likely.
    """
    size = len(source)
    ties = coo_matrix((np.ones(len(left), np.int8), (left, right)), shape=(size, size))
    count, part = connected_components(ties, directed=False)
    lowest = np.zeros(count, np.int64)
    lowest[part[::-1]] = np.arange(size)[::-1]
    if is_clean:
        codes = np.sort(part * (np.int64(source.max(initial=0)) + 1) + source)
        repeated = codes[1:][codes[1:] == codes[:-1]] // (np.int64(source.max(initial=0)) + 1)
        opposed = np.zeros(count, bool)
        opposed[repeated] = True
    else:
        members, pairs = np.bincount(part, minlength=count), np.bincount(part[left], minlength=count)
        opposed = pairs < members * (members - 1) // 2
    return lowest[part], ~opposed[part]


def _joined(left: Ints, right: Ints, weights: Floats, source: Ints, is_clean: bool) -> Ints:
    """The clusters of records whose likely pairs cannot all be followed, pair by pair."""
    parent = list(range(len(source)))
    members: dict[int, list[int]] = {}
    sources: dict[int, set[int]] = {}
    known = _Known(left, right, weights, len(source))
    places = np.flatnonzero(weights > 0)
    order = places[np.lexsort((right[places], left[places], -weights[places]))]
    of = source.tolist()
    for a, b in zip(left[order].tolist(), right[order].tolist(), strict=True):
        one, other = _root(parent, a), _root(parent, b)
        if one == other:
            continue
        ours, theirs = sources.get(one) or {of[one]}, sources.get(other) or {of[other]}
        if is_clean and not ours.isdisjoint(theirs):
            continue
        our_members, their_members = members.get(one) or [one], members.get(other) or [other]
        if len(our_members) * len(their_members) > 1 and not is_clean and known.between(our_members, their_members) < 0:
            continue
        keep, gone = min(one, other), max(one, other)
        parent[gone] = keep
        members[keep] = our_members + their_members
        sources[keep] = ours | theirs
        members.pop(gone, None)
        sources.pop(gone, None)
    return np.array([_root(parent, record) for record in range(len(parent))], np.int64)


def _root(parent: list[int], record: int) -> int:
    while parent[record] != record:
        parent[record] = parent[parent[record]]
        record = parent[record]
    return record


class _Known:
    """The weight of any pair that was compared."""

    def __init__(self, left: Ints, right: Ints, weights: Floats, size: int) -> None:
        codes = np.minimum(left, right) * size + np.maximum(left, right)
        order = np.argsort(codes)
        self._codes, self._weights, self._size = codes[order], weights[order], size

    def between(self, ours: list[int], theirs: list[int]) -> float:
        """The mean weight of the pairs compared between two clusters; one that never came into question counts -2."""
        a, b = np.array(ours)[:, None], np.array(theirs)[None, :]
        codes = (np.minimum(a, b) * self._size + np.maximum(a, b)).ravel()
        at = np.minimum(np.searchsorted(self._codes, codes), len(self._codes) - 1)
        found = self._codes[at] == codes
        return float(np.where(found, self._weights[at], -2.0).mean())
