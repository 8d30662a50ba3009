"""The decision for one record among candidates: join one, ask a person, or stand alone.

Joined by itself only where exactly one candidate is the same and leads the next that comes into question by a
margin: two good candidates mean that the catalogue holds one thing twice, or that the record says too little.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matching.features import Features
from matching.judge import Verdict, judge
from matching.weights import MARGIN


@dataclass(frozen=True, slots=True)
class Ranked:
    """A candidate and what was thought of it."""

    entity_id: int
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done with a record.

    `entity_id` None: a new entity. `entity_id` and not `ask`: it is that entity. `entity_id` and `ask`: a
    person is asked whether it is that entity, and until then it is a new one.
    """

    entity_id: int | None
    verdict: Verdict | None
    """On that candidate; for a new entity on the best one that was refused, None where there was none."""
    runner_up: Ranked | None
    """The next best that came into question; for a new entity None."""
    ask: bool


def choose(record: Features, candidates: Mapping[int, Features]) -> Decision:
    """Decide among candidates by entity id, all of the record's kind. Their order has no influence."""
    ranked = sorted((Ranked(entity_id, judge(record, one)) for entity_id, one in candidates.items()), key=_place)
    hopeful = [one for one in ranked if one.verdict.outcome != "different"]
    if not hopeful:
        return Decision(None, ranked[0].verdict if ranked else None, None, ask=False)
    best, runner_up = hopeful[0], hopeful[1] if len(hopeful) > 1 else None
    sure = best.verdict.outcome == "same" and (runner_up is None or _leads(best.verdict, runner_up.verdict))
    return Decision(best.entity_id, best.verdict, runner_up, ask=not sure)


def _leads(best: Verdict, next_best: Verdict) -> bool:
    if next_best.outcome == "same" and bool(best.settled_by) == bool(next_best.settled_by):
        return False
    return bool(best.settled_by) or best.raw - next_best.raw >= MARGIN


def _place(one: Ranked) -> tuple[int, bool, int, int]:
    """What identifiers settle comes first, then the highest raw value, then the oldest entity."""
    order = ("same", "ask", "different").index(one.verdict.outcome)
    return order, one.verdict.settled_by is None, -one.verdict.raw, one.entity_id
