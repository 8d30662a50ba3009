"""Newcomers and their candidates scored as tables are: the same columns, levels, vetoes and kind of model.

What differs from a whole table is where things are known from: candidates come from the catalogue's keys, the rarity of
words from its counts (`rarity.py`), weights from the shipped model (`models.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.agreement import FIELDS, Levels, agreement
from matching.columns import columns, titles_of
from matching.estimate import Model
from matching.features import Features
from matching.identify import CONTRADICTORY, DIFFERENT, SAME, settle
from matching.models import profile
from matching.rarity import Rarity
from matching.vetoes import possible
from matching.words import Floats, Ints
from schemas.records import Kind

IDENTIFIER: Final = FIELDS.index("identifier")
_SAID: Final = frozenset([SAME, CONTRADICTORY])
SETTLED: Final = 40.0
"""Log odds of a pair that an identifier settles: nothing else outweighs it."""


@dataclass(frozen=True, slots=True)
class Scored:
    """Pairs of records, scored; in the order they were given, those that are never one thing left out."""

    left: Ints
    right: Ints
    levels: Levels
    odds: Floats
    """Log odds that the two are one thing, rivals not considered."""
    schemes: Mapping[int, str]
    """The identifier scheme that decided, by pair."""
    models: Sequence[Model]
    """The model that weighed each pair."""


def score(
    kind: Kind, records: Sequence[Features], left: Ints, right: Ints, rarity: Rarity, models: Mapping[str, Model]
) -> Scored:
    """Score pairs of `records` (places in it), all of one kind; symmetric but for the order of the pairs."""
    titles = [titles_of(one) for one in records]
    owners = [place for place, some in enumerate(titles) for _ in some]
    of = np.array(owners, np.int64)
    corpus = columns(kind, [records[place] for place in owners], [title for some in titles for title in some], rarity)
    first = np.searchsorted(of, np.arange(len(records)))
    settled = [settle(records[a], records[b]) for a, b in zip(left.tolist(), right.tolist(), strict=True)]
    # Identifiers come before what looks impossible: one visa is one film whatever year it is said to be of.
    kept = possible(corpus, first[left], first[right]) | np.array([one.level in _SAID for one in settled], bool)
    left, right, settled = left[kept], right[kept], list(compress(settled, kept.tolist()))
    row, other, pair = _by_titles(left, right, first, np.diff(np.append(first, len(of))))
    levels = agreement(corpus, row, other)
    levels[:, IDENTIFIER] = np.array([one.level for one in settled], np.uint8)[pair] if len(pair) else 0
    names = [
        profile(kind, records[a].family, records[b].family) for a, b in zip(left.tolist(), right.tolist(), strict=True)
    ]
    odds = np.zeros(len(row))
    for name in dict.fromkeys(names):
        model = models[name]
        some = np.array([one == name for one in names])[pair]
        odds[some] = model.weigh(levels[some]) + np.log(model.prior / (1 - model.prior))
    odds = np.where(
        levels[:, IDENTIFIER] == SAME, SETTLED, np.where(levels[:, IDENTIFIER] == DIFFERENT, -SETTLED, odds)
    )
    # Of the titles a record goes by the likeliest counts.
    best = np.lexsort((-odds, pair))[np.searchsorted(pair, np.arange(len(left)))] if len(pair) else pair
    schemes = {place: one.scheme for place, one in enumerate(settled) if one.scheme}
    return Scored(left, right, levels[best], odds[best], schemes, [models[name] for name in names])


def forbidden(records: Sequence[Features], left: Ints, right: Ints) -> NDArray[np.bool_]:
    """Return which pairs of `records` (places in it), all of one kind, are never one thing whatever their score: two of
    one clean source, two volumes or seasons, and what `possible` leaves out.
    """
    if not len(left):
        return np.zeros(0, bool)
    corpus = columns(records[0].kind, records, [one.title for one in records], Rarity())
    pairs = [(records[a], records[b]) for a, b in zip(left.tolist(), right.tolist(), strict=True)]
    told_apart = np.array(
        [
            bool(one.sources & other.sources)
            or bool(one.volume and other.volume and one.volume != other.volume)
            or (None not in (one.season, other.season) and one.season != other.season)
            for one, other in pairs
        ]
    )
    return told_apart | ~possible(corpus, left, right)


def _by_titles(left: Ints, right: Ints, first: Ints, count: Ints) -> tuple[Ints, Ints, Ints]:
    """Each pair under every two of their titles: the rows of both, and which pair it is."""
    times = count[left] * count[right]
    pair = np.repeat(np.arange(len(left)), times)
    nth = np.arange(len(pair)) - np.repeat(np.cumsum(times) - times, times)
    ours, theirs = np.divmod(nth, count[right][pair])
    return first[left][pair] + ours, first[right][pair] + theirs, pair
