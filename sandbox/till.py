"""What a bookshop's till knows: its rows, a (reference, price) each, and how this till departs from the
document.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from sandbox.clock import draw, local, seeded_at
from sandbox.facts.reading import Book, Place
from sandbox.stock_paging import euros

PAGE_CAP = 200
"""Rows a page, whatever larger limit is asked for."""


class Quirk(enum.StrEnum):
    """Departures from the document seen at real tills."""

    NULL_TOTAL = "null_total"
    """`total` is the text "null"."""
    NO_CONTENT = "no_content"
    """204 in place of an empty page."""
    UPPER_CASE = "upper_case"
    """All keys in upper case."""


@dataclass(slots=True)
class Row:
    """So many copies of a reference at a price; no price means the catalogue's legal single price."""

    ref: str
    available: int
    price: Decimal | None
    modified_at: datetime
    valid_until: datetime | None = None


@dataclass(slots=True)
class Till:
    """The stock of one bookshop. `rows` are ordered by reference, then price."""

    place: Place
    token: str | None
    rows: list[Row]
    quirks: set[Quirk] = field(default_factory=set)

    def rows_of(self, ref: str) -> list[Row]:
        """Returns the rows of a reference, dearest last."""
        return [row for row in self.rows if row.ref == ref]

    def put(self, row: Row) -> None:
        """Adds a row in its place."""
        self.rows.append(row)
        self.rows.sort(key=_order)


def stocked(place: Place, books: tuple[Book, ...], today: date) -> Till:
    """Returns a till that holds four books in five, some at two prices, some for a time only."""
    till = Till(place, f"caisse-{place.siret}" if draw("token", place.id) % 2 else None, [])
    for book in books:
        chance = draw(place.id, book.ean)
        if chance % 5 == 0 or book.form == "ED":
            continue
        price = None if chance % 4 == 0 else euros(book.price_cents)
        copies = chance % 7
        till.rows.append(Row(book.ean, copies, price, seeded_at(today, place.id, book.ean)))
        if price is not None and chance % 97 == 0:
            till.rows.append(_second_price(till.rows[-1]))
        if chance % 61 == 0:
            till.rows[-1].valid_until = local(today + timedelta(days=20), "19:00", place.zone)
    till.rows.sort(key=_order)
    return till


def cut_at_edge(till: Till) -> None:
    """Makes two prices of one reference lie on both sides of the first page's edge, whatever came before."""
    at = next(at for at in range(PAGE_CAP - 1, len(till.rows)) if till.rows[at].price is not None)
    if till.rows[at + 1].ref != till.rows[at].ref:
        till.rows.insert(at + 1, _second_price(till.rows[at]))
    del till.rows[: at - (PAGE_CAP - 1)]


def _second_price(row: Row) -> Row:
    """A few more copies at the new price after the first are gone, as the document's own example."""
    price = (row.price or Decimal(0)) + Decimal("1.5")
    return Row(row.ref, 1 + row.available % 3, price, row.modified_at)


def _order(row: Row) -> tuple[str, Decimal]:
    return row.ref, row.price if row.price is not None else Decimal(-1)
