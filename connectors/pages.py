"""Whole pages of a till's stocks, in columns: between the stock API's connector and the runner, for speed alone.

A connector need not know them: what a page says it may as well say row by row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from connectors.base import Change, Cursor, Delete, Upsert
from schemas.records import Kind, SourceRef, Stock


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page as it was last read, where every row of it was taken in."""

    digest: bytes
    first: str
    last: str
    """Its last key: after which the next page begins."""
    rows: int
    announced: int
    """How many rows it said there are in all; 0 where it did not."""


@dataclass(frozen=True, slots=True)
class StockPage:
    """A page of a whole till at once, in columns: what `changes` would tell row by row.

    Keys are EANs in their normal form, each the key of its one row, in ascending order; `odd` rows stand among them.
    Column values have been held to the bounds of the published schema.
    """

    account: str
    connector: str
    place: str | None
    """What names the page among those of a whole reading; None where it is of another reading."""
    digest: bytes | None
    """Equal for a page that would be read the same; None where it must be read again."""
    first: str
    last: str
    announced: int
    keys: list[str]
    available: list[int]
    price_cents: list[int | None]
    sellable_until: list[datetime | None]
    restated: bool
    """Other parts of these keys are gone."""
    odd: tuple[Change, ...] = ()
    """What the rows say that are not like the others."""

    def changes(self) -> Iterator[Change]:
        """The same, row by row."""
        for key, available, price, until in zip(
            self.keys, self.available, self.price_cents, self.sellable_until, strict=True
        ):
            ref = SourceRef(connector=self.connector, account=self.account, key=key)
            yield Upsert(Stock(ref=ref, available=available, ean=key, price_cents=price, sellable_until=until))
            if self.restated:
                yield Delete(Kind.STOCK, ref, parts_kept=frozenset({""}))
        yield from self.odd

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class SamePage:
    """A page whose bytes are those of last time: what it said was taken in then, and still stands."""

    place: str
    known: KnownPage

    def __len__(self) -> int:
        return self.known.rows


@runtime_checkable
class Paged(Protocol):
    """For connectors that can tell whole pages of a till's stocks at once."""

    def pull_pages(
        self, since: Cursor | None, known: Mapping[str, KnownPage]
    ) -> AsyncIterator[Change | StockPage | SamePage]:
        """As `pull`, its stocks by pages. `known`: pages of the last whole reading, which may be told as the same."""
        ...
