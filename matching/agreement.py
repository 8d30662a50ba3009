"""Which level each field reaches, for many pairs at once: arrays of small numbers, one column a field of `LEVELS`.

A text field looks at three things: the share of the words in common, weighed by how rare they are; the letters, for
what is mistyped; and how rare the rarest common word is, since a name that two records bear says more than one that a
thousand do. Equal pairs of values are looked at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from matching.corpus import Corpus
from matching.fields import LEVELS
from matching.runs import run_levels
from matching.words import Floats, Ints, Texts

Levels = NDArray[np.uint8]

_EARTH_METRES: Final = 6_371_000
_RARE: Final = 2.6
"""A word that at most two records have (and some smoothing)."""
_SELDOM: Final = 8.0
_AT_A_TIME: Final = 200_000
"""Pairs of values compared at a time, so that what is put down meanwhile stays small."""
FIELDS: Final = tuple(LEVELS)


class Shared(NamedTuple):
    """What two texts have in common, pair by pair."""

    jaccard: Floats
    """Bits of the common words over bits of all."""
    contained: Floats
    """Bits of the common words over bits of the text that says less."""
    letters: Floats
    """Likeness of the letters, 0 to 1, the words being in alphabetical order."""
    records: Floats
    """How many records have the rarest common word; infinity where none is common."""
    equal: NDArray[np.bool_]


def agreement(one: Corpus, left: Ints, right: Ints) -> Levels:
    """Return the level of every field of `FIELDS` (columns) for each pair of records (rows)."""
    reached = np.zeros((len(left), len(FIELDS)), np.uint8)
    for column, name in enumerate(FIELDS):
        compare = _COMPARISONS.get(name)
        levels = compare(one, left, right) if compare else _by_text(one, name, left, right)
        if levels is not None:
            reached[:, column] = levels
    return reached


def _by_text(one: Corpus, name: str, left: Ints, right: Ints) -> NDArray[Any] | None:
    """The level of a text field, each distinct pair of values compared once."""
    if name not in one.texts:
        return None
    column = one.texts[name]
    a, b = column.of[left], column.of[right]
    a, b = np.minimum(a, b), np.maximum(a, b)
    both = np.flatnonzero(a > 0)
    codes, of = np.unique(a[both] * len(column.values) + b[both], return_inverse=True)
    rank = _RANKS.get(name, _name_levels)
    ranked = np.zeros(len(codes), np.uint8)
    for start in range(0, len(codes), _AT_A_TIME):
        some = codes[start : start + _AT_A_TIME]
        ranked[start : start + _AT_A_TIME] = rank(column, some // len(column.values), some % len(column.values))
    levels = np.zeros(len(left), np.uint8)
    levels[both] = ranked[of]
    return levels


def shared(column: Texts, a: Ints, b: Ints, least: float) -> Shared:
    """Compare distinct values of a column, both told. Letters less alike than `least` count as not alike."""
    ours, theirs = column.bags[a], column.bags[b]
    theirs.data = np.ones_like(theirs.data)
    common = ours.multiply(theirs).tocsr()
    some = np.flatnonzero(np.diff(common.indptr))
    total, most = np.zeros(len(a)), np.zeros(len(a))
    if len(some):
        total[some] = np.add.reduceat(common.data, common.indptr[some])
        most[some] = np.maximum.reduceat(common.data, common.indptr[some])
    ours_weigh, theirs_weigh = column.weight[a], column.weight[b]
    return Shared(
        jaccard=total / np.maximum(ours_weigh + theirs_weigh - total, 1e-9),
        contained=total / np.maximum(np.minimum(ours_weigh, theirs_weigh), 1e-9),
        letters=_letters(column, a, b, least),
        records=np.where(a == b, column.times[a], np.where(most > 0, (column.records + 1) * 2.0**-most - 0.5, np.inf)),
        equal=a == b,
    )


def _letters(column: Texts, a: Ints, b: Ints, least: float) -> Floats:
    ours, theirs = ([*map(column.values.__getitem__, of.tolist())] for of in (a, b))
    found = process.cpdist(ours, theirs, scorer=fuzz.ratio, dtype=np.uint8, score_cutoff=100 * least - 1)
    return np.asarray(found / 100.0)


def _title_levels(column: Texts, a: Ints, b: Ints) -> NDArray[Any]:
    pair = shared(column, a, b, 0.6)
    like = np.zeros(len(a), np.int64)
    for level, (words, letters, contained) in enumerate(
        ((0.2, 0.6, 0.5), (0.35, 0.72, 0.7), (0.55, 0.82, 0.95), (0.8, 0.91, 2.0)), 1
    ):
        like[(pair.jaccard >= words) | (pair.letters >= letters) | (pair.contained >= contained)] = level
    like[pair.equal] = 5
    rare = np.where(pair.records <= _RARE, 2, np.where(pair.records <= _SELDOM, 1, 0))
    return np.where(like == 0, 1, 2 + (like - 1) * 3 + rare)


def _name_levels(column: Texts, a: Ints, b: Ints) -> NDArray[Any]:
    pair = shared(column, a, b, 0.7)
    like = np.zeros(len(a), np.int64)
    for level, (words, letters, contained) in enumerate(((0.2, 0.7, 0.5), (0.5, 0.85, 0.9), (0.8, 0.92, 2.0)), 1):
        like[(pair.jaccard >= words) | (pair.letters >= letters) | (pair.contained >= contained)] = level
    like[pair.equal] = 4
    return np.where(like == 0, 1, 2 + (like - 1) * 2 + (pair.records <= _SELDOM))


def _same_levels(column: Texts, a: Ints, b: Ints) -> NDArray[Any]:
    return np.where(_letters(column, a, b, 0.88) >= 0.88, 2, 1)


def _exact_levels(column: Texts, a: Ints, b: Ints) -> NDArray[Any]:
    return np.where(a == b, 2, 1)


def _share_levels(column: Texts, a: Ints, b: Ints) -> NDArray[Any]:
    return 1 + np.searchsorted([0.08, 0.15, 0.25, 0.4, 0.6], shared(column, a, b, 1.0).jaccard, side="right")


def _sort_levels(column: Texts, a: Ints, b: Ints) -> NDArray[Any]:
    """Of names that claim several sorts of place one in common is enough."""
    return np.where(np.diff(column.bags[a].multiply(column.bags[b]).tocsr().indptr) > 0, 2, 1)


def _family_levels(column: Texts, a: Ints, b: Ints) -> NDArray[Any]:
    screened = np.array([value == "cinema" for value in column.values])
    return np.where(a == b, 3, np.where(screened[a] | screened[b], 1, 2))


_RANKS: Final[Mapping[str, Callable[[Texts, Ints, Ints], NDArray[Any]]]] = {
    "title": _title_levels,
    "postal_code": _same_levels,
    "phone": _same_levels,
    "country": _exact_levels,
    "house": _exact_levels,
    "words": _share_levels,
    "language": _exact_levels,
    "sort": _sort_levels,
    "family": _family_levels,
}


def _numbers(one: Corpus, left: Ints, right: Ints) -> NDArray[Any] | None:
    """Numbers and references of two titles, as sets: an equal set, one within the other, some, none in common."""
    if not one.digits.any():
        return None
    of = one.texts["title"].of
    a, b = of[left], of[right]
    ours, theirs = one.digits[a], one.digits[b]
    told = np.flatnonzero((ours > 0) & (theirs > 0))
    common = np.zeros(len(a), np.int64)
    if len(told):
        both = one.digit_bags[a[told]].multiply(one.digit_bags[b[told]]).tocsr()
        common[told] = np.diff(both.indptr)
    levels = np.where((ours > 0) & (theirs > 0), 1, np.where((ours > 0) | (theirs > 0), 5, 0))
    levels[common > 0] = 2
    levels[(common > 0) & (common == np.minimum(ours, theirs))] = 3
    levels[(common > 0) & (common == ours) & (common == theirs)] = 4
    return levels


def _marks(marks: Ints, left: Ints, right: Ints) -> NDArray[Any]:
    a, b = marks[left], marks[right]
    return np.where((a > 0) & (b > 0), np.where(a == b, 3, 1), np.where((a > 0) | (b > 0), 2, 0))


def _volume(one: Corpus, left: Ints, right: Ints) -> NDArray[Any] | None:
    return _marks(one.volume, left, right) if one.volume.any() else None


def _version(one: Corpus, left: Ints, right: Ints) -> NDArray[Any] | None:
    if not one.version.any():
        return None
    versions: NDArray[Any] = np.array([0, 1, 0, 2])[_marks(one.version, left, right)]
    return versions


def _apart(column: Floats, left: Ints, right: Ints) -> Floats:
    return np.abs(column[left] - column[right])


def _date(one: Corpus, left: Ints, right: Ints) -> NDArray[Any] | None:
    if "year" not in one.numbers:
        return None
    years = _apart(one.numbers["year"], left, right)
    levels = np.where(np.isnan(years), 0, 4 - np.searchsorted([0.5, 1.5, 3.5], np.nan_to_num(years)))
    if "day" in one.numbers:
        days = np.nan_to_num(_apart(one.numbers["day"], left, right), nan=np.inf)
        levels = np.where(days <= 45, 8 - np.searchsorted([0.5, 1.5, 7.5], days), levels)
    return levels


def _time(one: Corpus, left: Ints, right: Ints) -> NDArray[Any] | None:
    if "minute" not in one.numbers:
        return None
    minutes = _apart(one.numbers["minute"], left, right)
    return np.where(np.isnan(minutes), 0, 4 - np.searchsorted([2.5, 20.5, 60.5], np.nan_to_num(minutes)))


def _relative(name: str) -> Callable[[Corpus, Ints, Ints], NDArray[Any] | None]:
    def compare(one: Corpus, left: Ints, right: Ints) -> NDArray[Any] | None:
        if name not in one.numbers:
            return None
        column = one.numbers[name]
        apart = _apart(column, left, right)
        share = apart / np.maximum(np.maximum(np.abs(column[left]), np.abs(column[right])), 1e-9)
        return np.where(np.isnan(apart), 0, 5 - np.searchsorted([0.012, 0.05, 0.15, 0.4], np.nan_to_num(share)))

    return compare


def _place(one: Corpus, left: Ints, right: Ints) -> NDArray[Any] | None:
    if "latitude" not in one.numbers or "longitude" not in one.numbers:
        return None
    latitude, longitude = np.radians(one.numbers["latitude"]), np.radians(one.numbers["longitude"])
    told = np.flatnonzero(~np.isnan(latitude[left] + longitude[left] + latitude[right] + longitude[right]))
    levels = np.zeros(len(left), np.int64)
    left, right = left[told], right[told]
    height, width = latitude[right] - latitude[left], longitude[right] - longitude[left]
    h = np.sin(height / 2) ** 2 + np.cos(latitude[left]) * np.cos(latitude[right]) * np.sin(width / 2) ** 2
    metres = 2 * _EARTH_METRES * np.arcsin(np.sqrt(np.minimum(1.0, h)))
    levels[told] = 7 - np.searchsorted([30, 80, 200, 500, 1500, 5000], metres)
    return levels


def _identifier(one: Corpus, left: Ints, right: Ints) -> NDArray[Any] | None:
    """Equal, different where the scheme is exclusive, or both at once."""
    if not one.identifiers:
        return None
    agrees, disagrees = np.zeros(len(left), bool), np.zeros(len(left), bool)
    for held in one.identifiers.values():
        a, b = held.of[left], held.of[right]
        told = (a > 0) & (b > 0)
        agrees |= told & (a == b) & held.settles
        disagrees |= told & (a != b) & held.exclusive
    return np.where(agrees & disagrees, 2, np.where(agrees, 3, np.where(disagrees, 1, 0)))


def _work(one: Corpus, left: Ints, right: Ints) -> NDArray[Any] | None:
    if "work" not in one.numbers:
        return None
    apart = _apart(one.numbers["work"], left, right)
    return np.where(np.isnan(apart), 0, np.where(apart == 0, 2, 1))


def _sessions(one: Corpus, left: Ints, right: Ints) -> NDArray[Any] | None:
    return run_levels(one.runs, left, right) if one.runs else None


_COMPARISONS: Final[Mapping[str, Callable[[Corpus, Ints, Ints], NDArray[Any] | None]]] = {
    "numbers": _numbers,
    "volume": _volume,
    "version": _version,
    "date": _date,
    "time": _time,
    "duration": _relative("duration"),
    "price": _relative("price"),
    "place": _place,
    "identifier": _identifier,
    "work": _work,
    "sessions": _sessions,
}
