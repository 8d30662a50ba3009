"""Stocks of a till that exports CSV: any delimiter, charset and columns.

Document: none, every till has its own file. The source says which column is what (`columns`); where it does not, the
header's words are asked, and of a file without a header what stands in it.

- Cursor: the moment before the reading. Files know no changes: each reading is whole. Every 500 rows there is a
  place to go on from, good while the folder's files are the same, or the answer's beginning is.
- Order: the files' names, then that of the rows. A later file overwrites an earlier one.
- It can repeat: a second row of the same reference is rejected, since nobody knows whether it adds or corrects; with
  `several_prices` rows of one reference are told apart by their price.
- Deletions: what a whole export no longer names is gone, unless the source says that its files hold changes only.
- Edits appear with the next export.
- Quirks read: decimal comma, euro signs, thousands apart by spaces, quantities as `3,00`, Excel's `sep=;`, quotes
  that open nothing, UTF-16, ISBN-10 and dashes, numbers that a spreadsheet wrote as `9,78207E+12` (rejected: their
  digits are lost). Negative stocks are sold out; a row of nothing but a total is none.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from connectors.base import Change, Cursor, Reject, Upsert
from connectors.csv_rows import CsvReader
from connectors.drop_settings import DropSettings
from connectors.drops import read
from connectors.manifest import Manifest
from connectors.marc_words import name_of, tidy
from connectors.money import cents
from connectors.pos_columns import by_content, by_header, declared
from connectors.remembered import remembered
from connectors.rows import MAX_RAW, key_of, whole_number
from connectors.shelving import ShelfSettings
from connectors.times import Clock, instant
from net.client import Http
from net.errors import FeedChanged
from schemas.identifiers import identifier
from schemas.records import Contributor, Identifier, Kind, Product, SourceRef, Stock

MANIFEST = Manifest(
    title="Export CSV d'une caisse",
    document="aucun : chaque caisse a son fichier",
    kinds=frozenset({Kind.PRODUCT, Kind.STOCK}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 500_000),
    guard=0.3,
)
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_LOST = re.compile(r"\d[.,]\d+E\+?\d+", re.IGNORECASE)


class PosCsvSettings(ShelfSettings, DropSettings):
    """Where the file is and what its columns are."""

    columns: str | None = Field(
        default=None,
        title="Colonnes",
        description="Par exemple : ean=Code barre; available=Stock; price=Prix TTC. Un numéro compte à partir de 1.",
    )
    delimiter: str | None = Field(default=None, min_length=1, max_length=3, title="Séparateur (tab pour la tabulation)")
    charset: str | None = Field(default=None, title="Jeu de caractères", pattern=r"^[A-Za-z0-9._-]{2,30}$")
    prices_in_cents: bool = Field(default=False, title="Les prix sont en centimes")
    several_prices: bool = Field(default=False, title="Une référence peut avoir plusieurs prix")
    time_zone: str = Field(default="Europe/Paris", title="Fuseau du magasin, pour les dates de fin de vente")

    @field_validator("columns")
    @classmethod
    def _columns(cls, text: str) -> str:
        return "; ".join(f"{field}={column}" for field, column in declared(text).items())

    @field_validator("delimiter")
    @classmethod
    def _delimiter(cls, text: str) -> str:
        if len(text) > 1 and text.lower() not in ("tab", "\\t"):
            raise ValueError("un seul caractère, ou tab")
        return "\t" if len(text) > 1 else text

    @field_validator("charset")
    @classmethod
    def _charset(cls, text: str) -> str:
        try:
            codecs.lookup(text)
        except LookupError:
            raise ValueError("jeu de caractères inconnu ; par exemple utf-8, cp1252, cp850") from None
        return text


class PosCsv:
    """Reads one till's export. See the module for what it promises."""

    name: ClassVar[str] = "pos_csv"

    def __init__(self, settings: PosCsvSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock
        self._columns: dict[str, int] = {}
        self._seen: set[tuple[str, str]] = set()

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All rows. Raises the failures of `net.errors`; of files, only after every file was read."""
        self._seen.clear()
        changes = read(self._settings, self._http, self._reader, since, started=self._clock())
        async with aclosing(changes):
            async for change in changes:
                yield change

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A row, under the header it was kept with."""
        self._seen.clear()
        if kept.kind is Kind.STOCK:
            yield from self._reader("quarantaine").reread(kept.raw)

    def _reader(self, place: str) -> CsvReader:
        one = self._settings
        return CsvReader(place, self._begin, self._changes, delimiter=one.delimiter, charset=one.charset)

    def _begin(self, first: list[str], place: str) -> bool:
        """Finds the columns by the first row. Raises FeedChanged where they are not there."""
        wanted = declared(self._settings.columns) if self._settings.columns else {}
        content = by_content(first)
        try:
            self._columns = by_header(first, wanted)
        except ValueError as error:
            raise FeedChanged(str(error), place=place) from None
        is_header = "ean" not in content
        if not wanted and not is_header:
            self._columns = content
        shown = ", ".join(name.strip()[:30] for name in first[:20])
        if not {"ean", "key"} & self._columns.keys():
            raise FeedChanged(f"aucune colonne d'EAN reconnue (réglage columns ; colonnes : {shown})", place=place)
        if "available" not in self._columns:
            raise FeedChanged(f"aucune colonne de stock reconnue (réglage columns ; colonnes : {shown})", place=place)
        return is_header

    def _changes(self, fields: list[str], row: bytes, where: str) -> Iterator[Change]:
        cells = {name: fields[at].strip() for name, at in self._columns.items() if at < len(fields)}
        key = key_of(cells.get("key") or cells.get("ean") or "")
        if key is None:
            yield Reject(f"ligne sans référence ({where})", row[:MAX_RAW], Kind.STOCK)
            return
        ref = SourceRef(connector=self.name, account=self.account, key=key)
        try:
            book, price = self._book(cells), self._price(cells)
            part = str(price) if self._settings.several_prices else ""
            if (key, part) in self._seen:
                raise ValueError("une autre ligne a la même référence")
            product = self._product(cells, ref, book)
            if product is None and book is None:
                raise ValueError("ni EAN, ni titre d'un article dont on sache la sorte")
            stock = Stock(
                ref=SourceRef(connector=self.name, account=self.account, key=key, part=part),
                available=_copies(cells.get("available")),
                ean=None if product is not None or book is None else book.value,
                product_key=None if product is None else key,
                price_cents=price,
                price_label=tidy(cells.get("label"), longest=100),
                sellable_until=self._until(cells.get("until")),
            )
        except ValueError as error:
            yield Reject(f"{error} ({where})", row[:MAX_RAW], Kind.STOCK, ref)
            return
        if product is not None and (key, "") not in self._seen:
            yield Upsert(product)
        self._seen |= {(key, part), (key, "")} if self._settings.several_prices else {(key, part)}
        yield Upsert(stock)

    def _book(self, cells: dict[str, str]) -> Identifier | None:
        """The EAN of a row. Raises ValueError for one that is false."""
        text = cells.get("ean", "").strip("'=\" ")
        if not text.strip("0"):
            return None
        if _LOST.fullmatch(text):
            raise ValueError(f"EAN écrit par un tableur, chiffres perdus : {text[:20]}")
        bare = text.replace("-", "").replace(" ", "")
        return identifier("isbn" if len(bare) == 10 else "ean", bare)

    def _price(self, cells: dict[str, str]) -> int | None:
        text = _amount(cells.get("price", ""))
        return cents(text, in_cents=self._settings.prices_in_cents) if text else None

    def _product(self, cells: dict[str, str], ref: SourceRef, book: Identifier | None) -> Product | None:
        """What the till says of the thing itself; None where it has no title, or nobody knows what the thing is."""
        title = tidy(cells.get("title"))
        filed = self._settings.filed(book.value if book else None, [cells.get("category", "")])
        if title is None or filed is None or filed.is_supposed:
            return None
        author = name_of(cells.get("author"))
        return Product(
            ref=ref,
            title=title,
            subcategory=filed.subcategory,
            identifiers=[book] if book else [],
            contributors=[Contributor(name=author)] if author else [],
            publisher=tidy(cells.get("publisher"), longest=300),
        )

    def _until(self, text: str | None) -> datetime | None:
        """The end of a day told as dd/mm/yyyy, by the shop's clock; ISO 8601 with its offset as it is."""
        if not text:
            return None
        if (found := _DAY.fullmatch(text)) is not None:
            day, month, year = (int(part) for part in found.groups())
            zone = ZoneInfo(self._settings.time_zone)
            return datetime(year, month, day, 23, 59, 59, tzinfo=zone).astimezone(UTC)
        return instant(text)


@remembered
def _amount(text: str) -> str:
    """Without the spaces between thousands, and the currency."""
    return re.sub(r"(?<=\d)[ \u00a0\u202f](?=\d{3}\b)", "", text).replace("EUR", "").strip()


def _copies(text: str | None) -> int:
    """Copies on the shelf; a negative number is a stock that was counted wrong, and sells nothing."""
    if text and text.isdecimal():
        return whole_number(text, "stock")
    bare = re.sub(r"[ \u00a0\u202f]", "", text or "").replace(",", ".")
    whole, _, fraction = bare.partition(".")
    if fraction.strip("0"):
        raise ValueError(f"stock qui n'est pas un nombre entier : {text}")
    return 0 if whole.startswith("-") and whole[1:].isdecimal() else whole_number(whole or None, "stock")
