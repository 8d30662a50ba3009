"""Tables as people keep them: CSV with a heading; commas, semicolons or tabulators; UTF-8 or Windows-1252.

What makes a table unusable is refused with its line and column; an unreadable value of a column one can do without is
noted and left empty.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import isnan
from pathlib import Path
from typing import Final

import numpy as np

from matching.corpus import NUMBERS
from matching.words import Interned, Interning
from schemas.identifiers import SCHEMES, InvalidIdentifier
from schemas.records import Kind

COLUMNS: Final = (
    "id", "kind", "title", "source", "subtitle", "contributors", "publisher", "series", "volume", "venue", "address",
    "city", "postal_code", "country", "lat", "lon", "phone", "date", "time", "year", "duration_minutes", "genre",
    "description", "price", *SCHEMES,
)  # fmt: skip
KINDS: Final = {kind.value: kind for kind in (Kind.WORK, Kind.PRODUCT, Kind.VENUE, Kind.EVENT)}
_REQUIRED: Final = ("id", "kind", "title")
_LONGEST_CELL: Final = 10_000_000
_AT_A_TIME: Final = 2_000
"""Rows: few enough to stay near the processor until they are interned."""


class SpreadsheetRefused(ValueError):
    """A table that cannot be matched. The text is French and names file, line and column."""


@dataclass(frozen=True, slots=True)
class Spreadsheet:
    """A table read: columns of equal length, by name."""

    name: str
    columns: dict[str, Interned]
    ids: list[str]
    kinds: list[Kind]
    notes: list[str]
    """What was left out, in French."""

    def row(self, id_: str) -> int:
        """Return the row of a record; SpreadsheetRefused for an id that is not there."""
        try:
            return self.ids.index(id_)
        except ValueError:
            raise SpreadsheetRefused(f"{self.name} : aucune fiche ne porte l'id « {id_} ».") from None


def read_spreadsheet(path: Path) -> Spreadsheet:
    """Return the records of a CSV file. Raises SpreadsheetRefused, OSError."""
    lines, columns = _read(path, _REQUIRED)
    known = [name for name in columns if name in COLUMNS]
    notes = [
        f"{path.name} : la colonne « {name} » n'est pas connue et reste de côté."
        for name in columns
        if name not in known
    ]
    ids, kinds = columns.pop("id"), columns.pop("kind")
    _distinct(path.name, lines, ids)
    unknown = np.array([kind not in KINDS for kind in kinds.values])[kinds.of]
    if unknown.any():
        row = int(np.argmax(unknown))
        kind = kinds.values[kinds.of[row]]
        raise SpreadsheetRefused(
            f"{path.name}, ligne {lines[row]}, colonne kind : « {kind} » n'est pas de {', '.join(KINDS)}."
        )
    told = {name: columns[name] for name in known if name in columns}
    for name in told:
        told[name], noted = _unread(path.name, name, told[name], lines)
        notes.extend(noted)
    return Spreadsheet(path.name, told, ids.listed(), [KINDS[kind] for kind in kinds.listed()], notes)


def _distinct(file: str, lines: Sequence[int], ids: Interned) -> None:
    """Every record has an id, and no two the same."""
    if len(ids.values) == len(ids) + 1:
        return
    seen: dict[str, int] = {}
    for line, id_ in zip(lines, ids.listed(), strict=True):
        if not id_:
            raise SpreadsheetRefused(f"{file}, ligne {line}, colonne id : l'id est vide.")
        if id_ in seen:
            raise SpreadsheetRefused(
                f"{file}, ligne {line}, colonne id : « {id_} » est déjà celui de la ligne {seen[id_]}."
            )
        seen[id_] = line


def read_answers(path: Path) -> Iterator[tuple[int, str, str, bool]]:
    """Yield (line, id_a, id_b, whether they are the same) of a CSV with columns id_a, id_b, label (1 or 0).

    Where a column `split` tells training rows, only those are read.
    """
    lines, columns = _read(path, ("id_a", "id_b", "label"))
    splits = columns["split"].listed() if "split" in columns else ["train"] * len(lines)
    told = (columns[name].listed() for name in ("id_a", "id_b", "label"))
    for line, one, other, label, split in zip(lines, *told, splits, strict=True):
        if label not in ("0", "1"):
            raise SpreadsheetRefused(f"{path.name}, ligne {line}, colonne label : « {label} » n'est ni 1 ni 0.")
        if split == "train":
            yield line, one, other, label == "1"


def _read(path: Path, required: Sequence[str]) -> tuple[list[int], dict[str, Interned]]:
    """The line each row begins at, and the columns."""
    encoding, first = _encoding(path)
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(_LONGEST_CELL)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            header = [name.strip().lower() for name in next(reader, [])]
            for name in required:
                if name not in header:
                    raise SpreadsheetRefused(f"{path.name}, ligne 1 : la colonne « {name} » manque.")
            for name in header:
                if header.count(name) > 1:
                    raise SpreadsheetRefused(f"{path.name}, ligne 1 : la colonne « {name} » est là deux fois.")
            return _columns(path.name, reader, header)
        except csv.Error as error:
            raise SpreadsheetRefused(f"{path.name}, ligne {reader.line_num} : CSV illisible ({error}).") from None


def _columns(name: str, reader: Iterator[list[str]], header: list[str]) -> tuple[list[int], dict[str, Interned]]:
    columns = [Interning() for _ in header]
    lines: list[int] = []
    before = 1
    while rows := list(islice(reader, _AT_A_TIME)):
        if reader.line_num - before == len(rows) and all(len(row) == len(header) for row in rows):  # type: ignore[attr-defined]
            lines.extend(range(before + 1, before + 1 + len(rows)))
        else:
            rows, numbered = _numbered(name, rows, len(header), before)
            lines.extend(numbered)
        before = reader.line_num  # type: ignore[attr-defined]
        for column, cells in zip(columns, zip(*rows, strict=True), strict=False):
            column.add(cells)
    return lines, {name: column.told(str.strip) for name, column in zip(header, columns, strict=True)}


def _numbered(name: str, rows: list[list[str]], width: int, before: int) -> tuple[list[list[str]], list[int]]:
    """The rows that are not empty, and the line each begins at: cells may hold line breaks."""
    kept, lines = [], []
    for row in rows:
        line = before + 1
        before += 1 + sum(cell.count("\n") for cell in row)
        if not row:
            continue
        if len(row) != width:
            raise SpreadsheetRefused(
                f"{name}, ligne {line} : {len(row)} cellules, là où l'en-tête nomme {width} colonnes."
            )
        kept.append(row)
        lines.append(line)
    return kept, lines


def _encoding(path: Path) -> tuple[str, str]:
    """The file's encoding and its first line. It is looked through once before it is read: half a table is worse."""
    if path.exists() and not path.is_file():
        raise SpreadsheetRefused(f"{path.name} n'est pas un fichier : un tube se copie d'abord dans un fichier.")
    raw = path.read_bytes()
    if b"\x00" in raw:
        line = raw[: raw.index(b"\x00")].count(b"\n") + 1
        raise SpreadsheetRefused(f"{path.name}, ligne {line} : un octet nul ; ce n'est pas un CSV.")
    try:
        raw.decode("utf-8-sig")
        encoding = "utf-8-sig"
    except UnicodeDecodeError:
        encoding = "cp1252"
    return encoding, raw.partition(b"\n")[0].decode(encoding, "replace")


def _unread(file: str, name: str, column: Interned, lines: Sequence[int]) -> tuple[Interned, list[str]]:
    """The column without what is no date, number or identifier; a note of it."""
    read = [reader for _, (of, reader) in NUMBERS.items() if of == name]
    if read:
        bad = [bool(value) and all(isnan(reader(value)) for reader in read) for value in column.values]
    elif name in SCHEMES:
        bad = [bool(value) and not _normal(name, value) for value in column.values]
    else:
        return column, []
    if not any(bad):
        return column, []
    places = np.flatnonzero(np.array(bad)[column.of])
    shown, line = column.values[column.of[places[0]]][:40], lines[places[0]]
    kept = column.renamed("" if is_bad else value for value, is_bad in zip(column.values, bad, strict=True))
    return kept, [
        f"{file}, ligne {line}, colonne {name} : « {shown} » ne se lit pas, et reste de côté ({len(places)} en tout)."
    ]


def _normal(scheme: str, value: str) -> bool:
    try:
        SCHEMES[scheme].normalise(value)
    except InvalidIdentifier:
        return False
    return True
