"""Whole tables matched: two linked, or one freed of doubles; each kind of record apart, with a model of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from matching.agreement import FIELDS
from matching.clusters import clusters
from matching.corpus import Columns, Corpus, corpus
from matching.learning import learn
from matching.linking import Matched, Spread, match
from matching.words import Floats, Ints
from schemas.records import Kind

SAME: Final = 50
"""From this score on two records are the same thing: it is likelier than not, their rivals considered."""
ASK: Final = 20
"""From this score on, below `SAME`, a person is asked."""
_CONTRADICTORY: Final = 2

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
    of_kind = np.array([kind.value for kind in kinds])
    for kind in dict.fromkeys(kinds):
        rows = np.flatnonzero(of_kind == kind.value)
        told = {name: [values[row] for row in rows.tolist()] for name, values in columns.items()}
        one = corpus(told, kind, np.unique(source[rows], return_inverse=True)[1].astype(np.int64))
        matched = match(one, one_to_one=one_to_one, spread=spread)
        odds = _with_answers(matched, rows, answers) if answers else matched.odds
        yield Judged(kind, rows, one, matched, odds, scores_of(odds))


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
