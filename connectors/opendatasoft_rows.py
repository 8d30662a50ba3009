"""Rows of an Opendatasoft dataset, whatever the API's version and the export's format: a record's fields, by name.

Explore v2.1 `{total_count, results}`, `/exports/json` (a bare list), JSON Lines, v1 `{nhits, records[].fields}`, v1
`/records/1.0/download` (a list of records), CSV with `;`. Names are told in lower case, without accents, so that a
CSV with labels is read as one with names.
"""

from __future__ import annotations

import csv
import functools
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from connectors.documents import answer_of, json_of
from connectors.large_files import WHOLE, is_large, opened, rows_in
from connectors.rows import parsed
from net.answers import Answer
from net.errors import FeedChanged

Row = dict[str, Any]
_WIDEST_FIELD = 16 * 1024 * 1024
_LONGEST_LINE = 32 * 1024 * 1024
_NAME = re.compile(r"[^0-9a-z]+")
# Dates of one event fill tens of thousands of characters; the module's own limit is 131,072.
csv.field_size_limit(_WIDEST_FIELD)


def rows_of(answer: Answer, *, place: str) -> Iterator[Any]:
    """The rows of one whole answer, each a `Row`, or as it came where it is no record.

    Raises FeedChanged naming `place`: neither JSON nor CSV of a dataset, or an error of the portal.
    """
    text = answer.decode().text.lstrip("\ufeff \t\r\n")
    if text.startswith(("[", "{")):
        if text[:1] == "{" and _is_lines(text):
            yield from _of_lines(io.StringIO(text), place=place)
        else:
            yield from _of_json(json_of(answer, place=place), place=place)
    elif not text or text[:1] == "<" or ";" not in text.partition("\n")[0]:
        raise FeedChanged("ni JSON ni CSV d'un jeu de données Opendatasoft", place=place)
    else:
        yield from _of_csv(io.StringIO(text, newline=""), place=place)


def recorded_rows(file: Path, *, now: datetime) -> Iterator[Any]:
    """The rows of a recorded answer, of a large one in flat memory. Raises FeedChanged as `rows_of` does."""
    if not is_large(file):
        yield from rows_of(answer_of(file, now=now), place=file.name)
        return
    with opened(file) as text:
        head = text.read(WHOLE).lstrip("\ufeff \t\r\n")
        text.seek(0)
        if head.startswith("{") and _is_lines(head):
            yield from _of_lines(text, place=file.name)
        elif head.startswith(("[", "{")):
            yield from (fields_of(record) for record in rows_in(file, lists=("results", "records")))
        elif head[:1] in ("", "<") or ";" not in head.partition("\n")[0]:
            raise FeedChanged("ni JSON ni CSV d'un jeu de données Opendatasoft", place=file.name)
        else:
            yield from _of_csv(text, place=file.name)


def line_of(line: str | bytes, *, place: str) -> Any:
    """The row of one line of JSON. Raises FeedChanged."""
    try:
        return fields_of(parsed(line))
    except (ValueError, RecursionError):
        raise FeedChanged("ligne qui n'est pas du JSON", place=place) from None


def fields_of(record: Any) -> Any:
    """A record's fields; of v1, those inside its envelope, with its `recordid` and geometry."""
    if not isinstance(record, dict):
        return record
    fields = record.get("fields")
    if isinstance(fields, dict) and ("recordid" in record or "datasetid" in record):
        record = {"recordid": record.get("recordid"), "geometry": record.get("geometry"), **fields}
    nested = record.get("record")
    if isinstance(nested, dict) and isinstance(nested.get("fields"), dict):
        record = {"recordid": nested.get("id"), **nested["fields"]}
    return dict(zip(_names(tuple(record)), record.values(), strict=True))


@functools.lru_cache(maxsize=64)
def _names(headers: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a record's fields: an export's rows all have the same."""
    return tuple(map(name_of, headers))


@functools.lru_cache(maxsize=4096)
def name_of(header: object) -> str:
    """A field's name or label as one name: `Date de début` is `date_de_debut`."""
    text = str(header)
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    text = text.lower()
    return text if text.isidentifier() else _NAME.sub("_", text).strip("_")


def _of_json(document: Any, *, place: str) -> Iterator[Any]:
    if isinstance(document, dict):
        for name in ("results", "records"):
            if isinstance(document.get(name), list):
                document = document[name]
                break
        else:
            if "error_code" in document or "errorcode" in document or "error" in document:
                why = document.get("message") or document.get("error") or "sans message"
                raise FeedChanged(f"erreur du portail : {str(why)[:200]}", place=place)
            if "fields" not in document and len(document) < 4:
                raise FeedChanged("ni results ni records dans la réponse", place=place)
            document = [document]
    if not isinstance(document, list):
        raise FeedChanged("une liste de fiches est attendue", place=place)
    yield from (fields_of(record) for record in document)


def _of_lines(text: IO[str], *, place: str) -> Iterator[Any]:
    while line := text.readline(_LONGEST_LINE):
        if line.strip():
            yield line_of(line, place=place)


def _of_csv(text: IO[str], *, place: str) -> Iterator[Row]:
    rows = csv.reader(text, delimiter=";", strict=False)
    try:
        names = [name_of(header) for header in next(rows)]
        for cells in rows:
            if cells:
                yield {name: cell or None for name, cell in zip(names, cells, strict=False)}
    except csv.Error as error:
        raise FeedChanged(f"CSV mal formé, ligne {rows.line_num} : {error}", place=place) from None


def _is_lines(text: str) -> bool:
    """Whether the first line is an object by itself and another one follows."""
    first, _, rest = text.partition("\n")
    if not rest.lstrip().startswith("{"):
        return False
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False
