"""Rows of a town's own agenda on Opendatasoft: each portal names its fields as it likes, and we know many names.

Seen: « Que faire à Paris » (`occurrences`, HTML), Toulouse's agenda (French names, days without hours).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from connectors.filing import Subcategories
from connectors.local_times import Told, day_end, local_moment, told
from connectors.opendatasoft_events import coordinates
from connectors.opendatasoft_rows import Row
from connectors.rows import key_of, raw
from connectors.texts import line
from connectors.told import Dated, Listing, Unread, period
from connectors.told_places import Place
from schemas.zones import zone_of_commune

NAMES: dict[str, tuple[str, ...]] = {
    "key": ("id", "identifiant", "uid", "event_id", "id_evenement", "id_event", "identifier", "reference", "recordid"),
    "title": (
        "title", "title_fr", "titre", "nom_de_la_manifestation", "nom_evenement", "nom_de_l_evenement", "intitule",
        "libelle", "manifestation", "titre_fr", "titre_evenement", "event_title", "nom", "name", "evenement",
    ),
    "begin": (
        "date_start", "date_debut", "date_de_debut", "datedebut", "date_deb", "start_date", "startdate", "debut",
        "start", "begin", "date_heure_debut", "firstdate_begin", "date_de_l_evenement", "date_evenement", "date",
    ),
    "end": (
        "date_end", "date_fin", "date_de_fin", "datefin", "end_date", "enddate", "fin", "end", "date_heure_fin",
        "lastdate_end",
    ),
    "begin_hour": ("heure_debut", "heure_de_debut", "horaire_debut", "start_time", "heure"),
    "end_hour": ("heure_fin", "heure_de_fin", "horaire_fin", "end_time"),
    "description": (
        "lead_text", "descriptif_court", "description_courte", "description", "descriptif", "resume", "chapo",
        "descriptif_long", "description_longue", "longdescription_fr", "description_fr",
    ),
    "place": (
        "address_name", "lieu_nom", "nom_du_lieu", "nom_lieu", "location_name", "lieu", "salle", "equipement",
        "venue", "place",
    ),
    "street": (
        "address_street", "lieu_adresse_2", "lieu_adresse", "adresse", "adresse_du_lieu", "location_address", "rue",
        "address",
    ),
    "postal_code": ("address_zipcode", "code_postal", "codepostal", "cp", "location_postalcode", "zipcode"),
    "city": ("address_city", "commune", "ville", "location_city", "nom_commune", "city"),
    "insee": ("code_insee", "insee", "insee_com", "code_commune", "location_insee"),
    "point": (
        "lat_lon", "geo_point_2d", "geo_point", "geopoint", "location_coordinates", "coordonnees", "geolocalisation",
        "coordonnees_geographiques", "position", "localisation", "location", "coordinates",
        "coordonnees_gps", "geo", "geo_shape", "geometry",
    ),
    "latitude": ("googlemap_latitude", "latitude", "lat"),
    "longitude": ("googlemap_longitude", "longitude", "lon", "lng"),
    "phone": ("contact_phone", "telephone", "tel"),
    "url": ("url", "canonicalurl", "lien", "lien_url", "site_web", "contact_url", "reservation_site_internet"),
    "price": ("price_type", "tarif_normal", "type_de_tarif"),
}  # fmt: skip
"""What a field is called, the likeliest name first."""
_KEYWORDS = ("category", "categor", "theme_de", "thematique", "tags", "keywords", "mots_cles", "type_de_manif", "genre")
_SEPARATORS = ("->", ";", ",", "|")


def listing_of(row: Any, filing: Subcategories, time_zone: str, *, restated: bool) -> Listing:
    """The event of a row. Raises ValueError naming what every agenda has and this row has not."""
    if not isinstance(row, dict):
        raise ValueError("une fiche est un objet")
    key = key_of(_first(row, "key"))
    if key is None:
        raise ValueError(f"aucun identifiant dans la fiche ({', '.join(NAMES['key'][:4])}…)")
    if _first(row, "title") is None:
        raise ValueError(f"aucun titre dans la fiche (champs : {', '.join(list(row)[:12])})")
    zone = _zone(row) or time_zone
    keywords = tuple(_keywords(row))
    return Listing(
        key=key,
        title=_first(row, "title"),
        subcategory=filing.of(keywords) or filing.default,
        raw=functools.partial(raw, row),
        place=_place(row),
        dates=tuple(_dates(row, zone)),
        description=_first(row, "description"),
        genres=keywords,
        url=_first(row, "url"),
        # Without them a row may be one of many of its event, and the others are in other rows.
        restated=restated and bool(row.get("occurrences")),
    )


def key_in(row: Any) -> str | None:
    """The row's key, for one that is rejected."""
    return key_of(_first(row, "key")) if isinstance(row, dict) else None


def _dates(row: Row, zone: str) -> Iterator[Dated | Unread]:
    occurrences = row.get("occurrences")
    if isinstance(occurrences, str) and occurrences.strip():
        for pair in occurrences.split(";"):
            begin, _, end = pair.strip().partition("_")
            if begin:
                yield _dated(begin, end or None, zone)
        return
    begin = _first(row, "begin")
    if begin is not None:
        yield _dated(
            begin, _first(row, "end"), zone, begin_hour=_first(row, "begin_hour"), end_hour=_first(row, "end_hour")
        )


def _dated(begin: Any, end: Any, zone: str, *, begin_hour: Any = None, end_hour: Any = None) -> Dated | Unread:
    try:
        first = _at(begin, begin_hour, zone)
        last = None if end is None else _at(end, end_hour, zone)
    except ValueError as error:
        return Unread(str(error), raw([begin, end]))
    ends_at = last.at if last else None
    if last is not None and last.is_day:
        ends_at = day_end(last.at, zone)
    longest = timedelta(days=1, hours=1) if first.is_day else timedelta(hours=36)
    return Dated(first.at, ends_at, features=period(first.at, ends_at, is_day=first.is_day, longest=longest))


def _at(day: Any, hour: Any, zone: str) -> Told:
    found = told(day, zone)
    if found.is_day and isinstance(hour, str):
        try:
            clock = told(f"2000-01-01T{hour.strip().lower().replace('h', ':').ljust(5, '0')[:5]}", "UTC").at
        except ValueError:
            return found
        local = told(day, zone).at
        return Told(local_moment((local + timedelta(hours=14)).date(), clock.time(), zone))
    return found


def _place(row: Row) -> Place | None:
    name = _first(row, "place")
    city = _first(row, "city")
    if name is None and city is None:
        return None
    latitude, longitude = coordinates(_first(row, "point"))
    if latitude is None:
        latitude, longitude = _first(row, "latitude"), _first(row, "longitude")
    return Place(
        name=name or city,
        street=_first(row, "street"),
        postal_code=_first(row, "postal_code"),
        city=city,
        insee=_first(row, "insee"),
        latitude=latitude,
        longitude=longitude,
        phone=_first(row, "phone"),
    )


def _zone(row: Row) -> str | None:
    for name in ("insee", "postal_code"):
        try:
            return zone_of_commune(str(_first(row, name) or ""))
        except KeyError:
            continue
    return None


def _keywords(row: Row) -> Iterator[str]:
    for name, value in row.items():
        if name.startswith(_KEYWORDS):
            words = value if isinstance(value, list) else [value]
            for word in words:
                for piece in _split(word) if isinstance(word, str) else ():
                    if (text := line(piece, longest=100)) is not None:
                        yield text


def _split(text: str) -> list[str]:
    for separator in _SEPARATORS:
        text = text.replace(separator, "\n")
    return text.split("\n")


def _first(row: Row, what: str) -> Any:
    for name in NAMES[what]:
        value = row.get(name)
        if value is not None and value != "":
            return value
    return None
