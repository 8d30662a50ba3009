"""A site of EMS with its films and sessions into the venue, works, runs, sessions and stocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from connectors.base import Change, Delete, Reject, Upsert
from connectors.films import VERSIONS, film_identifiers, minutes_of, people
from connectors.money import cents
from connectors.rows import key_of, raw
from connectors.screenings import Screenings, Showing
from connectors.texts import line, plain
from connectors.times import local_instant
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Address, Identifier, Kind, Session, SourceRef, Stock, Venue, Work
from schemas.zones import is_zone

MAX_SESSIONS = 5000
"""Of one film on one site."""
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(?:\d\d)?")
_POSTAL_CODE = re.compile(r"[0-9]{5}")
_FEATURES = {
    "video_3d": "3D",
    "video_4k": "4K",
    "video_imax": "IMAX",
    "video_4dx": "4DX",
    "video_ice": "ICE",
    "video_hfr": "HFR",
    "audio_dolby_atmos": "Dolby Atmos",
    "audio_atmos": "Dolby Atmos",
    "audio_dtsx": "DTS:X",
    "audio_description": "Audiodescription",
}
"""What people look for; other features (`disabled_access`, `video_2d`) say nothing of the showing."""


def site_changes(
    sites: Iterable[Any],
    connector: str,
    account: str,
    *,
    zone: str,
    is_duo: bool,
    is_bound: bool,
    is_sold: bool,
    restated: bool,
) -> Iterator[Change]:
    """Each site, its films, then their sessions with their stocks.

    `is_bound`: the source has its venue, and the site is not told as one. `is_sold`: stocks are told. `restated`: a
    session told again replaces the price it had.
    """
    reader = _Reader(Screenings(connector, account, is_duo=is_duo), is_bound, is_sold, restated)
    screenings = reader.screenings
    for site in sites:
        key = _key(site)
        if key is None:
            yield Reject("ni cinéma ni programme : id manque", raw(site))
            continue
        own_zone = site.get("time_zone")
        own_zone = own_zone if isinstance(own_zone, str) and is_zone(own_zone) else zone
        bare = {name: value for name, value in site.items() if name != "events"}
        if not is_bound:
            yield from screenings.site(key, bare, partial(_venue, bare, own_zone))
        events = site.get("events")
        for film in events if isinstance(events, list) else []:
            yield from _film_changes(reader, key, own_zone, bare, film)


@dataclass(frozen=True, slots=True)
class _Reader:
    """What one reading keeps and tells."""

    screenings: Screenings
    is_bound: bool
    is_sold: bool
    restated: bool


def _film_changes(reader: _Reader, site: str, zone: str, bare: dict[str, Any], film: Any) -> Iterator[Change]:
    screenings = reader.screenings
    key = _key(film)
    if key is None:
        yield Reject("id du film manque", raw(bare | {"events": [film]}), Kind.WORK)
        return
    told = {name: value for name, value in film.items() if name != "sessions"}
    yield from screenings.film(key, bare | {"events": [told]}, partial(_work, told))
    sessions = film.get("sessions")
    sessions = sessions if isinstance(sessions, list) else []
    for row in sessions[:MAX_SESSIONS]:
        kept = bare | {"events": [told | {"sessions": [row]}]}
        session = _key(row)
        if session is None:
            yield Reject("id de la séance manque", raw(kept), Kind.SESSION)
            continue
        showing = Showing(
            key=session,
            row=kept,
            film=key,
            session=partial(_session, row, zone),
            stock=partial(_stock, row) if reader.is_sold and row.get("pass_culture_price") is not None else None,
            part=price_part(row),
            site=None if reader.is_bound else site,
        )
        for change in screenings.showing(showing):
            yield change
            if reader.restated and isinstance(change, Upsert) and isinstance(change.record, Session):
                yield Delete(Kind.STOCK, screenings.ref(session), parts_kept=frozenset({showing.part}))
    if len(sessions) > MAX_SESSIONS:
        yield Reject(f"plus de {MAX_SESSIONS} séances", raw(bare | {"events": [told]}), Kind.EVENT)


def price_part(row: dict[str, Any]) -> str:
    """The stock's part: its price in cents, which a sale must say again."""
    try:
        return str(cents(row.get("pass_culture_price")))
    except ValueError:
        return ""


def _stock(row: dict[str, Any], ref: SourceRef) -> Stock:
    price = cents(row.get("pass_culture_price"))
    return Stock(ref=ref, session_key=ref.key, available=None, price_cents=price)


def _work(film: dict[str, Any], ref: SourceRef) -> Work:
    title = line(film.get("title"), longest=1000)
    if title is None:
        raise ValueError("title manque")
    return Work(
        ref=ref,
        title=title,
        type="film",
        contributors=people(film.get("director"), "director"),
        identifiers=film_identifiers(allocine=film.get("allocine_id"), visa=film.get("visa_number")),
        duration_minutes=minutes_of(film.get("duration")),
        description=plain(film.get("synopsis"), longest=5000),
    )


def _session(row: dict[str, Any], zone: str, ref: SourceRef, run: str) -> Session:
    features = row.get("features")
    words = [word.strip().lower() for word in features if isinstance(word, str)] if isinstance(features, list) else []
    versions = [VERSIONS[word.upper()] for word in words if word.upper() in VERSIONS]
    return Session(
        ref=ref,
        event_key=run,
        begins_at=local_instant(_iso(row.get("date")), zone),
        hall=line(row.get("hall_name"), longest=200),
        # The longer word says more: vf and vfst are told together.
        version=max(versions, key=len, default=None),
        features=list(dict.fromkeys(_FEATURES[word] for word in words if word in _FEATURES)),
    )


def _iso(date: Any) -> Any:
    """202307111000 as ISO 8601 writes it; anything else as it is."""
    if type(date) is int:
        date = str(date)
    found = _DATE.fullmatch(date.strip()) if isinstance(date, str) else None
    return date if found is None else "{}-{}-{}T{}:{}".format(*found.groups())


def _venue(site: dict[str, Any], zone: str, ref: SourceRef) -> Venue:
    name = line(site.get("name"), longest=1000)
    if name is None:
        raise ValueError("name manque")
    postal_code = line(site.get("zip_code"), longest=20)
    return Venue(
        ref=ref,
        name=name,
        time_zone=zone,
        identifiers=list(_identifiers(site)),
        address=Address(
            street=line(site.get("address"), longest=300),
            postal_code=postal_code if postal_code and _POSTAL_CODE.fullmatch(postal_code) else None,
            city=line(site.get("city"), longest=200),
        ),
    )


def _identifiers(site: dict[str, Any]) -> Iterator[Identifier]:
    """Some sites give the nine digits of their company where the establishment's fourteen belong."""
    for scheme, field in (("allocine_theater", "allocine_id"), ("siret", "siret"), ("siren", "siret")):
        told = site.get(field)
        if isinstance(told, bool) or not isinstance(told, str | int | Decimal):
            continue
        try:
            yield identifier(scheme, str(told))
        except InvalidIdentifier:
            continue


def _key(row: Any) -> str | None:
    key = key_of(row.get("id")) if isinstance(row, dict) else None
    return key if key is not None and len(key) <= 200 else None
