"""Records that a library's SRU server finds for a query: BnF, Sudoc, Library of Congress, Alma, DNB…

Document: Library of Congress, SRU 1.1 and 1.2 (OASIS, searchRetrieve 1.0 and 2.0, 2013). `searchRetrieve` with a CQL
query; pages by `startRecord`.

- Cursor: the moment before the first request. SRU tells no changes: each reading is that of the whole query. After
  each page a place within the reading.
- Order: the server's, free and mostly stable.
- It can repeat, where records are added while it is read; a page that repeats whole is an error.
- Deletions: what the query no longer finds is gone, when it gave as many records as it announced.
- Edits appear with the next reading.
- Diagnostics are answers 200: that of a position beyond the last record (61) ends the list, others end the reading.
- Quirks read: `recordPacking` string, prefixes, `nextRecordPosition` beyond the end or absent, any record schema that
  is MARC or Dublin Core.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import ClassVar, Literal

from lxml import etree
from msgspec.structs import replace
from pydantic import Field, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answers
from connectors.library_records import record_changes
from connectors.manifest import Manifest
from connectors.places import Place, checkpoint, place_of
from connectors.rows import MAX_RAW
from connectors.settings import Settings, address
from connectors.times import Clock, zulu
from connectors.xml_elements import Element, child, local, parser, told
from connectors.xml_pages import Item, Page, page_of
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Recherche dans un catalogue (SRU)",
    document="Library of Congress, SRU 1.1 et 1.2 ; OASIS searchRetrieve (2013)",
    kinds=frozenset({Kind.PRODUCT, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 100_000),
    guard=0.3,
)
_BEYOND_THE_END = "61"


class SruSettings(Settings):
    """One server and one query."""

    base_url: str | None = Field(
        default=None, title="Adresse du serveur", description="https://catalogue.bnf.fr/api/SRU"
    )
    query: str | None = Field(default=None, title="Requête CQL", description='bib.publisher all "verdier"')
    record_schema: str | None = Field(
        default=None, title="Format (recordSchema)", description="unimarcXchange, marcxml, dc…"
    )
    version: Literal["1.1", "1.2", "2.0"] = Field(default="1.2", title="Version du protocole")
    page_size: int = Field(default=100, ge=1, le=1000, title="Notices par page")
    max_records: int = Field(default=100_000, ge=1, title="Notices au plus")
    dialect: Literal["unimarc", "marc21"] | None = Field(default=None, title="Format MARC, s'il ne se reconnaît pas")
    lends: bool = Field(default=True, title="Les exemplaires des notices se prêtent")
    prices: bool = Field(default=False, title="Lire les prix des notices")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> SruSettings:
        self.require("base_url", "query")
        return self

    def account(self) -> str:
        return self.base_url or super().account()


class SruPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """Which record comes next, from 1."""

    start: int = 1
    announced: int = 0


class Sru:
    """Reads what one query finds. See the module for what it promises."""

    name: ClassVar[str] = "sru"

    def __init__(self, settings: SruSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All records the query finds. Raises the failures of `net.errors`."""
        started = zulu(self._clock())
        if self._settings.path is not None:
            for change in self._recorded(self._clock()):
                yield change
            yield Checkpoint(Cursor(started), complete=True)
            return
        place = place_of(since, SruPlace) or SruPlace(started=started)
        before = b""
        while True:
            page, body = await self._page(place.start)
            if body == before:
                raise FeedChanged("page déjà lue", place=f"{self._settings.base_url}, notice {place.start}")
            before = body
            for item in page.items:
                for change in self._changes(item):
                    yield change
            if page.why_cut is not None:
                raise page.why_cut
            place = replace(place, start=place.start + len(page.items), announced=place.announced or _found(page))
            read = place.start - 1
            if read > self._settings.max_records:
                raise FeedChanged(f"plus de {self._settings.max_records} notices", place=self._settings.base_url)
            if not page.items or read >= place.announced:
                break
            if (point := checkpoint(place, read=read, expected=place.announced)) is not None:
                yield point
        yield Checkpoint(Cursor(place.started), complete=place.start - 1 >= place.announced, read=place.start - 1)

    async def _page(self, start: int) -> tuple[Page, bytes]:
        settings = self._settings
        if self._http is None or settings.base_url is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        params = {
            "version": settings.version,
            "operation": "searchRetrieve",
            "query": settings.query or "",
            "startRecord": str(start),
            "maximumRecords": str(settings.page_size),
        }
        params |= {"recordSchema": settings.record_schema} if settings.record_schema else {}
        answer = await self._http.get(settings.base_url, params=params, headers={"Accept": "text/xml, application/xml"})
        return _page(answer.body, place=f"{settings.base_url}, notice {start}"), answer.body

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A record by itself."""
        if kept.kind is Kind.PRODUCT and len(kept.raw) < MAX_RAW:
            try:
                page = page_of(kept.raw, "record", place="quarantaine")
            except FeedChanged:
                return
            for item in page.items:
                yield from self._changes(item)

    def _changes(self, item: Item) -> Iterator[Change]:
        if item.element is None:
            yield Reject(item.why, item.raw[:MAX_RAW], Kind.PRODUCT)
            return
        record = item.element
        data = child(record, "recordData")
        data = record if data is None else data
        # MARC has its number inside, Dublin Core only what the envelope tells.
        is_core = next(data.iter("{*}dc"), None) is not None
        key = told(record, "recordIdentifier") or _identifier(data) if is_core else None
        one = self._settings
        yield from record_changes(
            _unpacked(data), self.name, self.account, key=key, dialect=one.dialect, lends=one.lends, prices=one.prices
        )

    def _recorded(self, now: datetime) -> Iterator[Change]:
        assert self._settings.path is not None
        for name, answer in answers(self._settings.path, now=now):
            page = _page(answer.body, place=name)
            for item in page.items:
                yield from self._changes(item)
            if page.why_cut is not None:
                raise page.why_cut


def _page(body: bytes, *, place: str) -> Page:
    """Raises FeedChanged for a diagnostic, and for what is no SRU answer."""
    page = page_of(body, "record", place=place)
    if page.items or page.why_cut is not None:
        return page
    for one in page.root.iter("{*}diagnostic"):
        number = (told(one, "uri") or "").rpartition("/")[2]
        if number == _BEYOND_THE_END:
            return page
        words = told(one, "message") or told(one, "details") or "sans texte"
        raise FeedChanged(f"diagnostic {number} : {words[:200]}", place=place)
    if local(page.root) not in ("searchRetrieveResponse", "explainResponse"):
        raise FeedChanged(f"ce n'est pas une réponse SRU : <{local(page.root)[:40]}>", place=place)
    return page


def _found(page: Page) -> int:
    number = told(page.root, "numberOfRecords") or ""
    return int(number) if number.isdecimal() and len(number) < 10 else 0


def _unpacked(data: Element) -> Element:
    """The record of `recordPacking` string, which is XML in a text."""
    if len(data) or not (data.text or "").strip().startswith("<"):
        return data
    try:
        return etree.fromstring(f"<recordData>{(data.text or '').split('?>')[-1]}</recordData>".encode(), parser())
    except etree.XMLSyntaxError:
        return data


def _identifier(data: Element) -> str | None:
    found = next(data.iter("{*}dc"), None)
    return None if found is None else told(found, "identifier")
