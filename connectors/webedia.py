"""Showtimes of cinemas whose site is made by Webedia Movies Pro (The Boxoffice Company): CGR's and many others'.

Document: none published; the calls that the sites make in the browser (2025-2026). `GET
…/api/gatsby-source-boxofficeapi/schedule?theaters={"id","timeZone"}&from=&to=` for the whole window, then
`…/movies?ids=&ids=` for the films that it names. Nothing is signed.

- Cursor: the moment of the reading, for people; each reading is whole, from today's date over `window_days`.
- Order: by theatre, film, day. It can repeat nothing within a reading.
- Deletions are not told: what a whole reading does not name is gone.
- Edits appear at once. A showtime's id holds its time and format: one that moves is gone, and a new one comes.
- `startsAt` is the theatre's local time. Films and theatres bear Allociné's numbers. No prices, and of the seats only
  how full the hall is: read, and not sold here.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.cut_json import json_or_part
from connectors.documents import answers
from connectors.manifest import Manifest
from connectors.rows import row_of
from connectors.settings import Settings, address
from connectors.times import Clock, checked_zone, zulu
from connectors.webedia_showtimes import Programme, programme_changes
from net.client import Http
from net.errors import FeedChanged, ProviderUnavailable
from schemas.records import Kind
from schemas.zones import PARIS

MANIFEST = Manifest(
    title="Webedia (sites de cinémas), séances",
    document="API boxofficeapi des sites Webedia Movies Pro, telle que leurs pages l'appelaient en 2025 et 2026",
    kinds=frozenset({Kind.WORK, Kind.EVENT, Kind.SESSION}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 50_000),
    # The next week's programme comes on Monday or Tuesday: 70 % more or fewer rows is an ordinary day.
    guard=0.7,
)
_API = "/api/gatsby-source-boxofficeapi"
_BATCH = 40
"""Films a request: their numbers stand in its address."""


class WebediaSettings(Settings):
    """A site, and one of its theatres."""

    base_url: str | None = Field(default=None, title="Adresse du site")
    theater: str | None = Field(default=None, pattern=r"^[0-9A-Za-z]{1,20}$", title="Code du cinéma, comme P1798")
    time_zone: str = Field(default=PARIS, title="Fuseau du cinéma")
    window_days: int = Field(default=30, ge=1, le=120, title="Jours lus d'avance")
    is_duo: bool = Field(default=True, title="Deux places peuvent être réservées ensemble")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return checked_zone(name)

    @model_validator(mode="after")
    def _complete(self) -> WebediaSettings:
        self.require("base_url", "theater")
        return self

    def account(self) -> str:
        return self.theater or super().account()


class Webedia:
    """Reads one theatre. See the module for what the feed promises."""

    name: ClassVar[str] = "webedia"

    def __init__(self, settings: WebediaSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """The whole programme, whatever `since`. Raises the failures of `net.errors`."""
        started = self._clock()
        programme = Programme()
        cut: FeedChanged | None = None
        if self._settings.path is not None:
            for name, answer in answers(self._settings.path, now=started):
                document, broken = json_or_part(answer, place=name, holds=_holds)
                programme.add(document)
                cut = cut or broken
        else:
            await self._ask(programme, started)
        for change in self._changes(programme, is_whole=cut is None):
            yield change
        if cut is not None:
            raise cut
        # A theatre without any film is an answer cut on its way, or closed: nothing counts as gone by it.
        is_whole = self._settings.path is not None or bool(programme.named_films())
        yield Checkpoint(Cursor(zulu(started)), complete=is_whole)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A showtime kept with its film, or a film."""
        row = row_of(kept.raw)
        if isinstance(row, dict | list):
            programme = Programme()
            for one in row if isinstance(row, list) else [row]:
                programme.add(one)
            yield from self._changes(programme)

    def _changes(self, programme: Programme, *, is_whole: bool = True) -> Iterator[Change]:
        settings = self._settings
        return programme_changes(
            programme,
            self.name,
            self.account,
            zone=settings.time_zone,
            is_duo=settings.is_duo,
            theater=settings.theater,
            recorded=settings.path is not None and is_whole,
        )

    async def _ask(self, programme: Programme, now: datetime) -> None:
        settings = self._settings
        today = now.astimezone(ZoneInfo(settings.time_zone)).date()
        asked = {
            "theaters": json.dumps({"id": settings.theater, "timeZone": settings.time_zone}, separators=(",", ":")),
            # Nights end at three: what begins at one o'clock belongs to the day before.
            "from": f"{today.isoformat()}T03:00:00",
            "to": f"{(today + timedelta(days=settings.window_days)).isoformat()}T03:00:00",
            "includeAllMovies": "true",
        }
        schedule = await self._get("schedule", asked)
        if not isinstance(schedule, dict) or settings.theater not in schedule:
            raise FeedChanged("réponse sans le cinéma demandé", place=f"{settings.base_url}{_API}/schedule")
        programme.add(schedule)
        films = programme.named_films()
        for start in range(0, len(films), _BATCH):
            batch = films[start : start + _BATCH]
            found = await self._get("movies", [("basic", "false"), *(("ids", one) for one in batch)])
            if not isinstance(found, list):
                raise FeedChanged("la réponse n'est pas une liste de films", place=f"{settings.base_url}{_API}/movies")
            before = len(programme.films)
            programme.add(found)
            if len(programme.films) == before:
                raise ProviderUnavailable("aucun des films demandés", place=f"{settings.base_url}{_API}/movies")

    async def _get(self, resource: str, params: Any) -> Any:
        if self._http is None or self._settings.base_url is None:
            raise FeedChanged("ni adresse ni connexion pour joindre le site")
        return await self._http.get_json(f"{self._settings.base_url}{_API}/{resource}", params=params)


def _holds(path: tuple[str, ...]) -> bool:
    """A list of films, or a day's showtimes: `P1798`, `schedule`, a film, a day."""
    return not path or (len(path) == 4 and path[1] == "schedule")
