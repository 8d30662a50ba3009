"""The decision for each newcomer among its candidates: join one, ask a person, or stand alone.

All of a newcomer's candidates are rivals, since a catalogue means to hold each thing once; and so are the newcomers of
one clean source that claim the same entity. A probability that leaves room for neither another candidate nor none is
therefore one candidate with a margin. Newcomers are decided one after the other, so that what stands alone is a
candidate for those behind it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from matching.features import Features
from matching.identify import CONTRADICTORY
from matching.identify import SAME as SETTLED
from matching.models import shipped
from matching.rarity import Rarity
from matching.scoring import IDENTIFIER, Scored, score
from matching.why import settled, why

SAME: Final = 0.90
"""From this probability on a newcomer is joined by itself. Higher than a table's: a wrong merge is worse than a
double, and whoever reads a table sees what was joined.
"""
ASK: Final = 0.20
"""From this probability on, below `SAME`, a person is asked."""
_MOST: Final = 60.0


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with a newcomer."""

    candidate: int | None
    """The record it is the same as, or may be; None: it is a new thing."""
    ask: bool = False
    """A person is asked whether it is `candidate`; until then it is a new thing."""
    pair: int = -1
    """The scored pair of the two."""
    score: int = 0
    """Of a hundred such pairs so many are one thing, rivals considered; rounded down."""

    @property
    def is_new(self) -> bool:
        return self.candidate is None or self.ask


ALONE: Final = Decision(None)


def decide(
    records: Sequence[Features], newcomers: int, scored: Scored, refused: Mapping[int, Collection[int]] | None = None
) -> list[Decision]:
    """Decide for the first `newcomers` of `records`, in order; the others are entities.

    Pairs are (newcomer, entity) or (newcomer, earlier newcomer). `refused`: by a newcomer, the records of which a
    person said that it is none. Of a clean source two records are never joined, unless an identifier says so.
    """
    sources = [one.sources for one in records]
    right = scored.right.tolist()
    odds = np.exp(np.clip(scored.odds, -_MOST, _MOST)).tolist()
    identified = scored.levels[:, IDENTIFIER].tolist()
    pairs_of: list[list[int]] = [[] for _ in range(newcomers)]
    claims = [0.0] * len(records)
    for pair, newcomer in enumerate(scored.left.tolist()):
        if right[pair] in (refused or {}).get(newcomer, ()):
            continue
        pairs_of[newcomer].append(pair)
        if sources[newcomer] and not sources[newcomer] & sources[right[pair]]:
            claims[right[pair]] += odds[pair]
    decisions: list[Decision] = []
    for newcomer, pairs in enumerate(pairs_of):
        open_ = [
            pair
            for pair in pairs
            if (identified[pair] == SETTLED or not sources[newcomer] & sources[right[pair]])
            and (right[pair] >= newcomers or decisions[right[pair]].is_new)
        ]
        if not open_:
            decisions.append(ALONE)
            continue
        total = sum(odds[pair] for pair in open_)
        chances = {}
        for pair in open_:
            rivals = (
                max(0.0, claims[right[pair]] - odds[pair]) if sources[newcomer] and right[pair] >= newcomers else 0.0
            )
            chances[pair] = odds[pair] / (1 + total + rivals)
        best = max(open_, key=lambda pair: (chances[pair], -right[pair]))
        doubtful = [pair for pair in open_ if identified[pair] == CONTRADICTORY]
        if chances[best] >= SAME and best not in doubtful:
            decisions.append(Decision(right[best], False, best, _percent(chances[best])))
            # This source now speaks of that entity: if it is a clean one, no other record of its may join.
            sources[right[best]] |= sources[newcomer]
        elif doubtful or sum(chances.values()) >= ASK:
            asked = max(doubtful, key=chances.__getitem__) if doubtful else best
            decisions.append(Decision(right[asked], True, asked, _percent(chances[asked])))
        else:
            decisions.append(ALONE)
    return decisions


def alone(left: Features, right: Features) -> Decision:
    """Decide for a newcomer with one candidate and no rival, words being as rare as they are in French."""
    scored = score(left.kind, [left, right], np.zeros(1, np.int64), np.ones(1, np.int64), Rarity(), shipped())
    return decide([left, right], 1, scored)[0]


def explain(decision: Decision, scored: Scored) -> dict[str, Any]:
    """Return why, as JSON (`reasons.why`); of a decision that names a candidate."""
    outcome = "ask" if decision.ask else "same"
    if scored.levels[decision.pair, IDENTIFIER] == SETTLED:
        return settled(scored.schemes[decision.pair], decision.score, outcome)
    return why(scored.levels[decision.pair], scored.models[decision.pair], decision.score, outcome)


def _percent(chance: float) -> int:
    return 100 if chance >= 0.995 else int(100 * chance)
