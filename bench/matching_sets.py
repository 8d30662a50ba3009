"""The public labelled sets, read into the columns of `passerelle match link`, by one declared map and no tuning.

The sets are not part of this repository (several state research use only): a folder is named on the command line, one
sub-folder a set with tableA.csv, tableB.csv and truth.csv (all true pairs) or labels.csv (a judged sample).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import md5
from pathlib import Path
from typing import NamedTuple

from schemas.records import Kind

Row = dict[str, str]
Pair = tuple[str, str]
Scored = dict[Pair, float]


class Figures(NamedTuple):
    """How right the pairs found are."""

    precision: float
    recall: float
    f1: float


def _iso(value: str) -> str:
    for form in ("%m/%d/%Y", "%d-%b-%y", "%B %d , %Y"):
        try:
            return datetime.strptime(value.strip(), form).date().isoformat()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return ""


def _minutes(value: str) -> str:
    clock = re.fullmatch(r"(\d+):(\d+)", value.strip())
    return f"{int(clock[1]) + int(clock[2]) / 60:.3f}" if clock else value


def _first(*names: str) -> Callable[[Row], str]:
    return lambda row: next((row[name] for name in names if row.get(name)), "")


def _joined(*names: str) -> Callable[[Row], str]:
    return lambda row: ";".join(row[name] for name in names if row.get(name))


def _read(name: str, read: Callable[[str], str]) -> Callable[[Row], str]:
    return lambda row: read(row.get(name, ""))


Source = str | Callable[[Row], str]
_PLACES: dict[str, Source] = {
    "title": "name",
    "address": "address",
    "postal_code": "postcode",
    "lat": "lat",
    "lon": "lon",
}
MAPS: dict[str, tuple[Kind, dict[str, Source]]] = {
    "fodors_zagats": (
        Kind.VENUE,
        {"title": "name", "address": "addr", "city": "city", "phone": "phone", "genre": "type"},
    ),
    "geo_osm_fsq_pit": (Kind.VENUE, _PLACES),
    "geo_osm_yelp_sin": (Kind.VENUE, _PLACES),
    "imdb_tmdb": (
        Kind.WORK,
        {
            "title": _first("title", "name"),
            "year": _first("year", "birth"),
            "genre": "genre",
            "duration_minutes": "runtime",
        },
    ),
    "movies_imdb_thenumbers": (
        Kind.WORK,
        {
            "title": "title",
            "year": "year",
            "duration_minutes": "runtime",
            "genre": "genres",
            "contributors": _joined("director", "stars"),
        },
    ),
    "books_amazon_bn": (
        Kind.PRODUCT,
        {"title": "title", "contributors": "author", "publisher": "publisher", "date": _read("date", _iso)},
    ),
    "itunes_amazon_pairs": (
        Kind.WORK,
        {
            "title": "Song_Name",
            "contributors": "Artist_Name",
            "series": "Album_Name",
            "genre": "Genre",
            "price": "Price",
            "publisher": "CopyRight",
            "duration_minutes": _read("Time", _minutes),
            "date": _read("Released", _iso),
        },
    ),
    "dblp_acm": (Kind.WORK, {"title": "title", "contributors": "authors", "publisher": "venue", "year": "year"}),
    "abt_buy": (Kind.PRODUCT, {"title": "name", "description": "description", "price": "price"}),
}


@dataclass(frozen=True, slots=True)
class LabelledSet:
    """Two tables in our columns, and what is known of their pairs."""

    name: str
    kind: Kind
    ids: tuple[list[str], list[str]]
    columns: dict[str, list[str]]
    """Both tables' rows, one after the other."""
    judged: dict[Pair, bool]
    """Pairs somebody judged; with `is_whole` every other pair is false."""
    is_whole: bool

    def is_training(self, id_a: str) -> bool:
        """Whether a record of the first table is on the side that thresholds and labels may use: three in ten."""
        return int(md5(id_a.encode(), usedforsecurity=False).hexdigest(), 16) % 10 < 3

    @property
    def training(self) -> dict[Pair, bool]:
        """The judged pairs of the side that thresholds and labels may use."""
        return {pair: same for pair, same in self.judged.items() if self.is_training(pair[0])}

    def judge(self, found: set[Pair], training: bool) -> Figures:
        """Judge the pairs found, on one side of the table."""
        truth = {pair for pair, same in self.judged.items() if same and self.is_training(pair[0]) is training}
        told = {
            pair for pair in found if self.is_training(pair[0]) is training and (self.is_whole or pair in self.judged)
        }
        right = len(told & truth)
        return Figures(
            right / max(1, len(told)), right / max(1, len(truth)), 2 * right / max(1, len(told) + len(truth))
        )


def labelled_set(folder: Path) -> LabelledSet:
    """Read one set."""
    kind, columns = MAPS[folder.name]
    tables = [_table(folder / f"table{side}.csv") for side in "AB"]
    rows = [row for table in tables for row in table]
    is_whole = (folder / "truth.csv").exists()
    judged = {(row["id_a"], row["id_b"]): True for row in _table(folder / "truth.csv")} if is_whole else {}
    if (folder / "labels.csv").exists():
        for row in _table(folder / "labels.csv"):
            judged.setdefault((row["id_a"], row["id_b"]), row["label"] == "1")
    return LabelledSet(
        folder.name,
        kind,
        ([row["id"] for row in tables[0]], [row["id"] for row in tables[1]]),
        {name: [of(row) if callable(of) else row.get(of, "") for row in rows] for name, of in columns.items()},
        judged,
        is_whole,
    )


def _table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
