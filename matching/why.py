"""Why a pair got its score: points field by field that add up to it, in the words a librarian reads."""

from __future__ import annotations

from math import exp, log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from matching.agreement import FIELDS
from matching.estimate import Model
from matching.fields import FIELDS_FRENCH, LEVELS, level_french
from schemas.identifiers import SCHEMES

_OUTCOMES: Final = {
    "same": "C'est la même chose",
    "ask": "À vérifier par une personne",
    "different": "Ce sont deux choses différentes",
}
_BEGINNING: Final = "début"
_RIVALS: Final = "concurrents"
_MOST: Final = 40.0


def why(levels: NDArray[np.uint8], model: Model, score: int, outcome: str) -> dict[str, Any]:
    """Return a verdict as JSON. The points of its levels add up to the score: what any two candidates of this kind
    score unseen, then what each field adds or takes, the heaviest first, then what rivals and people's answers change.
    `reasons` says the same in sentences, the conclusion first.
    """
    steps = [
        (name, level, float(model.weights[column][level]))
        for column, (name, level) in enumerate(zip(FIELDS, levels.tolist(), strict=True))
        if level
    ]
    steps.sort(key=lambda step: -abs(step[2]))
    odds = log(model.prior / (1 - model.prior))
    running = percent(odds)
    told = [_step(_BEGINNING, "", running)]
    reasons = [f"{_OUTCOMES[outcome]} : {score} sur 100.", f"Deux candidats pris au hasard : {running}."]
    for name, level, weight in steps:
        odds += weight
        points, running = percent(odds) - running, percent(odds)
        told.append(_step(name, LEVELS[name][level - 1], points))
        reasons.append(f"{FIELDS_FRENCH[name].capitalize()} : {level_french(LEVELS[name][level - 1])} ({points:+d}).")
    if score != running:
        told.append(_step(_RIVALS, "", score - running))
        reasons.append(f"Les autres candidats, et les réponses déjà données ({score - running:+d}).")
    return {"outcome": outcome, "score": score, "levels": told, "reasons": reasons}


def settled(scheme: str, score: int, outcome: str) -> dict[str, Any]:
    """Return, as JSON like that of `why`, a verdict that one identifier made alone."""
    reasons = [
        f"{_OUTCOMES[outcome]} : {score} sur 100.",
        f"L'identifiant {SCHEMES[scheme].title} est le même et suffit à trancher.",
    ]
    return {
        "outcome": outcome,
        "score": score,
        "settledBy": f"identifier:{scheme}",
        "levels": [_step("identifier", "same", score)],
        "reasons": reasons,
    }


def _step(field: str, level: str, points: int) -> dict[str, Any]:
    return {"field": field, "level": level, "points": points}


def percent(odds: float) -> int:
    """Return log odds as a score: of a hundred such pairs so many are one thing. Rounded down, so that 50 is not
    reached by what is less likely than not; what is all but certain is 100.
    """
    found = 100 / (1 + exp(-max(-_MOST, min(_MOST, odds))))
    return 100 if found >= 99.5 else int(found + 1e-9)
