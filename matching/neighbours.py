"""The nearest records by TF-IDF: for records whose structure finds nothing, over words and runs of three letters."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix, diags, hstack

from matching.corpus import Corpus
from matching.words import Ints, Texts

NEAREST: Final = 10
_CHUNK: Final = 512
WORK: Final = 60_000_000
"""Products of one search: the commonest features are left out until it costs no more."""


def neighbours(one: Corpus, left: Ints, right: Ints, nearest: int = NEAREST) -> tuple[Ints, Ints]:
    """Return, for each record of `left`, its `nearest` of `right` by cosine over title words, three-letter runs of the
    title, and words of contributors, address and description; a record is not its own neighbour.
    """
    ours, theirs = _affordable(_features(one), left, right)
    firsts: list[Ints] = []
    seconds: list[Ints] = []
    for start in range(0, len(left), _CHUNK):
        near = (ours[start : start + _CHUNK] @ theirs).tocsr()
        rows, columns = _top(near, left[start : start + _CHUNK], right, nearest)
        firsts.append(rows)
        seconds.append(columns)
    none = np.zeros(0, np.int64)
    return np.concatenate([none, *firsts]), np.concatenate([none, *seconds])


def _top(near: csr_matrix, left: Ints, right: Ints, nearest: int) -> tuple[Ints, Ints]:
    rows: list[Ints] = []
    columns: list[Ints] = []
    for row in range(near.shape[0]):
        found = slice(near.indptr[row], near.indptr[row + 1])
        column, value = near.indices[found], near.data[found]
        apart = right[column] != left[row]
        column, value = column[apart], value[apart]
        if len(column) > nearest:
            # All that are as near as the last one asked for, then by place: the order of equals is settled.
            least = np.partition(value, -nearest)[-nearest]
            some = np.flatnonzero(value >= least)
            column = column[some[np.lexsort((column[some], -value[some]))][:nearest]]
        columns.append(right[column])
        rows.append(np.full(len(column), left[row]))
    return np.concatenate(rows), np.concatenate(columns)


def _features(one: Corpus) -> csr_matrix:
    title = one.texts["title"]
    parts = [_unit(title.bags[title.of]), _unit(_trigrams(title)[title.of])]
    for name, share in (("contributors", 0.5), ("address", 0.4), ("words", 0.5), ("series", 0.3)):
        if name in one.texts:
            column = one.texts[name]
            parts.append(_unit(column.bags[column.of]) * share)
    return hstack(parts, format="csr")


def _affordable(features: csr_matrix, left: Ints, right: Ints) -> tuple[csr_matrix, csr_matrix]:
    ours, theirs = features[left].tocsc(), features[right].tocsc()
    products = np.diff(ours.indptr).astype(np.float64) * np.diff(theirs.indptr)
    order = np.argsort(products, kind="stable")
    kept = np.sort(order[np.cumsum(products[order]) <= WORK])
    return ours[:, kept].tocsr(), theirs[:, kept].T.tocsr()


def _trigrams(column: Texts) -> csr_matrix:
    known: dict[str, int] = {}
    numbers: list[int] = []
    ends = [0]
    for value in column.values:
        padded = f" {value} "
        grams: Iterable[str] = dict.fromkeys(padded[at : at + 3] for at in range(len(padded) - 2)) if value else ()
        numbers.extend(known.setdefault(gram, len(known)) for gram in grams)
        ends.append(len(numbers))
    indices = np.array(numbers, np.int32)
    found = np.bincount(indices, minlength=max(1, len(known)))
    bits = np.log2((len(column.values) + 1) / (found + 0.5))
    return csr_matrix(
        (np.maximum(bits, 0.05)[indices], indices, np.array(ends)), shape=(len(column.values), max(1, len(known)))
    )


def _unit(rows: csr_matrix) -> csr_matrix:
    norms = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    return diags(1 / np.where(norms > 0, norms, 1)) @ rows
