"""Two records judged alone, as the catalogue judges a newcomer and its only candidate (`import matching_pairs`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from matching.agreement import FIELDS
from matching.choose import Decision, decide, explain
from matching.features import Features
from matching.fields import LEVELS
from matching.models import shipped
from matching.rarity import Rarity
from matching.scoring import Scored, score


@dataclass(frozen=True, slots=True)
class Judged:
    """What was decided of a newcomer before one entity."""

    outcome: str
    levels: dict[str, str]
    """By field, of those that both tell; none where a veto kept the two from being compared."""
    is_compared: bool
    why: dict[str, Any] | None


def scored(*records: Features, newcomers: int = 1) -> Scored:
    """Every newcomer with all records behind it, in a catalogue that has counted no words."""
    pairs = [(a, b) for a in range(newcomers) for b in range(len(records)) if b >= newcomers or b < a]
    left, right = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    return score(records[0].kind, records, left, right, Rarity(), shipped())


def decided(*records: Features, newcomers: int = 1) -> list[Decision]:
    return decide(records, newcomers, scored(*records, newcomers=newcomers))


def judge(newcomer: Features, entity: Features) -> Judged:
    found = scored(newcomer, entity)
    [decision] = decide([newcomer, entity], 1, found)
    outcome = "ask" if decision.ask else "different" if decision.candidate is None else "same"
    if not len(found.left):
        return Judged(outcome, {}, False, None)
    reached = zip(FIELDS, found.levels[0].tolist(), strict=True)
    levels = {name: LEVELS[name][level - 1] for name, level in reached if level}
    return Judged(outcome, levels, True, None if decision.candidate is None else explain(decision, found))
