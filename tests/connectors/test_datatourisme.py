"""DATAtourisme: types, periods with and without hours, graphs, archives and what is outside."""

from __future__ import annotations

import copy
import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Change, Checkpoint, Reject, Upsert
from net.errors import FeedChanged
from schemas.records import Event, Session, Venue

OBJECT: dict[str, Any] = {
    "@id": "https://data.datatourisme.fr/48/ab000000-0000-4000-8000-000000000000",
    "@type": ["schema:Event", "EntertainmentAndEvent", "CulturalEvent", "Concert"],
    "rdfs:label": {"fr": ["Nuit du conte"], "en": ["Night"]},
    "isLocatedAt": [
        {
            "schema:address": [
                {
                    "schema:streetAddress": ["Place du marché"],
                    "schema:addressLocality": "Cayenne",
                    "hasAddressCity": [{"@id": "kb:97302"}],
                }
            ],
            "schema:geo": {"schema:latitude": "4.93", "schema:longitude": "-52.33"},
        }
    ],
    "takesPlaceAt": [{"startDate": "2026-12-10", "endDate": "2026-12-10", "startTime": "20:30:00"}],
}


@pytest.fixture
def told(tmp_path: Path, gather) -> Any:
    async def gathered(body: Any) -> list[Change]:
        file = tmp_path / "a"
        file.write_bytes(body if isinstance(body, bytes) else json.dumps(body).encode())
        return await gather("datatourisme", file)

    return gathered


def of(changes: list[Change], kind: type) -> list[Any]:
    return [one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, kind)]


def dated(*periods: dict[str, str], **changed: Any) -> dict[str, Any]:
    return {**copy.deepcopy(OBJECT), "takesPlaceAt": list(periods), **changed}


async def test_an_object_is_an_event_at_a_place_by_its_own_clock(told) -> None:
    """A concert at half past eight in Cayenne begins three hours before midnight in Paris."""
    changes = await told(OBJECT)
    [event], [venue], [session] = of(changes, Event), of(changes, Venue), of(changes, Session)
    assert (event.title, event.subcategory, event.identifiers[0].scheme) == ("Nuit du conte", "CONCERT", "datatourisme")
    assert (venue.time_zone, venue.address.insee_code) == ("America/Cayenne", "97302")
    assert f"{session.begins_at:%d %H:%M}" == "10 23:30"
    assert session.ends_at is None


@pytest.mark.parametrize(
    ("period", "begins", "ends", "features"),
    [
        ({"startDate": "2026-12-10"}, "10 03:00", "11 03:00", ["journée entière"]),
        ({"startDate": "2026-12-10", "startTime": "00:00:00"}, "10 03:00", "11 03:00", ["journée entière"]),
        ({"startDate": "2026-12-10", "startTime": "21:00", "endTime": "02:00"}, "11 00:00", "11 05:00", []),
        ({"startDate": "2026-12-10", "endDate": "2026-12-20"}, "10 03:00", "21 03:00", ["période"]),
    ],
)
async def test_periods_say_no_more_than_they_do(period, begins: str, ends: str, features: list[str], told) -> None:
    """A day without an hour is no midnight; from one day to another nobody says at what hours it is open."""
    [session] = of(await told(dated(period)), Session)
    assert (f"{session.begins_at:%d %H:%M}", f"{session.ends_at:%d %H:%M}") == (begins, ends)
    assert session.features == features


async def test_what_is_no_culture_is_rejected_by_its_type(told) -> None:
    """A sale is refused unless it is culture too; a museum is a venue; a restaurant is nothing of ours."""
    sale = {**OBJECT, "@type": ["EntertainmentAndEvent", "SaleEvent"], "@id": "https://data.datatourisme.fr/48/a"}
    both = {**OBJECT, "@type": ["EntertainmentAndEvent", "SaleEvent", "CulturalEvent"]}
    museum = {**OBJECT, "@type": ["Museum", "CulturalSite"], "@id": "https://data.datatourisme.fr/48/b"}
    meal = {**OBJECT, "@type": ["Restaurant", "PlaceOfInterest"], "@id": "https://data.datatourisme.fr/48/c"}
    changes = await told([sale, both, museum, meal])
    assert [one.why for one in changes if isinstance(one, Reject)] == ["hors du pass Culture : SaleEvent"]
    assert len(of(changes, Event)) == 1
    assert [one.ref.key for one in of(changes, Venue)][-1] == museum["@id"]


async def test_a_graph_leads_from_reference_to_node(told) -> None:
    """Flattened JSON-LD: the place, the period and the label stand elsewhere in the document."""
    event = {**OBJECT, "isLocatedAt": {"@id": "_:p"}, "takesPlaceAt": {"@id": "_:t"}, "rdfs:label": None}
    event["rdfs:label"] = [{"@language": "en", "@value": "Night"}, {"@language": "fr", "@value": "Nuit"}]
    place = {"@id": "_:p", **OBJECT["isLocatedAt"][0]}
    changes = await told({"@context": {}, "@graph": [event, place, {"@id": "_:t", "startDate": "2026-12-10"}]})
    assert [one.title for one in of(changes, Event)] == ["Nuit"]
    assert len(of(changes, Session)) == 1
    assert of(changes, Venue)[0].time_zone == "America/Cayenne"


async def test_an_archive_names_what_it_lacks(told) -> None:
    """A file that the index names and nobody packed is rejected, and the snapshot sweeps nothing."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("flux/index.json", json.dumps([{"file": "a/b.json"}, {"file": "a/c.json"}]))
        archive.writestr("flux/objects/a/b.json", json.dumps(OBJECT))
    changes = await told(packed.getvalue())
    assert [one.why for one in changes if isinstance(one, Reject)] == ["fichier absent de l'archive"]
    assert len(of(changes, Event)) == 1
    assert isinstance(changes[-1], Checkpoint)
    assert not changes[-1].complete
    assert of(await told(gzip.compress(json.dumps([OBJECT]).encode())), Event)


async def test_an_object_that_swells_is_not_unpacked(told) -> None:
    """Megabytes of nothing in a few packed bytes are rejected by their name, and the next object is read."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.json", json.dumps([{"file": "a/bomb.json"}, {"file": "a/b.json"}]))
        archive.writestr("objects/a/bomb.json", b" " * (9 * 1024 * 1024))
        archive.writestr("objects/a/b.json", json.dumps(OBJECT))
    changes = await told(packed.getvalue())
    assert ["fichier de plus de 8388608 octets"] == [one.why for one in changes if isinstance(one, Reject)]
    assert len(of(changes, Event)) == 1


@pytest.mark.parametrize("body", [b"PK\x03\x04cut", b"\x1f\x8bcut", b"{}", b"<html>", b"[1, 2]", b'{"a": {}}'])
async def test_what_is_no_flux_is_refused(body: bytes, told) -> None:
    """A cut archive, a page, another JSON: each a named failure."""
    with pytest.raises(FeedChanged):
        await told(body)


async def test_an_archive_leads_nowhere_outside_itself(tmp_path: Path, gather) -> None:
    """An index that names a file above its folder finds nothing there."""
    (tmp_path / "secret.json").write_text(json.dumps(OBJECT))
    folder = tmp_path / "flux"
    (folder / "objects").mkdir(parents=True)
    (folder / "index.json").write_text(json.dumps([{"file": "../../secret.json"}]))
    changes = await gather("datatourisme", folder)
    assert [one.why for one in changes if isinstance(one, Reject)] == ["fichier absent de l'archive"]


async def test_a_broken_period_costs_itself_only(told) -> None:
    """The event and its other dates are told."""
    changes = await told(
        dated(
            {"startDate": "2026-02-30"}, {"startDate": "2026-12-10", "startTime": "25:00"}, {"startDate": "2026-12-11"}
        )
    )
    assert [one.why for one in changes if isinstance(one, Reject)] == [
        "date illisible : « 2026-02-30 »",
        "heure illisible : « 25:00 »",
    ]
    assert len(of(changes, Session)) == 1
