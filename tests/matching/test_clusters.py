"""Clusters: no bad edge glues, and a clean source is in each but once."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.clusters import clusters
from matching.rivals import Pairs, Rivals

EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11), st.floats(-9, 9)), max_size=40)


def arrays(edges: list[tuple[int, int, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    kept = [edge for edge in edges if edge[0] < edge[1]]
    return (
        np.array([edge[0] for edge in kept], np.int64),
        np.array([edge[1] for edge in kept], np.int64),
        np.array([edge[2] for edge in kept], np.float64),
    )


@settings(max_examples=40)
@given(EDGES, st.lists(st.integers(0, 4), min_size=12, max_size=12))
def test_a_clean_source_is_in_a_cluster_once(edges: list[tuple[int, int, float]], sources: list[int]) -> None:
    """Whatever the pairs say, no cluster holds two records of one source; and each is named by its lowest record."""
    found = clusters(*arrays(edges), np.array(sources), is_clean=True)
    assert all(found[found[record]] == found[record] <= record for record in range(12))
    told = {(int(found[record]), sources[record]) for record in range(12)}
    assert len(told) == 12


@given(EDGES)
def test_records_without_sources_join_along_sure_pairs_only(edges: list[tuple[int, int, float]]) -> None:
    """Who is joined is connected by pairs that are likelier than not (an oracle by plain closure)."""
    left, right, weights = arrays(edges)
    found = clusters(left, right, weights, np.arange(12), is_clean=False)
    reach = np.eye(12, dtype=bool)
    sure = weights > 0
    reach[left[sure], right[sure]] = reach[right[sure], left[sure]] = True
    for _ in range(4):
        reach = reach @ reach
    assert all(reach[record, found[record]] for record in range(12))


def pair_by_pair(
    left: np.ndarray, right: np.ndarray, weights: np.ndarray, source: list[int], is_clean: bool
) -> list[int]:
    """What the module promises, with nothing saved."""
    members = {record: {record} for record in range(len(source))}
    known = {
        frozenset(pair): weight for *pair, weight in zip(left.tolist(), right.tolist(), weights.tolist(), strict=True)
    }
    for weight, a, b in sorted(
        (-w, a, b) for a, b, w in zip(left.tolist(), right.tolist(), weights.tolist(), strict=True)
    ):
        ours, theirs = members[a], members[b]
        if weight >= 0 or ours is theirs:
            continue
        between = [known.get(frozenset((one, other)), -2.0) for one in ours for other in theirs]
        told = {source[record] for record in ours} & {source[record] for record in theirs}
        if told if is_clean else len(between) > 1 and sum(between) / len(between) < 0:
            continue
        members.update(dict.fromkeys(ours | theirs, ours | theirs))
    return [min(members[record]) for record in range(len(source))]


@settings(max_examples=300)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_what_is_closed_at_once_is_what_pair_by_pair_gives(seed: int, is_clean: bool) -> None:
    """Settling what nothing speaks against as a whole changes no cluster, whatever pairs and sources there are."""
    chance = np.random.default_rng(seed)
    size = int(chance.integers(1, 14))
    codes = np.unique(chance.integers(0, size * size, int(chance.integers(0, 40))))
    left, right = codes // size, codes % size
    left, right = left[left < right], right[left < right]
    weights = chance.integers(-40, 60, len(left)) / 8
    source = chance.integers(0, 9, size)
    found = clusters(left, right, weights, source, is_clean)
    assert pair_by_pair(left, right, weights, source.tolist(), is_clean) == found.tolist()


def test_one_bad_edge_glues_nothing() -> None:
    """Two clusters joined by one likely pair stay apart where all other pairs between them speak against it."""
    left, right = np.array([0, 0, 1, 3, 3, 4, 2, 0, 1]), np.array([1, 2, 2, 4, 5, 5, 3, 3, 4])
    weights = np.array([9.0, 9, 9, 9, 9, 9, 1, -9, -9])
    assert [0, 0, 0, 3, 3, 3] == clusters(left, right, weights, np.arange(6), is_clean=False).tolist()


@settings(max_examples=40)
@given(EDGES, st.lists(st.integers(0, 2), min_size=12, max_size=12))
def test_rivals_leave_at_most_one(edges: list[tuple[int, int, float]], sources: list[int]) -> None:
    """Of one record, the probabilities over the candidates in one other source never exceed one."""
    left, right, weights = arrays(list({(a, b): (a, b, w) for a, b, w in edges}.values()))
    source = np.array(sources)
    apart = source[left] != source[right] if len(left) else np.zeros(0, bool)
    pairs = Pairs(left[apart], right[apart], source)
    found = Rivals(pairs, np.arange(12)).probabilities(weights[apart], 0.3)
    for record in range(12):
        for other in range(3):
            ours = (pairs.left == record) & (source[pairs.right] == other)
            theirs = (pairs.right == record) & (source[pairs.left] == other)
            assert found[ours].sum() + found[theirs].sum() <= 1 + 1e-9


def test_records_that_one_source_tells_twice_do_not_compete() -> None:
    """Two equal doubles share a match where they are a group, and halve it where they are not."""
    pairs = Pairs(np.array([0, 0]), np.array([1, 2]), np.array([0, 1, 1]))
    weights = np.array([9.0, 9.0])
    assert (Rivals(pairs, np.array([0, 1, 1])).probabilities(weights, 0.5) > 0.99).all()
    assert (Rivals(pairs, np.arange(3)).probabilities(weights, 0.5) < 0.51).all()
