"""Objects of DATAtourisme into venues, events and sessions.

Ontology of DATAtourisme 2 and 3. An event's `takesPlaceAt` are periods: of one day with its hours, of one day
without, or from one day to another, of which nobody says at what hours it is open.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from connectors.base import Change, Upsert
from connectors.datatourisme_objects import Graph, Node
from connectors.filing import Subcategories
from connectors.local_times import day_end, local_moment, told
from connectors.rows import key_of, raw
from connectors.told import Dated, Listing, Teller, Unread, period
from connectors.told_places import Place, country
from schemas.records import Kind
from schemas.zones import zone_of_commune

# The first type that an object has says what it is: the narrower ones first.
FILED: tuple[tuple[str, str], ...] = (
    ("ScreeningEvent", "EVENEMENT_CINE"),
    ("Opera", "SPECTACLE_REPRESENTATION"),
    ("Concert", "CONCERT"),
    ("MusicEvent", "CONCERT"),
    ("TheaterEvent", "SPECTACLE_REPRESENTATION"),
    ("DanceEvent", "SPECTACLE_REPRESENTATION"),
    ("CircusEvent", "SPECTACLE_REPRESENTATION"),
    ("Exhibition", "VISITE"),
    ("ExhibitionEvent", "VISITE"),
    ("VisualArtsEvent", "VISITE"),
    ("Reading", "RENCONTRE"),
    ("Conference", "CONFERENCE"),
    ("Workshop", "ATELIER_PRATIQUE_ART"),
    ("TrainingWorkshop", "ATELIER_PRATIQUE_ART"),
    ("OpenDay", "EVENEMENT_PATRIMOINE"),
    ("Commemoration", "EVENEMENT_PATRIMOINE"),
    ("Festival", "FESTIVAL_SPECTACLE"),
    ("ShowEvent", "SPECTACLE_REPRESENTATION"),
)
OUTSIDE = frozenset({"SportsEvent", "SaleEvent", "BusinessEvent", "Game", "GarageSale", "BricABrac", "Market"})
"""What is no culture, unless it says that it is some as well."""


def object_changes(
    node: Any, graph: Graph, teller: Teller, filing: Subcategories, *, restated: bool
) -> Iterator[Change]:
    """An event with its venue and dates, a place of culture as a venue; nothing of what tourism has besides.

    A sale or a match is rejected, by its type, so that somebody who looks for it finds why it is not there.
    `restated`: an event's dates that it no longer has are told as gone.
    """
    if not isinstance(node, dict):
        yield teller.reject("un objet est attendu", raw(node))
        return
    types = graph.types(node)
    key = key_of(graph.get(node, "@id")) or key_of(graph.get(node, "uri"))
    if "EntertainmentAndEvent" in types or "Event" in types:
        if key is None:
            yield teller.reject("@id manque", raw(node))
        elif types & OUTSIDE and "CulturalEvent" not in types:
            kinds = ", ".join(sorted(types & OUTSIDE))
            yield teller.reject(f"hors du pass Culture : {kinds}", raw(node), key)
        else:
            yield from teller.changes(_event(node, key, types, graph, teller, filing, restated=restated))
    elif "CulturalSite" in types and key is not None:
        try:
            venue = teller.venue(_place(node, key, graph, name=graph.text(node, "label")))
        except ValueError as error:
            yield teller.reject(str(error), raw(node), key, Kind.VENUE)
            return
        if teller.first(venue):
            yield Upsert(venue)


def _event(
    node: Node,
    key: str,
    types: frozenset[str],
    graph: Graph,
    teller: Teller,
    filing: Subcategories,
    *,
    restated: bool,
) -> Listing:
    place = next(iter(graph.nodes(node, "isLocatedAt")), None)
    zone = _zone(place, graph) or teller.time_zone
    by_type = next((name for kind, name in FILED if kind in types), None)
    themes = [text for one in graph.nodes(node, "hasTheme") if (text := graph.text(one, "label"))]
    if "ChildrensEvent" in types:
        themes.append("jeune public")
    about = graph.first(node, "hasDescription")
    return Listing(
        key=key,
        title=graph.text(node, "label"),
        subcategory=filing.of((*sorted(types), *themes)) or by_type or filing.default,
        raw=functools.partial(raw, node),
        place=None if place is None else _located(node, place, graph),
        dates=tuple(_dates(node, graph, zone)),
        description=graph.text(about, "description")
        or graph.text(about, "shortDescription")
        or graph.text(node, "comment"),
        genres=tuple(themes),
        url=_homepage(node, graph),
        identifiers=(("datatourisme", key),),
        restated=restated,
    )


def _located(node: Node, place: Node, graph: Graph) -> Place:
    """Where an event is: a hall has no node of its own, so its street names it, else its town."""
    address = graph.first(place, "address")
    street, city = graph.text(address, "streetAddress"), graph.text(address, "addressLocality")
    name = graph.text(place, "name") or ", ".join(part for part in (street, city) if part) or _city(address, graph)
    return _place({"isLocatedAt": [place]}, None, graph, name=name or graph.text(node, "label"))


def _place(node: Node, key: str | None, graph: Graph, *, name: str | None) -> Place:
    located = graph.first(node, "isLocatedAt")
    address, geo = graph.first(located, "address"), graph.first(located, "geo")
    contact = graph.first(node, "hasContact")
    return Place(
        name=name,
        key=key,
        street=graph.text(address, "streetAddress"),
        postal_code=graph.text(address, "postalCode"),
        city=graph.text(address, "addressLocality") or _city(address, graph),
        insee=_insee(address, graph),
        country=country(graph.text(address, "addressCountry"), {}),
        latitude=graph.text(geo, "latitude"),
        longitude=graph.text(geo, "longitude"),
        phone=graph.text(contact, "telephone"),
        url=graph.text(contact, "homepage"),
        identifiers=() if key is None else (("datatourisme", key),),
    )


def _city(address: Node, graph: Graph) -> str | None:
    return graph.text(graph.first(address, "hasAddressCity"), "label")


def _insee(address: Node, graph: Graph) -> str | None:
    """The commune's code, told as such or as its node's name, `kb:41018`."""
    city = graph.first(address, "hasAddressCity")
    told_code = graph.text(city, "insee")
    return told_code or str(graph.get(city, "@id") or "").rpartition(":")[2].rpartition("/")[2] or None


def _zone(place: Node | None, graph: Graph) -> str | None:
    address = graph.first(place, "address")
    for code in (_insee(address, graph), graph.text(address, "postalCode")):
        try:
            return zone_of_commune(code or "")
        except KeyError:
            continue
    return None


def _homepage(node: Node, graph: Graph) -> str | None:
    booking = graph.text(graph.first(node, "hasBookingContact"), "homepage")
    return booking or graph.text(graph.first(node, "hasContact"), "homepage")


def _dates(node: Node, graph: Graph, zone: str) -> Iterator[Dated | Unread]:
    periods = graph.nodes(node, "takesPlaceAt")
    if not periods:
        starts, ends = graph.get(node, "startDate"), graph.get(node, "endDate")
        starts = starts if isinstance(starts, list) else [starts] if starts else []
        ends = ends if isinstance(ends, list) else [ends]
        periods = [
            {"startDate": first, "endDate": ends[number] if number < len(ends) else None}
            for number, first in enumerate(starts)
        ]
    for one in periods:
        try:
            yield _dated(one, graph, zone)
        except ValueError as error:
            yield Unread(str(error), raw(one))


def _dated(node: Node, graph: Graph, zone: str) -> Dated:
    first = told(graph.text(node, "startDate"), zone)
    last_text = graph.text(node, "endDate")
    last = told(last_text, zone) if last_text else None
    opens, closes = _clock(graph.text(node, "startTime")), _clock(graph.text(node, "endTime"))
    first_day = _day(first.at, zone)
    last_day = _day(last.at, zone) if last else first_day
    if last_day < first_day:
        raise ValueError("la période finit avant de commencer")
    if not first.is_day:
        return Dated(first.at, last.at if last else None)
    begins_at = local_moment(first_day, opens or time(), zone)
    if opens is None and closes is None:
        ends_at: datetime | None = day_end(last.at if last else first.at, zone)
    elif closes is None:
        ends_at = None if last_day == first_day else day_end(local_moment(last_day, time(12), zone), zone)
    else:
        # Over midnight: it closes at two the next morning.
        runs_over = last_day == first_day and opens is not None and closes < opens
        ends_at = local_moment(last_day + timedelta(days=runs_over), closes, zone)
    longest = timedelta(days=1, hours=1)
    return Dated(begins_at, ends_at, features=period(begins_at, ends_at, is_day=opens is None, longest=longest))


@functools.lru_cache(maxsize=10_000)
def _day(at: datetime, zone: str) -> date:
    return at.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).date()


def _clock(text: str | None) -> time | None:
    """An hour; 00:00 is what producers write who know none."""
    if text is None:
        return None
    try:
        found = time.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"heure illisible : « {text[:40]} »") from None
    return None if found == time() else found.replace(tzinfo=None)
