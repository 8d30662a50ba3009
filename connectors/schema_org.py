"""Events that web pages tell in schema.org's words: JSON-LD or microdata in HTML, or a bare JSON-LD document.

Document: schema.org, version 29 (2025): Event and its kinds, ScreeningEvent, EventSeries; HTML microdata (WHATWG).

- Cursor: the moment before the first page; it only says that there was a reading. Every reading is whole.
- Order: none. A node named by `@id` may stand in another script or another page of the reading.
- It can repeat: pages tell one event on several pages; words on one key are brought together.
- Deletions are not told: what no page tells any more is gone. `EventCancelled` and `EventPostponed` are told.
- Edits appear when the page does. Dates without offset are by the clock of the source's zone.
- Prices are told without quantities and make no stock; `SoldOut` is the feature « complet » of the date.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import ClassVar

from pydantic import Field, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import answers
from connectors.failures import Failures
from connectors.filing import FilingSettings
from connectors.manifest import Manifest
from connectors.rows import row_of
from connectors.schema_org_events import listings
from connectors.schema_org_graph import Pages
from connectors.schema_org_pages import nodes_of
from connectors.settings import address
from connectors.times import Clock, zulu
from connectors.told import Teller, Unread
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Pages web, données schema.org",
    document="schema.org 29 (2025), Event et ScreeningEvent, en JSON-LD ou en microdonnées",
    kinds=frozenset({Kind.WORK, Kind.VENUE, Kind.EVENT, Kind.SESSION}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 20_000),
    guard=0.7,
)
MAX_PAGES = 500


class SchemaOrgSettings(FilingSettings):
    """The pages of one site, and how its events are filed where their type does not say."""

    urls: str | None = Field(
        default=None,
        title="Adresses des pages",
        description="Séparées par des espaces ou des points-virgules.",
        max_length=100_000,
    )

    @field_validator("urls")
    @classmethod
    def _addresses(cls, text: str) -> str:
        found = [address(piece) for piece in text.replace(";", " ").split()]
        if len(found) > MAX_PAGES:
            raise ValueError(f"plus de {MAX_PAGES} pages")
        return " ".join(found)

    @model_validator(mode="after")
    def _complete(self) -> SchemaOrgSettings:
        self.require("urls")
        return self

    def account(self) -> str:
        return (self.urls or "").partition(" ")[0] or super().account()


class SchemaOrg:
    """Reads the pages of one site. See the module for what they promise."""

    name: ClassVar[str] = "schema_org"

    def __init__(self, settings: SchemaOrgSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """Events with their venues and films before them. Raises the failures of `net.errors`."""
        now = self._clock()
        pages, failures = Pages(), Failures()
        teller = Teller(self.name, self.account, self._settings.time_zone)
        all_read = True
        if self._settings.path is not None:
            for name, answer in answers(self._settings.path, now=now):
                with failures.kept():
                    nodes, broken = nodes_of(answer, place=name)
                    pages.add(nodes, name)
                    for script in broken:
                        all_read = False
                        yield teller.reject("script JSON-LD mal formé", script.encode("utf-8", "replace")[:65536])
        else:
            if self._http is None or self._settings.urls is None:
                raise FeedChanged("ni adresse ni connexion pour lire la source")
            for url in self._settings.urls.split():
                answer = await self._http.get(url, headers={"Accept": "text/html, application/ld+json"})
                nodes, broken = nodes_of(answer, place=url)
                pages.add(nodes, url)
                for script in broken:
                    all_read = False
                    yield teller.reject("script JSON-LD mal formé", script.encode("utf-8", "replace")[:65536])
        for change in self._changes(pages, teller):
            all_read = all_read and not (isinstance(change, Reject) and change.ref is None)
            yield change
        failures.end()
        yield Checkpoint(Cursor(zulu(now)), complete=all_read)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A node by itself: what it named elsewhere in its page was not kept with it."""
        node = row_of(kept.raw)
        if isinstance(node, dict):
            pages = Pages()
            pages.add([node], "quarantaine")
            yield from self._changes(pages, Teller(self.name, self.account, self._settings.time_zone))

    def _changes(self, pages: Pages, teller: Teller) -> Iterator[Change]:
        for one in listings(pages, teller, self._settings.filing(), self._settings.time_zone):
            if isinstance(one, Unread):
                yield teller.reject(one.why, one.raw)
            else:
                yield from teller.changes(one)
