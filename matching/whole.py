"""Whole tables matched: two linked, or one freed of doubles; each kind of record apart, with a model of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import numpy as np

from matching.agreement import FIELDS
from matching.clusters import clusters
from matching.corpus import Columns, Corpus, corpus
from matching.learning import learn
from matching.linking import Matched, Spread, match
from matching.words import Floats, Interned, Ints, interned
from schemas.records import Kind

SAME: Final = 50
"""From this score on two records are the same thing: it is likelier than not, their rivals considered."""
ASK: Final = 20
"""From this score on, below `SAME`, a person is asked."""
_CONTRADICTORY: Final = 2
_NEARLY_ALL: Final = 0.8
Wanted = TypeVar("Wanted")

Answers = Mapping[tuple[int, int], bool]
"""Pairs of rows (the lower first) that a person has judged."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One kind's candidate pairs, judged. Rows are those of the tables one after the other."""

    kind: Kind
    rows: Ints
    """The rows of this kind."""
    corpus: Corpus
    matched: Matched
    odds: Floats
    """Log odds of each pair, labels considered."""
    scores: Ints
    """0 to 100: how many of a hundred such pairs are the same thing."""

    def outcome(self, pair: int) -> str:
        """ "same", "ask" or "different"; "ask" wherever identifiers contradict each other."""
        if self.matched.levels[pair, FIELDS.index("identifier")] == _CONTRADICTORY:
            return "ask"
        score = self.scores[pair]
        return "same" if score >= SAME else "ask" if score >= ASK else "different"


def judge_all(
    columns: Columns,
    kinds: Sequence[Kind],
    source: Ints,
    *,
    one_to_one: bool = False,
    answers: Answers | None = None,
    spread: Spread = map,
) -> Iterator[Judged]:
    """Yield every kind's judged pairs. `source` says of each row whom it comes from: of one source nothing is joined
    unless the source proves to tell things twice; rows whose sources all differ meet freely.
    """
    table = _Table({name: interned(column) for name, column in columns.items()}, source, one_to_one, answers)
    for kind, rows in _by_kind(kinds).items():
        yield table.judged(kind, rows, spread)


def judge_each(
    columns: Columns,
    kinds: Sequence[Kind],
    source: Ints,
    wanted: Callable[[Judged], Wanted],
    *,
    one_to_one: bool = False,
    answers: Answers | None = None,
    spread: Spread = map,
) -> list[Wanted]:
    """Return what is `wanted` of every kind's judged pairs, see `judge_all`; the kinds are spread where there is work
    for several, the work on pairs where one kind is nearly the whole table.
    """
    table = _Table({name: interned(column) for name, column in columns.items()}, source, one_to_one, answers)
    parts = _by_kind(kinds)
    if any(len(rows) > _NEARLY_ALL * len(kinds) for rows in parts.values()):
        return [wanted(table.judged(kind, rows, spread)) for kind, rows in parts.items()]
    largest_first = sorted(parts.items(), key=lambda part: -len(part[1]))
    done = spread(partial(_wanted, table, wanted), largest_first)
    found = dict(zip((kind for kind, _ in largest_first), done, strict=True))
    return [found[kind] for kind in parts]


def _wanted(table: _Table, wanted: Callable[[Judged], Wanted], part: tuple[Kind, Ints]) -> Wanted:
    return wanted(table.judged(*part, map))


def _by_kind(kinds: Sequence[Kind]) -> dict[Kind, Ints]:
    number = {kind: place for place, kind in enumerate(dict.fromkeys(kinds))}
    of = np.array([number[kind] for kind in kinds], np.int8)
    return {kind: np.flatnonzero(of == place) for kind, place in number.items()}


@dataclass(frozen=True, slots=True)
class _Table:
    """Records of all kinds, and how they are matched."""

    columns: Mapping[str, Interned]
    source: Ints
    one_to_one: bool
    answers: Answers | None

    def judged(self, kind: Kind, rows: Ints, spread: Spread) -> Judged:
        source = np.unique(self.source[rows], return_inverse=True)[1].astype(np.int64)
        # Nothing holds the texts as they were told while pairs are compared.
        one = corpus({name: column.some(rows) for name, column in self.columns.items()}, kind, source)
        matched = match(one, one_to_one=self.one_to_one, spread=spread)
        odds = _with_answers(matched, rows, self.answers) if self.answers else matched.odds
        return Judged(kind, rows, one, matched, odds, scores_of(odds))


def scores_of(odds: Floats) -> Ints:
    # Rounded down, so that 50 is not reached by what is less likely than not; what is all but certain is 100.
    percent = 100 / (1 + np.exp(-odds))
    return np.where(percent >= 99.5, 100, np.floor(percent + 1e-9)).astype(np.int64)


def _with_answers(matched: Matched, rows: Ints, answers: Answers) -> Floats:
    said = np.full(len(matched.left), -1, np.int8)
    known = {pair: place for place, pair in enumerate(zip(matched.left.tolist(), matched.right.tolist(), strict=True))}
    place_of = {row: place for place, row in enumerate(rows.tolist())}
    for (one, other), same in answers.items():
        place = known.get((place_of.get(one, -1), place_of.get(other, -1)))
        if place is not None:
            said[place] = same
    odds = matched.odds
    if is_one_sided := not (said == 0).any():
        # Somebody who names only what is the same has looked at those records: their other candidates are not.
        named = np.unique(matched.left[said == 1])
        said[np.isin(matched.left, named) & (said < 0)] = 0
    learned = learn(matched.levels, matched.weights, odds, said, matched.left)
    if learned is None:
        return odds
    found = learned.odds(matched.levels, matched.weights, odds)
    if is_one_sided:
        # Records that have no double were never looked at, so these answers order the pairs and say nothing of how many
        # are the same: as many as without them.
        falling = np.sort(found)[::-1]
        last = min(max(1, int((odds >= 0).sum())), len(falling)) - 1
        found -= (falling[last] + falling[min(last + 1, len(falling) - 1)]) / 2
    return np.clip(found, -40, 40)


def best_of_each(judged: Judged) -> Ints:
    """Return the pairs of which neither record has a better one, the surest first: each record at most once."""
    left, right = judged.matched.left, judged.matched.right
    order = np.lexsort((right, left, -judged.odds))
    taken: set[int] = set()
    kept = []
    for pair in order.tolist():
        one, other = int(left[pair]), int(right[pair])
        if judged.scores[pair] >= SAME and one not in taken and other not in taken:
            taken.update((one, other))
            kept.append(pair)
    return np.array(kept, np.int64)


def gathered(judged: Judged) -> Ints:
    """Return each row's cluster, as places in `judged.rows`."""
    matched = judged.matched
    sure = judged.odds - np.log(SAME / (100 - SAME))
    doubtful = matched.levels[:, FIELDS.index("identifier")] == _CONTRADICTORY
    sure[doubtful] = np.minimum(sure[doubtful], 0)
    return clusters(matched.left, matched.right, sure, judged.corpus.source, matched.is_clean)
