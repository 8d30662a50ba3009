"""Rows of OpenAgenda's export on Opendatasoft, put back into the shape of OpenAgenda's own API.

Fields are flat (`title_fr`, `location_city`), and `timings`, `status`, `attendancemode` and `registration` are JSON
inside texts. Labels hold placeholders of translators: numbers alone are read.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import Any

from connectors.local_times import told
from connectors.opendatasoft_rows import Row
from connectors.rows import parsed
from schemas.zones import zone_of_commune

_LANGUAGE = re.compile(r"[a-z]{2}")
_OWN = frozenset({"timings", "firstdate_begin", "title_fr"})
_LIST = re.compile(r"[,;|]")


def is_openagenda(row: Any) -> bool:
    """Whether a row is of OpenAgenda's export: its number and its dates are spelt as there."""
    return (
        isinstance(row, dict) and "uid" in row and ("timings" in row or "firstdate_begin" in row or "title_fr" in row)
    )


def event_of(row: Row, time_zone: str) -> dict[str, Any]:
    """The event as OpenAgenda's API tells it. Raises ValueError naming the field whose inside is no JSON."""
    event: dict[str, Any] = {
        "uid": row.get("uid"),
        "title": _by_language(row, "title"),
        "description": _by_language(row, "description") or _by_language(row, "longdescription"),
        "keywords": {language: _words(words) for language, words in _by_language(row, "keywords").items()},
        "status": _id(row, "status"),
        "onlineAccessLink": row.get("onlineaccesslink"),
        "registration": _inside(row, "registration"),
        "location": location_of(row),
    }
    zone = _zone(row, time_zone)
    timings = _inside(row, "timings")
    if isinstance(timings, dict):
        timings = list(timings.values())
    if timings is None and isinstance(row.get("timetable"), str):
        timings = [_naive(pair, zone) for pair in row["timetable"].split(";") if pair.strip()]
    if isinstance(timings, list):
        event["timings"] = timings
        return event
    for name, field in (("firstTiming", "firstdate"), ("nextTiming", "nextdate"), ("lastTiming", "lastdate")):
        if row.get(f"{field}_begin"):
            begin, end = (_with_offset(row.get(f"{field}_{edge}"), zone) for edge in ("begin", "end"))
            event[name] = {"begin": begin, "end": end}
    return event


def location_of(row: Row) -> dict[str, Any] | None:
    """The place in the API's shape; None for an event online, or one of no place."""
    name = row.get("location_name")
    if not name:
        return None
    latitude, longitude = coordinates(row.get("location_coordinates"))
    return {
        "uid": row.get("location_uid"),
        "name": name,
        "address": row.get("location_address"),
        "postalCode": _text(row.get("location_postalcode")),
        "city": row.get("location_city"),
        "insee": _text(row.get("location_insee")),
        "countryCode": row.get("location_countrycode"),
        "latitude": latitude,
        "longitude": longitude,
        "phone": row.get("location_phone"),
        "website": row.get("location_website"),
    }


def coordinates(value: Any) -> tuple[Decimal | None, Decimal | None]:
    """(latitude, longitude) of a point: `{lon, lat}`, `[lat, lon]`, `"lat, lon"`, or GeoJSON's `[lon, lat]`."""
    if isinstance(value, str):
        value = value.split(",")
    if isinstance(value, dict):
        geometry = value.get("geometry") or value
        if isinstance(geometry, dict) and isinstance(geometry.get("coordinates"), list):
            value = geometry["coordinates"][1::-1]
        else:
            value = [value.get("lat"), value.get("lon", value.get("lng"))]
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None, None
    try:
        latitude, longitude = (
            number if isinstance(number, Decimal) else Decimal(str(number).strip()) for number in value
        )
    except ArithmeticError:
        return None, None
    return latitude, longitude


def _by_language(row: Row, field: str) -> dict[str, Any]:
    """`title_fr` and its like, French first; a bare `title` is French."""
    found = {"fr": row[field]} if row.get(field) else {}
    return found | {language: row[name] for name, language in _languages(tuple(row), field) if row[name]}


@functools.lru_cache(maxsize=4096)
def _languages(names: tuple[str, ...], field: str) -> tuple[tuple[str, str], ...]:
    """The names of a field by language, with the language: an export's rows all have the same."""
    split = ((name, *name.rpartition("_")) for name in names)
    return tuple(
        (name, language) for name, prefix, _, language in split if prefix == field and _LANGUAGE.fullmatch(language)
    )


def _words(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [word.strip() for word in _LIST.split(value)]
    return value if isinstance(value, list) else []


def _inside(row: Row, field: str) -> Any:
    """The JSON inside a text; what is no text as it is."""
    value = row.get(field)
    if not isinstance(value, str):
        return value
    try:
        return parsed(value)
    except (ValueError, RecursionError):
        raise ValueError(f"{field} n'est pas du JSON : « {value[:40]} »") from None


def _id(row: Row, field: str) -> Any:
    """The number of `{"id": 1, "label": …}`, in a text or not; a bare number as it is."""
    value = _inside(row, field)
    return value.get("id") if isinstance(value, dict) else value


def _zone(row: Row, time_zone: str) -> str:
    try:
        return zone_of_commune(str(row.get("location_insee") or ""))
    except KeyError:
        return time_zone


def _naive(pair: str, zone: str) -> dict[str, Any]:
    begin, _, end = pair.strip().partition(" ")
    return {"begin": _with_offset(begin, zone), "end": _with_offset(end or None, zone)}


def _with_offset(text: Any, zone: str) -> Any:
    """The moment with its offset; what cannot be read as it came, for the event's own reading to name."""
    try:
        return None if text is None else told(text, zone).at.isoformat()
    except ValueError:
        return text


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
