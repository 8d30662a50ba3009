"""Showtimes of a cinema that runs CDS (Ciné Office), and the sale of its seats (`cds_sales.py`).

Document: none published; the calls and answers seen in the pass Culture's own connector (2022-2026). `GET cinemas`,
`shows`, `media`, `mediaoptions`, `vouchertype`, each whole and signed by `?api_token=`; `shows` has no filter.

- Cursor: the moment of the reading, for people; each reading is whole.
- Order: free. It can repeat nothing within a reading; the same show twice is told once.
- Deletions: a deleted show stays listed as `deleted` for a while; what a whole reading does not name is gone too.
- Edits appear at once. A moved show keeps its id. `showtime` has its offset, without colon.
- Sold: the online gauge where the cinema sells by it (`internetsalegaugeactive`), else the hall's, at the cheapest
  active tariff of a voucher PSCULTURE that the show has. Lengths are in seconds.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.cds_api import CdsApi
from connectors.cds_shows import show_changes
from connectors.cds_tables import Tables, is_list_of_shows
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
    title="CDS (Ciné Office), séances et vente",
    document="API vad de Ciné Office, telle que le pass Culture l'appelait de 2022 à 2026",
    kinds=frozenset({Kind.WORK, Kind.EVENT, Kind.SESSION, Kind.STOCK}),
    incremental=False,
    deletions=True,
    sells=True,
    expected=(1, 20_000),
    # The next week's programme comes on Monday or Tuesday: 70 % more or fewer rows is an ordinary day.
    guard=0.7,
)
_RESOURCES = ("cinemas", "vouchertype", "mediaoptions", "media", "shows")


class CdsSettings(Settings):
    """One cinema of an account, and the token opened for us."""

    base_url: str | None = Field(default=None, title="Adresse de l'API, compte compris")
    token: SecretStr | None = Field(default=None, title="Jeton")
    cinema: str | None = Field(default=None, title="Numéro du cinéma")
    is_duo: bool = Field(default=True, title="Deux places peuvent être réservées ensemble")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> CdsSettings:
        self.require("base_url", "token", "cinema")
        return self

    def account(self) -> str:
        return self.cinema or super().account()

    def api(self, http: Http | None) -> CdsApi:
        """The cinema's API. Raises FeedChanged when there is none to call."""
        if http is None or self.base_url is None or self.token is None or self.cinema is None:
            raise FeedChanged("ni adresse ni connexion pour joindre le cinéma")
        return CdsApi(http, base_url=self.base_url, token=self.token.get_secret_value(), cinema=self.cinema)


class Cds:
    """Reads one cinema. See the module for what the feed promises."""

    name: ClassVar[str] = "cds"

    def __init__(self, settings: CdsSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """The whole programme, whatever `since`. Raises the failures of `net.errors`."""
        started, settings = self._clock(), self._settings
        tables = Tables(cinema=settings.cinema)
        is_recorded, cut = settings.path is not None, None
        if settings.path is not None:
            for name, answer in answers(settings.path, now=started):
                document, broken = json_or_part(answer, place=name, holds=lambda path: len(path) < 2)
                if broken is not None and not is_list_of_shows(document):
                    raise broken  # a show is joined with all films and tariffs, or told by half
                tables.add(document)
                cut = cut or broken
        else:
            api = settings.api(self._http)
            for resource in _RESOURCES:
                tables.put(resource, await api.get(resource))
            tables.check_cinema()
        for change in show_changes(tables, self.name, self.account, is_duo=settings.is_duo, recorded=is_recorded):
            yield change
        if cut is not None:
            raise cut
        # A cinema without any show is an answer cut on its way, or closed: nothing counts as gone by it.
        yield Checkpoint(Cursor(zulu(started)), complete=is_recorded or bool(tables.shows))

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A show with the film and tariffs it was read with, or a film."""
        row: Any = row_of(kept.raw)
        if not isinstance(row, dict | list):
            return
        tables = Tables(cinema=self._settings.cinema)
        tables.add(row)
        yield from show_changes(tables, self.name, self.account, is_duo=self._settings.is_duo, recorded=False)
