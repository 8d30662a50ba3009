"""Weights of levels learned without labels: Fellegi and Sunter's model, one for each kind of record.

A level's weight is ln(m/u): m how often pairs that are one thing reach it, u how often other candidates do. Both are
estimated by expectation and maximisation. Two things keep it from drifting, as it does when left alone: a record is the
same thing as at most one record of each other source (`rivals.py`), and what is the same thing has hardly ever another
title. In a table that tells no sources all of a record's candidates are rivals, but for those that are one thing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.agreement import FIELDS, Levels
from matching.fields import EXACT_TITLE, LEVELS, SCALES
from matching.rivals import Pairs, Rivals, distinct, groups
from matching.words import Floats, Ints

ROUNDS: Final = 40
_STILL: Final = 1e-3
_PRIOR_PAIRS: Final = 2.0
"""What is known of m before anything is seen weighs like so many pairs."""
_HEAVIEST: Final = 7.0
"""No level that was learned says more than so much, e^7 to 1."""
_RENAMED: Final = 0.01
"""At most so many of the pairs that are one thing bear different titles."""
_SETTLES: Final = 14.0
_SURE: Final = 0.9
_WARM: Final = 3
FIXED: Final = {
    "identifier": np.array([0.0, -_SETTLES, 0.0, _SETTLES]),
    "version": np.array([0.0, -_SETTLES, 0.0]),
}
"""Fields that are not learned."""


@dataclass(frozen=True, slots=True)
class Model:
    """What the levels weigh."""

    weights: tuple[Floats, ...]
    """Per field of `FIELDS`, per level: ln(m/u), 0 for "missing"."""
    prior: float
    """The share of candidate pairs that are one thing."""

    def weigh(self, levels: Levels) -> Floats:
        """Return each pair's sum of weights: log odds but for the prior."""
        total = np.zeros(len(levels))
        for column, weights in enumerate(self.weights):
            if weights.any():
                total += weights[levels[:, column]]
        return total


@dataclass(frozen=True, slots=True)
class Sample:
    """What a model is learned from: candidate pairs of two sources, their levels, and those within one source."""

    pairs: Pairs
    levels: Levels
    within_left: Ints
    within_right: Ints
    within: Levels


def estimate(sample: Sample) -> Model:
    """Learn a model. With no pairs at all every weight is a guess: levels in even steps."""
    if not len(sample.pairs):
        return Model(tuple(_guess(name) for name in FIELDS), 0.5)
    size = len(sample.pairs.source)
    likely = _first_guess(sample)
    # Pairs with the same levels are one pattern: all but the rivalry is counted on patterns.
    patterns, of, times = distinct(sample.levels)
    group = np.arange(size)
    rivals = Rivals(sample.pairs, group)
    model = Model((), 0.5)
    for round_ in range(ROUNDS):
        same: Floats = np.bincount(of, weights=likely, minlength=len(patterns)).astype(np.float64)
        weights = tuple(_weights(name, patterns[:, column], times, same) for column, name in enumerate(FIELDS))
        model = Model(weights, min(0.99, max(float(same.sum()), 1.0) / len(sample.pairs)))
        by_pattern = model.weigh(patterns)
        if round_ >= _WARM and len(sample.within):
            now_grouped = twice(model, sample.within_left, sample.within_right, sample.within, size)
            if not np.array_equal(now_grouped, group):
                group, rivals = now_grouped, Rivals(sample.pairs, now_grouped)
        now = rivals.probabilities(by_pattern[of], model.prior)
        moved = np.abs(now - likely).max()
        likely = now
        if moved < _STILL:
            break
    return model


def twice(model: Model, left: Ints, right: Ints, levels: Levels, size: int) -> Ints:
    """Return the groups of records that one source holds twice: its own words agree whenever it tells a thing again, so
    the title is the same and all the rest makes it likely.
    """
    title = levels[:, FIELDS.index("title")]
    odds = np.exp(np.clip(model.weigh(levels), -60, 60)) * model.prior
    told = (title >= EXACT_TITLE) & (odds / (1 - model.prior + odds) >= _SURE)
    return groups(left[told], right[told], size)


def _first_guess(sample: Sample) -> Floats:
    """Every second of the pairs that are each other's best, by a plain sum in which the title counts thrice."""
    score = np.zeros(len(sample.levels))
    for column, name in enumerate(FIELDS):
        levels = sample.levels[:, column]
        if levels.any():
            share = np.where(levels > 0, levels / len(LEVELS[name]), 0.3)
            score += share * (3 if name == "title" else 1)
    pairs = sample.pairs
    sources = int(pairs.source.max()) + 1
    keys = (pairs.left * sources + pairs.source[pairs.right], pairs.right * sources + pairs.source[pairs.left])
    best = np.ones(len(score), bool)
    for key in keys:
        _, place = np.unique(key, return_inverse=True)
        highest = np.full(int(place.max()) + 1, -np.inf)
        np.maximum.at(highest, place, score)
        best &= score >= highest[place]
    return (best & (score >= np.median(score[best]))).astype(np.float64)


def _weights(name: str, levels: NDArray[np.uint8], times: Floats, same: Floats) -> Floats:
    """A field's weights, given each pattern's level, its number of pairs, and how many of these are one thing."""
    if name in FIXED:
        return FIXED[name]
    size = len(LEVELS[name]) + 1
    if not levels.any():
        return np.zeros(size)
    seen = np.bincount(levels, weights=times, minlength=size)[1:]
    alike = np.bincount(levels, weights=same, minlength=size)[1:]
    m = (alike + _PRIOR_PAIRS * seen / seen.sum()) / (alike.sum() + _PRIOR_PAIRS)
    if name == "title":
        m[0] = min(m[0], _RENAMED)
    other = np.maximum(seen - alike, 0)
    u = (other + 0.5) / (other.sum() + 0.5 * np.count_nonzero(seen))
    # A level seen once or twice says little whatever its ratio.
    ratio = np.log(np.maximum(m, 1e-9) / np.maximum(u, 1e-9)) * seen / (seen + 1)
    ratio = np.clip(ratio, -_HEAVIEST, _HEAVIEST)
    if name in SCALES:
        ratio = rising(ratio, alike.astype(np.float64))
    weights = np.concatenate([[0.0], ratio])
    weights[1] = min(weights[1], 0.0)
    if name == "volume":
        weights[1] = -_SETTLES
    return weights


def rising(weights: Floats, pairs: Floats) -> Floats:
    """Return the rising weights nearest to `weights`, each counting for its `pairs`: neighbours out of order share a
    mean (pool adjacent violators).
    """
    blocks: list[tuple[float, float, int]] = []
    for weight, count in zip(weights.tolist(), np.maximum(pairs, 1e-3).tolist(), strict=True):
        block = (weight, count, 1)
        while blocks and blocks[-1][0] > block[0]:
            before = blocks.pop()
            count_of_both = before[1] + block[1]
            mean = (before[0] * before[1] + block[0] * block[1]) / count_of_both
            block = (mean, count_of_both, before[2] + block[2])
        blocks.append(block)
    return np.repeat([weight for weight, _, _ in blocks], [length for _, _, length in blocks])


def _guess(name: str) -> Floats:
    if name in FIXED:
        return FIXED[name]
    steps = np.linspace(-3, 3, len(LEVELS[name])) if name in ("title", "contributors") else np.zeros(len(LEVELS[name]))
    return np.concatenate([[0.0], steps])
