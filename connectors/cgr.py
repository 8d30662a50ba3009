"""Showtimes of a CGR cinema, and the sale of its seats (`cgr_sales.py`), by its SOAP service GestionCinemaWS.

Document: the service's WSDL (urn:GestionCinemaWS, SOAP 1.1, document/literal) and the answers seen in the pass
Culture's own connector (2022-2026). Each result is a text of JSON inside one element: `{CodeErreur, IntituleErreur,
ObjetRetour}`, under HTTP 200 whatever happened. `GetSeancesPassCulture` with film "0" tells the whole programme.

- Cursor: the moment of the reading, for people; each reading is whole.
- Order: by film. It can repeat nothing within a reading; the same showing twice is told once.
- Deletions are not told: what a whole reading does not name is gone.
- Edits appear at once. A moved showing keeps its id. `Date` and `Heure` are the cinema's local time.
- `NbPlacesRestantes` was seen below zero: such a showing is sold out. `NumVisa` holds numbers of the software's own.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.cgr_films import film_changes
from connectors.cgr_soap import CgrService, films_of, is_of_sale, recorded_result
from connectors.documents import answers
from connectors.manifest import Manifest
from connectors.rows import MAX_RAW, row_of
from connectors.settings import Settings, address
from connectors.times import Clock, checked_zone, zulu
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind
from schemas.zones import PARIS

MANIFEST = Manifest(
    title="CGR, séances et vente",
    document="WSDL GestionCinemaWS (urn:GestionCinemaWS), tel que le pass Culture l'appelait de 2022 à 2026",
    kinds=frozenset({Kind.WORK, Kind.EVENT, Kind.SESSION, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=True,
    expected=(1, 20_000),
    # The next week's programme comes on Monday or Tuesday: 70 % more or fewer rows is an ordinary day.
    guard=0.7,
)


class CgrSettings(Settings):
    """One cinema's service and the account opened for us."""

    base_url: str | None = Field(default=None, title="Adresse du service, sans ?wsdl")
    username: str | None = Field(default=None, title="Identifiant")
    password: SecretStr | None = Field(default=None, title="Mot de passe")
    cinema: int | None = Field(default=None, ge=0, title="Numéro du cinéma", description="Tel que NumCine le dit.")
    time_zone: str = Field(default=PARIS, title="Fuseau du cinéma")
    is_duo: bool = Field(default=True, title="Deux places peuvent être réservées ensemble, là où le cinéma le permet")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text).removesuffix("?wsdl")

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return checked_zone(name)

    @model_validator(mode="after")
    def _complete(self) -> CgrSettings:
        self.require("base_url", "username", "password")
        return self

    def account(self) -> str:
        return self.base_url or super().account()

    def service(self, http: Http | None) -> CgrService:
        """The cinema's service. Raises FeedChanged when there is none to call."""
        if http is None or self.base_url is None or self.password is None:
            raise FeedChanged("ni adresse ni connexion pour joindre le cinéma")
        return CgrService(
            http, url=self.base_url, username=self.username or "", password=self.password.get_secret_value()
        )


class Cgr:
    """Reads one cinema. See the module for what the feed promises."""

    name: ClassVar[str] = "cgr"

    def __init__(self, settings: CgrSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """The whole programme, whatever `since`. Raises the failures of `net.errors`."""
        started = self._clock()
        films: list[Any] = []
        cut: FeedChanged | None = None
        if self._settings.path is not None:
            for name, answer in answers(self._settings.path, now=started):
                result, broken = recorded_result(answer, place=name)
                cut = cut or broken
                if result is None or is_of_sale(result):
                    yield Reject(f"{name} : ce n'est pas un programme de GestionCinemaWS", answer.body[:MAX_RAW])
                else:
                    films += films_of(result, place=name)
        else:
            films = await self._settings.service(self._http).films()
        for change in self._changes(films):
            yield change
        if cut is not None:
            raise cut
        # A cinema without any film is an answer cut on its way, or closed: nothing counts as gone by it.
        yield Checkpoint(Cursor(zulu(started)), complete=self._settings.path is not None or bool(films))

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A film, or a showing kept in its film."""
        row = row_of(kept.raw)
        if isinstance(row, dict) and kept.kind is not None:
            yield from self._changes([row])

    def _changes(self, films: list[Any]) -> Iterator[Change]:
        settings = self._settings
        yield from film_changes(films, self.name, self.account, zone=settings.time_zone, is_duo=settings.is_duo)
