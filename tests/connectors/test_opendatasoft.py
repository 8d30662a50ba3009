"""Opendatasoft: every export's shape, OpenAgenda's fields put back together, and towns' own names for things."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Change, Checkpoint, Reject, Upsert
from connectors.opendatasoft_events import coordinates
from connectors.opendatasoft_rows import name_of
from net.errors import FeedChanged
from schemas.records import Event, Session, Venue

ROW = {
    "uid": "1",
    "title_fr": "Bal folk",
    "timings": json.dumps([{"begin": "2026-12-04T19:30:00+01:00", "end": "2026-12-04T21:00:00+01:00"}]),
    "status": '{"id": 1}',
    "keywords_fr": ["danse"],
    "location_uid": "9",
    "location_name": "Salle",
    "location_insee": "97302",
}


@pytest.fixture
def told(tmp_path: Path, gather) -> Any:
    """What a file of these bytes, or of this JSON, gives."""

    async def gathered(body: Any, **settings: Any) -> list[Change]:
        file = tmp_path / "a"
        file.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        return await gather("opendatasoft", file, **settings)

    return gathered


def of(changes: list[Change], kind: type) -> list[Any]:
    return [one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, kind)]


SHAPES: dict[str, Any] = {
    "v2.1": {"total_count": 1, "results": [ROW]},
    "export json": [ROW],
    "export jsonl": (json.dumps(ROW) + "\n" + json.dumps(ROW | {"uid": "2"}) + "\n").encode(),
    "v1": {"nhits": 1, "parameters": {}, "records": [{"datasetid": "d", "recordid": "r", "fields": ROW}]},
    "v1 download": [{"datasetid": "d", "recordid": "r", "fields": ROW}],
    "v2.0": {"records": [{"record": {"id": "r", "fields": ROW}}]},
    "one": ROW,
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_every_shape_tells_the_same_event(shape: str, told) -> None:
    """What the API's version is changes nothing of what is read."""
    changes = await told(SHAPES[shape])
    assert {one.title for one in of(changes, Event)} == {"Bal folk"}
    assert {f"{one.begins_at:%Y-%m-%dT%H:%MZ}" for one in of(changes, Session)} == {"2026-12-04T18:30Z"}
    [venue] = of(changes, Venue)
    assert venue.time_zone == "America/Cayenne"


async def test_a_csv_with_labels_is_read_as_one_with_names(told) -> None:
    """Separators inside quotes, a mark of byte order, labels with accents, an hour in a column of its own."""
    header = "Identifiant;Titre;Date de début;Heure début;Lieu;Ville;Code INSEE\r\n"
    changes = await told(("\ufeff" + header + 'A1;"Bal ; folk";24/12/2026;20h30;Salle;Cayenne;97302\r\n').encode())
    assert [one.title for one in of(changes, Event)] == ["Bal ; folk"]
    assert [f"{one.begins_at:%d %H:%M}" for one in of(changes, Session)] == ["24 23:30"]
    assert name_of("Date de l'événement") == "date_de_l_evenement"


async def test_one_row_a_date_is_one_event(told) -> None:
    """Many a dataset repeats the event for each of its dates: they come together under its key."""
    rows = [{"identifiant": "M1", "titre": "Carnaval", "date_debut": f"2026-12-2{day}"} for day in (0, 1, 1)]
    changes = await told(rows)
    assert len(of(changes, Event)) == 1
    assert len(of(changes, Session)) == 2
    assert {tuple(one.features) for one in of(changes, Session)} == {("journée entière",)}


async def test_status_and_bare_languages(told) -> None:
    """Cancelled is told; a title in another language only is still a title; no placeholder is read."""
    odd = ROW | {"uid": "2", "status": json.dumps({"id": 6, "label": {"io": "crwdns1:0crwdne1:0"}})}
    odd = {name: value for name, value in odd.items() if name != "title_fr"} | {"title_de": "Lesung"}
    changes = await told([odd])
    assert of(changes, Event)[0].title == "Lesung"
    assert of(changes, Session)[0].cancelled


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (ROW | {"timings": "[{"}, "timings n'est pas du JSON"),
        (ROW | {"title_fr": None}, "title manque"),
        ({"titre": "x"}, "aucun identifiant"),
        ({"id": "1", "date_debut": "2026-01-01"}, "aucun titre"),
        ("texte", "un objet"),
    ],
)
async def test_a_broken_row_is_rejected_and_its_neighbours_told(row: Any, why: str, told) -> None:
    """The refusal names the field; a row nobody can name keeps the snapshot from sweeping."""
    changes = await told([row, ROW | {"uid": "7"}])
    first = next(one for one in changes if isinstance(one, Reject))
    assert why in first.why
    assert [one.ref.key for one in of(changes, Event)] == ["7"]
    last = changes[-1]
    assert isinstance(last, Checkpoint)
    assert last.complete == (first.ref is not None)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"<html>", "ni JSON ni CSV"),
        (b"", "ni JSON ni CSV"),
        (b"bonjour", "ni JSON ni CSV"),
        (b'{"error_code": "ODSQLError", "message": "non", "a": 1, "b": 2}', "erreur du portail : non"),
        (b'{"a": 1}', "ni results ni records"),
        (b"[1", "JSON mal form"),
    ],
)
async def test_what_is_no_dataset_is_refused(body: bytes, why: str, told) -> None:
    """An error of the portal, a page, nothing at all: each a named failure."""
    with pytest.raises(FeedChanged, match=why):
        await told(body)


def test_points_in_all_their_orders() -> None:
    """v2.1 tells lon and lat by name, v1 lat first, GeoJSON lon first, CSV a text."""
    for point in (
        {"lon": 7.5, "lat": 48.5},
        [48.5, 7.5],
        "48.5, 7.5",
        {"type": "Point", "coordinates": [7.5, 48.5]},
        {"type": "Feature", "geometry": {"coordinates": [7.5, 48.5]}},
    ):
        assert [str(one) for one in coordinates(point)] == ["48.5", "7.5"]
    assert coordinates("quelque part") == (None, None)


async def test_lines_end_where_lines_of_json_end(tmp_path, gather) -> None:
    """A line separator inside a text is a sign like any other."""
    rows = [{"uid": str(n), "title_fr": f"Nuit{sign}blanche"} for n, sign in enumerate("\u2028\u2029\x85")]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (file := tmp_path / "a.jsonl").write_text(text, "utf-8")
    assert 3 == sum(isinstance(change, Upsert) for change in await gather("opendatasoft", file))


async def test_a_number_that_would_fill_the_memory_is_refused(tmp_path, gather) -> None:
    line = '{"uid": "1", "title_fr": "Nuit", "location_uid": 1e999999999}'
    (file := tmp_path / "a.jsonl").write_text(f"{line}\n{line}\n", "utf-8")
    with pytest.raises(FeedChanged, match="n'est pas du JSON"):
        await gather("opendatasoft", file)
