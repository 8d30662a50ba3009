"""Events of one country, or of one kind, that Ticketmaster sells, by its Discovery API.

Document: Ticketmaster, Discovery API v2, read in 2026. `GET /discovery/v2/events.json` with `apikey`, `size` (200 at
most), `page`, `startDateTime`, `endDateTime`, `countryCode`; an answer is HAL, `_embedded.events` and `page`.

- Cursor: the moment before the first request; it only says that there was a reading, each is whole. After each page a
  place within it: the window of dates and the page.
- Order: `sort=date,asc`. The API leads no further than its thousandth event, so dates are asked for in windows, each
  halved until what it announces can be led through.
- It can repeat: an event that moves from one window to another is told twice; the first word counts. A page of another
  number than the one asked for is an error.
- Deletions are not told: an event absent from a whole reading is gone. Cancelled and postponed ones are told so.
- Edits appear within minutes. Nothing asks for what has changed: there is no such parameter.
- The key travels in the address, since the API takes it nowhere else; `net` shows no query to anybody.
- Prices are ranges without quantities and make no stock.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, ClassVar

from msgspec.structs import replace
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answers, json_of
from connectors.failures import Failures
from connectors.filing import FilingSettings
from connectors.manifest import Manifest
from connectors.places import Place, checkpoint, place_of
from connectors.rows import row_of
from connectors.settings import address
from connectors.ticketmaster_events import event_changes, rows_of, venue_changes
from connectors.times import Clock, instant, zulu
from connectors.told import Teller
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Ticketmaster (API Discovery v2)",
    document="Ticketmaster, Discovery API v2, lue en 2026",
    kinds=frozenset({Kind.VENUE, Kind.EVENT, Kind.SESSION}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 100_000),
    guard=0.5,
)
HOST = "https://app.ticketmaster.com"
_DEEPEST = 1000
"""Events that one question leads through."""
_WIDEST = timedelta(days=28)
_NARROWEST = timedelta(hours=1)
_MAX_REQUESTS = 20_000


class TicketmasterSettings(FilingSettings):
    """What of the catalogue is read."""

    base_url: str = Field(default=HOST, title="Adresse de l'API, sans /discovery")
    key: SecretStr | None = Field(default=None, title="Clé d'API")
    country: str = Field(default="FR", pattern=r"^[A-Z]{2}$", title="Pays (code ISO 3166-1)")
    classification: str | None = Field(default=None, max_length=200, title="Genre", description="Par exemple music")
    venue: str | None = Field(default=None, pattern=r"^[A-Za-z0-9]{1,40}$", title="Numéro d'un lieu")
    days_ahead: int = Field(default=400, ge=1, le=1100, title="Jours à venir")
    page_size: int = Field(default=200, ge=1, le=200, title="Événements par page")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> TicketmasterSettings:
        self.require("key")
        return self

    def account(self) -> str:
        return super().account() if self.path is not None else self.venue or self.country


class WindowPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """Before which page of which window of dates."""

    begins: str
    """ISO 8601, UTC, whole seconds."""
    ends: str
    """Of all windows."""
    seconds: int
    page: int = 0
    requests: int = 0
    rows: int = 0
    is_short: bool = False
    """Some window gave fewer events than it had announced."""


class Ticketmaster:
    """Reads one country, kind or venue. See the module for what the API promises."""

    name: ClassVar[str] = "ticketmaster"

    def __init__(self, settings: TicketmasterSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """Events with their venues before them. Raises the failures of `net.errors`."""
        now = self._clock().replace(microsecond=0)
        teller, filing = Teller(self.name, self.account, self._settings.time_zone), self._settings.filing()
        if self._settings.path is not None:
            failures = Failures()
            for name, answer in answers(self._settings.path, now=now):
                with failures.kept():
                    events, venues = rows_of(json_of(answer, place=name), place=name)
                    for venue in venues:
                        for change in venue_changes(venue, teller):
                            yield change
                    for row in events:
                        for change in event_changes(row, teller, filing):
                            yield change
            failures.end()
            yield Checkpoint(Cursor(zulu(now)), complete=True)
            return
        last = now + timedelta(days=self._settings.days_ahead)
        place = place_of(since, WindowPlace) or WindowPlace(
            started=zulu(now),
            begins=zulu(now, timespec="seconds"),
            ends=zulu(last, timespec="seconds"),
            seconds=int(_WIDEST.total_seconds()),
        )
        told: set[str] = set()
        async with aclosing(self._pages(place)) as pages:
            async for rows, reached in pages:
                for row in rows:
                    key = str(row.get("id")) if isinstance(row, dict) else ""
                    if key and key in told:
                        continue
                    told.add(key)
                    for change in event_changes(row, teller, filing):
                        yield change
                place = reached
                if place.begins < place.ends and (point := checkpoint(place, read=place.rows)) is not None:
                    yield point
        yield Checkpoint(Cursor(place.started), complete=not place.is_short, read=place.rows)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """An event with its venue and its date."""
        row = row_of(kept.raw)
        if isinstance(row, dict) and kept.kind is Kind.EVENT:
            teller = Teller(self.name, self.account, self._settings.time_zone)
            yield from event_changes(row, teller, self._settings.filing())

    async def _pages(self, place: WindowPlace) -> AsyncGenerator[tuple[list[Any], WindowPlace]]:
        """The rows of each page with the place after it.

        Raises FeedChanged naming a page that is not the one asked for, or an hour with more events than can be read.
        """
        last = instant(place.ends)
        while (begins := instant(place.begins)) < last:
            width = timedelta(seconds=place.seconds)
            ends = min(begins + width, last)
            document = await self._ask(begins, ends, place.page)
            if place.requests >= _MAX_REQUESTS:
                raise FeedChanged(f"plus de {_MAX_REQUESTS} pages", place=self._url)
            total, number, pages = _counted(document, self._url)
            place = replace(place, requests=place.requests + 1)
            if total > _DEEPEST and place.page == 0:
                if width <= _NARROWEST:
                    raise FeedChanged(f"{total} événements en une heure, le {place.begins}", place=self._url)
                place = replace(place, seconds=place.seconds // 2)
                continue
            if number != place.page:
                raise FeedChanged(f"page {number} au lieu de la page {place.page}", place=self._url)
            rows, _ = rows_of(document, place=self._url)
            is_last = place.page + 1 >= pages
            after = replace(place, page=place.page + 1, rows=place.rows + len(rows))
            if is_last:
                after = replace(
                    after,
                    begins=zulu(ends, timespec="seconds"),
                    page=0,
                    seconds=min(place.seconds * 2, int(_WIDEST.total_seconds())),
                    # A reading gone on with midway does not know what the window had given before.
                    is_short=place.is_short or (pages <= 1 and len(rows) < total) or (not rows and total > 0),
                )
            yield rows, after
            place = after

    @property
    def _url(self) -> str:
        return f"{self._settings.base_url}/discovery/v2/events.json"

    async def _ask(self, begins: datetime, ends: datetime, page: int) -> Any:
        settings = self._settings
        if self._http is None or settings.key is None:
            raise FeedChanged("ni connexion ni clé pour lire l'API")
        params = {
            "apikey": settings.key.get_secret_value(),
            "countryCode": settings.country,
            "locale": "*",
            "sort": "date,asc",
            "startDateTime": zulu(begins, timespec="seconds"),
            # Both ends are closed: an event on the edge would be told by two windows.
            "endDateTime": zulu(ends - timedelta(seconds=1), timespec="seconds"),
            "size": str(settings.page_size),
            "page": str(page),
        }
        params |= {"classificationName": settings.classification} if settings.classification else {}
        params |= {"venueId": settings.venue} if settings.venue else {}
        answer = await self._http.get(self._url, params=params, headers={"Accept": "application/json"})
        return json_of(answer, place=self._url)


def _counted(document: Any, url: str) -> tuple[int, int, int]:
    """(events announced, the page's number, pages). Raises FeedChanged where the answer does not say."""
    page = document.get("page") if isinstance(document, dict) else None
    counts = [page.get(name) for name in ("totalElements", "number", "totalPages")] if isinstance(page, dict) else []
    if len(counts) != 3 or not all(isinstance(one, int) and one >= 0 for one in counts):
        rows_of(document, place=url)
        raise FeedChanged("réponse sans page", place=url)
    total, number, pages = counts
    return int(str(total)), int(str(number)), int(str(pages))
