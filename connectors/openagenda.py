"""Events of one OpenAgenda agenda, with their places and dates.

Document: OpenAgenda API v2, developers.openagenda.com, read in 2026.
`GET /v2/agendas/{uid}/events` with `key`, `size` (300 at most), `detailed=1`, `after[]`, `updatedAt[gte]`.

- Cursor: the moment before the first request, UTC. `updatedAt[gte]` is closed: that very moment comes again.
  After each page a place within the reading, the array that leads on; whoever goes on tells venues again.
- Order: `sort=updatedAt.asc`, followed by `after`, the array that ends a page, echoed back. An array that
  repeats is an error.
- It can repeat: an event edited during the reading moves to its end and is told twice.
- Deletions: events removed vanish; a second call with `removed=1` tells their uids. What is no longer
  published (`state` other than 2, draft, private) is told as gone too. Dates have no id: an event restates
  all of its own, by their beginnings, and the others are gone.
- Edits appear within minutes, aggregated events later: their `updatedAt` is that of this agenda.
- An agenda has no category of ours: the source's settings say what its events are, by key word where it
  differs; an event that was prepared for the pass Culture says it itself.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar

from msgspec.structs import replace
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answer_of, files, json_of
from connectors.filing import FilingSettings
from connectors.large_files import is_large, rows_in
from connectors.manifest import Manifest
from connectors.openagenda_events import event_changes, gone
from connectors.openagenda_venues import Venues
from connectors.paging import Trail
from connectors.places import Place, checkpoint, place_of
from connectors.rows import row_of
from connectors.settings import address
from connectors.times import Clock, zulu
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Agenda OpenAgenda (API v2)",
    document="developers.openagenda.com, API v2, lue en 2026",
    kinds=frozenset({Kind.VENUE, Kind.EVENT, Kind.SESSION}),
    incremental=True,
    deletions=True,
    sells=False,
    expected=(1, 200_000),
    # Seasons and festivals come and go at once.
    guard=0.7,
)
_MAX_PAGES = 2000
HOST = "https://api.openagenda.com"


class OpenAgendaSettings(FilingSettings):
    """One agenda and how its events are filed."""

    base_url: str = Field(default=HOST, title="Adresse de l'API, sans /v2")
    agenda: str | None = Field(default=None, pattern=r"^[0-9]{1,20}$", title="Numéro de l'agenda")
    key: SecretStr | None = Field(default=None, title="Clé de lecture")
    page_size: int = Field(default=300, ge=1, le=300, title="Événements par page")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> OpenAgendaSettings:
        self.require("agenda", "key")
        return self

    def account(self) -> str:
        return self.agenda or super().account()


class AgendaPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """After which page of the events, or of those removed."""

    after: tuple[str, ...] = ()
    pages: int = 0
    rows: int = 0
    announced: int = 0
    is_removed: bool = False


class OpenAgenda:
    """Reads one agenda. See the module for what the feed promises."""

    name: ClassVar[str] = "openagenda"

    def __init__(self, settings: OpenAgendaSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock
        self._filing = settings.filing()

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """Events with their venues before them. Raises the failures of `net.errors`."""
        started = zulu(self._clock())  # before the first page, so that later edits come again
        venues = self._venues()
        if self._settings.path is not None:
            for row in self._recorded(self._clock()):
                for change in self._changes(row, venues, restated=False):
                    yield change
            yield Checkpoint(Cursor(started), complete=True)
            return
        place = place_of(since, AgendaPlace) or AgendaPlace(started=started, since=since)
        delta = {} if place.since is None else {"updatedAt[gte]": place.since}
        if not place.is_removed:
            async for page in self._pages({"detailed": "1", **delta}, place):
                rows, announced = place.rows + len(page["events"]), place.announced or _announced(page)
                place = replace(place, after=_after(page), pages=place.pages + 1, rows=rows, announced=announced)
                for row in page["events"]:
                    for change in self._changes(row, venues, restated=place.since is not None):
                        yield change
                if place.after and (point := checkpoint(place, read=rows, expected=announced or None)):
                    yield point
            place = replace(place, is_removed=True, after=(), pages=0)
        if place.since is not None:
            async for page in self._pages({"removed": "1", **delta}, place):
                place = replace(place, after=_after(page), pages=place.pages + 1)
                for row in page["events"]:
                    for change in gone(row, self.name, self.account):
                        yield change
                if place.after and (point := checkpoint(place, read=place.rows)):
                    yield point
        # A page emptied on its way ends a feed early: what it held must not count as gone.
        complete = place.since is None and place.rows >= place.announced
        yield Checkpoint(Cursor(place.started), complete=complete, read=place.rows)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """An event with its place and dates; a date alone does not say of which event it is."""
        row = row_of(kept.raw)
        if row is not None and kept.kind is Kind.EVENT:
            yield from self._changes(row, self._venues(), restated=False)

    def _venues(self) -> Venues:
        return Venues(self.name, self.account, self._settings.time_zone)

    def _changes(self, row: Any, venues: Venues, *, restated: bool) -> Iterator[Change]:
        return event_changes(row, self.name, self.account, venues=venues, restated=restated, filing=self._filing)

    async def _pages(self, filters: Mapping[str, str], place: AgendaPlace) -> AsyncIterator[dict[str, Any]]:
        """All pages from a place on.

        Raises FeedChanged naming the one that repeats, has another shape, or misses its events.
        """
        key = self._settings.key
        if self._http is None or key is None:
            raise FeedChanged("ni connexion ni clé pour lire l'agenda")
        url = f"{self._settings.base_url}/v2/agendas/{self._settings.agenda}/events"
        after = place.after
        trail = Trail(_MAX_PAGES, at=after, pages=place.pages)
        for number in itertools.count(place.pages + 1):
            where = f"{url}, page {number}"
            params = [("size", str(self._settings.page_size)), ("sort", "updatedAt.asc"), *filters.items()]
            params += [("after[]", item) for item in after]
            # The key travels in a header: addresses end up in logs.
            answer = await self._http.get(
                url, params=params, headers={"Accept": "application/json", "key": key.get_secret_value()}
            )
            page = json_of(answer, place=where)
            if not isinstance(page, dict) or not isinstance(page.get("events"), list):
                raise FeedChanged("réponse sans events", place=where)
            if number == 1 and not page["events"] and (announced := _announced(page)):
                raise FeedChanged(f"page vide, {announced} événements annoncés", place=where)
            yield page
            following = page.get("after")
            if not page["events"] or not following:
                return
            if not isinstance(following, list) or len(following) > 20:
                raise FeedChanged("after n'est pas une liste", place=where)
            after = _after(page)
            trail.follow(after, place=where)

    def _recorded(self, now: datetime) -> Iterator[Any]:
        assert self._settings.path is not None
        for file in files(self._settings.path):
            if is_large(file):
                yield from rows_in(file, lists=("events",))
            else:
                yield from _rows_of(json_of(answer_of(file, now=now), place=file.name), place=file.name)


def _announced(page: dict[str, Any]) -> int:
    """How many events the agenda says it has for what was asked; 0 when it does not say."""
    total = page.get("total")
    return total if isinstance(total, int) else 0


def _after(page: dict[str, Any]) -> tuple[str, ...]:
    """What leads to the page after this one; nothing after the last."""
    following = page.get("after")
    return tuple(_echo(item) for item in following) if page["events"] and isinstance(following, list) else ()


def _echo(item: Any) -> str:
    """One item of `after` as it goes back into the address."""
    if isinstance(item, Decimal):
        return str(item)
    return item if isinstance(item, str) else json.dumps(item)


def _rows_of(document: Any, *, place: str) -> list[Any]:
    """The events of a recorded answer: a page, a list, one event in its wrapper or bare.

    A description of an agenda holds none. Raises FeedChanged for anything else.
    """
    if isinstance(document, list):
        return document
    if isinstance(document, dict):
        if isinstance(document.get("events"), list):
            return list(document["events"])
        if isinstance(document.get("event"), dict):
            return [document["event"]]
        if isinstance(document.get("title"), dict) or "timings" in document:
            return [document]
        if "uid" in document and "slug" in document:
            return []
    raise FeedChanged("ni événement ni agenda OpenAgenda dans le fichier", place=place)
