"""Typed rows of the fact files beside this module. Read once, in file order; a line starting with `#` is a
comment.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Book:
    """One edition. `form` is ONIX list 150; years are "" where unknown."""

    ean: str
    title: str
    series: str
    volume: str
    authors: tuple[str, ...]
    publisher: str
    collection: str
    edition_year: str
    work_year: str
    price_cents: int
    form: str


@dataclass(frozen=True, slots=True)
class Film:
    """`visa` and `allocine` are real or None; `filed_as` stands in for a visa and is none."""

    id: int
    title: str
    directors: tuple[str, ...]
    year: int
    minutes: int
    visa: int | None
    allocine: int | None
    filed_as: int | None


@dataclass(frozen=True, slots=True)
class Play:
    """A show: its title, who wrote it, its category in the 2018 event API."""

    id: str
    title: str
    author: str
    category: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Place:
    """A venue. `siret` is fictitious, "" for a place that sells nothing itself; `zone` is IANA."""

    id: str
    kind: str
    name: str
    street: str
    postal_code: str
    city: str
    insee: str
    department: str
    latitude: float
    longitude: float
    zone: str
    siret: str


@cache
def books() -> tuple[Book, ...]:
    """All editions, by EAN."""
    return tuple(
        Book(
            ean=row["ean"],
            title=row["title"],
            series=row["series"],
            volume=row["volume"],
            authors=_several(row["authors"]),
            publisher=row["publisher"],
            collection=row["collection"],
            edition_year=row["edition_year"],
            work_year=row["work_year"],
            price_cents=int(row["price_cents"]),
            form=row["form"],
        )
        for row in _rows("books.tsv")
    )


@cache
def films() -> tuple[Film, ...]:
    """All films."""
    return tuple(
        Film(
            id=int(row["id"]),
            title=row["title"],
            directors=_several(row["director"]),
            year=int(row["year"]),
            minutes=int(row["minutes"]),
            visa=_number(row["visa"]),
            allocine=_number(row["allocine"]),
            filed_as=_number(row["filed_as"]),
        )
        for row in _rows("films.tsv")
    )


@cache
def plays() -> tuple[Play, ...]:
    """All shows."""
    return tuple(
        Play(row["id"], row["title"], row["author"], row["category"], int(row["minutes"])) for row in _rows("plays.tsv")
    )


@cache
def places() -> dict[str, Place]:
    """All places by id."""
    return {
        row["id"]: Place(
            id=row["id"],
            kind=row["kind"],
            name=row["name"],
            street=row["street"],
            postal_code=row["postal_code"],
            city=row["city"],
            insee=row["insee"],
            department=row["department"],
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            zone=row["zone"],
            siret=row["siret"],
        )
        for row in _rows("places.tsv")
    }


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        facts = (line for line in file if not line.startswith("#"))
        return list(csv.DictReader(facts, delimiter="\t", quoting=csv.QUOTE_NONE))


def _several(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _number(text: str) -> int | None:
    return int(text) if text else None
