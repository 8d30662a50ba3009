"""Where something takes place, as feeds tell it: addresses, countries and positions into what the format holds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from connectors.texts import line, plain
from schemas.identifiers import InvalidIdentifier, insee_code
from schemas.records import Address, Position
from schemas.zones import zone_of_commune

_POSTAL_CODE = re.compile(r"[0-9A-Za-z -]{1,12}")
_FRENCH_POSTAL_CODE = re.compile(r"[0-9]{5}")
_BETWEEN = re.compile(r"[,\n;]| - (?=\d{5} )")
_TOWN = re.compile(r"(?:[A-Z]{1,2}-)?(\d{5})\s+(\S.*)")


class Place(Struct, frozen=True):
    """Where it takes place, as told; texts are cleaned here, what cannot be used is left out."""

    name: Any
    key: str | None = None
    """The source's own key; else a digest of what it says, the same at each reading."""
    street: Any = None
    postal_code: Any = None
    city: Any = None
    insee: Any = None
    country: str = "FR"
    latitude: Any = None
    longitude: Any = None
    time_zone: str | None = None
    phone: Any = None
    url: Any = None
    identifiers: tuple[tuple[str, str], ...] = ()


def in_pieces(text: str) -> Place | None:
    """A place told on one line, « Salle, 2 rue du Parc, 67000 Ville, France »; None where it says nothing.

    The name is what comes first; a country that is not told is left to whoever knows more.
    """
    pieces = [piece.strip() for piece in _BETWEEN.split(text) if piece.strip()]
    if not pieces:
        return None
    named = COUNTRIES.get(pieces[-1].lower()) if len(pieces) > 1 else None
    if named is not None:
        pieces.pop()
    town = next((number for number, piece in enumerate(pieces) if number and _TOWN.fullmatch(piece)), None)
    found = None if town is None else _TOWN.fullmatch(pieces[town])
    return Place(
        name=pieces[0],
        street=", ".join(pieces[1:town]) or None,
        postal_code=found[1] if found else None,
        city=found[2] if found else None,
        country=named or "",
    )


def digest_of(place: Place) -> str:
    """The key of a place that has none: what it says of where it is, in lower case."""
    said = [place.name, place.street, place.postal_code, place.city]
    words = [" ".join(str(word).split()).lower() if word else "" for word in said]
    return hashlib.sha256(json.dumps(words).encode("utf-8", "replace")).hexdigest()[:24]


def digest(*words: object) -> str:
    """A key of what a source tells without one, the same at each reading."""
    told = json.dumps([str(word) for word in words]).encode("utf-8", "replace")
    return hashlib.sha256(told).hexdigest()[:24]


def zone_of(address: Address) -> str | None:
    """The zone of a French commune, by its INSEE code or its postal code; None where neither tells."""
    if address.country != "FR":
        return None
    code = address.insee_code
    if code is None and address.postal_code and _FRENCH_POSTAL_CODE.fullmatch(address.postal_code):
        # 20xxx are Corsica's postal codes, on Paris time as 2A and 2B are.
        code = address.postal_code.replace("20", "2A", 1) if address.postal_code[:2] == "20" else address.postal_code
    try:
        return None if code is None else zone_of_commune(code)
    except KeyError:
        return None


def country(text: Any, names: Mapping[str, str]) -> str:
    """A country's code: itself, or by its name; FR where none is told. ZZ is a country nobody knows."""
    told = line(text, longest=60)
    if told is None:
        return "FR"
    if len(told) == 2 and told.isalpha() and told.isascii():
        return {"UK": "GB"}.get(told.upper(), told.upper())
    return names.get(told.lower(), "ZZ")


def address_of(place: Place) -> Address:
    insee = line(str(place.insee), longest=10) if place.insee is not None else None
    try:
        insee = None if insee is None else insee_code(insee)
    except InvalidIdentifier:
        insee = None
    postal_code = line(str(place.postal_code), longest=20) if place.postal_code is not None else None
    return Address(
        street=plain(place.street, longest=300),
        postal_code=postal_code if postal_code and _POSTAL_CODE.fullmatch(postal_code) else None,
        city=plain(place.city, longest=200),
        insee_code=insee,
        country=place.country,
    )


def position_of(latitude: Any, longitude: Any) -> Position | None:
    """0, 0 is a sea off Africa: what a source says that knows no position."""
    try:
        north, east = float(latitude), float(longitude)
    except (TypeError, ValueError):
        return None
    if not (-90 <= north <= 90 and -180 <= east <= 180) or (north == 0 and east == 0):
        return None
    return Position(latitude=north, longitude=east)


COUNTRIES = {
    "france": "FR", "fra": "FR", "belgique": "BE", "belgium": "BE", "bel": "BE", "suisse": "CH", "switzerland": "CH",
    "che": "CH", "luxembourg": "LU", "lux": "LU", "allemagne": "DE", "deutschland": "DE", "germany": "DE",
    "deu": "DE", "espagne": "ES", "spain": "ES", "españa": "ES", "esp": "ES", "italie": "IT", "italy": "IT",
    "italia": "IT", "ita": "IT", "monaco": "MC", "mco": "MC", "united kingdom": "GB", "great britain": "GB",
    "royaume-uni": "GB", "gbr": "GB", "united states": "US", "united states of america": "US", "états-unis": "US",
    "usa": "US", "canada": "CA", "can": "CA", "nederland": "NL", "netherlands": "NL", "pays-bas": "NL", "nld": "NL",
    "portugal": "PT", "prt": "PT", "andorre": "AD", "andorra": "AD", "france (métropole)": "FR",
}  # fmt: skip
"""Names that feeds write in place of ISO 3166-1 codes."""
