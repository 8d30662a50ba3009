"""Places as they are compared: venue names, towns, streets, telephone numbers, distances.

A venue's name is of words that say its sort ("salle des fêtes", "théâtre"), of the town's name, and of what
is its own. Three hundred towns have a Salle des fêtes: a name with nothing of its own is called generic and
proves little.
"""

from __future__ import annotations

import re
from math import asin, cos, radians, sin, sqrt
from typing import Final

from matching.normalise import STOP_WORDS, fold

_LONGEST: Final = 200
_EARTH_METRES: Final = 6_371_000

_ABBREVIATIONS: Final = {
    "th": "theatre", "thea": "theatre", "theat": "theatre", "thtr": "theatre", "mediath": "mediatheque",
    "cine": "cinema", "cinemas": "cinema", "st": "saint", "ste": "sainte", "bib": "bibliotheque",
    "bibl": "bibliotheque", "biblio": "bibliotheque", "med": "mediatheque", "mediat": "mediatheque",
    "esp": "espace", "ctre": "centre", "conserv": "conservatoire", "audit": "auditorium", "cult": "culturel",
    "mun": "municipal", "munic": "municipal", "sn": "scene nationale", "cdn": "centre dramatique national",
    "ccn": "centre choregraphique national", "mjc": "maison des jeunes et de la culture",
    "smac": "scene de musiques actuelles", "lib": "librairie", "nat": "national", "nal": "national",
    "sdf": "salle des fetes",
}  # fmt: skip
_SORTS: Final = {
    "theatre": "theatre", "cinema": "cinema", "cineville": "cinema", "multiplexe": "cinema",
    "bibliotheque": "library", "mediatheque": "library", "ludotheque": "library", "musee": "museum",
    "museum": "museum", "opera": "opera", "librairie": "bookshop", "eglise": "church", "chapelle": "church",
    "cathedrale": "church", "abbaye": "church", "basilique": "church", "temple": "church",
    "conservatoire": "music school", "ecole": "school", "college": "school", "lycee": "school",
    "universite": "school", "stade": "sports", "gymnase": "sports", "piscine": "sports", "parc": "garden",
    "jardin": "garden", "bar": "bar", "cafe": "bar", "restaurant": "restaurant", "hotel": "hotel",
}  # fmt: skip
GENERIC: Final = STOP_WORDS | _SORTS.keys() | frozenset(
    [
        "salle", "salles", "fetes", "fete", "polyvalente", "polyvalent", "municipal", "municipale", "communal",
        "communale", "espace", "centre", "culturel", "culturelle", "culture", "maison", "scene", "nationale",
        "national", "foyer", "halle", "halles", "grande", "grand", "petite", "petit", "place", "mairie",
        "auditorium", "arts", "spectacle", "spectacles", "conventionnee", "dramatique", "choregraphique",
        "jeunes", "musiques", "actuelles", "musique", "ville", "bourg", "chateau", "office", "tourisme",
        "intercommunal", "intercommunale", "interet", "art", "quartier", "social", "associatif",
    ]
)  # fmt: skip
_STREETS: Final = {
    "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "blvd": "boulevard", "pl": "place",
    "r": "rue", "rte": "route", "ch": "chemin", "che": "chemin", "imp": "impasse", "all": "allee",
    "sq": "square", "fg": "faubourg", "fbg": "faubourg", "qu": "quai", "q": "quai", "crs": "cours",
    "esp": "esplanade", "st": "saint", "ste": "sainte", "gal": "general", "mal": "marechal", "pdt": "president",
    "dr": "docteur",
}  # fmt: skip
_DISTRICT: Final = re.compile(r"\b(?:cedex(?: \d{1,2})?|\d{1,2}(?:e|er|eme)(?: arrondissement)?)\b")
_CITY_ARTICLE: Final = re.compile(r"^(?P<city>.+) (?P<article>le|la|les|l)$")
_HOUSE: Final = re.compile(r"^(\d{1,5})(?: (bis|ter|quater|[a-d]))?\b\s*")


def venue_name(name: str) -> str:
    """Return a venue's name folded, its usual abbreviations written out."""
    return _spelled(fold(name[:_LONGEST]), _ABBREVIATIONS)


def own_words(venue: str, city: str) -> tuple[str, ...]:
    """Return the words of a `venue_name` that are its own: neither its sort, nor its town, nor too common."""
    town = set(city.split())
    return tuple(
        word for word in dict.fromkeys(venue.split()) if word not in GENERIC and word not in town and len(word) > 1
    )


def sorts(venue: str) -> frozenset[str]:
    """Return what sorts of place the name claims: theatre, cinema, library… mostly one or none."""
    return frozenset(_SORTS[word] for word in venue.split() if word in _SORTS)


def town(city: str) -> str:
    """Return a town's name folded, without cedex or district, "Havre (Le)" as "le havre", "St" as "saint"."""
    folded = _DISTRICT.sub(" ", fold(city[:_LONGEST]))
    folded = " ".join(folded.split()) or fold(city[:_LONGEST])
    if behind := _CITY_ARTICLE.match(folded):
        folded = f"{behind['article']} {behind['city']}"
    return _spelled(folded, {"st": "saint", "ste": "sainte"})


def commune(insee_code: str) -> str:
    """Return the commune's code: districts of Paris, Lyon and Marseille become their city (INSEE COG)."""
    code = insee_code.strip().upper()
    for first, last, city in (
        ("75101", "75120", "75056"),
        ("69381", "69389", "69123"),
        ("13201", "13216", "13055"),
    ):
        if first <= code <= last:
            return city
    return code


def street(text: str) -> tuple[str, str]:
    """Return (house number, street) folded, written out, without small words; the number may be empty."""
    folded = fold(text[:_LONGEST])
    number = ""
    if house := _HOUSE.match(folded):
        number, folded = (house[1] + (house[2] or "")), folded[house.end() :]
    return number, " ".join(word for word in _spelled(folded, _STREETS).split() if word not in STOP_WORDS)


def phone(text: str) -> str:
    """Return the last nine digits, which tell a French number whatever its prefix; shorter ones give ""."""
    digits = "".join(c for c in text if c.isdecimal())
    return digits[-9:] if len(digits) >= 9 else ""


def metres(left: tuple[float, float], right: tuple[float, float]) -> float:
    """Return the great-circle distance of two (latitude, longitude) in degrees. Symmetric."""
    (a, b), (c, d) = sorted((left, right))
    half_height, half_width = radians(c - a) / 2, radians(d - b) / 2
    h = sin(half_height) ** 2 + cos(radians(a)) * cos(radians(c)) * sin(half_width) ** 2
    return 2 * _EARTH_METRES * asin(min(1.0, sqrt(h)))


def _spelled(folded: str, words: dict[str, str]) -> str:
    return " ".join(words.get(word, word) for word in folded.split())
