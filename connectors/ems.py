"""Programmes of cinemas that run EMS (Monnaie Services), and the sale of their seats (`ems_sales.py`).

Document: none published; the calls and answers seen in the pass Culture's own connector (2023-2026). `GET …?version=N`
(HTTP basic) tells the sites that changed since version N, all of them for 0, and the version to ask from next time.

- Cursor: that version, with the moment of the last whole reading. An increment never tells what is gone, so that after
  `whole_every_hours` all is read again.
- Order: by site, film, session. It can repeat nothing within a reading; a film on two sites is told once.
- Deletions are not told: what a whole reading does not name is gone.
- How late edits appear is not known. A moved session keeps its id. `date` is the local time of the site's `time_zone`.
- Sold: at `pass_culture_price`, which tells the stock apart (a changed price replaces it); no gauge, so without limit.
- With `site`, the one that the source is bound to is read, and sold; without, all sites of the account, as venues, and
  their seats are not: a sale says its site.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar

import msgspec
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.cut_json import json_or_part
from connectors.documents import answers
from connectors.ems_booking import EmsBooking
from connectors.ems_sites import site_changes
from connectors.manifest import Manifest
from connectors.rows import row_of
from connectors.settings import Settings, SettingsRefused, address
from connectors.times import Clock, checked_zone, zulu
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind
from schemas.zones import PARIS

MANIFEST = Manifest(
    title="EMS (Monnaie Services), séances et vente",
    document="API EMS, telle que le pass Culture l'appelait de 2023 à 2026",
    kinds=frozenset({Kind.VENUE, Kind.WORK, Kind.EVENT, Kind.SESSION, Kind.STOCK}),
    incremental=True,
    deletions=False,
    sells=True,
    expected=(1, 200_000),
    # The next week's programme comes on Monday or Tuesday: 70 % more or fewer rows is an ordinary day.
    guard=0.7,
)


class EmsSettings(Settings):
    """One site of an account, or all of them, and how it sells."""

    base_url: str | None = Field(default=None, title="Adresse des programmes")
    username: str | None = Field(default=None, title="Identifiant")
    password: SecretStr | None = Field(default=None, title="Mot de passe")
    site: str | None = Field(default=None, title="Numéro du cinéma ; tous, si c'est vide")
    whole_every_hours: int = Field(default=24, ge=1, le=168, title="Heures entre deux lectures entières")
    booking_url: str | None = Field(default=None, title="Adresse des ventes")
    booking_source: str | None = Field(default=None, title="En-tête Source des ventes")
    booking_secret: SecretStr | None = Field(default=None, title="Clé qui signe les ventes")
    time_zone: str = Field(default=PARIS, title="Fuseau des cinémas qui ne disent pas le leur")
    is_duo: bool = Field(default=True, title="Deux places peuvent être réservées ensemble")

    @field_validator("base_url", "booking_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        return checked_zone(name)

    @model_validator(mode="after")
    def _complete(self) -> EmsSettings:
        self.require("base_url", "username", "password")
        if self.site is not None:
            self.require("booking_url", "booking_source", "booking_secret")
        return self

    def sales(self, http: Http) -> EmsBooking:
        """Where the site's seats are sold. Raises SettingsRefused when that is not set."""
        if self.site is None or self.booking_url is None or self.booking_secret is None:
            raise SettingsRefused("ems : pour vendre, il faut site, booking_url et booking_secret")
        return EmsBooking(
            http,
            url=self.booking_url,
            source=self.booking_source or "",
            secret=self.booking_secret.get_secret_value(),
            site=self.site,
        )

    def account(self) -> str:
        return self.site or ("ems" if self.path is None else super().account())


class _Version(msgspec.Struct, frozen=True, kw_only=True):
    """The cursor."""

    version: int
    whole_at: str


class Ems:
    """Reads one site or all. See the module for what the feed promises."""

    name: ClassVar[str] = "ems"

    def __init__(self, settings: EmsSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """What changed since `since`, or all when it is None or old. Raises the failures of `net.errors`."""
        started = self._clock()
        if self._settings.path is not None:
            sites: list[Any] = []
            cut: FeedChanged | None = None
            for name, answer in answers(self._settings.path, now=started):
                document, broken = json_or_part(answer, place=name, holds=_holds)
                sites += _sites(document)
                cut = cut or broken
            for change in self._changes(sites, restated=False):
                yield change
            if cut is not None:
                raise cut
            yield Checkpoint(Cursor(zulu(started)), complete=True)
            return
        last = self._last(since, started)
        sites, version = await self._ask(0 if last is None else last.version)
        mine = [one for one in sites if self._settings.site in (None, _id(one))]
        if last is None and not mine:
            raise FeedChanged(f"cinéma absent du programme : {self._settings.site or 'aucun'}", place="sites")
        for change in self._changes(mine, restated=last is not None):
            yield change
        whole_at = zulu(started) if last is None else last.whole_at
        cursor = msgspec.json.encode(_Version(version=version, whole_at=whole_at)).decode()
        yield Checkpoint(Cursor(cursor), complete=last is None)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A site, or a film or session kept in its site."""
        row = row_of(kept.raw)
        if isinstance(row, dict):
            yield from self._changes([row], restated=False)

    def _changes(self, sites: list[Any], *, restated: bool) -> Iterator[Change]:
        settings = self._settings
        return site_changes(
            sites,
            self.name,
            self.account,
            zone=settings.time_zone,
            is_duo=settings.is_duo,
            is_bound=settings.site is not None,
            is_sold=settings.site is not None or settings.path is not None,
            restated=restated,
        )

    def _last(self, since: Cursor | None, now: datetime) -> _Version | None:
        """Where to go on from; None for a whole reading."""
        if since is None:
            return None
        try:
            last = msgspec.json.decode(since, type=_Version)
            whole_at = datetime.fromisoformat(last.whole_at)
        except (msgspec.DecodeError, ValueError):
            return None  # a recording's cursor, or another version's
        return last if now - whole_at < timedelta(hours=self._settings.whole_every_hours) else None

    async def _ask(self, version: int) -> tuple[list[Any], int]:
        settings = self._settings
        if self._http is None or settings.base_url is None or settings.password is None:
            raise FeedChanged("ni adresse ni connexion pour joindre EMS")
        pair = f"{settings.username}:{settings.password.get_secret_value()}"
        headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        document = await self._http.get_json(settings.base_url, params={"version": str(version)}, headers=headers)
        if not isinstance(document, dict) or not isinstance(document.get("sites"), list):
            raise FeedChanged("réponse sans sites", place=settings.base_url)
        following = document.get("version")
        if type(following) is not int:
            raise FeedChanged("réponse sans version", place=settings.base_url)
        if following < version:
            raise FeedChanged("la version recule", place=settings.base_url)
        return document["sites"], following


def _holds(path: tuple[str, ...]) -> bool:
    return path[-1:] in ((), ("sites",), ("events",), ("sessions",))


def _sites(document: Any) -> list[Any]:
    """The sites of a recorded answer: its list, a list by itself, or one site."""
    inside = document.get("sites", document) if isinstance(document, dict) else document
    return inside if isinstance(inside, list) else [inside]


def _id(site: Any) -> Any:
    return site.get("id") if isinstance(site, dict) else None
