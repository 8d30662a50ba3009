"""How far each connector is proven: a ladder of rules, and the level that the rules kept lead to.

`quality.json` is written by `scripts/check_quality.py` from what stands in the repository: the tests that name a
connector, its recordings, its docstring, its manifest. `quality.toml` holds, by hand, why a rule is not for a connector
(`exempt`) or not yet kept (`todo`). A level is reached when its rules and those below are kept or exempt.
"""

from __future__ import annotations

import enum
import functools
from collections.abc import Mapping
from pathlib import Path

import msgspec

FILE = Path(__file__).with_name("quality.json")


class State(enum.StrEnum):
    """Where a connector stands with one rule."""

    DONE = "done"
    TODO = "todo"
    EXEMPT = "exempt"


LADDER: Mapping[str, Mapping[str, str]] = {
    "bronze": {
        "documented": "son en-tête répond aux questions du curseur, docs/connectors.md en a une ligne",
        "recorded": "tient le contrat sur des réponses enregistrées",
        "settings": "chaque réglage a un titre, chaque secret est un secret",
    },
    "silver": {
        "simulated": "tient le contrat en HTTP devant un fournisseur simulé",
        "damaged": "lit des réponses abîmées au hasard sans jamais lever autre chose qu'une erreur nommée",
        "real_files": "lit de vrais fichiers, dont les comptes sont tenus par un test",
        "rereads": "relit une ligne refusée sans le fournisseur",
    },
    "gold": {
        "incremental": "ne demande que ce qui a changé",
        "removals": "ce qui a disparu est dit, ou se voit dans une lecture entière",
        "midway": "une lecture arrêtée continue où elle s'est arrêtée",
    },
}
"""The rules of each level, lowest first, in French."""
RULES: tuple[str, ...] = tuple(rule for rules in LADDER.values() for rule in rules)


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule of one connector."""

    state: State
    why: str = ""
    """In French; never empty for what is exempt or still to do."""


class Quality(msgspec.Struct, frozen=True):
    """One connector on the ladder."""

    rules: dict[str, Verdict]

    @property
    def level(self) -> str | None:
        """The highest level reached; None below bronze."""
        reached = None
        for level, rules in LADDER.items():
            if any(self.rules[rule].state is State.TODO for rule in rules):
                break
            reached = level
        return reached

    @property
    def missing(self) -> dict[str, str]:
        """What is still to do, with its reason."""
        return {rule: one.why for rule, one in self.rules.items() if one.state is State.TODO}


@functools.cache
def qualities() -> Mapping[str, Quality]:
    """By connector; one that another package adds has none."""
    return msgspec.json.decode(FILE.read_bytes(), type=dict[str, Quality])
