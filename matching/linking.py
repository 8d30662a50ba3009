"""Records of one kind matched as a whole: candidates, levels, model, probabilities. A million go the way that two go.

Work on pairs is cut into parts, and `spread` maps over them: the builtin `map` here, a pool's or a Dask client's `map`
where there are more hands. What comes out does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.agreement import FIELDS, Levels, agreement
from matching.corpus import Corpus
from matching.estimate import Model, Sample, estimate, twice
from matching.keyed import pairs as keyed_pairs
from matching.neighbours import neighbours
from matching.rivals import Pairs, Rivals
from matching.vetoes import possible
from matching.words import Floats, Ints, ordered

Spread = Callable[..., Iterable[Any]]

PART: Final = 250_000
"""Pairs compared at a time."""
POOR: Final = 50_000
"""Up to so many records every one also meets its nearest by TF-IDF; beyond, what their structure finds must do."""
_SAMPLED: Final = 300_000
_SEED: Final = 20
_STRAY: Final = 0.02
"""The share of things told twice that a clean source may seem to have."""
_MOST_ODDS: Final = 40.0


@dataclass(frozen=True, slots=True)
class Matched:
    """Candidate pairs of records that may be one thing, judged."""

    left: Ints
    right: Ints
    levels: Levels
    weights: Floats
    """Of the levels alone: log odds but for prior and rivals."""
    probability: Floats
    model: Model
    is_clean: bool
    """Whether the sources hold each thing once."""

    @property
    def odds(self) -> Floats:
        """Log odds of `probability`."""
        kept = np.clip(self.probability, 1e-15, 1 - 1e-15)
        return np.clip(np.log(kept / (1 - kept)), -_MOST_ODDS, _MOST_ODDS)


def match(one: Corpus, *, one_to_one: bool = False, spread: Spread = map) -> Matched:
    """Judge the candidate pairs of `one` between sources; records that tell no source (`source` all distinct) meet all.

    `one_to_one`: each source is taken to hold each thing once, whatever its records look like.
    """
    left, right = candidates(one)
    levels = compared(one, left, right, spread)
    source, within = one.source, (left, right, levels)
    if is_sourced := len(ordered(one.source)) < one.size:
        apart = one.source[left] != one.source[right]
        within = left[~apart], right[~apart], levels[~apart]
        left, right, levels = left[apart], right[apart], levels[apart]
    else:
        # One table that tells no sources: all of a record's candidates are rivals but those that are one thing told
        # several times.
        source = np.zeros(one.size, np.int64)
    model = estimate(_sample(Pairs(left, right, source), levels, within))
    weights = model.weigh(levels)
    pairs = Pairs(left, right, source)
    group = np.arange(one.size) if one_to_one else twice(model, *within, one.size)
    probability = Rivals(pairs, group).probabilities(weights, model.prior)
    doubled = one.size - len(ordered(group))
    is_clean = one_to_one or (is_sourced and doubled <= _STRAY * max(1.0, probability.sum()))
    return Matched(left, right, levels, weights, probability, model, is_clean)


def candidates(one: Corpus) -> tuple[Ints, Ints]:
    """Return the distinct pairs (left < right) that may be one thing, those within one source too: they teach."""
    left, right = keyed_pairs(one)
    if one.size <= POOR and "title" in one.texts:
        codes = [left * one.size + right]
        for near, far in _nearest(one):
            codes.append(np.minimum(near, far) * one.size + np.maximum(near, far))
        distinct = ordered(np.concatenate(codes))
        left, right = distinct // one.size, distinct % one.size
    kept = possible(one, left, right)
    return left[kept], right[kept]


def _nearest(one: Corpus) -> Iterable[tuple[Ints, Ints]]:
    """Each record's nearest in the other sources and, to learn what is not one thing, in its own."""
    everyone = np.arange(one.size)
    sources = np.unique(one.source)
    if len(sources) != 2:
        yield neighbours(one, everyone, everyone)
        return
    sides = [np.flatnonzero(one.source == source) for source in sources]
    for near, far in ((0, 1), (1, 0), (0, 0), (1, 1)):
        yield neighbours(one, sides[near], sides[far])


def compared(one: Corpus, left: Ints, right: Ints, spread: Spread = map) -> Levels:
    """Return the levels of many pairs, part by part where there are hands for parts."""
    if spread is map:
        return agreement(one, left, right)
    parts = [(left[at : at + PART], right[at : at + PART]) for at in range(0, len(left), PART)]
    found = list(spread(partial(_compared, one), parts))
    return np.concatenate([np.zeros((0, len(FIELDS)), np.uint8), *found])


def _compared(one: Corpus, part: tuple[Ints, Ints]) -> Levels:
    return agreement(one, *part)


def _sample(pairs: Pairs, levels: Levels, within: tuple[Ints, Ints, Levels]) -> Sample:
    """All pairs or, of very many, those among some of the records."""
    if len(pairs) > _SAMPLED:
        chosen = np.random.default_rng(_SEED).random(len(pairs.source)) < np.sqrt(_SAMPLED / len(pairs))
        kept, inside = _both(chosen, pairs.left, pairs.right), _both(chosen, within[0], within[1])
        pairs, levels = Pairs(pairs.left[kept], pairs.right[kept], pairs.source), levels[kept]
        within = within[0][inside], within[1][inside], within[2][inside]
    return Sample(pairs, levels, *within)


def _both(chosen: NDArray[np.bool_], left: Ints, right: Ints) -> NDArray[np.bool_]:
    return np.asarray(chosen[left] & chosen[right])
