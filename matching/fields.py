"""The fields that are compared column by column: their levels by name, and the words a librarian reads for them.

Level 0 of every field is "missing": either side did not tell, which weighs nothing. The others stand in rising order
of agreement, so that a level's number is its place in `LEVELS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_LIKE: Final = ("faint", "partial", "similar", "close", "exact")
_TITLE: Final = ("different", *(f"{like}{rare}" for like in _LIKE for rare in ("_common", "", "_rare")))
_NAME: Final = (
    "different",
    *(f"{like}{rare}" for like in ("faint", "similar", "close", "exact") for rare in ("", "_rare")),
)
_SHARE: Final = ("different", "faint", "partial", "similar", "close", "same")
_RELATIVE: Final = ("different", "far", "near", "close", "same")
_YES: Final = ("different", "same")
_RUNS: Final = ("weeks_apart", "days_apart", "same_season", "some_day", "some_moment", "same_moments")

LEVELS: Final[Mapping[str, tuple[str, ...]]] = {
    "title": _TITLE,
    "numbers": ("different", "some", "within", "same", "one_side"),
    "volume": ("different", "one_side", "same"),
    "version": _YES,
    "contributors": _NAME,
    "publisher": _NAME,
    "series": _NAME,
    "venue": _NAME,
    "address": _NAME,
    "house": _YES,
    "city": _NAME,
    "postal_code": _YES,
    "country": _YES,
    "place": (
        "beyond_5_km",
        "within_5_km",
        "within_1500_m",
        "within_500_m",
        "within_200_m",
        "within_80_m",
        "within_30_m",
    ),
    "phone": _YES,
    "date": ("far", "three_years", "next_year", "same_year", "six_weeks", "week", "next_day", "same_day"),
    "time": ("different", "hour", "quarter", "same"),
    "duration": _RELATIVE,
    "price": _RELATIVE,
    "genre": _NAME,
    "words": _SHARE,
    "identifier": ("different", "contradictory", "same"),
    # What only a catalogue knows of its records: `columns.py` brings it, spreadsheets do not tell it.
    "language": _YES,
    "sort": _YES,
    "family": ("screened_or_not", "different", "same"),
    "work": _YES,
    "sessions": _RUNS,
}

EXACT_TITLE: Final = LEVELS["title"].index("exact_common") + 1
"""From this level on two titles are the same, however many records bear it."""

SCALES: Final = frozenset(
    ("house", "postal_code", "country", "place", "phone", "date", "time", "duration", "price", "words")
)
"""Fields whose levels measure one thing: nearer never weighs less."""

FIELDS_FRENCH: Final[Mapping[str, str]] = {
    "title": "le titre ou le nom",
    "numbers": "les nombres et références du titre",
    "volume": "le tome ou la saison",
    "version": "la version (VO, VF)",
    "contributors": "les auteurs ou artistes",
    "publisher": "l'éditeur ou le label",
    "series": "la série ou l'album",
    "venue": "le lieu",
    "address": "la rue",
    "house": "le numéro dans la rue",
    "city": "la ville",
    "postal_code": "le code postal",
    "country": "le pays",
    "place": "la position",
    "phone": "le téléphone",
    "date": "la date ou l'année",
    "time": "l'heure",
    "duration": "la durée",
    "price": "le prix",
    "genre": "le genre",
    "words": "les mots de la description",
    "identifier": "l'identifiant",
    "language": "la langue",
    "sort": "la sorte de lieu",
    "family": "le domaine",
    "work": "l'œuvre",
    "sessions": "les séances",
}

_LEVELS_FRENCH: Final[Mapping[str, str]] = {
    "missing": "non renseigné",
    "different": "différent",
    "faint": "un peu semblable",
    "partial": "semblable en partie",
    "similar": "très semblable",
    "close": "presque identique",
    "exact": "identique",
    "same": "identique",
    "near": "voisin",
    "far": "éloigné",
    "some": "en partie les mêmes",
    "within": "les uns parmi les autres",
    "one_side": "d'un seul côté",
    "contradictory": "contradictoire : une personne doit vérifier",
    "three_years": "à deux ou trois ans près",
    "next_year": "à un an près",
    "same_year": "même année",
    "six_weeks": "à quelques semaines près",
    "week": "à quelques jours près",
    "next_day": "à un jour près",
    "same_day": "même jour",
    "hour": "à une heure près",
    "quarter": "à vingt minutes près",
    "beyond_5_km": "à plus de 5 km",
    "within_5_km": "à moins de 5 km",
    "within_1500_m": "à moins de 1 500 m",
    "within_500_m": "à moins de 500 m",
    "within_200_m": "à moins de 200 m",
    "within_80_m": "à moins de 80 m",
    "within_30_m": "à moins de 30 m",
    "screened_or_not": "une séance de cinéma d'un seul côté",
    "weeks_apart": "à plus de deux semaines : une autre série",
    "days_apart": "à des jours de distance",
    "same_season": "de la même période",
    "some_day": "en partie les mêmes jours",
    "some_moment": "en partie aux mêmes moments",
    "same_moments": "aux mêmes moments",
}


def level_french(level: str) -> str:
    """Return a level's name as people read it: "exact_rare" is "identique, avec un mot rare"."""
    if level.endswith("_rare"):
        return f"{_LEVELS_FRENCH[level.removesuffix('_rare')]}, avec un mot rare"
    if level.endswith("_common"):
        return f"{_LEVELS_FRENCH[level.removesuffix('_common')]}, par des mots courants"
    return _LEVELS_FRENCH[level]
