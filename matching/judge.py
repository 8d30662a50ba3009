"""The verdict on a pair: same, ask a person, or different; with the reasons that add up to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from matching.compare import FIELDS
from matching.features import Features
from matching.french import sentences
from matching.identify import Outcome, settle
from matching.weights import ASK, POINTS, SAME, profile


@dataclass(frozen=True, slots=True)
class Level:
    """What one field said: the level it reached, and the points that level is worth."""

    field: str
    level: str
    points: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is thought of a pair, and why."""

    outcome: Outcome
    score: int
    """0 to 100: `raw` held between the two."""
    levels: tuple[Level, ...]
    """Every field compared, "missing" ones too; their points add up to `raw`."""
    settled_by: str | None = None
    """Where nothing was scored: "identifier:ean", "contradiction:visa", or a veto: "volume", "source",
    "remake"…
    """

    @property
    def raw(self) -> int:
        """The sum of the levels' points, what candidates are ranked by."""
        return sum(level.points for level in self.levels)

    def explanation(self) -> dict[str, Any]:
        """Return the verdict as JSON: what is stored with the decision and shown in the API."""
        return {
            "outcome": self.outcome,
            "score": self.score,
            "raw": self.raw,
            "settledBy": self.settled_by,
            "levels": [{"field": one.field, "level": one.level, "points": one.points} for one in self.levels],
            "thresholds": {"same": SAME, "ask": ASK},
            "reasons": self.in_french(),
        }

    def in_french(self) -> list[str]:
        """Return the reasons as sentences a librarian reads, the heaviest first; what was not told is left
        out.
        """
        told = [(one.field, one.level, one.points) for one in self.levels if one.level != "missing"]
        return sentences(self.outcome, self.score, self.settled_by, sorted(told, key=lambda one: -abs(one[2])))


def judge(left: Features, right: Features) -> Verdict:
    """Return the verdict on two records of one kind. Symmetric; ValueError for two kinds."""
    if left.kind is not right.kind:
        raise ValueError(f"a {left.kind} cannot be matched with a {right.kind}")
    if settlement := settle(left, right):
        points = {"same": 100, "ask": ASK, "different": 0}[settlement.outcome]
        by = f"{settlement.by}:{settlement.scheme}" if settlement.scheme else settlement.by
        return Verdict(settlement.outcome, points, (Level(settlement.by, settlement.outcome, points),), by)
    weighing = profile(left.kind, "film" if "film" in (left.family, right.family) else left.family)
    levels = _levels(POINTS[weighing], {field: compare(left, right) for field, compare in FIELDS[weighing].items()})
    score = max(0, min(100, sum(level.points for level in levels)))
    return Verdict("same" if score >= SAME else "ask" if score >= ASK else "different", score, levels)


def _levels(points: Mapping[str, Mapping[str, int]], reached: Mapping[str, str]) -> tuple[Level, ...]:
    return tuple(Level(field, level, points[field].get(level, 0)) for field, level in reached.items())
