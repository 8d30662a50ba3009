"""A day of Vista's showtimes, joined with what stands beside them, into venues, works, runs and sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any

from connectors.base import Change, Reject
from connectors.films import minutes_of, people
from connectors.rows import key_of, raw
from connectors.screenings import Screenings, Showing
from connectors.texts import line, plain
from connectors.times import local_instant
from schemas.records import Address, Contributor, Kind, Position, Session, SourceRef, Venue, Work
from schemas.zones import OVERSEAS, PARIS, is_zone

_TABLES = ("sites", "films", "screens", "attributes", "genres", "castAndCrew")
_VERSIONS = {
    "VO": "VO",
    "VOST": "VOST",
    "VOSTF": "VOST",
    "VOSTFR": "VOST",
    "VOSE": "VOST",
    "VF": "VF",
    "VFST": "VFST",
    "VFSTF": "VFST",
}
"""Attributes whose name is a version's; each chain names its attributes, and these are told as features as well."""
_ROLES = {"Director": "director", "Actor": "performer", "Cast": "performer", "Writer": "author"}

_FRENCH_CLOCKS = frozenset({PARIS, *OVERSEAS.values()})

Rows = Mapping[str, dict[str, Any]]


class VistaReader:
    """One reading. `is_bound`: the source has its venue, and sites are not told as venues."""

    def __init__(self, connector: str, account: str, *, zone: str, is_duo: bool, is_bound: bool) -> None:
        self._screenings = Screenings(connector, account, is_duo=is_duo)
        self._zone, self._is_bound = zone, is_bound

    def changes(self, document: Any) -> Iterator[Change]:
        """What an answer, or a showtime kept with its films and halls, tells."""
        told = document if isinstance(document, dict) else {}
        rows = [told["showtime"]] if isinstance(told.get("showtime"), dict) else told.get("showtimes")
        if not isinstance(rows, list) and not any(isinstance(told.get(name), list) for name in ("films", "sites")):
            yield Reject("ni séances ni dates : showtimes manque", raw(document))
            return
        beside = told.get("relatedData")
        beside = beside if isinstance(beside, dict) else {}
        # The lists of films or of sites by themselves stand where showtimes do, not beside them.
        tables = {name: _by_id(beside.get(name)) | _by_id(told.get(name)) for name in _TABLES}
        if not self._is_bound:
            for key, site in tables["sites"].items():
                yield from self._screenings.site(key, _alone("sites", site), partial(_venue, site, self._zone))
        for key, film in tables["films"].items():
            yield from self._screenings.film(key, _alone("films", film), partial(_work, film, tables))
        for row in _list(rows):
            yield from self._showtime(row, tables)

    def _showtime(self, row: Any, tables: Mapping[str, Rows]) -> Iterator[Change]:
        told = row if isinstance(row, dict) else {}
        key, site, film = (_key(told.get(name)) for name in ("id", "siteId", "filmId"))
        if key is None or film is None:
            yield Reject("id ou filmId manque", raw(row), Kind.SESSION)
            return
        if not self._is_bound and tables["sites"] and site not in tables["sites"]:
            why = f"cinéma inconnu : {(site or 'siteId manque')[:60]}"
            yield Reject(why, raw(_kept(told, tables)), Kind.SESSION, self._screenings.ref(key))
            return
        showing = Showing(
            key=key,
            row=_kept(told, tables),
            film=film,
            session=partial(_session, told, tables, self._zone),
            # Answers that tell no sites are of the venue that the source is bound to.
            site=site if not self._is_bound and tables["sites"] else None,
            run=None if self._is_bound or site is None else f"{site} {film}",
        )
        yield from self._screenings.showing(showing)


def _session(row: dict[str, Any], tables: Mapping[str, Rows], zone: str, ref: SourceRef, run: str) -> Session:
    own = tables["sites"].get(_key(row.get("siteId")) or "", {}).get("ianaTimeZoneName")
    zone = own if isinstance(own, str) and is_zone(own) else zone
    schedule = row.get("schedule")
    schedule = schedule if isinstance(schedule, dict) else {}
    begins_at = local_instant(schedule.get("startsAt"), zone)
    ends_at = None if schedule.get("endsAt") is None else local_instant(schedule["endsAt"], zone)
    if ends_at is not None and ends_at < begins_at:
        raise ValueError("la séance finit avant de commencer")
    screen = tables["screens"].get(_key(row.get("screenId")) or "", {})
    names = [_text(tables["attributes"].get(key, {}).get("name"), 60) for key in _keys(row.get("attributeIds"))]
    features = [name for name in dict.fromkeys(names) if name is not None]
    if row.get("requires3dGlasses") is True and "3D" not in features:
        features.append("3D")
    versions = [_VERSIONS[word] for name in features if (word := name.upper().replace(".", "")) in _VERSIONS]
    return Session(
        ref=ref,
        event_key=run,
        begins_at=begins_at,
        ends_at=ends_at,
        hall=_text(screen.get("name"), 200),
        version=max(versions, key=len, default=None),
        features=features[:50],
    )


def _work(film: dict[str, Any], tables: Mapping[str, Rows], ref: SourceRef) -> Work:
    title = _text(film.get("title"), 1000)
    if title is None:
        raise ValueError("title manque")
    genres = [_text(tables["genres"].get(key, {}).get("name"), 60) for key in _keys(film.get("genreIds"))]
    return Work(
        ref=ref,
        title=title,
        type="film",
        contributors=_contributors(film, tables["castAndCrew"]),
        duration_minutes=minutes_of(film.get("runtimeInMinutes")),
        genres=[genre for genre in dict.fromkeys(genres) if genre][:20],
        description=plain(_bare(film.get("synopsis")), longest=5000),
    )


def _contributors(film: dict[str, Any], known: Rows) -> list[Contributor]:
    found: dict[str, list[str]] = {}
    for member in _list(film.get("castAndCrew")):
        if not isinstance(member, dict):
            continue
        name = known.get(_key(member.get("castAndCrewMemberId")) or "", {}).get("name")
        parts = [name.get(part) for part in ("givenName", "middleName", "familyName")] if isinstance(name, dict) else []
        whole = " ".join(part for part in parts if isinstance(part, str) and part)
        for role in _list(member.get("roles")):
            if isinstance(role, str) and role in _ROLES:
                found.setdefault(_ROLES[role], []).append(whole)
    roles = sorted(found, key=lambda role: role != "director")
    return [one for role in roles for one in people(found[role], role)]


def _venue(site: dict[str, Any], zone: str, ref: SourceRef) -> Venue:
    name = _text(site.get("name"), 1000)
    if name is None:
        raise ValueError("name manque")
    contact = site.get("contactDetails")
    told = contact.get("address") if isinstance(contact, dict) else None
    told = told if isinstance(told, dict) else {}
    own_zone = site.get("ianaTimeZoneName")
    lines = [line(told.get(field), longest=140) for field in ("line1", "line2")]
    return Venue(
        ref=ref,
        name=name,
        time_zone=own_zone if isinstance(own_zone, str) and is_zone(own_zone) else zone,
        address=_address(own_zone, told, ", ".join(text for text in lines if text)),
        position=_position(site.get("location")),
    )


def _address(zone: Any, told: dict[str, Any], street: str) -> Address | None:
    """None outside France: the country is not told, and the format's addresses are French where it is not."""
    if not isinstance(zone, str) or zone not in _FRENCH_CLOCKS:
        return None
    return Address(street=street or None, city=line(told.get("city"), longest=200))


def _position(location: Any) -> Position | None:
    told = location if isinstance(location, dict) else {}
    latitude, longitude = told.get("latitude"), told.get("longitude")
    if not isinstance(latitude, int | Decimal) or not isinstance(longitude, int | Decimal):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or (latitude == 0 and longitude == 0):
        return None
    return Position(latitude=float(latitude), longitude=float(longitude))


def _alone(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """What it takes to read a film or a site again."""
    return {"showtimes": [], "relatedData": {table: [row]}}


def _kept(row: dict[str, Any], tables: Mapping[str, Rows]) -> dict[str, Any]:
    """What it takes to read a showtime again by itself."""
    keys: dict[str, list[Any]] = {
        # A site that is not told is missed only beside one that is.
        "sites": [_key(row.get("siteId")), *islice(tables["sites"], 1)],
        "films": [_key(row.get("filmId"))],
        "screens": [_key(row.get("screenId"))],
        "attributes": _keys(row.get("attributeIds")),
    }
    beside = {name: [tables[name][key] for key in wanted if key in tables[name]] for name, wanted in keys.items()}
    return {"showtimes": [row], "relatedData": beside}


def _by_id(rows: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in _list(rows):
        key = _key(row.get("id")) if isinstance(row, dict) else None
        if key is not None:
            found.setdefault(key, row)
    return found


def _bare(text: Any) -> Any:
    """The text of `{"text": …, "translations": […]}`, the French one where there is one."""
    if not isinstance(text, dict):
        return text
    for one in _list(text.get("translations")):
        if isinstance(one, dict) and str(one.get("languageTag", "")).lower().startswith("fr"):
            return one.get("text")
    return text.get("text")


def _text(text: Any, longest: int) -> str | None:
    return line(_bare(text), longest=longest)


def _keys(values: Any) -> list[str]:
    return [key for value in _list(values) if (key := _key(value)) is not None]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _key(value: Any) -> str | None:
    key = key_of(value)
    return key if key is not None and len(key) <= 200 else None
