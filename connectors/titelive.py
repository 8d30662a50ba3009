"""Books and records of Titelive's catalogue, from its API (Epagine).

Document: Titelive, API Epagine v1, as integrated by the pass Culture since 2023. A token is asked by name and password
and lasts some minutes; `GET /search` by the day articles were changed, 25 works a page.

- Cursor: the day of the last reading, in Paris; that day itself is read again. A first reading begins `first_days`
  ago: the catalogue is too large to be asked whole. After each page a place within the reading: day and page.
- Order: by the date of change, a day at a time, since a search gives 20,000 articles at most.
- It can repeat: an article changed twice comes twice, the later word last.
- Deletions are not told: what is no longer sold says so by its availability.
- Edits appear the day they are made, or the next where they are made after that day was read.
- The last page of a day is the first without any result; one that is partly empty is followed by others.
- Quirks read: see `titelive_articles`; a page that repeats the one before it is an error.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answers, json_of
from connectors.manifest import Manifest
from connectors.places import Place, checkpoint, place_of
from connectors.rows import row_of
from connectors.settings import Settings, address
from connectors.times import Clock
from connectors.titelive_articles import work_changes, works_of
from net.client import Http
from net.errors import AccessDenied, FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Titelive, catalogue (API Epagine)",
    document="Titelive, API Epagine v1 (2023)",
    kinds=frozenset({Kind.PRODUCT}),
    incremental=True,
    deletions=False,
    sells=False,
    expected=(1, 3_000_000),
    guard=0.1,
)
HOST = "https://catsearch.epagine.fr/v1"
_PARIS = ZoneInfo("Europe/Paris")
_MAX_PAGES = 1000
_TOKEN_SECONDS = 120


class TiteliveSettings(Settings):
    """One account of the API, and which of its catalogues."""

    base_url: str = Field(default=HOST, title="Adresse du catalogue")
    login_url: str | None = Field(default=None, title="Adresse du service de jetons, sans /login")
    username: str | None = Field(default=None, title="Identifiant")
    password: SecretStr | None = Field(default=None, title="Mot de passe")
    base: Literal["paper", "music"] = Field(default="paper", title="Catalogue : livres (paper) ou musique (music)")
    first_days: int = Field(default=31, ge=0, le=10_000, title="Jours d'une première lecture")
    page_size: int = Field(default=25, ge=1, le=100, title="Œuvres par page")

    @field_validator("base_url", "login_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> TiteliveSettings:
        self.require("login_url", "username", "password")
        return self

    def account(self) -> str:
        return self.username or super().account()


class TitelivePlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """The next page of one day's changes."""

    day: str
    page: int = 1
    works: int = 0


class Titelive:
    """Reads one catalogue. See the module for what it promises."""

    name: ClassVar[str] = "titelive"

    def __init__(self, settings: TiteliveSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock
        self._token: tuple[str, datetime] | None = None

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """What was changed since that day. Raises the failures of `net.errors`."""
        today = self._clock().astimezone(_PARIS).date()
        if self._settings.path is not None:
            for change in self._recorded(today):
                yield change
            yield Checkpoint(Cursor(today.isoformat()), complete=True)
            return
        place = place_of(since, TitelivePlace)
        if place is None:
            first = _day(since) if since else today - timedelta(days=self._settings.first_days)
            place = TitelivePlace(started=today.isoformat(), since=since, day=first.isoformat())
        last = _day(place.started)
        before: Any = None
        while (day := _day(place.day)) <= last:
            works = await self._page(day, place.page)
            if works and works == before:
                raise FeedChanged("page déjà lue", place=f"{day}, page {place.page}")
            before = works
            for work in works:
                for change in self._changes(work, today):
                    yield change
            if works:
                place = replace(place, page=place.page + 1, works=place.works + len(works))
            else:
                place = replace(place, day=(day + timedelta(days=1)).isoformat(), page=1)
            if place.page > _MAX_PAGES:
                raise FeedChanged(f"plus de {_MAX_PAGES} pages pour un jour", place=str(day))
            if (point := checkpoint(place, read=place.works)) is not None:
                yield point
        yield Checkpoint(Cursor(place.started), read=place.works)

    async def _page(self, day: date, number: int) -> list[Any]:
        assert self._http is not None
        settings = self._settings
        told = day.strftime("%d/%m/%Y")
        params = {
            "base": settings.base,
            "nombre": str(settings.page_size),
            "page": str(number),
            "tri": "datemodification",
            "tri_ordre": "asc",
            "dateminm": told,
            "datemaxm": told,
        }
        headers = {"Accept": "application/json", "Authorization": f"Bearer {await self._bearer()}"}
        place = f"{settings.base_url}/search, {day}, page {number}"
        answer = await self._http.get(f"{settings.base_url}/search", params=params, headers=headers)
        works = works_of(json_of(answer, place=place))
        if works is None:
            raise FeedChanged("réponse sans result", place=place)
        return works

    async def _bearer(self) -> str:
        """A token that is still good. The password travels in a form, never in an address."""
        now = self._clock()
        if self._token is not None and now - self._token[1] < timedelta(seconds=_TOKEN_SECONDS):
            return self._token[0]
        settings = self._settings
        if self._http is None or settings.password is None or settings.login_url is None:
            raise FeedChanged("ni connexion ni compte pour lire le catalogue")
        url = f"{settings.login_url}/login/{settings.username}/token"
        form = {"password": settings.password.get_secret_value()}
        answer = await self._http.request("POST", url, json=form, ok=(200, 201, 404), retry=True)
        if answer.status == 404:
            raise AccessDenied("le fournisseur ne connaît pas ce compte", place=settings.login_url)
        content = json_of(answer, place=settings.login_url)
        token = content.get("token") if isinstance(content, dict) else None
        if not isinstance(token, str) or not token:
            raise FeedChanged("réponse sans token", place=settings.login_url)
        self._token = (token, now)
        return token

    def reread(self, kept: Reject) -> Iterator[Change]:
        """An article with its work's head."""
        row = row_of(kept.raw)
        if row is not None and kept.kind is Kind.PRODUCT:
            yield from self._changes(row, self._clock().astimezone(_PARIS).date())

    def _changes(self, work: Any, today: date) -> Iterator[Change]:
        music = self._settings.base == "music"
        return work_changes(work, self.name, self.account, today=today, is_music=music)

    def _recorded(self, today: date) -> Iterator[Change]:
        assert self._settings.path is not None
        for name, answer in answers(self._settings.path, now=self._clock()):
            works = works_of(json_of(answer, place=name))
            if works is None:
                raise FeedChanged("ni oeuvre ni result dans le fichier", place=name)
            for work in works:
                yield from self._changes(work, today)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FeedChanged("point de reprise illisible") from None
