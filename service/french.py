"""French words for people: agreement in number, and what the database's codes mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

STATES: Final[Mapping[str, str]] = {
    "running": "en cours",
    "partial": "en partie",
    "done": "terminée",
    "failed": "en échec",
    "guarded": "retenue",
    "lost": "perdue",
    "paused": "en pause",
    "stale": "muette",
    "never": "jamais lue",
}
"""A run's `state`, and where its source stands."""

FAILURES: Final[Mapping[str, str]] = {
    "unavailable": "fournisseur indisponible",
    "denied": "accès refusé",
    "changed": "réponse illisible",
    "settings": "réglages refusés",
    "guarded": "trop de retraits",
    "emptied": "trop de retraits",
    "lost": "reprise ailleurs",
}
"""A run's `failure`."""


def counted(number: int, words: str) -> str:
    """`1 fiche lue`, `2 fiches lues`: every word agrees; zero is singular, as in French."""
    return f"{number} {words if abs(number) < 2 else ' '.join(f'{word}s' for word in words.split())}"


def euros(cents: int) -> str:
    """`8,90 €`."""
    return f"{cents / 100:.2f} €".replace(".", ",")
