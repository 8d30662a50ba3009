"""Candidates by keys: records that share an identifier, or a context and a rare word, meet in one block.

A block that would be too large is not opened: what is common finds nothing, whatever the size of the corpus.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.corpus import Corpus
from matching.words import Ints, Texts, ordered
from schemas.records import Kind

MOST_IN_BLOCK: Final = 16
_UNSORTED: Final = 4_000_000
"""Pairs found before those that were found already are left out."""
_TITLE_WORDS: Final = 5
_MAKER_WORDS: Final = 3
_CELL: Final = 0.005
"""Degrees, about 550 m from south to north."""
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)

Keys = tuple[Ints, Ints]
"""Records, and the key each has: one key a row, a record may have many."""


def keys(one: Corpus, words: list[Ints], makers: list[Ints]) -> Iterator[tuple[Keys, bool]]:
    """Yield the keys of `one`, a sort of key at a time, and whether blocks too large are worth dividing; keys of
    different sorts never meet. `words` and `makers` are the rarest words of titles and names.
    """
    everyone = np.arange(one.size)
    for held in one.identifiers.values():
        yield _told(everyone, held.of), False
    if "title" not in one.texts:
        return
    named = {name: one.texts[name].of for name in ("venue", "city", "postal_code", "publisher") if name in one.texts}
    undated = None
    if one.kind is Kind.EVENT and "day" in one.numbers:
        # Events of two dates are two events, see `vetoes.py`: what has a date is found under it, and meets what has
        # none under the other keys.
        undated = np.isnan(one.numbers["day"])
        day = np.nan_to_num(one.numbers["day"]).astype(np.int64)
        for other in named.values():
            yield _both(everyone, day, [other]), True
        yield _both(everyone, day, words), False
        yield _both(everyone, day, makers), False
    for (records, values), divides in _undated_keys(one, words, makers, named):
        if undated is None:
            yield (records, values), divides
        elif undated.any():
            kept = np.isin(values, values[undated[records]])
            yield (records[kept], values[kept]), divides


def _undated_keys(
    one: Corpus, words: list[Ints], makers: list[Ints], named: Mapping[str, Ints]
) -> Iterator[tuple[Keys, bool]]:
    everyone = np.arange(one.size)
    yield _told(everyone, one.texts["title"].of), True
    for context in (*named.values(), *makers):
        yield _both(everyone, context, words), False
    if "latitude" in one.numbers and "longitude" in one.numbers:
        for cell in _cells(one):
            yield _both(everyone, cell, words), False
    if "year" in one.numbers:
        year = np.nan_to_num(one.numbers["year"]).astype(np.int64)
        yield _both(everyone, year, words), False
        yield _both(everyone, year, makers), False
    if "publisher" in named:
        yield _both(everyone, named["publisher"], makers), False
    if "phone" in one.texts:
        yield _told(everyone, one.texts["phone"].of), False
    if "address" in one.texts and "house" in one.texts:
        yield _both(everyone, one.texts["address"].of, [one.texts["house"].of]), False


def _both(everyone: Ints, context: Ints, others: Sequence[Ints]) -> Keys:
    """A key for the context with each of the others, where both are told."""
    records, values = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    is_told = context > 0
    for other in others:
        told = np.flatnonzero(is_told & (other > 0))
        records.append(everyone[told])
        values.append(_mixed(context[told], other[told]))
    return np.concatenate(records), np.concatenate(values)


def _told(everyone: Ints, values: Ints) -> Keys:
    told = values > 0
    return everyone[told], values[told]


def rarest_words(column: Texts, most: int) -> list[Ints]:
    """Return each record's rarest words that another record has too: one array a rank, 0 where there is none."""
    bags = column.bags
    times = np.bincount(column.of, minlength=bags.shape[0])
    row = np.repeat(np.arange(bags.shape[0]), np.diff(bags.indptr))
    found = np.bincount(bags.indices, weights=times[row], minlength=bags.shape[1])
    shared = found[bags.indices] > 1
    row, word, bits = row[shared], bags.indices[shared], bags.data[shared]
    order = np.lexsort((word, -bits, row))
    begins = np.searchsorted(row, np.arange(bags.shape[0]))
    rank = np.arange(len(row)) - begins[row]
    ranks = []
    for wanted in range(most):
        at = order[rank == wanted]
        words = np.zeros(bags.shape[0], np.int64)
        words[row[at]] = word[at] + 1
        ranks.append(words[column.of])
    return ranks


def _cells(one: Corpus) -> Iterator[Ints]:
    """Four grids, each shifted by half a cell: two places nearer than half a cell share a cell of one of them."""
    latitude, longitude = one.numbers["latitude"], one.numbers["longitude"]
    known = ~(np.isnan(latitude) | np.isnan(longitude))
    row = np.nan_to_num(latitude) / _CELL
    # A degree of longitude shrinks towards the poles; the latitude is rounded so that neighbours agree on its width.
    column = np.nan_to_num(longitude) * np.maximum(0.2, np.cos(np.radians(np.round(np.nan_to_num(latitude))))) / _CELL
    for down, across in ((0.0, 0.0), (0.0, 0.5), (0.5, 0.0), (0.5, 0.5)):
        cell = _mixed(np.floor(row + down).astype(np.int64), np.floor(column + across).astype(np.int64))
        yield np.where(known, np.maximum(cell, 1), 0)


def _mixed(left: Ints, right: Ints) -> Ints:
    """One number for two, the same only by an accident of one in 2^63."""
    mixed = (left.astype(np.uint64) * _MIX) ^ (right.astype(np.uint64) + (left.astype(np.uint64) << np.uint64(7)))
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return (mixed & np.uint64(0x7FFFFFFFFFFFFFFF)).astype(np.int64)


def pairs(one: Corpus, most: int = MOST_IN_BLOCK) -> tuple[Ints, Ints]:
    """Return the distinct pairs (left < right) of records that share a key.

    A block of more than `most` records is divided by the rarer words of title and makers, and what is still too large
    is left out: no block costs more than `most` squared.
    """
    words = rarest_words(one.texts["title"], _TITLE_WORDS) if "title" in one.texts else []
    makers = rarest_words(one.texts["contributors"], _MAKER_WORDS) if "contributors" in one.texts else []
    dividers = [*words[:3], *makers[:2]] if words else []
    codes = [np.zeros(0, np.int64)]
    for (records, values), divides in keys(one, words, makers):
        order = np.argsort(values)
        records, values = records[order], values[order]
        small, found = _opened(records, values, one.size, most)
        codes.append(found)
        if divides and not small.all():
            codes.append(_divided(records[~small], values[~small], dividers, one.size, most))
        if sum(map(len, codes[1:])) > _UNSORTED:
            codes = [ordered(np.concatenate(codes))]
    distinct = ordered(np.concatenate(codes))
    return distinct // one.size, distinct % one.size


def _divided(records: Ints, values: Ints, dividers: Sequence[Ints], size: int, most: int) -> Ints:
    inside = [divider[records] > 0 for divider in dividers]
    parts = [_mixed(values[told], divider[records[told]]) for told, divider in zip(inside, dividers, strict=True)]
    keyed = np.concatenate([np.zeros(0, np.int64), *parts])
    who = np.concatenate([np.zeros(0, np.int64), *(records[told] for told in inside)])
    order = np.argsort(keyed)
    return _opened(who[order], keyed[order], size, most)[1]


def _opened(records: Ints, values: Ints, size: int, most: int) -> tuple[NDArray[np.bool_], Ints]:
    """Of records ordered by their key: which are in blocks small enough, and the pairs of these."""
    edges = np.flatnonzero(np.diff(values)) + 1
    begins = np.concatenate([[0], edges]).astype(np.int64) if len(values) else np.zeros(0, np.int64)
    counts = np.diff(np.concatenate([begins, [len(values)]]))
    small = np.repeat(counts <= most, counts)
    found = [np.zeros(0, np.int64)]
    for length in range(2, most + 1):
        # All blocks of one length at once: a table of their records, and the pairs of its columns.
        starts = begins[counts == length]
        if not len(starts):
            continue
        table = records[starts[:, None] + np.arange(length)]
        first, second = np.triu_indices(length, 1)
        left, right = table[:, first].ravel(), table[:, second].ravel()
        found.append((np.minimum(left, right) * size + np.maximum(left, right))[left != right])
    return small, np.concatenate(found)
