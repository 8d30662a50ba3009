"""The subcategories of the pass Culture with the rules that hang on them, as data.

`v1/subcategories.json` is the union of the lists of November 2021 and of 2024; labels are ours. What has
gone or cannot be chosen any more stays readable, because old offers carry it. musicType and showType stand
for their sub-types too.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec

FILE = Path(__file__).parent / "v1" / "subcategories.json"


class Place(enum.StrEnum):
    """Where an offer of the subcategory may take place or be used."""

    OFFLINE = "offline"
    ONLINE = "online"
    BOTH = "both"


class Reimbursement(enum.StrEnum):
    """The scale by which the offerer is paid back."""

    STANDARD = "standard"
    NONE = "none"
    BOOK = "book"


class ConditionalField(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A piece of extra data an offer of the subcategory carries; required in forms and by the partner API."""

    name: str
    required: bool


class Subcategory(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, kw_only=True):
    """What one subcategory allows and counts as."""

    id: str
    label: str
    """Short French name for people."""
    category: str
    """The family of the professional portal: FILM, LIVRE, SPECTACLE…"""
    search_group: str
    """The group of the youth app's search, or NONE: not searched by group."""
    is_event: bool
    """Has dated sessions; else a good."""
    place: Place
    counts_digital: bool
    """Counts against the beneficiary's cap on digital goods."""
    counts_physical: bool
    """Counts against the cap on physical goods (deposits that have one)."""
    reimbursement: Reimbursement
    can_be_duo: bool
    can_expire: bool
    """A booking nobody validated is cancelled after a while."""
    minors_free: bool
    """Bookable from 15 to 17 when free (rules of 2024)."""
    minors_paid: bool
    """Bookable from 15 to 17 when not free (rules of 2024)."""
    fields: tuple[ConditionalField, ...]
    is_selectable: bool
    """May be chosen for a new offer."""
    is_school: bool
    """Was allowed for school offers, 2021 to 2024."""
    is_withdrawable: bool
    """Modes of ticket withdrawal may be stated."""
    is_new_since2021: bool = msgspec.field(default=False, name="isNewSince2021")
    gone_by: int | None = None
    """The year by which it had left the list."""

    @property
    def is_digital(self) -> bool:
        """Used online only."""
        return self.place is Place.ONLINE


class _File(msgspec.Struct, frozen=True):
    subcategories: tuple[Subcategory, ...]


def _read(file: Path) -> Mapping[str, Subcategory]:
    rows = msgspec.json.decode(file.read_bytes(), type=_File).subcategories
    return MappingProxyType({row.id: row for row in rows})


SUBCATEGORIES: Mapping[str, Subcategory] = _read(FILE)
"""By id, in the order of the published list."""

EVENT_CATEGORIES_2018: Mapping[str, str] = MappingProxyType(
    {
        "museums_and_heritage": "EVENEMENT_PATRIMOINE",
        "museum_tour": "VISITE",
        "museum_guided_tour": "VISITE_GUIDEE",
        "heritage_site_tour": "VISITE",
        "heritage_site_guided_tour": "VISITE_GUIDEE",
        "exhibition": "VISITE",
        "performing_arts": "SPECTACLE_REPRESENTATION",
        "art_practice": "ATELIER_PRATIQUE_ART",
        "movie_screening": "SEANCE_CINE",
        "game": "EVENEMENT_JEU",
        "meeting": "RENCONTRE",
    }
)
"""The categories of the common event API (text of August 2018) and what they are today."""


class UnknownCategory(ValueError):
    """A provider names a category nobody knows: the row is rejected, never given a default."""

    def __init__(self, value: str) -> None:
        known = ", ".join(EVENT_CATEGORIES_2018)
        super().__init__(f"catégorie inconnue : « {value[:60]} » (connues : {known})")
        self.value = value


def of_event_2018(category: str, edd_code: str | None = None) -> Subcategory:
    """The subcategory of an event of the 2018 API. Raises `UnknownCategory`.

    Performing arts with an `eddCode` of music (500 to 1006) are concerts; musicals (1100) stay shows.
    """
    found = EVENT_CATEGORIES_2018.get(category)
    if found is None:
        raise UnknownCategory(category)
    if found == "SPECTACLE_REPRESENTATION" and edd_code and re.fullmatch(r"[0-9]{3,4}", edd_code.strip()):
        found = "CONCERT" if 500 <= int(edd_code) < 1100 else found
    return SUBCATEGORIES[found]
