"""Digital books that a library lends, from an OPDS 2 catalogue with or without ODL licences.

Document: OPDS 2.0 (draft, 2019 to 2024), Readium Web Publication Manifest, ODL 1.0 and « OPDS for libraries ».

- Cursor: the moment before the first request. Catalogues tell changes by their own order only: each reading is
  whole. After each page a place within the reading: the address of the next.
- Order: the catalogue's, often the newest first, so that pages shift while they are read.
- It can repeat: a publication that slid to the next page comes twice; it is told once. A page whose address was asked
  before is an error.
- Deletions: what the catalogue no longer lists is gone at the end of a whole reading, when as many came as announced.
- Edits appear with the next reading.
- Copies: licences that are available and not expired, with what is left of their loans (`availability`, `terms`); a
  publication that may be had freely (`open-access`) or always (`availability` without copies) is unlimited.
- Addresses of other hosts are not followed: a token would go with them.
- Quirks read: texts by language, people as texts, objects or lists of both, language codes that are none, ISBN as
  `urn:isbn:` in any case, publications without an identifier (their own address), feeds of groups.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answers, json_of
from connectors.manifest import Manifest
from connectors.opds_publications import count_of, is_of_lending, next_of, publication_changes, publications_of
from connectors.paging import Trail
from connectors.places import Place, checkpoint, place_of
from connectors.rows import row_of
from connectors.settings import Settings, address
from connectors.times import Clock, zulu
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Prêt numérique (OPDS 2, ODL)",
    document="OPDS 2.0 ; Readium Web Publication Manifest ; ODL 1.0",
    kinds=frozenset({Kind.PRODUCT, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 500_000),
    guard=0.3,
)
_MAX_PAGES = 20_000


class OpdsSettings(Settings):
    """One catalogue."""

    url: str | None = Field(default=None, title="Adresse du catalogue")
    token: SecretStr | None = Field(default=None, title="Jeton (Bearer)")
    username: str | None = Field(default=None, title="Identifiant (Basic)")
    password: SecretStr | None = Field(default=None, title="Mot de passe (Basic)")

    @field_validator("url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> OpdsSettings:
        self.require("url")
        return self

    def account(self) -> str:
        return self.url or super().account()

    def authorisation(self) -> dict[str, str]:
        """The header that a catalogue asks for: a token, or a name and password."""
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token.get_secret_value()}"}
        if self.username is None:
            return {}
        password = "" if self.password is None else self.password.get_secret_value()
        return {"Authorization": f"Basic {b64encode(f'{self.username}:{password}'.encode()).decode()}"}


class OpdsPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """Which address comes next."""

    url: str
    pages: int = 0
    told: int = 0
    announced: int = 0


class Opds:
    """Reads one catalogue. See the module for what it promises."""

    name: ClassVar[str] = "opds"

    def __init__(self, settings: OpdsSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All publications with what is left to lend. Raises the failures of `net.errors`."""
        now = self._clock()
        seen: set[str] = set()
        if self._settings.path is not None:
            for change in self._recorded(now, seen):
                yield change
            yield Checkpoint(Cursor(zulu(now)), complete=True)
            return
        first = self._settings.url
        if self._http is None or first is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        place = place_of(since, OpdsPlace) or OpdsPlace(started=zulu(now), url=first)
        trail = Trail(_MAX_PAGES, pages=place.pages)
        headers = {"Accept": "application/opds+json, application/json", **self._settings.authorisation()}
        while place.url:
            url = place.url
            where = f"{first}, page {place.pages + 1}"
            trail.follow(url, place=where)
            document = json_of(await self._http.get(url, headers=headers), place=where)
            rows = publications_of(document)
            if rows is None:
                raise FeedChanged("réponse sans publications", place=where)
            for row in rows:
                for change in self._changes(row, now, seen):
                    yield change
            following = next_of(document)
            following = urljoin(url, following) if following else ""
            if following and urlsplit(following)[:2] != urlsplit(first)[:2]:
                raise FeedChanged("la page d'après est chez un autre hôte", place=where)
            place = replace(
                place,
                url=following,
                pages=place.pages + 1,
                told=place.told + len(rows),
                announced=place.announced or count_of(document),
            )
            if (
                following
                and (point := checkpoint(place, read=place.told, expected=place.announced or None)) is not None
            ):
                yield point
        yield Checkpoint(Cursor(place.started), complete=place.told >= place.announced, read=place.told)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A publication by itself."""
        row = row_of(kept.raw)
        if row is not None and kept.kind is Kind.PRODUCT:
            yield from self._changes(row, self._clock(), set())

    def _changes(self, row: Any, now: datetime, seen: set[str]) -> Iterator[Change]:
        return publication_changes(row, self.name, self.account, now=now, seen=seen)

    def _recorded(self, now: datetime, seen: set[str]) -> Iterator[Change]:
        """Feeds and single publications; other documents of lending (licences, loans) say nothing of titles."""
        assert self._settings.path is not None
        for name, answer in answers(self._settings.path, now=now):
            document = json_of(answer, place=name)
            rows = publications_of(document)
            if rows is None and not is_of_lending(document):
                raise FeedChanged("ni catalogue ni publication OPDS dans le fichier", place=name)
            for row in rows or []:
                yield from self._changes(row, now, seen)
