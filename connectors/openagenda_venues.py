"""The place of an OpenAgenda event into a venue."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from connectors.rows import key_of
from connectors.texts import in_french, line, web_address
from schemas.identifiers import InvalidIdentifier, identifier, insee_code
from schemas.records import Address, Identifier, Position, SourceRef, Venue
from schemas.zones import is_zone, zone_of_commune

_POSTAL_CODE = re.compile(r"[0-9A-Za-z -]{1,12}")
_MOST_READ = 2000
_COUNTRY = re.compile(r"[A-Z]{2}")


class Venues:
    """The venues of one reading: each told once, and read once while its events tell it alike.

    `time_zone` where neither place nor event tells theirs and the commune says nothing.
    """

    def __init__(self, connector: str, account: str, time_zone: str) -> None:
        self._connector, self._account, self._time_zone = connector, account, time_zone
        self._told: set[str] = set()
        self._read: dict[Any, tuple[dict[str, Any], Any, Venue]] = {}

    def of(self, row: dict[str, Any]) -> Venue | None:
        """The event's venue, None where it has none (online, or a place the source is bound to).

        Answers without `detailed=1` give places no uid: their key is then a digest of name and address, the same at
        each reading. Raises ValueError for a place without a name.
        """
        location = row.get("location")
        if not isinstance(location, dict) or not location:
            return None
        uid, zone = location.get("uid"), row.get("timezone")
        known = self._read.get(uid) if type(uid) in (int, str) else None
        if known is not None and known[0] == location and known[1] == zone:
            return known[2]
        venue = _venue(location, row, self._connector, self._account, self._time_zone)
        if type(uid) in (int, str):
            if len(self._read) >= _MOST_READ:
                self._read.clear()
            self._read[uid] = location, zone, venue
        return venue

    def first(self, venue: Venue) -> bool:
        """Whether this reading had not told the venue yet."""
        key = venue.ref.key
        if key in self._told:
            return False
        self._told.add(key)
        return True


def _venue(location: dict[str, Any], row: dict[str, Any], connector: str, account: str, time_zone: str) -> Venue:
    name = line(in_french(location.get("name")), longest=1000)
    if name is None:
        raise ValueError("location.name manque")
    address = _address(location)
    uid = key_of(location.get("uid"))
    return Venue(
        ref=SourceRef(connector=connector, account=account, key=uid or _digest(location)),
        name=name,
        time_zone=_zone(row, location, address) or time_zone,
        identifiers=list(_identifiers(uid)),
        address=address,
        position=_position(location),
        phone=line(location.get("phone"), longest=40),
        url=web_address(location.get("website")),
    )


def _digest(location: dict[str, Any]) -> str:
    told = [str(location.get(name)) for name in ("name", "address", "latitude", "longitude")]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:24]


def _zone(row: dict[str, Any], location: dict[str, Any], address: Address) -> str | None:
    for told in (location.get("timezone"), row.get("timezone")):
        if isinstance(told, str) and is_zone(told):
            return told
    if address.insee_code is not None:
        try:
            return zone_of_commune(address.insee_code)
        except KeyError:
            return None
    return None


def _address(location: dict[str, Any]) -> Address:
    insee = line(location.get("insee"), longest=10)
    country = line(location.get("countryCode"), longest=2)
    postal_code = line(location.get("postalCode"), longest=20)
    try:
        insee = None if insee is None else insee_code(insee)
    except InvalidIdentifier:
        insee = None
    return Address(
        street=line(location.get("address"), longest=300),
        postal_code=postal_code if postal_code and _POSTAL_CODE.fullmatch(postal_code) else None,
        city=line(location.get("city"), longest=200),
        insee_code=insee,
        country=country if country and _COUNTRY.fullmatch(country) else "FR",
    )


def _position(location: dict[str, Any]) -> Position | None:
    """0, 0 is a sea off Africa: what an agenda says that knows no position."""
    latitude, longitude = location.get("latitude"), location.get("longitude")
    if not isinstance(latitude, int | Decimal) or not isinstance(longitude, int | Decimal):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or (latitude == 0 and longitude == 0):
        return None
    return Position(latitude=float(latitude), longitude=float(longitude))


def _identifiers(uid: str | None) -> Iterator[Identifier]:
    try:
        yield identifier("openagenda_location", uid or "")
    except InvalidIdentifier:
        return
