"""Recorded files that are too large to be held whole: the same rows, in memory that does not grow with the file."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import JSON

from connectors.large_files import WHOLE, opened, rows_in
from connectors.reading import read, to_line
from connectors.rows import parsed
from net.errors import FeedChanged

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
ROWS = [{"a": 'é]},{["', "b": [1, -2.50, True]}, 12, "x", [], {"events": [1]}, None]
BESIDE = {"total": 12, "after": ["1", {"events": [9]}], "sort": ""}


def rows(file: Path, piece: int) -> list[Any]:
    return list(rows_in(file, lists=("events",), piece=piece))


def taken(changes: Iterator[Any], into: list[Any]) -> str | None:
    """Takes all there are; why they ended early, if they did."""
    try:
        into.extend(changes)
    except FeedChanged as failure:
        return failure.message
    return None


@pytest.mark.parametrize("piece", [1, 2, 3, 7, 64, 4096])
@pytest.mark.parametrize(
    "text",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, ensure_ascii=False, indent=1),
        json.dumps(BESIDE | {"events": ROWS}),
        json.dumps({"events": ROWS} | BESIDE, indent=2),
        "\ufeff" + json.dumps(ROWS),
    ],
    ids=["list", "indented list", "under a name", "indented, first name", "after a byte order mark"],
)
def test_rows_are_those_of_the_document(tmp_path: Path, text: str, piece: int) -> None:
    """Wherever a piece ends: in a number, in a name, in an escaped quote."""
    (file := tmp_path / "a.json").write_text(text, "utf-8")
    document = json.loads(text.lstrip("\ufeff"), parse_float=Decimal)
    expected = document if isinstance(document, list) else document["events"]
    assert expected == rows(file, piece)


def test_a_file_cut_anywhere_gives_its_whole_rows_and_says_how_many(tmp_path: Path) -> None:
    whole = json.dumps(BESIDE | {"events": ROWS})
    last = whole.rindex("]")
    for end in range(last):
        (file := tmp_path / "a.json").write_text(whole[:end], "utf-8")
        told: list[Any] = []
        failure = taken(rows_in(file, lists=("events",), piece=16), told)
        assert json.loads(json.dumps(ROWS), parse_float=Decimal)[: len(told)] == told
        assert f"JSON coupé ou mal formé après {len(told)} fiches entières" == failure


def test_a_document_without_the_list_is_refused_by_name(tmp_path: Path) -> None:
    (file := tmp_path / "a.json").write_text(json.dumps(BESIDE | {"events": "none"}), "utf-8")
    with pytest.raises(FeedChanged, match="aucune liste events"):
        rows(file, 8)


def test_a_row_without_end_is_refused(tmp_path: Path) -> None:
    (file := tmp_path / "a.json").write_text('[{"a": "' + "x" * (33 * 1024 * 1024), "utf-8")
    with pytest.raises(FeedChanged, match="après 0 fiches"):
        rows(file, 1024 * 1024)


def test_other_charsets_are_read_as_in_a_small_file(tmp_path: Path) -> None:
    (file := tmp_path / "a.csv").write_bytes("Été;à 5 €\r\n".encode("cp1252"))
    with opened(file) as text:
        assert "Été;à 5 €\r\n" == text.read()


@pytest.mark.parametrize("number", ["1e999999999", "-1E-999999999", "NaN", "Infinity"])
def test_numbers_that_no_feed_holds_are_refused(tmp_path: Path, number: str) -> None:
    """Made an integer for the quarantine, the first of them would fill the memory."""
    (file := tmp_path / "a.json").write_text(f'[{{"a": {number}}}]', "utf-8")
    with pytest.raises(FeedChanged, match="hors de toute mesure"):
        rows(file, 8)


@pytest.mark.parametrize("number", ["1e999999999", "-1E-999999999"])
def test_a_line_with_such_a_number_is_refused(number: str) -> None:
    with pytest.raises(ValueError, match=number):
        parsed(f'{{"a": {number}}}')


@given(JSON, st.booleans())
def test_what_is_parsed_is_what_the_standard_library_reads(value: Any, is_ascii: bool) -> None:
    """Half a pair of surrogates and integers of any length among it."""
    text = json.dumps(value, ensure_ascii=is_ascii)
    assert repr(json.loads(text, parse_float=Decimal)) == repr(parsed(text))


def agenda(number: int) -> dict[str, Any]:
    return {
        "uid": number,
        "title": {"fr": f"Concert n° {number}"},
        "description": {"fr": "Un soir au bord de l'eau. " * 40},
        "state": 2,
        "timings": [{"begin": "2026-12-01T20:00:00+01:00", "end": "2026-12-01T22:00:00+01:00"}],
        "location": {"uid": 7, "name": "Salle", "latitude": 48.5, "longitude": 7.75},
    }


def portal(number: int) -> dict[str, Any]:
    told = agenda(number)
    return {
        "uid": str(number),
        "title_fr": told["title"]["fr"],
        "description_fr": told["description"]["fr"],
        "timings": json.dumps(told["timings"]),
        "location_uid": "7",
        "location_name": "Salle",
    }


def in_lines(rows: Iterator[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def in_csv(rows: Iterator[dict[str, Any]]) -> str:
    lines = [";".join('"' + str(cell).replace('"', '""') + '"' for cell in row.values()) for row in rows]
    return "\n".join([";".join(portal(0)), *lines, ""])


FORMS: dict[str, tuple[str, Callable[[int], dict[str, Any]], Callable[[Iterator[dict[str, Any]]], str]]] = {
    "openagenda, page": ("openagenda", agenda, lambda rows: json.dumps({"total": 1, "events": list(rows)})),
    "openagenda, list": ("openagenda", agenda, lambda rows: json.dumps(list(rows))),
    "opendatasoft, lines": ("opendatasoft", portal, in_lines),
    "opendatasoft, list": ("opendatasoft", portal, lambda rows: json.dumps(list(rows))),
    "opendatasoft, page": ("opendatasoft", portal, lambda rows: json.dumps({"results": list(rows)})),
    "opendatasoft, CSV": ("opendatasoft", portal, in_csv),
}


def made(folder: Path, form: str, count: int) -> Path:
    _, row, text = FORMS[form]
    (file := folder / f"{count}.txt").write_text(text(row(number) for number in range(count)), "utf-8")
    return file


@pytest.mark.parametrize("form", FORMS)
async def test_a_large_file_says_what_small_ones_say(tmp_path: Path, form: str) -> None:
    connector, row, text = FORMS[form]
    large = made(tmp_path, form, 1200)
    assert large.stat().st_size > WHOLE
    (small := tmp_path / "small").mkdir()
    for part in range(4):
        content = text(row(number) for number in range(part * 300, part * 300 + 300))
        (small / f"{part}.txt").write_text(content, "utf-8")
    told: list[list[dict[str, Any]]] = []
    for path in (small, large):
        changes = read(connector, {"path": str(path)}, None, clock=lambda: NOW, account="a")
        told.append([to_line(change) async for change in changes])
    assert told[0] == told[1]
    assert 2402 == len(told[0])


def peak(connector: str, file: Path) -> int:
    """Bytes that a reading held at most."""

    async def reading() -> None:
        async for _ in read(connector, {"path": str(file)}, None, clock=lambda: NOW):
            pass

    tracemalloc.start()
    asyncio.run(reading())
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


@pytest.mark.parametrize("form", FORMS)
def test_memory_does_not_grow_with_the_file(tmp_path: Path, form: str) -> None:
    peaks = []
    for count in (1200, 4800):
        file = made(tmp_path, form, count)
        peaks.append(peak(FORMS[form][0], file))
    # The keys that were told are kept, some hundred bytes an event of more than a thousand.
    assert peaks[1] - peaks[0] < (file.stat().st_size * 3 / 4) / 2, f"{peaks}, {file.stat().st_size}"


def test_a_large_file_that_breaks_off_gives_what_was_whole(tmp_path: Path) -> None:
    file = made(tmp_path, "openagenda, page", 1200)
    file.write_bytes(file.read_bytes()[:-400])
    told: list[Any] = []
    assert "JSON coupé ou mal formé après 1199 fiches entières" == taken(rows_in(file, lists=("events",)), told)
    assert 1199 == told[-1]["uid"] + 1 == len(told)


def test_memory_does_not_grow_with_a_flux_of_objects(tmp_path: Path) -> None:
    """DATAtourisme's archive is read where it lies, object by object."""
    peaks = []
    for count in (20, 80):
        names = [f"48-ab000000-0000-4000-8000-{number:012d}.json" for number in range(count)]
        file = tmp_path / f"{count}.zip"
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("index.json", json.dumps([{"file": name} for name in names]))
            for name in names:
                told = {"@id": f"https://data.datatourisme.fr/{name[:-5]}", "@type": ["CulturalSite"]}
                archive.writestr(f"objects/{name}", json.dumps(told | {"rdfs:comment": {"fr": ["a" * 100_000]}}))
        peaks.append(peak("datatourisme", file))
    assert peaks[1] - peaks[0] < file.stat().st_size / 2, f"{peaks}, {file.stat().st_size}"
