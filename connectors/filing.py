"""What the events of an agenda are in our subcategories, and the zone of places that do not tell theirs.

Agendas, calendars and web pages have no category of ours: the source's settings say it, by key word where it
differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import Field, field_validator

from connectors.settings import Settings
from schemas.taxonomy import SUBCATEGORIES
from schemas.zones import PARIS, is_zone


@dataclass(frozen=True, slots=True)
class Subcategories:
    """What events are: by their first key word known here, else one for all."""

    default: str
    by_keyword: Mapping[str, str]

    def of(self, keywords: Iterable[str]) -> str | None:
        """The subcategory of the first key word that the settings name; None where they name none."""
        if not self.by_keyword:
            return None
        words = (self.by_keyword.get(word.lower()) for word in keywords)
        return next((name for name in words if name), None)


class FilingSettings(Settings):
    """The settings of every source whose events must be filed."""

    default_subcategory: str = Field(
        default="SPECTACLE_REPRESENTATION",
        title="Sous-catégorie des événements",
        description="Ce que sont les événements de cette source, qui n'a pas de catégories du pass Culture.",
    )
    subcategories: str | None = Field(
        default=None,
        title="Sous-catégories par mot-clé",
        description="Par exemple : concert=CONCERT; atelier=ATELIER_PRATIQUE_ART",
    )
    time_zone: str = Field(default=PARIS, title="Fuseau des lieux dont la source ne dit pas le leur")

    @field_validator("default_subcategory")
    @classmethod
    def _event_subcategory(cls, name: str) -> str:
        return event_subcategory(name)

    @field_validator("subcategories")
    @classmethod
    def _keywords(cls, text: str) -> str:
        return "; ".join(f"{word}={name}" for word, name in by_keyword(text).items())

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        if not is_zone(name):
            raise ValueError("fuseau horaire inconnu ; par exemple Europe/Paris, America/Cayenne")
        return name

    def filing(self) -> Subcategories:
        return Subcategories(self.default_subcategory, by_keyword(self.subcategories or ""))


def by_keyword(text: str) -> dict[str, str]:
    """`concert=CONCERT; atelier=…` by key word in lower case. Raises ValueError."""
    found: dict[str, str] = {}
    for pair in filter(None, (piece.strip() for piece in text.split(";"))):
        word, equals, name = (side.strip() for side in pair.partition("="))
        if not equals or not word:
            raise ValueError("il faut mot-clé=SOUS_CATEGORIE, séparés par des points-virgules")
        found[word.lower()] = event_subcategory(name)
    return found


def event_subcategory(name: str) -> str:
    """`name`, when it is a subcategory of events. Raises ValueError listing those there are."""
    known = SUBCATEGORIES.get(name)
    if known is None or not known.is_event:
        allowed = ", ".join(key for key, one in SUBCATEGORIES.items() if one.is_event)
        raise ValueError(f"sous-catégorie d'événement inconnue : {name[:60]} (connues : {allowed})")
    return name
