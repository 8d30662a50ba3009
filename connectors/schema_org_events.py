"""schema.org's Events of a page into venues, works, events and sessions.

An event of one page is one `Event`, or many of the same name and address with a date each; a `ScreeningEvent` is a date
of its film. A node elsewhere in the page is found by its `@id`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from connectors.filing import Subcategories
from connectors.local_times import day_end, told
from connectors.rows import LONGEST_KEY, raw
from connectors.schema_org_graph import FILED, OUTSIDE, Pages, local, types_of
from connectors.schema_org_pages import Node
from connectors.texts import plain, web_address
from connectors.told import SOLD_OUT, Dated, Listing, Teller, Unread, period
from connectors.told_places import COUNTRIES, Place, country, digest, in_pieces
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Identifier, SourceRef, Work

_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")
_ROLES = (("performer", "performer"), ("actor", "performer"), ("director", "director"), ("composer", "composer"),
          ("author", "author"), ("conductor", "performer"))  # fmt: skip


def listings(pages: Pages, teller: Teller, filing: Subcategories, time_zone: str) -> Iterator[Listing | Unread]:
    """The events, those of one key brought together; `Unread` for one that cannot be."""
    found: dict[str, Listing] = {}
    for node, parent, page in pages.events():
        kinds = types_of(node)
        outside = sorted(kinds & OUTSIDE)
        try:
            if outside and not any(FILED.get(kind) for kind in kinds):
                raise ValueError(f"hors du pass Culture : {', '.join(outside)}")
            one = _listing(node, parent, page, pages, teller, filing, time_zone)
        except ValueError as error:
            yield Unread(str(error), raw(node))
            continue
        if one.key in found and found[one.key].title != one.title:
            # Many a site gives all its events the address of its programme.
            one = replace(one, key=digest(one.key, one.title))
        if (before := found.get(one.key)) is None:
            found[one.key] = one
        else:
            found[one.key] = _joined(before, one)
    yield from found.values()


def _joined(before: Listing, after: Listing) -> Listing:
    """Two words on one event: what the first says, with the dates of both."""
    return replace(before, dates=(*before.dates, *after.dates))


def _listing(
    node: Node,
    parent: Node | None,
    page: str,
    pages: Pages,
    teller: Teller,
    filing: Subcategories,
    time_zone: str,
) -> Listing:
    kinds = types_of(node)
    presented = pages.first(node, "workPresented") or pages.first(node, "workPerformed")
    film = presented if "ScreeningEvent" in kinds and isinstance(presented, dict) else None
    place = _place(node, pages) or (None if parent is None else _place(parent, pages))
    title = pages.text(film, "name") if film is not None else None
    title = title or pages.text(node, "name", "headline") or pages.text(parent, "name")
    url = pages.text(film, "url") if film is not None else None
    own_url = url or pages.text(parent, "url") or pages.text(node, "url")
    key = _key(film if film is not None else parent if parent is not None else node, pages, page, title, place)
    keywords = [word for name in ("genre", "keywords", "about") for word in _words(node, name, pages)]
    by_type = next((FILED[kind] for kind in FILED if kind in kinds and FILED[kind]), None)
    work = _work(film, key, teller, pages) if film is not None else None
    return Listing(
        key=key,
        title=title,
        subcategory=filing.of((*sorted(kinds), *keywords)) or by_type or filing.default,
        raw=functools.partial(raw, node),
        place=place,
        dates=(_dated(node, pages, time_zone, is_own=film is not None or parent is not None),),
        description=pages.text(node, "description") or pages.text(parent, "description"),
        genres=tuple(keywords),
        url=web_address(own_url) or web_address(page),
        contributors=tuple(_people(node, pages)),
        duration_minutes=None if film is None else minutes(pages.text(film, "duration")),
        work=work,
    )


def _key(node: Node, pages: Pages, page: str, title: str | None, place: Place | None) -> str:
    """`@id`, else the address without its campaign, else a digest of what it is called and where."""
    for name in ("@id", "url", "sameAs"):
        told_name = pages.text(node, name)
        if told_name and not told_name.startswith(("_:", "#")) and told_name.rstrip("/") != page.rstrip("/"):
            bare = re.sub(r"[?&]utm_[^&#]*", "", told_name)
            return bare if len(bare) <= LONGEST_KEY else digest(bare)
    return digest(title, place.name if place else None)


def _dated(node: Node, pages: Pages, time_zone: str, *, is_own: bool) -> Dated | Unread:
    begins, ends = pages.text(node, "startDate"), pages.text(node, "endDate")
    status = local(pages.text(node, "eventStatus") or "")
    try:
        if begins is None:
            raise ValueError("startDate manque")
        first = told(begins, time_zone)
        last = told(ends, time_zone) if ends else None
        ends_at = None if last is None else day_end(last.at, time_zone) if last.is_day else last.at
        if ends_at is None and (lasts := minutes(pages.text(node, "duration"))) is not None and not first.is_day:
            ends_at = first.at + timedelta(minutes=lasts)
    except ValueError as error:
        return Unread(str(error), raw(node))
    offers = pages.all(node, "offers")
    sold_out = [local(pages.text(offer, "availability") or "").lower() == "soldout" for offer in offers]
    features = period(first.at, ends_at, is_day=first.is_day)
    return Dated(
        first.at,
        ends_at,
        key=None,
        part=_own_part(node, pages) if is_own else None,
        features=features + ((SOLD_OUT,) if sold_out and all(sold_out) else ()),
        cancelled=status in ("EventCancelled", "EventPostponed"),
        version=_version(node, pages),
    )


def _own_part(node: Node, pages: Pages) -> str | None:
    """A date of a series or a film bears its own name: moved, it stays the same one."""
    name = pages.text(node, "@id") or pages.text(node, "url")
    return None if name is None or name.startswith(("_:", "#")) or len(name) > 300 else name


def _version(node: Node, pages: Pages) -> str | None:
    """VO where subtitles are told in a French page, VF where the film is spoken in French."""
    subtitles = pages.text(node, "subtitleLanguage")
    spoken = (pages.text(node, "inLanguage") or "").lower()[:2]
    if subtitles:
        return "VOST"
    return "VF" if spoken == "fr" else None


def _place(node: Node, pages: Pages) -> Place | None:
    where = pages.first(node, "location")
    if isinstance(where, str):
        found = in_pieces(where)
        return None if found is None else replace(found, country=found.country or "FR")
    if not isinstance(where, dict) or "VirtualLocation" in types_of(where):
        return None
    address = pages.first(where, "address")
    geo = pages.first(where, "geo")
    bare = address if isinstance(address, str) else None
    address = address if isinstance(address, dict) else {}
    # An address told as one text: its town is read out of it.
    read = in_pieces(f"-, {bare}") if bare else None
    name = pages.text(where, "name") or bare or pages.text(address, "streetAddress", "addressLocality")
    if name is None:
        return None
    key = pages.text(where, "@id")
    return Place(
        name=name,
        key=key if key and not key.startswith(("_:", "#")) and len(key) <= LONGEST_KEY else None,
        street=pages.text(address, "streetAddress") or (read.street if read else None),
        postal_code=pages.text(address, "postalCode") or (read.postal_code if read else None),
        city=pages.text(address, "addressLocality") or (read.city if read else None),
        country=(read.country if read else "") or country(pages.text(address, "addressCountry"), COUNTRIES),
        latitude=_number(geo, "latitude"),
        longitude=_number(geo, "longitude"),
        phone=pages.text(where, "telephone"),
        url=pages.text(where, "url", "sameAs"),
    )


def _number(geo: Any, name: str) -> Any:
    return geo.get(name) if isinstance(geo, dict) else None


def _work(film: Node, key: str, teller: Teller, pages: Pages) -> Work | None:
    title = plain(pages.text(film, "name"), longest=1000)
    if title is None:
        return None
    ref: SourceRef = teller.ref(key)
    return Work(
        ref=ref,
        title=title,
        type="film",
        identifiers=list(_identifiers(film, pages)),
        duration_minutes=minutes(pages.text(film, "duration")),
        description=plain(pages.text(film, "description"), longest=5000),
    )


def _identifiers(film: Node, pages: Pages) -> Iterator[Identifier]:
    for name in pages.all(film, "sameAs"):
        found = re.search(r"allocine\.fr/film/fichefilm_gen_cfilm=(\d+)", name) if isinstance(name, str) else None
        try:
            if found is not None:
                yield identifier("allocine", found[1])
        except InvalidIdentifier:
            continue


def _people(node: Node, pages: Pages) -> Iterator[tuple[Any, str]]:
    for name, role in _ROLES:
        for one in pages.all(node, name):
            told_name = one if isinstance(one, str) else pages.text(one, "name")
            # What a well-known plugin writes where nobody was entered.
            if told_name not in ("Organization", "Person"):
                yield told_name, role


def _words(node: Node, name: str, pages: Pages) -> Iterator[str]:
    for one in pages.all(node, name):
        text = one if isinstance(one, str) else pages.text(one, "name")
        yield from (word.strip() for word in (text or "").split(",") if word.strip())


def minutes(text: str | None) -> int | None:
    """ISO 8601's PT1H30M in minutes, when a show may last that long; None for anything else."""
    found = _DURATION.fullmatch(text.strip().upper()) if text else None
    if found is None:
        return None
    days, hours, mins, seconds = (float(part or 0) for part in found.groups())
    total = round(days * 1440 + hours * 60 + mins + seconds / 60)
    return total if 0 < total <= 1440 else None
