"""Which seats of a CDS seat map are taken for a sale, and what they are called.

A map is rows of 1 (free), 3 (taken) and 0 (no seat there). Seats are those nearest to the middle of the hall; a duo
sits side by side. Names follow the hall's flags, or are given by the cinema one by one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

FREE, NONE = 1, 0
LARGEST = 300
"""Rows of a map, and seats of a row."""
Map = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True)
class Seat:
    """A place of the map, from 0, and its name."""

    row: int
    column: int
    name: str


def map_of(rows: Any) -> Map | None:
    """The answer as a map; None where it is none."""
    if not isinstance(rows, list) or not 0 < len(rows) <= LARGEST:
        return None
    for row in rows:
        if not isinstance(row, list) or len(row) > LARGEST or any(type(seat) is not int for seat in row):
            return None
    return rows


def chosen(rows: Map, quantity: int) -> tuple[int, int] | None:
    """(row, first column) of `quantity` free seats side by side, those nearest to the middle; None without any."""
    middle, centre = (len(rows) - 1) / 2, (max(map(len, rows)) - 1) / 2

    def distance(place: tuple[int, int]) -> tuple[float, int, int]:
        row, column = place
        return (row - middle) ** 2 + (column + (quantity - 1) / 2 - centre) ** 2, row, column

    return min(_runs(rows, quantity), key=distance, default=None)


def is_free(rows: Map, row: int, column: int) -> bool:
    """Whether the map has that seat, and nobody has taken it."""
    return 0 <= row < len(rows) and 0 <= column < len(rows[row]) and rows[row][column] == FREE


def seat_name(rows: Map, row: int, column: int, screen: dict[str, Any]) -> str:
    """`C_7`: the row's letter and the seat's number, counted from where the hall's flags say.

    Rows without any seat have no letter; seats that are not there have no number where the hall skips them.
    """
    before = rows[:row] if screen.get("seatmapfronttoback") is not False else rows[row + 1 :]
    rank = sum(any(seat != NONE for seat in one) for one in before)
    line = rows[row]
    aside = line[:column] if screen.get("seatmaplefttoright") is not False else line[column + 1 :]
    skips = screen.get("seatmapskipmissingseats") is True
    number = sum(seat != NONE for seat in aside) if skips else len(aside)
    return f"{_letters(rank)}_{number + 1}"


def given_name(cinema: dict[str, Any] | None, screen: str, row: int, column: int) -> str | None:
    """The name that the cinema gives this seat in its parameters; None where it gives none."""
    told = (cinema or {}).get("cinemaParameters", (cinema or {}).get("cinema_parameters"))
    wanted = f"SEATMAP_HARDCODED_LABELS_SCREENID_{screen}"
    for parameter in told if isinstance(told, list) else []:
        if isinstance(parameter, dict) and parameter.get("key") == wanted and isinstance(parameter.get("value"), str):
            try:
                name = json.loads(parameter["value"])[row][column]
            except (ValueError, LookupError, TypeError, RecursionError):
                return None
            return name if isinstance(name, str) and 0 < len(name) <= 20 else None
    return None


def _runs(rows: Map, quantity: int) -> Iterator[tuple[int, int]]:
    """Where so many free seats begin; never so that a pair leaves lone seats on both sides where it need not."""
    for number, row in enumerate(rows):
        begin = 0
        for is_seat, group in groupby(row, key=FREE.__eq__):
            length = len(list(group))
            if is_seat:
                for skipped in range(length - quantity + 1):
                    if skipped % quantity == 0 or (length - quantity - skipped) % quantity == 0:
                        yield number, begin + skipped
            begin += length


def _letters(rank: int) -> str:
    """A … Z, AA, AB…"""
    text = ""
    rank += 1
    while rank:
        rank, rest = divmod(rank - 1, 26)
        text = chr(65 + rest) + text
    return text
