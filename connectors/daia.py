"""Which documents of a library can be borrowed now, over DAIA.

Document: GBV, Document Availability Information API 1.0.0 (2017), JSON. Documents are asked by their identifiers, so
many at once, with `|` between them.

- Cursor: the moment before the first request. DAIA tells no changes: each reading asks all identifiers of the
  settings. After each answer a place within the reading.
- Order: that of the settings; the answer's is free.
- It can repeat: one document may answer two identifiers, and is told once.
- Deletions are not told: a document that is not answered any more is gone at the end of a whole reading.
- Edits, loans and returns appear with the next reading.
- A copy counts when the service `loan` is among its `available`: one for presentation only is never lent, and one
  that is merely not told is not counted. `limitation`s (a shelf, a short loan) do not hinder a loan.
- DAIA has no titles but `about`; asked by ISBN, a document without it is a stock of the book of that ISBN.
- Quirks read: services as words or as addresses, `item` as an object, documents without `requested`.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any, ClassVar

from msgspec.structs import replace
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject, Upsert
from connectors.copies import LABEL, lending
from connectors.documents import answers, json_of
from connectors.manifest import Manifest
from connectors.marc_words import BOOK
from connectors.places import Place, checkpoint, place_of
from connectors.rows import key_of, raw, row_of
from connectors.settings import Settings, address
from connectors.texts import line
from connectors.times import Clock, zulu
from net.client import Http
from net.errors import FeedChanged
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Identifier, Kind, Product, SourceRef, Stock

MANIFEST = Manifest(
    title="Disponibilité en bibliothèque (DAIA)",
    document="GBV, Document Availability Information API 1.0.0 (2017)",
    kinds=frozenset({Kind.PRODUCT, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 100_000),
    guard=0.3,
)
_ISBN = re.compile(r"(?:isbn[:/]?)?((?:97[89])?[0-9][0-9-]{8,15}[0-9Xx])", re.IGNORECASE)


class DaiaSettings(Settings):
    """One service and the documents that are followed."""

    base_url: str | None = Field(default=None, title="Adresse du service")
    ids: str | None = Field(
        default=None, title="Identifiants suivis", description="Séparés par des espaces ou des virgules ; ISBN compris."
    )
    token: SecretStr | None = Field(default=None, title="Jeton (Bearer)")
    page_size: int = Field(default=20, ge=1, le=200, title="Identifiants par appel")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> DaiaSettings:
        self.require("base_url", "ids")
        return self

    def account(self) -> str:
        return self.base_url or super().account()

    def asked(self) -> list[str]:
        return list(dict.fromkeys(re.split(r"[\s,;|]+", (self.ids or "").strip())))


class DaiaPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """How many identifiers were asked."""

    asked: int = 0
    is_short: bool = False
    """Some answer told nothing new."""


class Daia:
    """Reads one library. See the module for what it promises."""

    name: ClassVar[str] = "daia"

    def __init__(self, settings: DaiaSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All documents of the settings. Raises the failures of `net.errors`."""
        started = zulu(self._clock())
        seen: set[str] = set()
        if self._settings.path is not None:
            for change in self._recorded(self._clock(), seen):
                yield change
            yield Checkpoint(Cursor(started), complete=True)
            return
        place = place_of(since, DaiaPlace) or DaiaPlace(started=started)
        ids = self._settings.asked()
        while place.asked < len(ids):
            some = ids[place.asked : place.asked + self._settings.page_size]
            known = len(seen)
            for row in await self._documents(some):
                for change in self._changes(row, seen):
                    yield change
            # Unknown documents are left out of an answer: one without any new one may have been emptied on its way.
            place = replace(place, asked=place.asked + len(some), is_short=place.is_short or len(seen) == known)
            if (point := checkpoint(place, read=place.asked, expected=len(ids))) is not None:
                yield point
        yield Checkpoint(Cursor(place.started), complete=not place.is_short, read=place.asked)

    async def _documents(self, ids: list[str]) -> list[Any]:
        if self._http is None or self._settings.base_url is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        token = self._settings.token
        headers = {"Accept": "application/json"}
        headers |= {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
        answer = await self._http.get(
            self._settings.base_url, params={"id": "|".join(ids), "format": "json"}, headers=headers
        )
        place = f"{self._settings.base_url}, {ids[0]}…"
        rows = _documents(json_of(answer, place=place), place=place)
        if any(isinstance(row, dict) and row.get("requested", ids[0]) not in ids for row in rows):
            raise FeedChanged("réponse à une autre demande", place=place)
        return rows

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A document by itself."""
        row = row_of(kept.raw)
        if row is not None and kept.kind is Kind.PRODUCT:
            yield from self._changes(row, set())

    def _changes(self, row: Any, seen: set[str]) -> Iterator[Change]:
        if not isinstance(row, dict):
            yield Reject("document qui n'est pas un objet", raw(row), Kind.PRODUCT)
            return
        key = key_of(row.get("id")) or key_of(row.get("requested"))
        if key is None:
            yield Reject("document sans id", raw(row), Kind.PRODUCT)
            return
        if key in seen:
            return
        seen.add(key)
        ref = SourceRef(connector=self.name, account=self.account, key=key)
        title, book = line(row.get("about"), longest=1000), _book(row)
        copies = [_is_lent(item) for item in _list(row.get("item")) if _is_lendable(item)]
        if title is not None:
            yield Upsert(Product(ref=ref, title=title, subcategory=BOOK, identifiers=[book] if book else []))
            yield lending(ref, copies)
        elif book is not None:
            stock = Stock(ref=ref, ean=book.value, available=sum(copies), price_cents=0, price_label=LABEL)
            yield Upsert(stock)
        else:
            yield Reject("document sans titre (about) ni ISBN", raw(row), Kind.PRODUCT, ref)

    def _recorded(self, now: datetime, seen: set[str]) -> Iterator[Change]:
        assert self._settings.path is not None
        for name, answer in answers(self._settings.path, now=now):
            for row in _documents(json_of(answer, place=name), place=name):
                yield from self._changes(row, seen)


def _documents(answer: Any, *, place: str) -> list[Any]:
    """Raises FeedChanged for an error of the service, and for what is no DAIA answer."""
    if isinstance(answer, dict) and "document" in answer:
        return _list(answer["document"])
    if isinstance(answer, dict) and "error" in answer:
        told = line(str(answer.get("error_description") or answer["error"]), longest=200)
        raise FeedChanged(f"le service refuse : {told}", place=place)
    raise FeedChanged("réponse sans document", place=place)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _book(row: dict[str, Any]) -> Identifier | None:
    """The ISBN that a document was asked by, or is named by."""
    for name in (row.get("requested"), row.get("id")):
        found = _ISBN.fullmatch(name.removeprefix("urn:")) if isinstance(name, str) else None
        if found is not None:
            try:
                return identifier("isbn", found[1])
            except InvalidIdentifier:
                continue
    return None


def _services(item: Any, name: str) -> set[str]:
    told = _list(item.get(name)) if isinstance(item, dict) else []
    services = [one.get("service") for one in told if isinstance(one, dict)]
    return {re.split(r"[/#]", one)[-1].lower() for one in services if isinstance(one, str)}


def _is_lent(item: Any) -> bool:
    return "loan" in _services(item, "available")


def _is_lendable(item: Any) -> bool:
    return "loan" in _services(item, "available") | _services(item, "unavailable")
