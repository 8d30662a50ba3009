"""What is compared of a record: flat, folded, resolved.

Built from the format's records and from what the catalogue already knows around them: a canonical entity and
a record just read give the same shape, so one record and a million go through the same comparison.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from matching.names import person, publisher
from matching.normalise import plain
from matching.places import commune, phone, street, town, venue_name
from matching.titles import numbers, read_title, read_volume
from schemas.records import Address, Contributor, Event, Identifier, Kind, Position, Product, Venue, Work
from schemas.taxonomy import SUBCATEGORIES

Matched = Work | Product | Venue | Event

MOST_NAMES: Final = 6
_BESIDE: Final = frozenset(["translator", "illustrator", "publisher", "editor", "narrator", "preface", "introduction"])
"""Roles that do not tell homonymous works apart: looked at only where nobody else is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is compared; a field that is empty or None was not told. Texts are folded."""

    kind: Kind
    sources: frozenset[str] = frozenset()
    """Names of the clean sources that speak of it: those that speak of each thing once, so never merge two of
    theirs.
    """
    identifiers: frozenset[tuple[str, str]] = frozenset()
    """(scheme, value), values normalised by `schemas.identifiers`; an ISBN counts as an EAN."""
    title: str = ""
    """Title, or a venue's name."""
    parts: tuple[str, ...] = ()
    other_titles: tuple[str, ...] = ()
    volume: str = ""
    season: int | None = None
    numbers: frozenset[int] = frozenset()
    contributors: tuple[str, ...] = ()
    publisher: str = ""
    year: int | None = None
    duration_minutes: int | None = None
    language: str = ""
    family: str = ""
    """A work's type, a product's subcategory, an event's category."""
    work_id: int | None = None
    """Canonical work, of products and events."""
    venue_id: int | None = None
    """Canonical venue, of events."""
    begins: tuple[int, ...] = ()
    """Sessions of an event: minutes since 1970 UTC, ascending, distinct."""
    city: str = ""
    postal_code: str = ""
    insee_code: str = ""
    country: str = ""
    house_number: str = ""
    street: str = ""
    phone: str = ""
    position: tuple[float, float] | None = None
    """(latitude, longitude) in degrees."""


def features(
    record: Matched,
    *,
    sources: Collection[str] = (),
    work_id: int | None = None,
    venue_id: int | None = None,
    venue: Venue | None = None,
    begins: Iterable[datetime] = (),
) -> Features:
    """Return what is compared of `record`.

    `sources` names the clean sources behind it (see `Features.sources`). `work_id` and `venue_id` are
    canonical ids, resolved beforehand: works and venues are matched before products and events. `venue` says
    where an event is, for events whose venue has no id yet; `begins` are its sessions' aware beginnings,
    cancelled ones left out.
    """
    clean = frozenset(sources)
    match record:
        case Work():
            return _of_work(record, clean)
        case Product():
            return _of_product(record, clean, work_id)
        case Venue():
            return _of_venue(record, clean)
        case Event():
            return _of_event(record, clean, work_id, venue_id, venue, begins)


def _of_work(work: Work, sources: frozenset[str]) -> Features:
    title = read_title(work.title)
    original = read_title(work.original_title) if work.original_title else None
    return Features(
        kind=Kind.WORK,
        sources=sources,
        identifiers=_identifiers(work.identifiers),
        title=title.text,
        parts=title.parts,
        other_titles=(original.text,) if original and original.text not in ("", title.text) else (),
        volume=title.volume,
        season=title.season,
        numbers=title.numbers,
        contributors=_names(work.contributors),
        year=work.year or title.year,
        duration_minutes=work.duration_minutes,
        language=_language(work.language),
        family=work.type,
    )


def _of_product(product: Product, sources: frozenset[str], work_id: int | None) -> Features:
    title = read_title(product.title, product.subtitle)
    year = (product.published_on or "")[:4]
    return Features(
        kind=Kind.PRODUCT,
        sources=sources,
        identifiers=_identifiers(product.identifiers),
        title=title.text,
        parts=title.parts,
        volume=(read_volume(product.volume) if product.volume else "") or title.volume,
        season=title.season,
        numbers=title.numbers,
        contributors=_names(product.contributors),
        publisher=publisher(product.publisher or ""),
        year=int(year) if year.isdecimal() else title.year,
        language=_language(product.language),
        family=product.subcategory,
        work_id=work_id,
    )


def _of_venue(venue: Venue, sources: frozenset[str]) -> Features:
    name = venue_name(venue.name)
    address = venue.address
    house_number, way = street(_way(address)) if address else ("", "")
    return Features(
        kind=Kind.VENUE,
        sources=sources,
        identifiers=_identifiers(venue.identifiers),
        title=name,
        numbers=numbers(name),
        city=town((address.city or "") if address else ""),
        postal_code="".join(((address.postal_code or "") if address else "").split()).upper(),
        insee_code=commune((address.insee_code or "") if address else ""),
        country=address.country if address else "",
        house_number=house_number,
        street=way,
        phone=phone(venue.phone or ""),
        position=_position(venue.position),
    )


def _of_event(
    event: Event,
    sources: frozenset[str],
    work_id: int | None,
    venue_id: int | None,
    venue: Venue | None,
    begins: Iterable[datetime],
) -> Features:
    title = read_title(event.title)
    place = _of_venue(venue, frozenset()) if venue else Features(kind=Kind.VENUE)
    return Features(
        kind=Kind.EVENT,
        sources=sources,
        identifiers=_identifiers(event.identifiers),
        title=title.text,
        parts=title.parts,
        volume=title.volume,
        season=title.season,
        numbers=frozenset(number for number in title.numbers if not 1900 <= number < 2100),
        contributors=_names(event.contributors),
        year=title.year,
        duration_minutes=event.duration_minutes,
        family=SUBCATEGORIES[event.subcategory].category if event.subcategory in SUBCATEGORIES else "",
        work_id=work_id,
        venue_id=venue_id,
        begins=tuple(sorted({int(moment.timestamp()) // 60 for moment in begins})),
        city=place.city,
        postal_code=place.postal_code,
        insee_code=place.insee_code,
        country=place.country,
        position=place.position,
    )


def _way(address: Address) -> str:
    """The street, without the postal code and town that agendas repeat behind it."""
    way = address.street or ""
    return (way.partition(address.postal_code)[0] or way) if address.postal_code else way


def _identifiers(given: Iterable[Identifier]) -> frozenset[tuple[str, str]]:
    return frozenset(("ean" if one.scheme == "isbn" else one.scheme, one.value) for one in given)


def _names(contributors: Collection[Contributor]) -> tuple[str, ...]:
    makers = [one for one in contributors if one.role not in _BESIDE] or list(contributors)
    return tuple(dict.fromkeys(name for one in makers[:MOST_NAMES] if (name := person(one.name))))


def _language(code: str | None) -> str:
    return plain(code or "").replace("_", "-").partition("-")[0]


def _position(position: Position | None) -> tuple[float, float] | None:
    return (position.latitude, position.longitude) if position else None
