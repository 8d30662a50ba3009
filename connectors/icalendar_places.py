"""The LOCATION of a calendar's event, one line of free text, into a place: « Salle, rue, 67000 Ville, France »."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from connectors.texts import web_address
from connectors.told_places import Place, in_pieces
from schemas.zones import OVERSEAS, PARIS

_FRENCH_ZONES = frozenset({PARIS, *OVERSEAS.values()})


def place_of(component: Any, zone: str | None) -> Place | None:
    """Where an event takes place; None where it does not say, or is online. `zone` is its moments' own."""
    text = str(component.get("LOCATION") or "").strip()
    if not text or web_address(text) is not None:
        return None
    told = in_pieces(text)
    if told is None:
        return None
    latitude, longitude = _position(component)
    guess = "FR" if zone is None or zone in _FRENCH_ZONES else "ZZ"
    return replace(told, country=told.country or guess, latitude=latitude, longitude=longitude, time_zone=zone)


def online_of(component: Any) -> str | None:
    """The address of an event online: its URL, or a LOCATION that is one."""
    return web_address(str(component.get("URL") or "")) or web_address(str(component.get("LOCATION") or ""))


def _position(component: Any) -> tuple[Any, Any]:
    geo = component.get("GEO")
    return (getattr(geo, "latitude", None), getattr(geo, "longitude", None)) if geo is not None else (None, None)
