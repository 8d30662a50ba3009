"""How rare a word is among all records of a kind, when only a few of them are at hand.

A table that is matched as a whole counts its own words. A newcomer and its candidates cannot: they were brought
together by the words they share. They are weighed by the catalogue's counts, so that one record reaches the levels it
would reach among a million.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from matching.normalise import STOP_WORDS
from matching.places import GENERIC
from matching.words import Texts

LEAST_COUNTED: Final = 3
"""Words of fewer records than that need not be counted: they are rare."""
_UNKNOWN: Final = 5.0
"""How many records a word is taken to have that nobody has counted: seldom, and not rare."""
_RECORDS: Final = 100_000
_COMMON: Final = 2_000.0
_SMALL: Final = 20_000.0
COMMON_WORDS: Final = frozenset(
    [
        "ami", "amis", "amour", "amours", "an", "annee", "ans", "argent", "art", "atelier", "ateliers",
        "aventure", "aventures", "bal", "belle", "blanc", "bleu", "bon", "bonheur", "bout", "chambre", "chant",
        "chat", "chateau", "chemin", "chien", "ciel", "cine", "club", "coeur", "concert", "conference", "conte",
        "contes", "danse", "debat", "dernier", "derniere", "deux", "dieu", "eau", "enfance", "enfant",
        "enfants", "ete", "etoile", "exposition", "femme", "femmes", "fete", "feu", "fille", "filles", "fils",
        "fin", "fleur", "fleurs", "foret", "frere", "garcon", "grand", "grande", "guerre", "guidee", "heure",
        "histoire", "histoires", "hiver", "homme", "hommes", "ile", "jardin", "jeu", "jeune", "jour", "journal",
        "jours", "lecture", "lettre", "lettres", "livre", "loup", "lumiere", "lune", "main", "maison", "maitre",
        "mal", "mer", "mere", "mode", "moi", "mon", "monde", "mort", "mot", "mots", "musique", "mystere",
        "noel", "noir", "noire", "nom", "notre", "nouveau", "nouvelle", "nuit", "nuits", "oiseau", "ombre",
        "or", "paris", "passe", "pays", "peau", "pere", "petit", "petite", "petits", "peur", "pierre", "plus",
        "porte", "premier", "premiere", "prince", "princesse", "printemps", "projection", "public", "quand",
        "reine", "rencontre", "retour", "reve", "reves", "revolution", "roi", "roman", "rouge", "route", "rue",
        "saison", "sang", "scene", "seance", "secret", "secrets", "silence", "soeur", "soir", "soleil",
        "sorciere", "sous", "spectacle", "stage", "tempete", "temps", "terre", "tete", "theatre", "tout",
        "toute", "toutes", "trois", "vent", "verite", "vie", "vies", "vieux", "village", "ville", "visite",
        "voix", "voyage", "voyages", "vrai", "yeux",
    ]
)  # fmt: skip
"""Words that titles of all sorts have, for catalogues that have not counted their own."""
_USUAL: Final = COMMON_WORDS | GENERIC


@dataclass(frozen=True, slots=True)
class Rarity:
    """How many records have each word; without counts words are neither common nor rare, French small words apart."""

    records: int = 0
    """How many records were counted, 0 where none were."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Records by word, of the words that at least `LEAST_COUNTED` have."""

    def times(self, word: str) -> float:
        if self.records:
            return float(self.counts.get(word, LEAST_COUNTED - 1))
        return _SMALL if word in STOP_WORDS else _COMMON if word in _USUAL or word.isdecimal() else _UNKNOWN

    def weigh(self, column: Texts) -> Texts:
        """Return the column with the bits its words have among all records; a value is taken to be told as often as its
        rarest word, for nobody counts whole values.
        """
        records = self.records or _RECORDS
        found = np.array([self.times(word) for word in column.words] or [1.0])
        bits = np.maximum(np.log2((records + 1) / (found + 0.5)), 0.05)
        old = column.bags
        bags = csr_matrix((bits[old.indices], old.indices, old.indptr), shape=old.shape)
        weight, rarest = np.asarray(bags.sum(axis=1)).ravel(), bags.max(axis=1).toarray().ravel()
        times = (records + 1) * 2.0**-rarest - 0.5
        return replace(column, bags=bags, weight=weight, times=times, records=records)
