"""A column of texts as numbers: distinct values and distinct words are interned once, comparisons are on integers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MOST_WORDS: Final = 60
"""Distinct words that count of one value."""
_AT_A_TIME: Final = 50_000


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of folded texts. Value 0 is the empty text."""

    of: Ints
    """Each record's value."""
    values: list[str]
    """The distinct folded texts, their words in alphabetical order: what is compared letter by letter."""
    bags: csr_matrix
    """(value, word) → the word's bits: the surprise of meeting it, -log2 of its share of the records."""
    weight: Floats
    """Each value's sum of bits."""
    words: list[str]
    times: Floats
    """How many records tell each value."""
    records: int
    """How many records tell a value."""

    def __len__(self) -> int:
        return len(self.of)

    @property
    def told(self) -> NDArray[np.bool_]:
        return self.of > 0


@dataclass(frozen=True, slots=True)
class Interned:
    """A column of texts as they were told, each distinct one held once."""

    of: NDArray[np.int32]
    """Each record's value."""
    values: list[str]
    """The distinct texts in the order in which records tell them; value 0 is the empty text."""

    def __len__(self) -> int:
        return len(self.of)

    def listed(self) -> list[str]:
        """Return each record's text."""
        return list(map(self.values.__getitem__, self.of.tolist()))

    def some(self, rows: Ints) -> Interned:
        """Return the column of these records alone."""
        of, kept = by_appearance(np.concatenate([[0], self.of[rows]]), len(self.values))
        return Interned(of[1:], [self.values[number] for number in kept.tolist()])

    def or_else(self, other: Interned) -> Interned:
        """Return this column and, where it tells nothing, the other one."""
        of = np.where(self.of > 0, self.of, np.where(other.of > 0, other.of + np.int32(len(self.values) - 1), 0))
        return Interned(of, [*self.values, *other.values[1:]]).renamed([*self.values, *other.values[1:]])

    def renamed(self, values: Iterable[str]) -> Interned:
        """Return the column with other texts in place of `values`, in their order; the first stays the empty one."""
        of, distinct = intern(values)
        return Interned(of.astype(np.int32)[self.of], distinct)


class Interning:
    """A column that is being told, some records at a time."""

    def __init__(self) -> None:
        self._known: defaultdict[str, int] = defaultdict(lambda: 0)
        self._known.default_factory = self._known.__len__
        self._known[""] = 0
        self._of = [np.zeros(0, np.int32)]

    def add(self, values: Iterable[str]) -> None:
        self._of.append(np.array(list(map(self._known.__getitem__, values)), np.int32))

    def told(self, read: Callable[[str], str]) -> Interned:
        """Return the column, `read` of each distinct text. Nothing is added afterwards."""
        self._known.default_factory = None  # it holds the dictionary that holds it
        raw = list(self._known)
        self._known = defaultdict(int)
        column = Interned(np.concatenate(self._of), raw)
        values = list(map(read, raw))
        return column if values == raw else column.renamed(values)


def intern(values: Iterable[str]) -> tuple[Ints, list[str]]:
    """Return each value's number and the distinct values in the order of appearance; 0 is the empty text."""
    column = Interning()
    column.add(values)
    told = column.told(str)
    return told.of.astype(np.int64), told.values


def interned(column: Interned | Sequence[str]) -> Interned:
    """Return a column of texts interned, if it is not yet."""
    if isinstance(column, Interned):
        return column
    told = Interning()
    told.add(column)
    return told.told(str)


def by_appearance(numbers: Ints | NDArray[np.int32], size: int) -> tuple[NDArray[np.int32], Ints]:
    """Return numbers below `size` counted anew in the order of their appearance, and which each of them was."""
    first = np.full(size, len(numbers), np.int64)
    # Of several assignments to one place the last one stays: the first appearance.
    first[numbers[::-1]] = np.arange(len(numbers))[::-1]
    kept = np.flatnonzero(first < len(numbers))
    kept = kept[np.argsort(first[kept])]
    place = np.zeros(size, np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    return place[numbers], kept


def ordered(numbers: Ints) -> Ints:
    """Return the distinct numbers in rising order (numpy's own hashing is five times slower on millions)."""
    rising = np.sort(numbers)
    first = np.ones(len(rising), bool)
    first[1:] = rising[1:] != rising[:-1]
    return rising[first]


def texts(column: Interned, fold: Callable[[str], str]) -> Texts:
    """Return `column` with each distinct value folded once."""
    return of_column(column.renamed(in_order(fold(value)) for value in column.values))


def in_order(text: str) -> str:
    """Return the words of a folded text in alphabetical order: what only differs in the order of its words is equal."""
    return " ".join(sorted(text.split()))


def of_column(column: Interned) -> Texts:
    """Return a column of folded texts, each `in_order`, with its words."""
    return of_folded(column.of.astype(np.int64), column.values)


def of_folded(of: Ints, folded: list[str]) -> Texts:
    """Return the column whose records have the values `of` among the distinct `folded` ones, each `in_order`."""
    indices, indptr, words = _bags_of_words(folded)
    size = len(folded)
    times = np.bincount(of, minlength=size).astype(np.float64)
    times[0] = 0
    per_value = np.repeat(times, np.diff(indptr))
    found = np.bincount(indices, weights=per_value, minlength=len(words))
    bits = np.log2((times.sum() + 1) / (found + 0.5)) if len(words) else np.zeros(0)
    bits = np.maximum(bits, 0.05)
    data = bits[indices].astype(np.float64) if len(indices) else np.zeros(0)
    bags = csr_matrix((data, indices, indptr), shape=(size, max(1, len(words))))
    bags.sort_indices()
    return Texts(of, folded, bags, np.asarray(bags.sum(axis=1)).ravel(), words, times, int(times.sum()))


def _bags_of_words(values: list[str]) -> tuple[NDArray[np.int32], Ints, list[str]]:
    """The distinct words of each value, one value after the other, where each value's words begin and end, and the
    words.
    """
    known: defaultdict[str, int] = defaultdict(lambda: 0)
    known.default_factory = known.__len__
    numbers, lengths = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    for start in range(0, len(values), _AT_A_TIME):
        some = values[start : start + _AT_A_TIME]
        split = " ".join(filter(None, some)).split(" ")
        numbers.append(np.array(list(map(known.__getitem__, split)) if any(some) else [], np.int32))
        lengths.append(np.array([text.count(" ") + 1 if text else 0 for text in some], np.int64))
    known.default_factory = None
    word, length = np.concatenate(numbers), np.concatenate(lengths)
    value = np.repeat(np.arange(len(values)), length)
    # Words stand in alphabetical order, so equal ones stand side by side.
    kept = np.ones(len(word), bool)
    kept[1:] = (word[1:] != word[:-1]) | (value[1:] != value[:-1])
    word, value = word[kept], value[kept]
    names = list(known)
    if (length > MOST_WORDS).any():
        counts = np.bincount(value, minlength=len(values))
        counted = np.arange(len(word)) - (np.cumsum(counts) - counts)[value] < MOST_WORDS
        value = value[counted]
        word, appeared = by_appearance(word[counted], len(names))
        names = [names[number] for number in appeared.tolist()]
    ends = np.concatenate([[0], np.cumsum(np.bincount(value, minlength=len(values)))]).astype(np.int64)
    return word, ends, names
