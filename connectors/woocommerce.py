"""Articles and stocks of a shop under WooCommerce, from its product export (CSV).

Document: WooCommerce, Product CSV Import Schema (3.1 to 9.x); headers in English or French.

- Cursor: the moment before the reading. Files know no changes: each reading is whole. Every 500 rows there is a
  place to go on from, good while the folder's files are the same, or the answer's beginning is.
- Order: the export's; a variation may stand before or after its parent.
- It can repeat: no; a later row of the same id overwrites an earlier one.
- Deletions: what a whole export no longer names, or tells as unpublished, is gone.
- Edits and sales appear with the next export.
- `Stock` blank is a stock that nobody counts: unlimited when `In stock?` is 1, none when it is 0 or `backorder`.
  `parent` says that the stock is the parent's, which the row itself does not tell: in stock or not.
- Prices are those of the shop, with the site's own decimal sign: a sale price within its dates goes first.
- Left out: variable and grouped products (their variations are sold), external ones (sold elsewhere).
- Quirks read: several values apart by commas, HTML in texts, ids written `id:741`, an EAN in `GTIN` or in the SKU.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import ClassVar

from connectors.base import Change, Cursor, Reject
from connectors.csv_rows import CsvReader
from connectors.drop_settings import DropSettings
from connectors.drops import read
from connectors.manifest import Manifest
from connectors.rows import MAX_RAW
from connectors.shelving import ShelfSettings
from connectors.shop_articles import article_changes
from connectors.times import Clock
from connectors.woocommerce_rows import article_of, columns_of
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind, SourceRef

MANIFEST = Manifest(
    title="Boutique WooCommerce (export CSV)",
    document="WooCommerce, Product CSV Import Schema, 3.1 à 9",
    kinds=frozenset({Kind.PRODUCT, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 200_000),
    guard=0.3,
)


class WoocommerceSettings(ShelfSettings, DropSettings):
    """Where the export is."""


class Woocommerce:
    """Reads one shop's export. See the module for what it promises."""

    name: ClassVar[str] = "woocommerce"

    def __init__(self, settings: WoocommerceSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock
        self._columns: dict[str, int] = {}

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All rows. Raises the failures of `net.errors`; of files, only after every file was read."""
        changes = read(self._settings, self._http, self._reader, since, started=self._clock())
        async with aclosing(changes):
            async for change in changes:
                yield change

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A row, under the header it was kept with."""
        if kept.kind is Kind.PRODUCT:
            yield from self._reader("quarantaine").reread(kept.raw)

    def _reader(self, place: str) -> CsvReader:
        return CsvReader(place, self._begin, self._changes)

    def _begin(self, first: list[str], place: str) -> bool:
        """Raises FeedChanged where the header is not that of an export."""
        self._columns = columns_of(first)
        missing = [name for name in ("id", "name", "type") if name not in self._columns]
        if missing:
            raise FeedChanged(f"ce n'est pas un export WooCommerce : il manque {', '.join(missing)}", place=place)
        return True

    def _changes(self, fields: list[str], row: bytes, where: str) -> Iterator[Change]:
        cells = {name: fields[at].strip() for name, at in self._columns.items() if at < len(fields)}
        key = cells.get("id") or cells.get("sku")
        if not key:
            yield Reject(f"ligne sans ID ({where})", row[:MAX_RAW], Kind.PRODUCT)
            return
        try:
            article = article_of(cells, key[:500], self._clock())
        except ValueError as error:
            ref = SourceRef(connector=self.name, account=self.account, key=key[:500])
            yield Reject(f"{error} ({where})", row[:MAX_RAW], Kind.PRODUCT, ref)
            return
        yield from article_changes(article, self.name, self.account, self._settings, raw=lambda: row)
