"""What people's answers add: weights, calibration and threshold learned from labelled pairs.

A logistic regression starts from what was learned without labels: each level may move away from its weight, the more
answers ask for it, and how much the rivals count is learned too. How far it may go is decided on answers it was not
shown: nothing learned, a scale and a threshold only, or a weight a level, whichever does best there, the simplest of
equals. The threshold is the one with the best F1 on unseen answers, and is put at a probability of one half.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack

from matching.agreement import FIELDS, Levels
from matching.fields import LEVELS
from matching.words import Floats, Ints

FEWEST: Final = 10
"""Answers of each sort below which nothing is learned."""
_STIFF: Final = 2.0
"""How hard a level's weight is held where it was."""
_FOLDS: Final = 5
_EASY: Final = 0.02
_EASY_WEIGHT: Final = 0.1
_MOST_EASY: Final = 20_000
_MIX: Final = 0x9E3779B97F4A7C15
_SIZES: Final = tuple(len(LEVELS[name]) + 1 for name in FIELDS)
SCALE, BY_LEVEL = range(2)
"""How much is learned: a scale and a threshold; a weight a level too."""


@dataclass(frozen=True, slots=True)
class Learned:
    """A pair's log odds from its levels, its weight without labels and its log odds without labels."""

    depth: int
    found: Floats

    def odds(self, levels: Levels, weights: Floats, odds: Floats) -> Floats:
        """Return log odds; above 0 is the same thing."""
        return np.asarray(_design(self.depth, levels, weights, odds) @ self.found)


def learn(levels: Levels, weights: Floats, odds: Floats, answers: NDArray[np.int8], record: Ints) -> Learned | None:
    """Learn from `answers`: 1 the same, 0 not, -1 nobody said; None where they are too few of either, or where what was
    known without them does as well. `record` is one of each pair's two: its answers are shown or hidden together.

    Pairs nobody spoke of count too: of records that answers name, as far as they were thought the same without; of
    others a little, as not the same, where they look altogether different.
    """
    told = np.flatnonzero(answers >= 0)
    if min((answers == 1).sum(), (answers == 0).sum()) < FEWEST:
        return None
    is_named = np.isin(record, record[told])
    beside = np.flatnonzero((answers < 0) & is_named)
    easy = np.flatnonzero((answers < 0) & ~is_named & (odds < np.log(_EASY / (1 - _EASY))))
    step = 1 + len(easy) // _MOST_EASY
    easy = easy[::step]
    rows = np.concatenate([told, beside, easy])
    truth = np.concatenate([answers[told].astype(np.float64), 1 / (1 + np.exp(-odds[beside])), np.zeros(len(easy))])
    counts = np.ones(len(rows))
    counts[len(rows) - len(easy) :] = _EASY_WEIGHT * step
    fold = ((record[rows].astype(np.uint64) * np.uint64(_MIX)) >> np.uint64(40)).astype(np.int64) % _FOLDS
    judged = slice(0, len(rows) - len(easy))
    best, most, kept = None, _f1(odds[rows][judged] >= 0, truth[judged]), 0.0
    for depth in (SCALE, BY_LEVEL):
        design = _design(depth, levels[rows], weights[rows], odds[rows])
        unseen = np.zeros(len(rows))
        for number in range(_FOLDS):
            some = fold != number
            unseen[~some] = design[~some] @ _fit(design[some], truth[some], counts[some])
        cut = _threshold(unseen[judged], truth[judged])
        if (f1 := _f1(unseen[judged] > cut, truth[judged])) > most:
            best, most, kept = depth, f1, cut
    if best is None:
        return None
    found = _fit(_design(best, levels[rows], weights[rows], odds[rows]), truth, counts)
    found[len(found) - 3] -= kept
    return Learned(best, found)


def _f1(called: NDArray[np.bool_], truth: Floats) -> float:
    return float(2 * truth[called].sum() / max(1.0, called.sum() + truth.sum()))


def _threshold(odds: Floats, truth: Floats) -> float:
    """The log odds above which F1 is best, halfway to the next pair."""
    order = np.argsort(-odds, kind="stable")
    right = np.cumsum(truth[order])
    score = 2 * right / (np.arange(1, len(order) + 1) + truth.sum())
    # Of thresholds that do about as well the middle one: the best one alone is chance.
    good = np.flatnonzero(score >= score.max() - 0.002)
    at = int(good[len(good) // 2])
    below = odds[order[min(at + 1, len(order) - 1)]]
    return float((odds[order[at]] + below) / 2)


def _design(depth: int, levels: Levels, weights: Floats, odds: Floats) -> csr_matrix:
    beside = csr_matrix(np.stack([np.ones(len(levels)), np.clip(weights, -20, 20), np.clip(odds, -20, 20)], axis=1))
    if depth == SCALE:
        return beside
    told = levels.ravel() > 0
    rows = np.repeat(np.arange(len(levels)), len(FIELDS))[told]
    starts = np.concatenate([[0], np.cumsum(_SIZES)[:-1]])
    columns = (levels.astype(np.int64) + starts).ravel()[told]
    flags = csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(levels), sum(_SIZES)))
    return hstack([flags, beside], format="csr")


def _fit(design: csr_matrix, truth: Floats, counts: Floats) -> Floats:
    start = np.zeros(design.shape[1])
    start[-1] = 1.0
    stiff = np.full(len(start), _STIFF)
    stiff[-3:] = 0.05

    def loss(found: Floats) -> tuple[float, Floats]:
        odds = design @ found
        away = found - start
        cost = float((counts * (np.logaddexp(0, odds) - truth * odds)).sum() + 0.5 * (stiff * away**2).sum())
        wrong = counts * (1 / (1 + np.exp(-np.clip(odds, -60, 60))) - truth)
        return cost, design.T @ wrong + stiff * away

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 200}).x)
