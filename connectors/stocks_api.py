"""Stocks of a till, or events and stocks of a ticketing, that serves the common provider API.

Document: « API fournisseur » of the pass Culture, texts of July and August 2018 (stocks) and September 2018
(events): `GET {base}/stocks/{siret}`, `GET {base}/events/{siret}` with `modifiedSince`, `after`, `limit`. Its finished
form (docs/apib/provider.apib: opaque cursor, deletions, films and sessions) is known by its first answer and read by
`stocks_api_cursor.py`; what follows is of the form of 2018.

- Cursor: the moment before the first request, UTC with milliseconds. `modifiedSince` is closed: what changed
  at that very moment comes again. After each page a place within the reading: whoever goes on from it ends
  with that same moment.
- Order: free but stable, and `after` starts strictly after a ref. Of a full page the last ref's rows are
  dropped and asked again from the ref before, since some of its prices may stand on the next page.
- It can repeat: a ref edited during the reading may come twice, and is then restated whole. A page of which
  every ref was read before is an error. An edit is told by the next reading at the latest. A reading gone on
  with does not know what it read before: it restates every ref.
- A reading is complete when it gave as many rows as the first page's `total` announced, where that is a number.
- Deletions are not told: a ref gone is `available: 0`, or absent from a whole reading. An answer overwrites
  what was stored for its refs (rule 1 of the text), so in a delta old prices of a ref are told as gone.
- `price` is in euros; some tills send cents. Absent, a book has its legal single price.
- Quirks read: upper-case keys, `"total": "null"`, 204 for an empty page, prices `.95`, ISBN with dashes and
  `quantity` (first draft, June 2018). A 13-digit ref with a false check digit is rejected.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from operator import lt
from typing import Any, ClassVar

from msgspec.structs import replace

from connectors.base import Change, Checkpoint, Cursor, Delete, Reject, Upsert
from connectors.documents import answers, json_of
from connectors.manifest import Manifest
from connectors.pages import KnownPage, SamePage, StockPage
from connectors.places import checkpoint, place_of
from connectors.rows import row_of
from connectors.stocks_api_columns import ColumnReader, fingerprint
from connectors.stocks_api_cursor import begun, is_finished, place_in, reading
from connectors.stocks_api_events import event_changes
from connectors.stocks_api_finished import ROUTES, Reader
from connectors.stocks_api_pages import MAX_PAGES, ByColumns, Page, pages_by_ref, ref_of
from connectors.stocks_api_place import StocksPlace, reached
from connectors.stocks_api_refs import OutOfOrder, ReadRefs
from connectors.stocks_api_settings import StocksApiSettings
from connectors.stocks_api_stocks import Refs, stock_changes
from connectors.times import Clock, zulu
from net.client import Answer, Http
from net.errors import AccessDenied, FeedChanged
from schemas.records import Kind, Stock

MANIFEST = Manifest(
    title="API commune des fournisseurs (2018 et forme finie)",
    document="pass Culture, API fournisseur, textes de juillet à septembre 2018 ; docs/apib/provider.apib",
    kinds=frozenset({Kind.STOCK, Kind.EVENT, Kind.SESSION, Kind.WORK}),
    incremental=True,
    deletions=False,
    sells=False,
    expected=(1, 300_000),
    guard=0.3,
)


Told = Change | StockPage | SamePage


class StocksApi:
    """Reads one venue. See the module for what the feed promises."""

    name: ClassVar[str] = "stocks_api"

    def __init__(self, settings: StocksApiSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock
        self._first: tuple[str, Answer] | None = None

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """Events before stocks, whole when `since` is None. Raises the failures of `net.errors`."""
        async with aclosing(self._pull(since, None)) as told:
            async for one in told:
                assert not isinstance(one, StockPage | SamePage)
                yield one

    async def pull_pages(self, since: Cursor | None, known: Mapping[str, KnownPage]) -> AsyncIterator[Told]:
        """As `pull`; books by pages, and pages that are those of last time as such.

        Where a page does not follow such a one, the reading begins again and reads them all.
        """
        by_columns = None
        if self._refs == "ean" and self._settings.path is None:
            in_cents = self._settings.prices_in_cents
            by_columns = ByColumns(
                ColumnReader(in_cents=in_cents), fingerprint(in_cents, self._settings.page_size), known
            )
        try:
            async with aclosing(self._pull(since, by_columns)) as told:
                async for one in told:
                    yield one
        except OutOfOrder:
            assert by_columns is not None
            async with aclosing(self._pull(since, dataclasses.replace(by_columns, known={}))) as told:
                async for one in told:
                    yield one

    async def _pull(self, since: Cursor | None, by_columns: ByColumns | None) -> AsyncGenerator[Told]:
        started = zulu(self._clock())  # before the first page, so that later edits come again
        if self._settings.path is not None:
            for change in self._recorded(self._clock()):
                yield change
            yield Checkpoint(Cursor(started), complete=True)
            return
        phases = self._settings.serves.split(",")
        if await self._serves_finished(since, phases[0]):
            place = begun(place_in(since), started)
            finished = reading(self._ask, place, phases, self._settings.page_size, self._reader)
            async with aclosing(finished):
                async for change in finished:
                    yield change
            return
        async with aclosing(self._of_2018(since, phases, started, by_columns)) as told:
            async for one in told:
                yield one

    async def _of_2018(
        self, since: Cursor | None, phases: list[str], started: str, by_columns: ByColumns | None
    ) -> AsyncGenerator[Told]:
        midway = place_of(since, StocksPlace)
        if midway is None:
            place = StocksPlace(started=started, since=since, what=phases[0])
        elif midway.is_unordered:
            # Pages came out of their order: who knows what they led past. The reading begins again.
            place = StocksPlace(started=started, since=midway.since, what=phases[0])
        else:
            place = replace(midway, is_resumed=True)
        if place.what not in phases:
            raise FeedChanged("point de reprise d'autres réglages")
        for what in phases[phases.index(place.what) :]:
            if what != place.what:
                place = replace(place, what=what, after=None, pages=0, rows=0, announced=0)
            by = by_columns if what == "stocks" else None
            async with aclosing(self._phase(place, by)) as phase:
                async for at, one in phase:
                    place = at
                    yield one
            # A page emptied on its way ends a feed early: what it held must not count as gone.
            if place.is_resumed and place.is_unordered:
                raise FeedChanged("lecture reprise dont les pages ne se suivent pas", place=what)
            is_short = place.is_short or place.rows < place.announced
            place = replace(place, is_short=is_short, told=place.told + place.rows)
        yield Checkpoint(Cursor(place.started), complete=place.since is None and not place.is_short, read=place.told)

    async def _serves_finished(self, since: Cursor | None, what: str) -> bool:
        """Whether the provider serves the finished form: the cursor says so, else the first answer."""
        if since is not None:
            return place_in(since) is not None
        where, answer = await self._ask(what, {"limit": str(self._settings.page_size)})
        self._first = (where, answer)
        has_body = answer.status == 200 and bool(answer.body.strip())
        return has_body and is_finished(json_of(answer, place=where))

    def _reader(self, whole: bool) -> Reader:
        return Reader(self.name, self.account, refs=self._refs, is_duo=self._settings.is_duo, restated=not whole)

    async def _phase(
        self, place: StocksPlace, by_columns: ByColumns | None
    ) -> AsyncGenerator[tuple[StocksPlace, Told]]:
        """The changes of all events or all stocks from a place on, each with the place reached."""
        size, left = self._settings.page_size, MAX_PAGES - place.pages
        goes_on = place.after is not None
        read = ReadRefs()
        async for page in pages_by_ref(
            self._ask,
            place.what,
            since=place.since,
            page_size=size,
            after=place.after,
            max_pages=left,
            read=read,
            by_columns=by_columns,
        ):
            if page.same is not None:
                place = reached(place, page.same.last, page.same.rows, page.total)
                yield place, SamePage(page.place, page.same)
            else:
                told = page.refs
                again = set(told) if goes_on else read.again(told)
                known = read.again(told)
                # A row told twice is one row: it must not stand for another that is missing.
                rows = told if page.columns is not None else [ref_of(row, page.what) for row in page.rows]
                fresh = len(rows) - sum(ref in known for ref in rows) if known else len(rows)
                follows = [*([place.after] if place.after is not None else []), *told]
                is_unordered = place.is_unordered or not all(map(lt, follows, follows[1:]))
                place = replace(reached(place, told[-1], fresh, page.total), is_unordered=is_unordered)
                if page.columns is not None:
                    is_whole = place.since is None and not is_unordered
                    restated = place.since is not None or bool(again)
                    yield place, self._columns(page, restated=restated, is_whole=is_whole)
                else:
                    for change in self._changes(page, self._refs):
                        if isinstance(change, Delete) and place.since is None and change.ref.key not in again:
                            continue  # nothing of this ref can be stored that the snapshot would not sweep
                        yield place, change
            is_last_phase = self._settings.serves.endswith(place.what)
            expected = place.told + place.announced if place.announced and is_last_phase else None
            if (point := checkpoint(place, read=place.told + place.rows, expected=expected)) is not None:
                yield place, point

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A stock, or an event with its sessions; a session alone does not say of which event it is."""
        row = row_of(kept.raw)
        if row is None or kept.kind not in (Kind.STOCK, Kind.EVENT):
            return
        if isinstance(row, dict) and ("prices" in row or "subcategory" in row):
            what = "stocks" if kept.kind is Kind.STOCK else "events"
            yield from self._reader(True).changes(what, [row])
            return
        page = Page("stocks" if kept.kind is Kind.STOCK else "events", [row], None, None)
        for change in self._changes(page, self._refs):
            if isinstance(change, Upsert) and isinstance(change.record, Stock) and kept.ref is not None:
                # Among the other rows of its ref it was told apart by its price.
                ref = replace(change.record.ref, part=kept.ref.part)
                yield Upsert(replace(change.record, ref=ref))
            else:
                yield change

    def _columns(self, page: Page, *, restated: bool, is_whole: bool) -> StockPage:
        columns = page.columns
        assert columns is not None
        odd = Page("stocks", [page.rows[n] for n in columns.odd], None, None)
        return columns.page(
            self.name,
            self.account,
            place=page.place if is_whole else None,
            digest=page.digest if is_whole and not columns.odd else None,
            announced=page.total or 0,
            restated=restated,
            odd=tuple(c for c in self._changes(odd, "ean") if restated or not isinstance(c, Delete)),
        )

    @property
    def _refs(self) -> Refs:
        return self._settings.refs or ("ean" if self._settings.serves == "stocks" else "session")

    def _changes(self, page: Page, refs: Refs) -> Iterator[Change]:
        if page.what == "events":
            return event_changes(page.rows, self.name, self.account, is_duo=self._settings.is_duo)
        return stock_changes(page.rows, self.name, self.account, refs=refs, in_cents=self._settings.prices_in_cents)

    def _recorded(self, now: datetime) -> Iterator[Change]:
        """The changes of recorded answers, events first: what they are is asked of each."""
        assert self._settings.path is not None
        recorded = list(answers(self._settings.path, now=now))
        documents = [(name, json_of(answer, place=name)) for name, answer in recorded]
        if len(documents) == 1 and not is_finished(documents[0][1]) and self._settings.refs != "session":
            columns = ColumnReader(in_cents=self._settings.prices_in_cents).read(recorded[0][1].body)
            if columns is not None and not columns.odd:
                yield from columns.page(self.name, self.account).changes()
                return
        finished = [document for _, document in documents if is_finished(document)]
        told = {what: [row for one in finished for row in _listed(one, what)] for what in ROUTES}
        session_refs = self._settings.refs or ("session" if told["events"] else "ean")
        reader = Reader(self.name, self.account, refs=session_refs, is_duo=self._settings.is_duo, restated=False)
        for what, rows in told.items():
            yield from reader.changes(what, rows)
        pages = [Page.of(document, place=name) for name, document in documents if not is_finished(document)]
        events = [page for page in pages if page.what == "events"]
        refs = self._settings.refs or ("session" if events else "ean")
        stocks = list(itertools.chain.from_iterable(page.rows for page in pages if page.what == "stocks"))
        for page in [*events, Page("stocks", stocks, None, None)]:
            for change in self._changes(page, refs):
                if not isinstance(change, Delete):
                    yield change

    async def _ask(self, what: str, params: dict[str, str]) -> tuple[str, Answer]:
        if self._http is None or self._settings.siret is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        if self._first is not None:
            # What the form was known by is the first page.
            first, self._first = self._first, None
            return first
        url = f"{self._settings.base_url}/{what}/{self._settings.siret}"
        token = self._settings.token
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"{self._settings.authorization} {token.get_secret_value()}"
        answer = await self._http.get(url, params=params, headers=headers, ok=(200, 204, 404, 410))
        if answer.status == 410 and "cursor" not in params:
            raise FeedChanged("le fournisseur répond 410", place=url)
        if answer.status == 404:
            raise AccessDenied("le fournisseur ne connaît pas ce SIRET", place=url)
        return url, answer


def _listed(document: dict[str, Any], what: str) -> list[Any]:
    rows = document.get(what)
    return rows if isinstance(rows, list) else []
