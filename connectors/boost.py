"""Showtimes of a cinema that runs Boost (Côté Ciné Group), and the sale of its seats (`boost_sales.py`).

Document: none published; the calls and answers seen in the pass Culture's own connector (2022-2024).
`POST api/vendors/login`, `GET api/showtimes/between/{from}/{to}`, `GET api/showtimes/{id}`, `POST
api/sale/complete`, `PUT api/sale/orderCancel`.

- Cursor: the moment of the reading, for people; each reading is whole, from yesterday over `window_days`.
- Order: free, numbered pages. A page that repeats is an error; counts that move start the reading again.
- It can repeat nothing within a reading; the same showtime twice is told once.
- Deletions are not told: what a whole reading does not name is gone. Sold-out showtimes are asked for too.
- Edits appear at once. A moved showtime keeps its id.
- `numVisa` holds numbers of Boost's own for what has no visa; they are dropped. Sold: the online gauge, at
  the first of the prices PCU, PC2 … PC5. `showDate` has its offset.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.boost_api import BoostApi
from connectors.boost_showtimes import showtime_changes
from connectors.cut_json import json_or_part
from connectors.documents import answers
from connectors.manifest import Manifest
from connectors.rows import row_of
from connectors.settings import Settings, address
from connectors.times import Clock, zulu
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Boost (Côté Ciné Group), séances et vente",
    document="API Boost, telle que le pass Culture l'appelait de 2022 à 2024",
    kinds=frozenset({Kind.WORK, Kind.EVENT, Kind.SESSION, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=True,
    expected=(1, 20_000),
    # The next week's programme comes on Monday or Tuesday: 70 % more or fewer rows is an ordinary day.
    guard=0.7,
)


class BoostSettings(Settings):
    """One cinema's address and the account opened for us."""

    base_url: str | None = Field(default=None, title="Adresse du cinéma, sans /api")
    username: str | None = Field(default=None, title="Identifiant")
    password: SecretStr | None = Field(default=None, title="Mot de passe")
    station_name: str | None = Field(default=None, title="Nom du poste")
    window_days: int = Field(default=60, ge=1, le=120, title="Jours lus d'avance")
    is_duo: bool = Field(default=True, title="Deux places peuvent être réservées ensemble")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> BoostSettings:
        self.require("base_url", "username", "password", "station_name")
        return self

    def account(self) -> str:
        return self.base_url or super().account()

    def api(self, http: Http | None) -> BoostApi:
        """The cinema's API. Raises FeedChanged when there is none to call."""
        if http is None or self.base_url is None or self.password is None:
            raise FeedChanged("ni adresse ni connexion pour joindre le cinéma")
        return BoostApi(
            http,
            base_url=self.base_url,
            username=self.username or "",
            password=self.password.get_secret_value(),
            station_name=self.station_name or "",
        )


class Boost:
    """Reads one cinema. See the module for what the feed promises."""

    name: ClassVar[str] = "boost"

    def __init__(self, settings: BoostSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """The whole programme, whatever `since`. Raises the failures of `net.errors`."""
        started = self._clock()
        rows, cut = await self._rows(started)
        for change in showtime_changes(rows, self.name, self.account, is_duo=self._settings.is_duo):
            yield change
        if cut is not None:
            raise cut
        yield Checkpoint(Cursor(zulu(started)), complete=True)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A showtime with its film and seats, or a film."""
        row = row_of(kept.raw)
        if row is not None:
            yield from showtime_changes([row], self.name, self.account, is_duo=self._settings.is_duo)

    async def _rows(self, now: datetime) -> tuple[list[Any], FeedChanged | None]:
        """The showtimes, and why they are not all where a recorded file breaks off."""
        if self._settings.path is not None:
            rows: list[Any] = []
            cut: FeedChanged | None = None
            for name, answer in answers(self._settings.path, now=now):
                document, broken = json_or_part(answer, place=name, holds=lambda path: path in ((), ("data",)))
                rows += _rows_of(document, place=name)
                cut = cut or broken
            return rows, cut
        # From yesterday's date in UTC: overseas, this evening's showtimes still belong to it.
        begin = now.date() - timedelta(days=1)
        api = self._settings.api(self._http)
        return await api.showtimes(begin, begin + timedelta(days=self._settings.window_days)), None


def _rows_of(document: Any, *, place: str) -> list[Any]:
    """The showtimes of a recorded answer: a page, one showtime in its envelope or bare, or a list."""
    inside = document.get("data", document) if isinstance(document, dict) else document
    if isinstance(inside, list):
        return inside
    if isinstance(inside, dict):
        return [inside]
    raise FeedChanged("ni programme ni séance dans le fichier", place=place)
