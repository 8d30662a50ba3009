"""The gate: on the labelled tables, without labels, matching finds nearly all and joins nothing that differs."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from matching_tables import Gold

from matching.corpus import corpus
from matching.hands import hands
from matching.linking import compared, match
from matching.reasons import explanation
from matching.whole import best_of_each, gathered, judge_all
from schemas.records import Kind


@pytest.fixture(scope="module")
def gold() -> Gold:
    return Gold()


@pytest.mark.parametrize("one_to_one", [False, True])
def test_the_gold_tables_are_matched(gold: Gold, one_to_one: bool) -> None:
    """No wrong pair is called the same, and at most one of the right ones is missed."""
    right = wrong = 0
    for judged in gold.judged(one_to_one=one_to_one):
        pairs = best_of_each(judged) if one_to_one else np.flatnonzero(judged.scores >= 50)
        for pair in pairs.tolist():
            left, other = judged.rows[judged.matched.left[pair]], judged.rows[judged.matched.right[pair]]
            right += gold.same(left, other)
            wrong += not gold.same(left, other)
    truth = len(gold.rows) - len({row["entity"] for row in gold.rows})
    assert wrong == 0
    assert right >= truth - 1


def test_a_single_table_is_freed_of_its_doubles(gold: Gold) -> None:
    """Both tables in one file, which tells no sources, give the same things."""
    found = []
    for kind in (Kind.WORK, Kind.PRODUCT):
        rows = [number for number, of in enumerate(gold.kinds) if of is kind]
        gold_of_kind = {name: [values[row] for row in rows] for name, values in gold.columns.items()}
        (judged,) = judge_all(gold_of_kind, [kind] * len(rows), np.arange(len(rows)))
        cluster = gathered(judged)
        found += [gold.same(rows[place], rows[first]) for place, first in enumerate(cluster.tolist()) if place != first]
    assert all(found)
    assert len(found) >= 21


def test_points_add_up_to_the_score(gold: Gold) -> None:
    """Every explanation's points sum to its score, whatever the verdict; and it has French for each."""
    told = [explanation(judged, pair) for judged in gold.judged() for pair in range(len(judged.scores))]
    assert told
    assert all(sum(level["points"] for level in one["levels"]) == one["score"] for one in told)
    assert all(len(one["reasons"]) == 1 + len(one["levels"]) and all(one["reasons"]) for one in told)


def test_the_order_of_the_records_has_no_influence(gold: Gold) -> None:
    """Shuffled rows get the same scores."""
    order = np.random.default_rng(1).permutation(len(gold.rows))

    def scores(order: np.ndarray) -> dict[frozenset[str], int]:
        columns = {name: [values[row] for row in order] for name, values in gold.columns.items()}
        found = {}
        for judged in judge_all(columns, [gold.kinds[row] for row in order], gold.source[order]):
            for left, right, score in zip(
                judged.matched.left, judged.matched.right, judged.scores.tolist(), strict=True
            ):
                ids = (gold.rows[order[judged.rows[side]]]["id"] for side in (left, right))
                found[frozenset(ids)] = score
        return found

    same, shuffled = scores(np.arange(len(order))), scores(order)
    likely = {pair: score for pair, score in same.items() if score >= 5}
    assert likely == {pair: shuffled.get(pair) for pair in likely}


def test_a_pair_is_judged_as_a_million_are(gold: Gold) -> None:
    """One pair alone reaches the levels it reaches among all, and several processes those of one."""
    judged = next(iter(gold.judged()))
    one, matched = judged.corpus, judged.matched
    few = compared(one, matched.left[:1], matched.right[:1])
    assert np.array_equal(few, matched.levels[:1])
    parts = [(matched.left[at::3], matched.right[at::3]) for at in range(3)]
    alone = list(map(partial(_levels, one), parts))
    spread = list(hands(2)(partial(_levels, one), parts))
    assert all(np.array_equal(a, b) for a, b in zip(alone, spread, strict=True))


def _levels(one: object, part: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return compared(one, *part)  # type: ignore[arg-type]


def test_a_source_that_changes_its_ids_overnight_is_recognised(gold: Gold) -> None:
    """The same records under other ids are all found again, and none twice."""
    rows = [row for row, source in enumerate(gold.source) if source == 0 and gold.kinds[row] is Kind.WORK]
    columns = {name: [values[row] for row in rows] * 2 for name, values in gold.columns.items()}
    one = corpus(columns, Kind.WORK, np.repeat([0, 1], len(rows)))
    found = match(one)
    sure = found.probability >= 0.5
    assert {(n, n + len(rows)) for n in range(len(rows))} == set(
        zip(found.left[sure].tolist(), found.right[sure].tolist(), strict=True)
    )


def test_which_table_is_named_first_has_no_influence(gold: Gold) -> None:
    """Linking B to A gives the pairs and scores of linking A to B."""
    size = len(gold.rows)
    ours = int((gold.source == 0).sum())
    order = np.concatenate([np.arange(ours, size), np.arange(ours)])

    def sure(order: np.ndarray) -> dict[frozenset[int], int]:
        columns = {name: [values[row] for row in order] for name, values in gold.columns.items()}
        source = np.where(gold.source[order] == gold.source[order[0]], 0, 1)
        found = {}
        for judged in judge_all(columns, [gold.kinds[row] for row in order], source):
            rows = order[judged.rows]
            for pair in np.flatnonzero(judged.scores >= 20).tolist():
                ends = rows[judged.matched.left[pair]], rows[judged.matched.right[pair]]
                found[frozenset(map(int, ends))] = int(judged.scores[pair])
        return found

    assert sure(np.arange(size)) == sure(order)
