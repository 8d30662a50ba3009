"""A library's titles and whether their copies can be borrowed now, from Koha's ILS-DI service.

Document: Koha, ILS-DI (`GetRecords`), versions 3.0 to 23.11; DLF ILS Discovery Interface 1.1 (2008). Notices are asked
by their numbers, so many at once: `?service=GetRecords&id=1 2 3`.

- Cursor: the moment before the first request. The service tells no changes: each reading walks all numbers. After
  each answer a place within the reading: the next number.
- Order: that of the numbers, which are a Koha's own and dense. Without a last number the walk ends where a thousand
  in a row are unknown.
- It can repeat; it restates a notice with all its copies.
- Deletions are not told: a number that is not found any more is gone at the end of a whole walk.
- Edits, loans and returns appear with the next walk: ask as often as the library bears it.
- States read: `notforloan`, `itemlost`, `damaged`, `withdrawn` (spelt `wthdrawn` before 3.16), `restricted`, a due
  date. A copy counts when all are zero and nobody has it; reservations of the title are taken off.
- Quirks read: `marcxml` inline or escaped, a declared charset that lies, `RecordNotFound` as text or code, Nanook's
  and BiblixNet's items, records without a notice.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import ClassVar, Literal

from msgspec.structs import replace
from pydantic import Field, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answers
from connectors.ilsdi_records import record_changes
from connectors.manifest import Manifest
from connectors.places import Place, checkpoint, place_of
from connectors.rows import MAX_RAW
from connectors.settings import Settings, address
from connectors.times import Clock, zulu
from connectors.xml_elements import local, raw_of, told
from connectors.xml_pages import Page, page_of
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Bibliothèque sous Koha (ILS-DI)",
    document="Koha, ILS-DI, 3.0 à 23.11 ; DLF ILS-DI 1.1 (2008)",
    kinds=frozenset({Kind.PRODUCT, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 2_000_000),
    guard=0.2,
)
_UNKNOWN_IN_A_ROW = 1000


class KohaIlsdiSettings(Settings):
    """One Koha and the numbers of its notices."""

    base_url: str | None = Field(
        default=None, title="Adresse du service", description="https://…/cgi-bin/koha/ilsdi.pl, sans ?service="
    )
    first: int = Field(default=1, ge=1, title="Premier numéro de notice")
    last: int | None = Field(default=None, ge=1, title="Dernier numéro, s'il est connu")
    page_size: int = Field(default=50, ge=1, le=500, title="Notices par appel")
    dialect: Literal["unimarc", "marc21"] | None = Field(default=None, title="Format MARC, s'il ne se reconnaît pas")
    prices: bool = Field(default=False, title="Lire les prix des notices")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> KohaIlsdiSettings:
        self.require("base_url")
        return self

    def account(self) -> str:
        return self.base_url or super().account()


class KohaPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """Which number comes next."""

    number: int
    unknown: int = 0
    """How many before it were unknown in a row."""
    found: int = 0


class KohaIlsdi:
    """Reads one Koha. See the module for what it promises."""

    name: ClassVar[str] = "koha_ilsdi"

    def __init__(self, settings: KohaIlsdiSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All notices with their copies. Raises the failures of `net.errors`."""
        started = zulu(self._clock())
        if self._settings.path is not None:
            for change in self._recorded(self._clock()):
                yield change
            yield Checkpoint(Cursor(started), complete=True)
            return
        settings = self._settings
        place = place_of(since, KohaPlace) or KohaPlace(started=started, number=settings.first)
        while place.unknown < _UNKNOWN_IN_A_ROW and (settings.last is None or place.number <= settings.last):
            stop = place.number + settings.page_size
            stop = stop if settings.last is None else min(stop, settings.last + 1)
            page = await self._page(range(place.number, stop))
            told_of = 0
            for item in page.items:
                if item.element is None:
                    yield Reject(item.why, item.raw[:MAX_RAW], Kind.PRODUCT)
                    told_of += 1
                    continue
                changes = list(self._changes(item.element))
                told_of += bool(changes)
                for change in changes:
                    yield change
            if page.why_cut is not None:
                raise page.why_cut
            place = replace(
                place,
                number=stop,
                unknown=0 if told_of else place.unknown + settings.page_size,
                found=place.found + told_of,
            )
            if (point := checkpoint(place, read=place.found)) is not None:
                yield point
        yield Checkpoint(Cursor(place.started), complete=place.found > 0, read=place.found)

    async def _page(self, numbers: range) -> Page:
        if self._http is None or self._settings.base_url is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        url = self._settings.base_url
        params = {"service": "GetRecords", "id": " ".join(str(number) for number in numbers)}
        headers = {"Accept": "text/xml, application/xml"}
        # Old Kohas tell who has borrowed what: such pages are not kept for anybody to look into.
        answer = await self._http.get(url, params=params, headers=headers, keep=False)
        page = _page(answer.body, place=f"{url}, notices {numbers[0]} à {numbers[-1]}")
        if page.why_cut is None and len(page.items) < len(numbers):
            # Each number has its answer, found or not: fewer make a library look smaller than it is.
            where = f"{url}, notices {numbers[0]} à {numbers[-1]}"
            raise FeedChanged(f"{len(page.items)} réponses pour {len(numbers)} numéros", place=where)
        return page

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A record by itself."""
        if kept.kind is Kind.PRODUCT and len(kept.raw) < MAX_RAW:
            try:
                page = page_of(kept.raw, "record", place="quarantaine")
            except FeedChanged:
                return
            for item in page.items:
                if item.element is not None:
                    yield from self._changes(item.element)

    def _changes(self, record: object) -> Iterator[Change]:
        return record_changes(
            record,  # type: ignore[arg-type]
            self.name,
            self.account,
            dialect=self._settings.dialect,
            prices=self._settings.prices,
        )

    def _recorded(self, now: datetime) -> Iterator[Change]:
        assert self._settings.path is not None
        for name, answer in answers(self._settings.path, now=now):
            page = _page(answer.body, place=name)
            for item in page.items:
                if item.element is None:
                    yield Reject(item.why, item.raw[:MAX_RAW], Kind.PRODUCT)
                else:
                    yield from self._changes(item.element)
            if page.why_cut is not None:
                raise page.why_cut


def _page(body: bytes, *, place: str) -> Page:
    """Raises FeedChanged for an error of the service, and for what is no answer of ILS-DI."""
    page = page_of(body, "record", place=place)
    if page.items or page.why_cut is not None:
        return page
    root = page.root
    if (code := told(root, "code", "error", "message")) is not None:
        raise FeedChanged(f"le service refuse : {code[:200]}", place=place)
    if local(root) != "GetRecords":
        raise FeedChanged(f"ce n'est pas une réponse GetRecords : <{local(root)[:40]}>", place=place)
    if b"RecordNotFound" in raw_of(root):
        raise FeedChanged("notices inconnues, sans enregistrement", place=place)
    return page
