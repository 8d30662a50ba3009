"""Why a pair got its score: points field by field that add up to it, in the words a librarian reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from matching.agreement import FIELDS, agreement
from matching.fields import FIELDS_FRENCH, LEVELS, level_french
from matching.whole import Judged, scores_of

_OUTCOMES = {
    "same": "C'est la même chose",
    "ask": "À vérifier par une personne",
    "different": "Ce sont deux choses différentes",
}
_BEGINNING = "début"
_RIVALS = "concurrents"


def levels_of(judged: Judged, pair: int) -> dict[str, str]:
    """Return the level each told field reached."""
    reached = judged.matched.levels[pair]
    return {name: LEVELS[name][level - 1] for name, level in zip(FIELDS, reached.tolist(), strict=True) if level}


def explanation(judged: Judged, pair: int) -> dict[str, Any]:
    """Return a verdict as JSON. The points add up to the score: what any two candidates of this kind score unseen, then
    what each field adds or takes, the heaviest first, then what rivals and people's answers change.
    """
    matched, model = judged.matched, judged.matched.model
    levels = matched.levels[pair : pair + 1]
    steps = [
        (name, int(level), float(model.weights[column][level]))
        for column, (name, level) in enumerate(zip(FIELDS, levels[0].tolist(), strict=True))
        if level
    ]
    steps.sort(key=lambda step: -abs(step[2]))
    odds = float(np.log(model.prior / (1 - model.prior)))
    running = _score(odds)
    told = [
        {"field": _BEGINNING, "level": "", "points": running, "text": f"Deux candidats pris au hasard : {running}."}
    ]
    for name, level, weight in steps:
        odds += weight
        points, running = _score(odds) - running, _score(odds)
        french = level_french(LEVELS[name][level - 1])
        text = f"{FIELDS_FRENCH[name].capitalize()} : {french} ({points:+d})."
        told.append({"field": name, "level": LEVELS[name][level - 1], "points": points, "text": text})
    score = int(judged.scores[pair])
    if score != running:
        text = f"Les autres candidats, et les réponses déjà données ({score - running:+d})."
        told.append({"field": _RIVALS, "level": "", "points": score - running, "text": text})
    outcome = judged.outcome(pair)
    return {
        "outcome": outcome,
        "score": score,
        "levels": told,
        "text": f"{_OUTCOMES[outcome]} : {score} sur 100.",
    }


def explained(judged: Judged, one: int, other: int) -> dict[str, Any]:
    """Return the explanation of two rows of this kind, whether or not they came into question.

    ValueError for a record and itself.
    """
    places = {row: place for place, row in enumerate(judged.rows.tolist())}
    left, right = sorted((places[one], places[other]))
    if left == right:
        raise ValueError("C'est une seule et même fiche.")
    matched = judged.matched
    met = np.flatnonzero((matched.left == left) & (matched.right == right))
    if len(met):
        return explanation(judged, int(met[0]))
    pair = np.array([left]), np.array([right])
    levels = agreement(judged.corpus, *pair)
    odds = matched.model.weigh(levels) + np.log(matched.model.prior / (1 - matched.model.prior))
    alone = replace(matched, left=pair[0], right=pair[1], levels=levels)
    score = np.array([_score(float(odds[0]))])
    return explanation(replace(judged, matched=alone, odds=odds, scores=score), 0)


def _score(odds: float) -> int:
    return int(scores_of(np.array([odds]))[0])
