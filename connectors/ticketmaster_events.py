"""Events of Ticketmaster's Discovery API into venues, events and sessions: each event there is one date."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from connectors.base import Change, Upsert
from connectors.filing import Subcategories
from connectors.local_times import Told, day_end, told
from connectors.rows import key_of, raw
from connectors.told import DAY, Dated, Listing, Teller, period
from connectors.told_places import COUNTRIES, Place, country
from net.errors import FeedChanged
from schemas.records import Kind
from schemas.zones import is_zone

SEGMENTS = {
    "music": "CONCERT",
    "musique": "CONCERT",
    "arts & theatre": "SPECTACLE_REPRESENTATION",
    "arts & theater": "SPECTACLE_REPRESENTATION",
    "arts & théâtre": "SPECTACLE_REPRESENTATION",
    "film": "EVENEMENT_CINE",
}
OUTSIDE = frozenset({"sports", "sport", "desporto", "deportes"})
_NOTHING = frozenset({"undefined", "other", "miscellaneous"})


def event_changes(row: Any, teller: Teller, filing: Subcategories) -> Iterator[Change]:
    """The venue, the event and its one session; a match is rejected by its segment."""
    key = key_of(row.get("id")) if isinstance(row, dict) else None
    if key is None:
        yield teller.reject("id manque", raw(row))
        return
    try:
        yield from teller.changes(_listing(row, key, filing, teller.time_zone))
    except ValueError as error:
        yield teller.reject(str(error), raw(row), key)


def venue_changes(row: dict[str, Any], teller: Teller) -> Iterator[Change]:
    """A venue that was asked for by itself."""
    try:
        venue = teller.venue(_place(row))
    except ValueError as error:
        yield teller.reject(str(error), raw(row), key_of(row.get("id")), Kind.VENUE)
        return
    if teller.first(venue):
        yield Upsert(venue)


def _listing(row: dict[str, Any], key: str, filing: Subcategories, time_zone: str) -> Listing:
    inside = row.get("_embedded") if isinstance(row.get("_embedded"), dict) else {}
    assert isinstance(inside, dict)
    venues = [one for one in _list(inside.get("venues")) if isinstance(one, dict) and one.get("name")]
    place = _place(venues[0]) if venues else None
    words = [name for one in _list(row.get("classifications")) for name in _classified(one)]
    lower = [word.lower() for word in words]
    by_segment = next((SEGMENTS[word] for word in lower if word in SEGMENTS), None)
    if by_segment is None and OUTSIDE & set(lower):
        raise ValueError(f"hors du pass Culture : {words[0]}")
    dates = row.get("dates") if isinstance(row.get("dates"), dict) else {}
    assert isinstance(dates, dict)
    zone = dates.get("timezone")
    zone = zone if isinstance(zone, str) and is_zone(zone) else (place.time_zone if place else None) or time_zone
    people = [(one.get("name"), "performer") for one in _list(inside.get("attractions")) if isinstance(one, dict)]
    dated = _dated(dates, key, zone)
    return Listing(
        key=key,
        title=row.get("name"),
        subcategory=filing.of(words) or by_segment or filing.default,
        raw=functools.partial(raw, row),
        place=place,
        dates=() if dated is None else (dated,),
        description=row.get("description") or row.get("info"),
        genres=tuple(words),
        url=row.get("url"),
        contributors=tuple(people),
    )


def _dated(dates: dict[str, Any], key: str, zone: str) -> Dated | None:
    """The event's date; None where it is still to be announced. Raises ValueError."""
    start = dates.get("start") if isinstance(dates.get("start"), dict) else {}
    assert isinstance(start, dict)
    if start.get("dateTBD") or start.get("dateTBA") or not (start.get("dateTime") or start.get("localDate")):
        return None
    has_hour = not (start.get("timeTBA") or start.get("noSpecificTime"))
    if has_hour and start.get("dateTime"):
        first = told(start["dateTime"], zone)
    elif has_hour and start.get("localTime"):
        first = told(f"{start.get('localDate')}T{start['localTime']}", zone)
    else:
        first = Told(told(start.get("localDate") or str(start.get("dateTime"))[:10], zone).at, is_day=True)
    end = dates.get("end") if isinstance(dates.get("end"), dict) else {}
    assert isinstance(end, dict)
    ends_at = told(end["dateTime"], zone).at if end.get("dateTime") and not end.get("approximate") else None
    if ends_at is not None and ends_at < first.at:
        ends_at = None  # one hour of closing for all dates of a run
    if first.is_day and ends_at is None:
        ends_at = day_end(first.at, zone)
    status = dates.get("status") if isinstance(dates.get("status"), dict) else {}
    assert isinstance(status, dict)
    features = period(first.at, ends_at, is_day=first.is_day, longest=timedelta(hours=36))
    return Dated(
        first.at,
        ends_at,
        key=key,
        part="",
        features=features if not first.is_day else (DAY,),
        cancelled=str(status.get("code", "")).lower() in ("canceled", "cancelled", "postponed"),
    )


def _place(venue: dict[str, Any]) -> Place:
    def name_in(field: str, name: str) -> Any:
        inside = venue.get(field)
        return inside.get(name) if isinstance(inside, dict) else None

    zone = venue.get("timezone")
    lines = [name_in("address", name) for name in ("line1", "line2")]
    return Place(
        name=venue.get("name"),
        key=key_of(venue.get("id")),
        street=", ".join(line for line in lines if isinstance(line, str)) or None,
        postal_code=venue.get("postalCode"),
        city=name_in("city", "name"),
        country=country(name_in("country", "countryCode"), COUNTRIES),
        latitude=name_in("location", "latitude"),
        longitude=name_in("location", "longitude"),
        time_zone=zone if isinstance(zone, str) and is_zone(zone) else None,
        url=venue.get("url"),
    )


def _classified(one: Any) -> Iterator[str]:
    for level in ("segment", "genre", "subGenre"):
        inside = one.get(level) if isinstance(one, dict) else None
        name = inside.get("name") if isinstance(inside, dict) else None
        if isinstance(name, str) and name.strip() and name.lower() not in _NOTHING:
            yield name.strip()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def rows_of(document: Any, *, place: str) -> tuple[list[Any], list[dict[str, Any]]]:
    """(events, venues) of a page, of one event or venue, or of recordings of such answers.

    Raises FeedChanged for an error of the API, and for anything else.
    """
    if isinstance(document, list):
        events: list[Any] = []
        venues: list[dict[str, Any]] = []
        for one in document:
            inside = one.get("response", one) if isinstance(one, dict) else one
            found = rows_of(inside, place=place)
            events.extend(found[0])
            venues.extend(found[1])
        return events, venues
    if isinstance(document, dict):
        if (errors := document.get("errors")) or (errors := document.get("fault")):
            first = errors[0] if isinstance(errors, list) and errors else errors
            why = (first.get("detail") or first.get("faultstring")) if isinstance(first, dict) else first
            raise FeedChanged(f"erreur de l'API : {str(why)[:200]}", place=place)
        inside = document.get("_embedded")
        if isinstance(inside, dict) and isinstance(inside.get("events"), list):
            return inside["events"], []
        if isinstance(inside, dict) and isinstance(inside.get("venues"), list) and "page" in document:
            return [], [one for one in inside["venues"] if isinstance(one, dict)]
        if document.get("type") == "venue":
            return [], [document]
        if document.get("type") == "event" or ("dates" in document and "id" in document):
            return [document], []
        if "page" in document:
            return [], []
    raise FeedChanged("ni page, ni événement, ni lieu de l'API Discovery", place=place)
