"""What the publisher knows: its catalogue, an entry an edition, and when each was last changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox.clock import draw, seeded_at
from sandbox.facts.reading import Book

TOKEN = "onix-bac-a-sable"  # noqa: S105  the key of a simulation


@dataclass(slots=True)
class Entry:
    """One product of the feed. `embargo` is the first day of sale, `withdrawn` leaves the catalogue."""

    book: Book
    price_cents: int
    modified_at: datetime
    available: bool = True
    embargo: date | None = None
    withdrawn: bool = False


@dataclass(slots=True)
class Imprint:
    """The publisher's catalogue, by EAN."""

    entries: dict[str, Entry]
    messages_sent: int = 0

    def whole(self) -> list[Entry]:
        """Returns everything on sale or to come."""
        return [entry for entry in self.entries.values() if not entry.withdrawn]

    def since(self, instant: datetime) -> list[Entry]:
        """Returns what changed at or after `instant`, withdrawn entries included."""
        return [entry for entry in self.entries.values() if entry.modified_at >= instant]

    def last_change(self) -> datetime:
        """Returns when anything changed last."""
        return max(entry.modified_at for entry in self.entries.values())


def catalogue(books: tuple[Book, ...], today: date) -> Imprint:
    """Returns the first state: a few editions under embargo, a few out of stock."""
    entries: dict[str, Entry] = {}
    for book in books:
        chance = draw("imprint", book.ean)
        entries[book.ean] = Entry(
            book=book,
            price_cents=book.price_cents,
            modified_at=seeded_at(today, "imprint", book.ean),
            available=chance % 23 != 0,
            embargo=today + timedelta(days=7 + chance % 10) if book.form == "BB" and chance % 61 == 0 else None,
        )
    return Imprint(entries)
