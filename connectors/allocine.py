"""Films and showtimes of Allociné's partner API: one theatre's programme, or, without a theatre, the list of films.

Document: none published; the calls and answers seen in the pass Culture's own connector (2019-2024). `GET
…/api/query/movieShowtimeList?theater=`, `GET …/api/query/movieList?after=`, 50 films a page, signed by a Bearer token.

- Cursor: the moment of the reading, for people; each reading is whole. The list of films can stop after each page.
- Order: the provider's own. `after` is the last page's `endCursor`; one that repeats is an error.
- A film can repeat between pages; it is told once. Two halls that begin alike at one minute are two showtimes.
- Deletions are not told: what a whole reading does not name is gone.
- Edits appear at once. Showtimes have no id: one that moves is gone, and a new one comes.
- `startsAt` is the theatre's local time. No seats, no prices: the venue gives both (`seats`, `price`), or nobody can
  book here. `SPECIAL_EVENT` (an opera, a concert) is an event at the cinema, not a film's showing.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from msgspec.structs import replace
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.allocine_films import AllocineReader
from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.cut_json import json_or_part
from connectors.documents import answers
from connectors.manifest import Manifest
from connectors.money import cents
from connectors.paging import Trail
from connectors.places import Place, checkpoint, place_of
from connectors.rows import row_of
from connectors.settings import Settings, address
from connectors.times import Clock, checked_zone, zulu
from net.client import Http
from net.errors import FeedChanged
from schemas.identifiers import InvalidIdentifier, normalise
from schemas.records import Kind
from schemas.zones import PARIS

HOST = "https://graph-api-proxy.allocine.fr/api/query"
_MAX_PAGES = 10_000
MANIFEST = Manifest(
    title="Allociné, films et séances d'un cinéma",
    document="API partenaires d'Allociné, telle que le pass Culture l'appelait de 2019 à 2024",
    kinds=frozenset({Kind.WORK, Kind.EVENT, Kind.SESSION, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 100_000),
    # The next week's programme comes on Monday or Tuesday: 70 % more or fewer rows is an ordinary day.
    guard=0.7,
)


class AllocineSettings(Settings):
    """One theatre, or none for the list of all films, and what the venue sells there."""

    base_url: str = Field(default=HOST, title="Adresse de l'API")
    token: SecretStr | None = Field(default=None, title="Jeton")
    theater: str | None = Field(
        default=None,
        title="Code du cinéma",
        description="Comme P1209, ou l'identifiant opaque d'Allociné ; sans lui, la liste des films est lue.",
    )
    time_zone: str = Field(default=PARIS, title="Fuseau du cinéma")
    price: str | None = Field(default=None, title="Prix d'une place en euros, s'il y en a à réserver")
    seats: int | None = Field(default=None, ge=0, le=10_000, title="Places par séance ; sans limite, si c'est vide")
    is_duo: bool = Field(default=True, title="Deux places peuvent être réservées ensemble")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @field_validator("theater")
    @classmethod
    def _theater(cls, code: str) -> str:
        try:
            return normalise("allocine_theater", code)
        except InvalidIdentifier as refused:
            raise ValueError(f"code de cinéma refusé : {refused.why}") from None

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return checked_zone(name)

    @field_validator("price")
    @classmethod
    def _price(cls, euros: str) -> str:
        cents(euros)
        return euros

    @model_validator(mode="after")
    def _complete(self) -> AllocineSettings:
        self.require("token")
        return self

    def account(self) -> str:
        return self.theater or ("films" if self.path is None else super().account())

    def reader(self, connector: str, account: str) -> AllocineReader:
        """A fresh reading."""
        price = None if self.price is None else cents(self.price)
        return AllocineReader(
            connector, account, zone=self.time_zone, price_cents=price, seats=self.seats, is_duo=self.is_duo
        )


class AllocinePlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """After which page, and how many films have been told of."""

    after: str = ""
    rows: int = 0


class Allocine:
    """Reads one theatre, or the list of films. See the module for what the feed promises."""

    name: ClassVar[str] = "allocine"

    def __init__(self, settings: AllocineSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """The whole programme or list, whatever `since`. Raises the failures of `net.errors`."""
        started = self._clock()
        reader = self._settings.reader(self.name, self.account)
        if self._settings.path is not None:
            for row in self._recorded(self._settings.path, started):
                for change in reader.changes(row):
                    yield change
            yield Checkpoint(Cursor(zulu(started)), complete=True)
            return
        place = place_of(since, AllocinePlace) or AllocinePlace(started=zulu(started))
        is_whole = True
        async for rows, after, announced in self._pages(place):
            place = replace(place, after=after, rows=place.rows + len(rows))
            for row in rows:
                for change in reader.changes(row):
                    yield change
            if after and (point := checkpoint(place, read=place.rows, expected=announced)):
                yield point
            # Fewer than announced is a list cut on its way: nothing counts as gone by it.
            is_whole = bool(after) or (place.rows > 0 and (announced is None or place.rows >= announced))
        yield Checkpoint(Cursor(place.started), complete=is_whole)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A film, or a showtime with its film."""
        row = row_of(kept.raw)
        if row is not None:
            yield from self._settings.reader(self.name, self.account).changes(row)

    def _recorded(self, path: Path, now: datetime) -> Iterator[Any]:
        """The rows of recorded answers; what holds no list is a row itself: a film, or what is refused as none."""
        for name, answer in answers(path, now=now):
            document, cut = json_or_part(answer, place=name, holds=_holds)
            try:
                rows = _page(document, place=name)[0]
            except FeedChanged:
                rows = document if isinstance(document, list) else [document]
            yield from rows
            if cut is not None:
                raise cut

    async def _pages(self, place: AllocinePlace) -> AsyncIterator[tuple[list[Any], str, int | None]]:
        """(rows, where the next page begins or nothing, rows announced), from `place` on."""
        if self._http is None or self._settings.token is None:
            raise FeedChanged("ni jeton ni connexion pour joindre Allociné")
        query, asked = "movieList", {}
        if self._settings.theater is not None:
            opaque = base64.b64encode(f"Theater:{self._settings.theater}".encode()).decode()
            query, asked = "movieShowtimeList", {"theater": opaque}
        headers = {"Authorization": f"Bearer {self._settings.token.get_secret_value()}"}
        after = place.after
        trail = Trail(_MAX_PAGES, at=after)
        while True:
            url = f"{self._settings.base_url}/{query}"
            params = asked | ({"after": after} if after or query == "movieList" else {})
            rows, following, announced = _page(await self._http.get_json(url, params=params, headers=headers), url)
            if following:
                trail.follow(following, place=url)
            after = following
            yield rows, after, announced
            if not after:
                return


def _holds(path: tuple[str, ...]) -> bool:
    """Lists of films and of showtimes; not those of a film's people."""
    return path[-1:] in ((), ("edges",), ("showtimes",)) and not {"credits", "cast"} & set(path)


def _page(document: Any, place: str) -> tuple[list[Any], str, int | None]:
    """What an answer holds: its rows, the next page's place, the number of rows in all."""
    inside = document
    if isinstance(document, dict):
        inside = document.get("data", document)
        inside = inside if isinstance(inside, dict) else {}
        inside = inside.get("movieShowtimeList", inside.get("movieList"))
    if not isinstance(inside, dict) or not isinstance(inside.get("edges"), list):
        raise FeedChanged("ni movieList ni movieShowtimeList", place=place)
    page = inside.get("pageInfo")
    page = page if isinstance(page, dict) else {}
    following = page.get("endCursor") if page.get("hasNextPage") is True else ""
    if not isinstance(following, str) or len(following) > 500:
        raise FeedChanged("endCursor illisible", place=place)
    announced = inside.get("totalCount")
    return inside["edges"], following, announced if type(announced) is int else None
