"""A column of texts as numbers: distinct values and distinct words are interned once, comparisons are on integers."""

from __future__ import annotations

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


def intern(values: Iterable[str]) -> tuple[Ints, list[str]]:
    """Return each value's number and the distinct values; 0 is the empty text."""
    told = values if isinstance(values, (list, tuple)) else list(values)
    distinct = dict.fromkeys(("",))
    distinct.update(dict.fromkeys(told))
    known = {value: number for number, value in enumerate(distinct)}
    return np.fromiter(map(known.__getitem__, told), np.int64, len(told)), list(known)


def ordered(numbers: Ints) -> Ints:
    """Return the distinct numbers in rising order (numpy's own hashing is five times slower on millions)."""
    rising = np.sort(numbers)
    first = np.ones(len(rising), bool)
    first[1:] = rising[1:] != rising[:-1]
    return rising[first]


def texts(column: Sequence[str], fold: Callable[[str], str]) -> Texts:
    """Return `column` interned, each distinct raw value folded once."""
    raw_of, raw = intern(column)
    folded_of, folded = intern(in_order(fold(value)) for value in raw)
    return of_folded(folded_of[raw_of], folded)


def in_order(text: str) -> str:
    """Return the words of a folded text in alphabetical order: what only differs in the order of its words is equal."""
    return " ".join(sorted(text.split()))


def of_folded(of: Ints, folded: Sequence[str]) -> Texts:
    """Return the column whose records have the values `of` among the distinct `folded` ones, each `in_order`."""
    words: dict[str, int] = {}
    numbers: list[int] = []
    ends = [0]
    for text in folded:
        distinct = sorted(dict.fromkeys(text.split()))[:MOST_WORDS]
        numbers.extend(words.setdefault(word, len(words)) for word in distinct)
        ends.append(len(numbers))
    indices, indptr = np.array(numbers, np.int32), np.array(ends, np.int64)
    times = np.bincount(of, minlength=len(folded)).astype(np.float64)
    times[0] = 0
    per_value = np.repeat(times, np.diff(indptr))
    found = np.bincount(indices, weights=per_value, minlength=len(words))
    bits = np.log2((times.sum() + 1) / (found + 0.5)) if len(words) else np.zeros(0)
    bits = np.maximum(bits, 0.05)
    data = bits[indices].astype(np.float64) if len(indices) else np.zeros(0)
    bags = csr_matrix((data, indices, indptr), shape=(len(folded), max(1, len(words))))
    bags.sort_indices()
    return Texts(of, list(folded), bags, np.asarray(bags.sum(axis=1)).ravel(), list(words), times, int(times.sum()))
