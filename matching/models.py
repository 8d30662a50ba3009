"""What levels weigh where records come one at a time: a model a kind, learned beforehand and shipped as data.

One newcomer teaches nothing, so its weights cannot be estimated as those of a table are. They were counted and
calibrated on a world of our own whose truth is known (`scripts/learn_models.py` writes `models.json`), see
docs/decisions/031-one-scorer.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from matching.agreement import FIELDS
from matching.estimate import FIXED, Model
from matching.fields import LEVELS
from matching.words import Floats
from schemas.records import Kind

FILE: Final = Path(__file__).with_name("models.json")
FILM: Final = "film"


def profile(kind: Kind, *families: str) -> str:
    """Return the name of the model that weighs a pair: films apart from other works."""
    return FILM if kind is Kind.WORK and FILM in families else kind.value


@cache
def shipped() -> Mapping[str, Model]:
    """Return the shipped models by profile."""
    document = json.loads(FILE.read_text("utf-8"))
    return {name: read_model(told) for name, told in document["models"].items()}


def read_model(told: Mapping[str, Any]) -> Model:
    """Return a model from its JSON: a prior, and natural logarithms by field and level; what is not there weighs
    nothing. KeyError for a field that is unknown.
    """
    unknown = told["weights"].keys() - LEVELS.keys()
    if unknown:
        raise KeyError(f"unknown fields: {', '.join(sorted(unknown))}")
    return Model(tuple(_weights(name, told["weights"].get(name, {})) for name in FIELDS), told["prior"])


def _weights(name: str, told: Mapping[str, float]) -> Floats:
    return FIXED[name] if name in FIXED else np.array([0.0, *(told.get(level, 0.0) for level in LEVELS[name])])
