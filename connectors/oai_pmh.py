"""A library's catalogue over OAI-PMH 2.0: Dublin Core, MARCXML, marcxchange, UNIMARC or MARC 21 inside.

Document: Open Archives Initiative, Protocol for Metadata Harvesting 2.0 (2002, last revised 2015). `ListRecords` by
datestamp; pages by resumption token, which is then the only argument.

- Cursor: the server's own date in its answer to `Identify`, asked first, and the day of the last whole reading. `from`
  is closed and in the granularity that the server announces; it goes back five minutes, since some servers date a
  record before they show it. After each page a place within the reading: its token.
- Order: none that may be relied on.
- It can repeat; a token given twice is an error. A token that the server no longer knows (they expire) begins the
  reading again, once.
- Deletions: headers with `status="deleted"`, as far as the server keeps them. Where it does not for ever (`no`,
  `transient`) everything is read again every so many days (`whole_days`), and what is gone then is withdrawn.
- Edits are told by the next reading, or the one after for a record dated before it was shown.
- Errors are answers 200: `noRecordsMatch` says that nothing changed, the others end the reading by their name.
- Quirks read: prefixes and namespaces of any kind, broken records within a page, pages that are cut, empty tokens,
  entities of HTML, headers without identifier.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Literal

from msgspec.structs import replace
from pydantic import Field, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Delete, Reject
from connectors.documents import answers
from connectors.library_records import record_changes
from connectors.manifest import Manifest
from connectors.oai_pages import identity, listed, refuse
from connectors.paging import Trail
from connectors.places import Place, checkpoint, place_of
from connectors.rows import MAX_RAW, key_of
from connectors.settings import Settings, address
from connectors.times import Clock, instant, zulu
from connectors.xml_elements import Element, child, raw_of, told
from connectors.xml_pages import Item, Page, page_of
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind, SourceRef

MANIFEST = Manifest(
    title="Catalogue de bibliothèque (OAI-PMH)",
    document="OAI-PMH 2.0 (2002, révisé en 2015)",
    kinds=frozenset({Kind.PRODUCT, Kind.STOCK}),
    incremental=True,
    deletions=True,
    sells=False,
    expected=(1, 5_000_000),
    guard=0.1,
)
_MAX_PAGES = 100_000
_OVERLAP = timedelta(minutes=5)


class OaiPmhSettings(Settings):
    """One repository, and what of it is wanted."""

    base_url: str | None = Field(default=None, title="Adresse de l'entrepôt, sans ?verb=")
    metadata_prefix: str = Field(default="oai_dc", title="Format demandé (metadataPrefix)", pattern=r"^[\w.!~*'()-]+$")
    set: str | None = Field(default=None, title="Ensemble (setSpec)")
    dialect: Literal["unimarc", "marc21"] | None = Field(default=None, title="Format MARC, s'il ne se reconnaît pas")
    lends: bool = Field(default=True, title="Les exemplaires des notices se prêtent")
    prices: bool = Field(default=False, title="Lire les prix des notices")
    whole_days: int = Field(
        default=7,
        ge=1,
        le=365,
        title="Jours entre deux lectures entières",
        description="Pour un entrepôt qui n'annonce pas durablement ses suppressions.",
    )

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> OaiPmhSettings:
        self.require("base_url")
        return self

    def account(self) -> str:
        return self.base_url or super().account()


class OaiPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """Which token asks for the next page."""

    token: str
    whole_at: str
    """When the last whole reading began; this one, when it is whole."""
    pages: int = 0
    rows: int = 0
    announced: int = 0


class OaiPmh:
    """Reads one repository. See the module for what it promises."""

    name: ClassVar[str] = "oai_pmh"

    def __init__(self, settings: OaiPmhSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All records, or those of a later datestamp. Raises the failures of `net.errors`."""
        if self._settings.path is not None:
            for change in self._recorded(self._clock()):
                yield change
            return
        place = place_of(since, OaiPlace) or await self._begin(since)
        tries = 0
        trail = Trail(_MAX_PAGES, at=place.token, pages=place.pages)
        while True:
            page = await self._page(place)
            if (error := refuse(page)) is not None:
                if error == "badResumptionToken" and place.token and not tries:
                    # Tokens expire. What was read is read again: harmless, and nothing is missed.
                    place, tries = replace(place, token="", pages=0, rows=0, announced=0), 1
                    trail = Trail(_MAX_PAGES)
                    continue
                if error != "noRecordsMatch":
                    raise FeedChanged(f"l'entrepôt refuse : {error}", place=self._settings.base_url)
            elif page.why_cut is None and child(page.root, "ListRecords") is None:
                raise FeedChanged("réponse à une autre demande que ListRecords", place=self._settings.base_url)
            for item in page.items:
                for change in self._changes(item):
                    yield change
            if page.why_cut is not None:
                raise page.why_cut
            token = listed(page)
            rows = place.rows + len(page.items)
            place = replace(
                place, token=token.text, pages=place.pages + 1, rows=rows, announced=place.announced or token.size
            )
            if not place.token:
                break
            trail.follow(place.token, place=self._settings.base_url)
            if (point := checkpoint(place, read=rows, expected=place.announced or None)) is not None:
                yield point
        # A page emptied on its way ends a list early: what it held must not count as gone.
        complete = place.since is None and rows >= place.announced
        yield Checkpoint(Cursor(f"{place.started} {place.whole_at}"), complete=complete, read=rows)

    async def _begin(self, since: Cursor | None) -> OaiPlace:
        """The reading to make: whole at first, and whenever the server may have forgotten deletions."""
        page = await self._ask({"verb": "Identify"})
        who = identity(page, place=self._settings.base_url or "")
        started = zulu(who.date, timespec="seconds")
        last, _, whole = (since or "").partition(" ")
        if not last or (
            not who.keeps_deletions and instant(whole or last) + timedelta(days=self._settings.whole_days) <= who.date
        ):
            return OaiPlace(started=started, token="", whole_at=started)
        begin = instant(last) - _OVERLAP
        text = zulu(begin, timespec="seconds") if who.has_seconds else begin.date().isoformat()
        return OaiPlace(started=started, since=text, token="", whole_at=whole or last)

    async def _page(self, place: OaiPlace) -> Page:
        if place.token:
            return await self._ask({"verb": "ListRecords", "resumptionToken": place.token})
        params = {"verb": "ListRecords", "metadataPrefix": self._settings.metadata_prefix}
        params |= {"set": self._settings.set} if self._settings.set else {}
        return await self._ask(params | ({"from": place.since} if place.since else {}))

    async def _ask(self, params: dict[str, str]) -> Page:
        if self._http is None or self._settings.base_url is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        url = self._settings.base_url
        answer = await self._http.get(url, params=params, headers={"Accept": "text/xml, application/xml"})
        return page_of(answer.body, "record", place=f"{url}, {params['verb']}")

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A record in its envelope, by itself."""
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
        header = child(record, "header")
        key = None if header is None else key_of(told(header, "identifier"))
        if key is None:
            yield Reject("en-tête sans identifiant", raw_of(record)[:MAX_RAW], Kind.PRODUCT)
        elif header is not None and (header.get("status") or "").lower() == "deleted":
            ref = SourceRef(connector=self.name, account=self.account, key=key)
            yield Delete(Kind.PRODUCT, ref)
            yield Delete(Kind.STOCK, ref)
        else:
            one = self._settings
            dialect = one.dialect or _dialect(one)
            yield from record_changes(
                _metadata(record),
                self.name,
                self.account,
                key=key,
                dialect=dialect,
                lends=one.lends,
                prices=one.prices,
            )

    def _recorded(self, now: datetime) -> Iterator[Change]:
        """Recorded answers: pages of records; descriptions of the repository say nothing of records."""
        assert self._settings.path is not None
        failures: list[FeedChanged] = []
        for name, answer in answers(self._settings.path, now=now):
            try:
                page = page_of(answer.body, "record", place=name)
                if (error := refuse(page, place=name)) is not None and error != "noRecordsMatch":
                    raise FeedChanged(f"l'entrepôt refuse : {error}", place=name)
                for item in page.items:
                    yield from self._changes(item)
                if page.why_cut is not None:
                    raise page.why_cut
            except FeedChanged as failure:
                failures.append(failure)
        if failures:
            raise failures[0]
        moment = zulu(now.astimezone(UTC), timespec="seconds")
        yield Checkpoint(Cursor(f"{moment} {moment}"), complete=True)


def _metadata(record: Element) -> Element:
    found = child(record, "metadata")
    return record if found is None else found


def _dialect(settings: OaiPmhSettings) -> Literal["unimarc", "marc21"] | None:
    """What the format's name says; `marcxml` may be either."""
    prefix = settings.metadata_prefix.lower()
    return "unimarc" if "unimarc" in prefix else "marc21" if "marc21" in prefix else None
