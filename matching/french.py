"""The reasons of a verdict in the words a librarian reads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from schemas.identifiers import SCHEMES

OUTCOMES: Final[Mapping[str, str]] = {
    "same": "C'est la même chose",
    "ask": "À vérifier par une personne",
    "different": "Ce sont deux choses différentes",
}
SETTLED: Final[Mapping[str, str]] = {
    "identifier": "l'identifiant {scheme} suffit à trancher",
    "contradiction": "les identifiants se contredisent ({scheme})",
    "source": "la même source les annonce séparément, et elle ne se répète pas",
    "volume": "les numéros de tome ou de partie diffèrent",
    "season": "les saisons diffèrent",
    "remake": "les années sont trop éloignées : un remake ou un homonyme",
    "venue": "les lieux diffèrent : un événement se tient en un seul lieu",
    "form": "les natures diffèrent (livre, film, papier, numérique…)",
}
_ABSENT: Final = "Un seul des deux porte"
LEVELS: Final[Mapping[tuple[str, str], str]] = {
    ("title", "exact"): "Les titres sont identiques",
    ("title", "exact_short"): "Les titres sont identiques, mais courts",
    ("title", "part"): "L'un des titres est l'autre sans son sous-titre, ou coupé",
    ("title", "close"): "Les titres sont presque identiques",
    ("title", "similar"): "Les titres se ressemblent beaucoup",
    ("title", "shared_part"): "Les titres ont une partie en commun",
    ("title", "within"): "Les mots de l'un des titres sont tous dans l'autre",
    ("title", "faint"): "Les titres se ressemblent un peu",
    ("title", "different"): "Les titres diffèrent",
    ("contributors", "same"): "Un auteur ou artiste est le même",
    ("contributors", "initials"): "Un auteur ou artiste est le même, à l'initiale ou au prénom près",
    ("contributors", "close"): "Les noms d'auteur ou d'artiste se ressemblent",
    ("contributors", "different"): "Les auteurs ou artistes diffèrent",
    ("year", "same"): "L'année est la même",
    ("year", "next"): "Une année les sépare",
    ("year", "near"): "Deux ou trois années les séparent",
    ("year", "different"): "Les années sont éloignées",
    ("duration", "same"): "La durée est la même",
    ("duration", "near"): "Les durées sont voisines",
    ("duration", "different"): "Les durées diffèrent",
    ("numbers", "same"): "Les nombres du titre ou du nom sont les mêmes",
    ("numbers", "one_side"): f"{_ABSENT} un nombre dans son titre ou son nom",
    ("numbers", "different"): "Les nombres du titre ou du nom diffèrent",
    ("volume", "same"): "Le numéro de tome est le même",
    ("volume", "one_side"): f"{_ABSENT} un numéro de tome ou de partie",
    ("publisher", "same"): "L'éditeur est le même",
    ("publisher", "different"): "Les éditeurs diffèrent",
    ("language", "same"): "La langue est la même",
    ("language", "different"): "Les langues diffèrent",
    ("venue", "same"): "Le lieu est le même",
    ("work", "same"): "C'est la même œuvre",
    ("work", "different"): "Les œuvres diffèrent",
    ("family", "same"): "Le domaine est le même",
    ("family", "different"): "Les domaines diffèrent",
    ("family", "cinema_or_not"): "Un seul des deux est une séance de cinéma",
    ("sessions", "shared"): "Les séances ont lieu aux mêmes moments",
    ("sessions", "some"): "Certaines séances ont lieu au même moment",
    ("sessions", "same_day"): "Des séances ont lieu le même jour",
    ("sessions", "interleaved"): "Les séances appartiennent à la même période",
    ("sessions", "near"): "Des jours séparent les séances",
    ("sessions", "apart"): "Plus de deux semaines séparent les séances : une autre série",
    ("name", "exact"): "Les noms sont identiques",
    ("name", "generic"): "Les noms sont identiques, mais communs à bien des lieux",
    ("name", "own_same"): "La partie propre des noms est la même",
    ("name", "sort_differs"): "La partie propre des noms est la même, mais pas la sorte de lieu",
    ("name", "half_generic"): "L'un des noms ne dit que la sorte de lieu et la ville",
    ("name", "close"): "Les noms sont presque identiques",
    ("name", "similar"): "Les noms se ressemblent beaucoup",
    ("name", "faint"): "Les noms se ressemblent un peu",
    ("name", "different"): "Les noms diffèrent",
    ("name", "sort_and_name"): "Les noms diffèrent, et la sorte de lieu aussi",
    ("place", "door"): "Les positions sont à moins de 150 mètres",
    ("place", "walk"): "Les positions sont à moins d'un kilomètre",
    ("place", "town"): "Les positions sont à moins de cinq kilomètres",
    ("place", "far"): "Les positions sont éloignées",
    ("town", "same"): "La commune est la même",
    ("town", "postal"): "Le code postal est le même",
    ("town", "area"): "Les communes sont voisines ou incertaines",
    ("town", "different"): "Les communes diffèrent",
    ("street", "same"): "L'adresse est la même",
    ("street", "same_street"): "La rue est la même",
    ("street", "different"): "Les rues diffèrent",
    ("phone", "same"): "Le téléphone est le même",
    ("phone", "different"): "Les téléphones diffèrent",
}


def sentences(outcome: str, score: int, settled_by: str | None, levels: Iterable[tuple[str, str, int]]) -> list[str]:
    """Return the conclusion, then one sentence for each (field, level, points), in the order given."""
    if settled_by is not None:
        by, _, name = settled_by.partition(":")
        why = SETTLED[by].format(scheme=SCHEMES[name].title if name else "")
        return [f"{OUTCOMES[outcome]} : {why}."]
    return [
        f"{OUTCOMES[outcome]} : {score} points sur 100.",
        *(f"{LEVELS[field, level]} : {points:+d}." for field, level, points in levels),
    ]
