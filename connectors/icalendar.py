"""Events of a calendar in iCalendar: a venue's own, exported by whatever it keeps its dates in.

Document: RFC 5545 (2009), with the practice of Google, Outlook, Apple and Nextcloud: `X-WR-TIMEZONE`, Windows names of
zones, vendors' paths, byte order marks, several calendars in one stream.

- Cursor: the moment before the request, with the `ETag` or `Last-Modified` of the answer. The next reading asks with
  `If-None-Match`; a calendar that has not changed costs one short answer. One that repeats without end is read anew
  after a week all the same, because its dates move on.
- Order: none. An event's components may stand anywhere in the stream: they are brought together by UID.
- It can repeat: of two words on one date the higher SEQUENCE counts, then the later DTSTAMP.
- Deletions are not told: a calendar is a snapshot, what it does not hold is gone (past dates excepted). An event or
  date with STATUS:CANCELLED, or a calendar with METHOD:CANCEL, is told as cancelled.
- Dates: key UID, part RECURRENCE-ID in UTC. A series that ends by itself is told whole, one without end from yesterday
  to `days_ahead`. A day without hours has the feature « journée entière ».
- Edits appear when the calendar is exported next: some software serves one some hours old.
- Private and confidential events are not read. A rule nobody can follow rejects its event, not the file.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import datetime, timedelta
from typing import ClassVar, Literal

import msgspec
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answers
from connectors.failures import Failures
from connectors.filing import FilingSettings
from connectors.icalendar_blocks import Block, blocks
from connectors.icalendar_dates import Window
from connectors.icalendar_events import Group, grouped, listing_of
from connectors.manifest import Manifest
from connectors.settings import address
from connectors.times import Clock, instant, zulu
from connectors.told import Teller
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Calendrier iCalendar",
    document="RFC 5545 (2009)",
    kinds=frozenset({Kind.VENUE, Kind.EVENT, Kind.SESSION}),
    incremental=True,
    deletions=False,
    sells=False,
    expected=(1, 50_000),
    # A season ends, the next one is not entered yet.
    guard=0.7,
)
_READ_AGAIN = timedelta(days=7)


class IcalendarSettings(FilingSettings):
    """One calendar, and how its events are filed."""

    url: str | None = Field(default=None, title="Adresse du calendrier (.ics)")
    token: SecretStr | None = Field(default=None, title="Jeton (Bearer)")
    days_ahead: int = Field(default=400, ge=1, le=1100, title="Jours à venir d'une répétition sans fin")
    locations: Literal["lieux", "salles"] = Field(
        default="lieux",
        title="Ce que dit LOCATION",
        description="lieux : l'endroit ; salles : une salle du lieu auquel la source est liée.",
    )

    @field_validator("url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text.replace("webcal://", "https://", 1) if text.startswith("webcal://") else text)

    @model_validator(mode="after")
    def _complete(self) -> IcalendarSettings:
        self.require("url")
        return self

    def account(self) -> str:
        return self.url or super().account()


class CalendarCursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the last answer was."""

    read: str
    etag: str | None = None
    modified: str | None = None


class Icalendar:
    """Reads one calendar. See the module for what the feed promises."""

    name: ClassVar[str] = "icalendar"

    def __init__(self, settings: IcalendarSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """Events with their venues before them. Raises the failures of `net.errors`, after all that was whole."""
        now = self._clock()
        cursor = CalendarCursor(read=zulu(now, timespec="seconds"))
        failures = Failures()
        found: list[Block] = []
        if self._settings.path is not None:
            for name, answer in answers(self._settings.path, now=now):
                with failures.kept():
                    found.extend(blocks(answer.body, place=name))
        else:
            before = _before(since)
            body, cursor = await self._asked(before, cursor, now)
            if body is None:
                yield Checkpoint(_told(cursor))
                return
            with failures.kept():
                found.extend(blocks(body, place=str(self._settings.url)))
        teller = Teller(self.name, self.account, self._settings.time_zone)
        all_named = True
        for change in self._changes(grouped(found), teller, now):
            all_named = all_named and not (isinstance(change, Reject) and change.ref is None)
            yield change
        failures.end()
        yield Checkpoint(_told(cursor), complete=all_named, read=len(found))

    def reread(self, kept: Reject) -> Iterator[Change]:
        """An event's components, kept together; of a zone of the calendar's own nothing was kept."""
        try:
            found = list(blocks(kept.raw, place="quarantaine"))
        except FeedChanged:
            return
        teller = Teller(self.name, self.account, self._settings.time_zone)
        yield from self._changes(grouped(found), teller, self._clock())

    def _changes(self, groups: Iterable[Group], teller: Teller, now: datetime) -> Iterator[Change]:
        settings = self._settings
        window = Window(now - timedelta(days=1), now + timedelta(days=settings.days_ahead))
        filing = settings.filing()
        for group in groups:
            try:
                listing = listing_of(group, filing, settings.time_zone, window, halls=settings.locations == "salles")
            except ValueError as error:
                yield teller.reject(str(error), group.raw, group.key)
                continue
            if listing is not None:
                yield from teller.changes(listing)

    async def _asked(
        self, before: CalendarCursor | None, cursor: CalendarCursor, now: datetime
    ) -> tuple[bytes | None, CalendarCursor]:
        """The calendar and what to ask with next; None for one that has not changed."""
        if self._http is None or self._settings.url is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        headers = {"Accept": "text/calendar"}
        if self._settings.token is not None:
            headers["Authorization"] = f"Bearer {self._settings.token.get_secret_value()}"
        if before is not None and now - instant(before.read) < _READ_AGAIN:
            headers |= {"If-None-Match": before.etag} if before.etag else {}
            headers |= {"If-Modified-Since": before.modified} if before.modified and not before.etag else {}
        answer = await self._http.get(self._settings.url, headers=headers, ok=(200, 304))
        if answer.status == 304:
            assert before is not None
            return None, before
        etag, modified = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
        return answer.body, CalendarCursor(read=cursor.read, etag=_short(etag), modified=_short(modified))


def _short(header: str | None) -> str | None:
    return header if header and len(header) <= 300 and header.isprintable() else None


def _told(cursor: CalendarCursor) -> Cursor:
    return Cursor(msgspec.json.encode(cursor).decode())


def _before(since: Cursor | None) -> CalendarCursor | None:
    if since is None:
        return None
    try:
        found = msgspec.json.decode(since, type=CalendarCursor)
        instant(found.read)
    except (msgspec.DecodeError, ValueError):
        raise FeedChanged("point de reprise illisible") from None
    return found
