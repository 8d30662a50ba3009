"""What people's answers add: weights, calibration and threshold learned from labelled pairs.

A logistic regression starts from what was learned without labels: each level may move away from its weight, the more
answers ask for it, and how much the rivals count is learned too. The threshold is the one with the best F1 on answers
that the regression was not shown, and is put at a probability of one half.
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
from matching.words import Floats

FEWEST: Final = 10
"""Answers of each sort below which nothing is learned."""
_STIFF: Final = 2.0
"""How hard a level's weight is held where it was."""
_FOLDS: Final = 5
_EASY: Final = 0.02
_EASY_WEIGHT: Final = 0.1
_SEED: Final = 5


@dataclass(frozen=True, slots=True)
class Learned:
    """A pair's log odds from its levels, its weight without labels and its log odds without labels."""

    moves: Floats
    scales: Floats
    """Constant, factor of the weight, factor of the log odds; and what is taken off so that the threshold is zero."""

    def odds(self, levels: Levels, weights: Floats, odds: Floats) -> Floats:
        """Return log odds; above 0 is the same thing."""
        return np.asarray(_design(levels, weights, odds) @ np.concatenate([self.moves, self.scales]))


def learn(levels: Levels, weights: Floats, odds: Floats, answers: NDArray[np.int8]) -> Learned | None:
    """Learn from `answers`: 1 the same, 0 not, -1 nobody said; None where they are too few of either.

    Pairs nobody spoke of that look altogether different count a little as not the same.
    """
    told = np.flatnonzero(answers >= 0)
    if min((answers == 1).sum(), (answers == 0).sum()) < FEWEST:
        return None
    easy = np.flatnonzero((answers < 0) & (odds < np.log(_EASY / (1 - _EASY))))
    rows = np.concatenate([told, easy])
    design = _design(levels[rows], weights[rows], odds[rows])
    truth = np.concatenate([answers[told].astype(np.float64), np.zeros(len(easy))])
    counts = np.concatenate([np.ones(len(told)), np.full(len(easy), _EASY_WEIGHT)])
    fold = np.random.default_rng(_SEED).integers(0, _FOLDS, len(rows))
    unseen = np.zeros(len(rows))
    for number in range(_FOLDS):
        some = fold != number
        unseen[~some] = design[~some] @ _fit(design[some], truth[some], counts[some])
    found = _fit(design, truth, counts)
    constant = len(found) - 3
    found[constant] -= _threshold(unseen[: len(told)], truth[: len(told)])
    return Learned(found[:constant], found[constant:])


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


def _design(levels: Levels, weights: Floats, odds: Floats) -> csr_matrix:
    sizes = [len(LEVELS[name]) + 1 for name in FIELDS]
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    columns = (levels.astype(np.int64) + starts).ravel()
    rows = np.repeat(np.arange(len(levels)), len(FIELDS))
    told = levels.ravel() > 0
    shape = (len(levels), int(sum(sizes)))
    flags = csr_matrix((np.ones(int(told.sum())), (rows[told], columns[told])), shape=shape)
    beside = np.stack([np.ones(len(levels)), np.clip(weights, -20, 20), np.clip(odds, -20, 20)], axis=1)
    return hstack([flags, csr_matrix(beside)], format="csr")


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
