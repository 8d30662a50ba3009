"""What an agenda tells of an event, whatever its format, and how that becomes venue, event and sessions.

Each format reads its rows into a `Listing`; what a listing means is said once, here: a venue is told once a
reading, a broken date costs itself only, an event restates its dates, a day without an hour is said to be one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from connectors.base import Change, Delete, Reject, Upsert
from connectors.rows import key_of
from connectors.texts import line, plain, web_address
from connectors.times import zulu
from connectors.told_places import Place, address_of, digest_of, position_of, zone_of
from connectors.told_words import contributors, genres, identifiers_of
from schemas.records import (
    Address,
    Event,
    Kind,
    Session,
    SourceRef,
    Venue,
    Work,
)

MAX_DATES = 2000
_MOST_VENUES = 2000
DAY = "journée entière"
"""A session's feature: its hours are not told."""
PERIOD = "période"
"""A session's feature: it lasts from one day to another, with hours in between that are not told."""
SOLD_OUT = "complet"


class Dated(Struct, frozen=True):
    """One date of an event."""

    begins_at: datetime
    ends_at: datetime | None = None
    key: str | None = None
    """The source's own key of the date, where it has one that is unique in the source."""
    part: str | None = None
    """What tells the date apart under its event's key; its beginning where None."""
    features: tuple[str, ...] = ()
    cancelled: bool = False
    hall: str | None = None
    version: str | None = None


class Unread(Struct, frozen=True):
    """A date that cannot be read."""

    why: str
    raw: bytes
    part: str | None = None


class Listing(Struct, frozen=True):
    """One event as told. `key` is the source's."""

    key: str
    title: Any
    subcategory: str
    raw: Callable[[], bytes]
    """The row as it is kept where it is refused."""
    place: Place | None = None
    dates: tuple[Dated | Unread, ...] = ()
    description: Any = None
    genres: tuple[Any, ...] = ()
    url: Any = None
    contributors: tuple[tuple[Any, str], ...] = ()
    identifiers: tuple[tuple[str, str], ...] = ()
    duration_minutes: int | None = None
    work: Work | None = None
    notes: tuple[str, ...] = ()
    restated: bool = False
    """Dates told before and not among these are gone."""


@dataclass(slots=True)
class Teller:
    """Tells one reading's listings: venues and works once, no event and no date twice."""

    connector: str
    account: str
    time_zone: str
    """Of places that tell none, in no French commune that is known."""
    _told: set[tuple[Kind, str, str]] = field(default_factory=set)
    _venues: dict[str, tuple[Place, Venue]] = field(default_factory=dict)

    def ref(self, key: str, part: str = "") -> SourceRef:
        return SourceRef(connector=self.connector, account=self.account, key=key, part=part)

    def reject(self, why: str, raw: bytes, key: str | None = None, kind: Kind = Kind.EVENT) -> Reject:
        """A row that cannot be read; its key counts as named."""
        return Reject(why, raw, kind, None if key is None else self.ref(key))

    def changes(self, listing: Listing) -> Iterator[Change]:
        """The venue and the work unless told before, the event, its dates; rejected together when one cannot be."""
        ref = self.ref(listing.key)
        if key_of(listing.key) is None:
            yield Reject("clé impossible : vide, trop longue ou avec un caractère interdit", listing.raw(), Kind.EVENT)
            return
        try:
            if len(listing.dates) > MAX_DATES:
                raise ValueError(f"plus de {MAX_DATES} dates")
            if (Kind.EVENT, listing.key, "") in self._told:
                raise ValueError("deux événements ont la même clé")
            venue = None if listing.place is None else self.venue(listing.place)
            event = self._event(listing, ref, venue)
        except ValueError as error:
            yield Reject(str(error), listing.raw(), Kind.EVENT, ref)
            for one in listing.dates[:MAX_DATES]:
                if isinstance(one, Dated):
                    yield Reject("son événement est refusé", listing.raw(), Kind.SESSION, self._dated(listing, one))
            return
        if venue is not None and self._first(Kind.VENUE, venue.ref):
            yield Upsert(venue)
        if listing.work is not None and self._first(Kind.WORK, listing.work.ref):
            yield Upsert(listing.work)
        self._first(Kind.EVENT, ref)
        yield Upsert(event, listing.notes)
        yield from self._sessions(listing, ref)

    def more_dates(self, listing: Listing) -> Iterator[Change]:
        """The dates of another row of an event that was told, where it was not refused."""
        if (Kind.EVENT, listing.key, "") in self._told:
            yield from self._sessions(listing, self.ref(listing.key))

    def venue(self, place: Place) -> Venue:
        """The place as a venue; read once while it is told alike. Raises ValueError for one without a name."""
        if place.key is not None and (known := self._venues.get(place.key)) is not None and known[0] == place:
            return known[1]
        name = plain(place.name, longest=1000)
        if name is None:
            raise ValueError("le lieu n'a pas de nom")
        address = address_of(place)
        venue = Venue(
            ref=self.ref(key_of(place.key) or digest_of(place)),
            name=name,
            time_zone=place.time_zone or zone_of(address) or self.time_zone,
            identifiers=identifiers_of(place.identifiers),
            address=address if address != Address() else None,
            position=position_of(place.latitude, place.longitude),
            phone=line(place.phone, longest=40),
            url=web_address(place.url),
        )
        if place.key is not None:
            if len(self._venues) >= _MOST_VENUES:
                self._venues.clear()
            self._venues[place.key] = place, venue
        return venue

    def first(self, venue: Venue) -> bool:
        """Whether this reading had not told the venue yet."""
        return self._first(Kind.VENUE, venue.ref)

    def _sessions(self, listing: Listing, ref: SourceRef) -> Iterator[Change]:
        parts: set[str] = set()
        all_told = True
        for one in listing.dates:
            if isinstance(one, Unread):
                all_told = False
                at = None if one.part is None else self.ref(listing.key, one.part)
                yield Reject(one.why, one.raw, Kind.SESSION, at)
                continue
            dated = self._dated(listing, one)
            if not self._first(Kind.SESSION, dated):
                continue
            if one.ends_at is not None and one.ends_at < one.begins_at:
                all_told = False
                yield Reject("la séance finit avant de commencer", listing.raw(), Kind.SESSION, dated)
                continue
            parts.add(dated.part)
            yield Upsert(
                Session(
                    ref=dated,
                    event_key=listing.key,
                    begins_at=one.begins_at,
                    ends_at=one.ends_at,
                    hall=line(one.hall, longest=200),
                    version=one.version,
                    features=list(one.features),
                    cancelled=one.cancelled,
                )
            )
        if listing.restated and all_told and not any(isinstance(one, Dated) and one.key for one in listing.dates):
            yield Delete(Kind.SESSION, ref, parts_kept=frozenset(parts))

    def _dated(self, listing: Listing, one: Dated) -> SourceRef:
        if key_of(one.key) is not None:
            return self.ref(str(one.key))
        is_told = one.part is not None and (one.part == "" or key_of(one.part) is not None)
        return self.ref(listing.key, str(one.part) if is_told else zulu(one.begins_at, timespec="seconds"))

    def _event(self, listing: Listing, ref: SourceRef, venue: Venue | None) -> Event:
        title = plain(listing.title, longest=1000)
        if title is None:
            raise ValueError("le titre manque")
        return Event(
            ref=ref,
            title=title,
            subcategory=listing.subcategory,
            venue_key=None if venue is None else venue.ref.key,
            work_key=None if listing.work is None else listing.work.ref.key,
            identifiers=identifiers_of(listing.identifiers),
            contributors=contributors(listing.contributors),
            description=plain(listing.description, longest=5000),
            duration_minutes=listing.duration_minutes,
            genres=genres(listing.genres),
            url=web_address(listing.url),
        )

    def _first(self, kind: Kind, ref: SourceRef) -> bool:
        name = (kind, ref.key, ref.part)
        if name in self._told:
            return False
        self._told.add(name)
        return True


def period(
    first: datetime, last: datetime | None, *, is_day: bool, longest: timedelta = timedelta(hours=36)
) -> tuple[str, ...]:
    """The features of a date that lasts from `first` to `last`: a day, a period, or neither."""
    if last is not None and last - first > longest:
        return (PERIOD,)
    return (DAY,) if is_day else ()
