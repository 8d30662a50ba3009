"""Showtimes of cinemas that run Vista, by its OCAPI.

Document: Vista's Digital Platform OCAPI v1, as seen in the answers of cinemas' own sites (2025). `GET
…/ocapi/v1/film-screening-dates?siteIds=`, then `…/ocapi/v1/showtimes/by-business-date/{date}?siteIds=` a day, signed by
a Bearer token; films, screens and attributes stand beside the showtimes and are joined by id.

- Cursor: the moment of the reading, for people; each reading is whole. It can stop after each day.
- Order: by business date, which is not the calendar's: a showing after midnight belongs to the evening before it.
- It can repeat films from day to day; they are told once.
- Deletions are not told: what a whole reading does not name is gone.
- Edits appear at once. A moved showtime keeps its id. Times have their offset; `startsAt` includes the trailers.
- No seats and no prices without a basket: read, and not sold here. No visa and no Allociné number either.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any, ClassVar

from msgspec.structs import replace
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answers, json_of
from connectors.manifest import Manifest
from connectors.places import Place, checkpoint, place_of
from connectors.rows import row_of
from connectors.settings import Settings, address
from connectors.times import Clock, checked_zone, zulu
from connectors.vista_showtimes import VistaReader
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind
from schemas.zones import PARIS

MANIFEST = Manifest(
    title="Vista, séances",
    document="Vista OCAPI v1, telle que les sites de cinémas l'appelaient en 2025",
    kinds=frozenset({Kind.VENUE, Kind.WORK, Kind.EVENT, Kind.SESSION}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 200_000),
    # The next week's programme comes on Monday or Tuesday: 70 % more or fewer rows is an ordinary day.
    guard=0.7,
)
_MAX_DAYS = 500


class VistaSettings(Settings):
    """A chain's API, and one of its sites or all of them."""

    base_url: str | None = Field(default=None, title="Adresse de l'API, avec ou sans /ocapi/v1")
    token: SecretStr | None = Field(default=None, title="Jeton")
    site: str | None = Field(default=None, title="Numéro du cinéma ; tous, si c'est vide")
    time_zone: str = Field(default=PARIS, title="Fuseau des cinémas qui ne disent pas le leur")
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
    def _complete(self) -> VistaSettings:
        self.require("base_url")
        return self

    def account(self) -> str:
        return self.site or self.base_url or super().account()

    def reader(self, connector: str, account: str) -> VistaReader:
        """A fresh reading."""
        return VistaReader(connector, account, zone=self.time_zone, is_duo=self.is_duo, is_bound=self.site is not None)


class VistaPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """After which business date."""

    after: str = ""
    rows: int = 0


class Vista:
    """Reads one site or all. See the module for what the feed promises."""

    name: ClassVar[str] = "vista"

    def __init__(self, settings: VistaSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """The whole programme, whatever `since`. Raises the failures of `net.errors`."""
        started = self._clock()
        reader = self._settings.reader(self.name, self.account)
        if self._settings.path is not None:
            for name, answer in answers(self._settings.path, now=started):
                # A day without all that stands beside its showtimes would be told by half: it is whole, or refused.
                document = json_of(answer, place=name)
                if not _is_days(document):
                    for change in reader.changes(document):
                        yield change
            yield Checkpoint(Cursor(zulu(started)), complete=True)
            return
        place = place_of(since, VistaPlace) or VistaPlace(started=zulu(started))
        days = await self._days()
        is_whole = bool(days)
        for day in days:
            if day <= place.after:
                continue
            document = await self._get(f"showtimes/by-business-date/{day}")
            rows = document.get("showtimes") if isinstance(document, dict) else None
            if not isinstance(rows, list) or document.get("businessDate", day) != day:
                raise FeedChanged("réponse sans les séances du jour", place=f"by-business-date/{day}")
            # A day that is announced and empty was cut on its way: nothing counts as gone by this reading.
            is_whole = is_whole and bool(rows)
            for change in reader.changes(document):
                yield change
            place = replace(place, after=day, rows=place.rows + len(rows))
            if day != days[-1] and is_whole and (point := checkpoint(place, read=place.rows)):
                yield point
        yield Checkpoint(Cursor(place.started), complete=is_whole)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A showtime kept with the film and hall it refers to."""
        row = row_of(kept.raw)
        if isinstance(row, dict):
            yield from self._settings.reader(self.name, self.account).changes(row)

    async def _days(self) -> list[str]:
        """The business dates on which something is shown, in order."""
        document = await self._get("film-screening-dates")
        if not _is_days(document):
            raise FeedChanged("réponse sans filmScreeningDates", place="film-screening-dates")
        days = [row.get("businessDate") for row in document["filmScreeningDates"] if isinstance(row, dict)]
        if len(days) > _MAX_DAYS:
            raise FeedChanged(f"plus de {_MAX_DAYS} jours", place="film-screening-dates")
        return sorted({_day(day) for day in days})

    async def _get(self, resource: str) -> Any:
        if self._http is None or self._settings.base_url is None:
            raise FeedChanged("ni adresse ni connexion pour joindre le cinéma")
        token = self._settings.token
        headers = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
        params = {} if self._settings.site is None else {"siteIds": self._settings.site}
        # Some chains serve it elsewhere: an address that says so is taken as it is.
        base = self._settings.base_url
        url = f"{base}/{resource}" if "/ocapi/" in base else f"{base}/ocapi/v1/{resource}"
        return await self._http.get_json(url, params=params, headers=headers)


def _is_days(document: Any) -> bool:
    return isinstance(document, dict) and isinstance(document.get("filmScreeningDates"), list)


def _day(text: Any) -> str:
    """The date as it goes into an address. Raises FeedChanged for anything else."""
    try:
        return date.fromisoformat(str(text)).isoformat()
    except ValueError:
        raise FeedChanged("businessDate illisible", place="film-screening-dates") from None
