"""What a town library knows: its titles, their copies, and what is lent today."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sandbox.clock import draw, seeded_at
from sandbox.facts.reading import Book

TOKEN = "bibliotheque-bac-a-sable"  # noqa: S105  the key of a simulation
ONE_IN = 6
"""The library has one of so many books."""


@dataclass(slots=True)
class Copy:
    """One copy. `due` while somebody has it; `state` is nought, or why it is never lent."""

    barcode: str
    state: str = "0"
    due: date | None = None

    @property
    def is_free(self) -> bool:
        return self.state == "0" and self.due is None


@dataclass(slots=True)
class Title:
    """A notice by its number."""

    number: int
    book: Book
    copies: list[Copy]
    modified_at: datetime
    is_deleted: bool = False

    @property
    def free(self) -> int:
        return sum(copy.is_free for copy in self.copies)


@dataclass(slots=True)
class Library:
    """The catalogue by notice number, which has gaps as real ones have."""

    titles: dict[int, Title]
    reserved: set[int] = field(default_factory=set)
    """Titles somebody waits for."""
    deletions: str = "persistent"
    """How long OAI-PMH tells of deleted records: no, transient or persistent."""
    has_seconds: bool = True
    """Whether datestamps are told to the second, or to the day."""

    def kept(self) -> list[Title]:
        """Returns the titles that are still there."""
        return [title for title in self.titles.values() if not title.is_deleted]

    def since(self, instant: datetime | None) -> list[Title]:
        """Returns what was changed at or after `instant`, deleted titles included."""
        return [title for title in self.titles.values() if instant is None or title.modified_at >= instant]

    def weed(self, number: int, at: datetime) -> None:
        """Takes a title out of the catalogue."""
        self.titles[number].is_deleted, self.titles[number].modified_at = True, at


def stacked(books: tuple[Book, ...], today: date) -> Library:
    """Returns the first state: no download, up to three copies a title, some out, some never lent."""
    titles: dict[int, Title] = {}
    for place, book in enumerate(book for book in books if book.form != "ED"):
        if place % ONE_IN:
            continue
        number = 1 + place // ONE_IN * 2
        titles[number] = Title(number, book, _copies(book, today), seeded_at(today, "library", book.ean))
    return Library(titles, {number for number in titles if number % 23 == 0})


def _copies(book: Book, today: date) -> list[Copy]:
    found: list[Copy] = []
    for place in range(1 + draw("copies", book.ean) % 3):
        chance = draw("copy", book.ean, place)
        copy = Copy(f"{chance:010d}", state="0" if chance % 11 else "2")
        copy.due = today + timedelta(days=chance % 21) if chance % 4 == 0 else None
        found.append(copy)
    return found
