"""schema.org: scripts as sites write them, microdata, references across a page, films and series."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Change, Checkpoint, Reject, Upsert
from net.errors import FeedChanged
from schemas.records import Event, Session, Venue, Work

EVENT = {"@type": "MusicEvent", "@id": "https://exemple.fr/1", "name": "Requiem", "startDate": "2026-12-12T20:00"}


@pytest.fixture
def told(tmp_path: Path, gather) -> Any:
    async def gathered(text: str, **settings: Any) -> list[Change]:
        file = tmp_path / "a.html"
        file.write_text(text, "utf-8")
        return await gather("schema_org", file, **settings)

    return gathered


def page(*scripts: str, body: str = "") -> str:
    told = "".join(f'<script type="application/ld+json">{one}</script>' for one in scripts)
    return f"<!DOCTYPE html><html><head>{told}</head><body>{body}</body></html>"


def of(changes: list[Change], kind: type) -> list[Any]:
    return [one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, kind)]


SCRIPTS = {
    "plain": json.dumps(EVENT),
    "array": json.dumps([[EVENT]]),
    "graph": json.dumps({"@context": "http://www.schema.org", "@graph": [{"@type": "WebSite"}, EVENT]}),
    "comment": f"/* <![CDATA[ */ {json.dumps(EVENT)} /* ]]> */",
    "html comment": f"<!-- {json.dumps(EVENT)} -->",
    "trailing commas": json.dumps(EVENT)[:-1] + ",}",
    "line break in a text": json.dumps(EVENT).replace("Requiem", "Requi\n\tem").replace("Requi\n\tem", "Requiem\n"),
    "entities": json.dumps(EVENT).replace('"', "&quot;"),
    "within another node": json.dumps({"@type": "MusicGroup", "event": [EVENT]}),
    "full type": json.dumps(EVENT | {"@type": ["http://schema.org/MusicEvent", "Thing"]}),
    "list of names": json.dumps(EVENT | {"name": ["Requiem"]}),
}


@pytest.mark.parametrize("script", SCRIPTS)
async def test_scripts_as_sites_write_them(script: str, told) -> None:
    """Comments, trailing commas, control characters, arrays and graphs: one concert all the same."""
    changes = await told(page("null", SCRIPTS[script]))
    [event] = of(changes, Event)
    assert (event.title, event.subcategory) == ("Requiem", "CONCERT")
    assert [f"{one.begins_at:%d %H:%M}" for one in of(changes, Session)] == ["12 19:00"]
    assert not [one for one in changes if isinstance(one, Reject)]


async def test_a_broken_script_is_rejected_and_sweeps_nothing(told) -> None:
    """The other scripts are read; what the broken one would have named must not count as gone."""
    changes = await told(page('{"@type": "Event", ', json.dumps(EVENT)))
    assert [one.why for one in changes if isinstance(one, Reject)] == ["script JSON-LD mal formé"]
    assert len(of(changes, Event)) == 1
    assert isinstance(changes[-1], Checkpoint)
    assert not changes[-1].complete


async def test_screenings_are_dates_of_their_film(told) -> None:
    """One script a screening, the cinema in another one; each date keeps its own name, cancelled ones are told."""
    film = {"@type": "Movie", "name": "Orfeu Negro", "url": "https://exemple.fr/films/7/", "duration": "PT1H45M"}
    hall = {"@type": "MovieTheater", "@id": "#salle", "name": "Cinéma du Port", "address": "1 quai, Brest"}
    shown = [
        {
            "@type": "ScreeningEvent",
            "@id": f"https://exemple.fr/seances/{number}",
            "location": {"@id": "#salle"},
            "startDate": f"2026-12-1{number}T20:30:00",
            "duration": "PT105M",
            "workPresented": film,
            "eventStatus": "https://schema.org/EventCancelled" if number else "EventScheduled",
        }
        for number in range(2)
    ]
    changes = await told(page(*map(json.dumps, shown), json.dumps(hall)))
    [work], [event], [venue] = of(changes, Work), of(changes, Event), of(changes, Venue)
    assert (work.title, work.duration_minutes, event.subcategory) == ("Orfeu Negro", 105, "SEANCE_CINE")
    assert (event.work_key, event.venue_key) == (work.ref.key, venue.ref.key)
    first, second = of(changes, Session)
    assert first.ref.part == "https://exemple.fr/seances/0"
    assert f"{first.ends_at:%H:%M}" == "21:15"
    assert (first.cancelled, second.cancelled) == (False, True)


async def test_microdata_by_the_standards_rules(told) -> None:
    """Values of meta, time and link; an item inside is its own; itemref brings in what stands elsewhere."""
    changes = await told(
        page(
            body="""
            <div itemscope itemtype="http://schema.org/Event" itemref="ailleurs">
              <h1 itemprop="name">Requiem <b>de Mozart</b></h1><a itemprop="url" href="https://exemple.fr/9">lire</a>
              <div itemprop="location" itemscope itemtype="http://schema.org/Place">
                <i itemprop="name">Cathédrale</i></div>
              <p itemprop="offers" itemscope itemtype="http://schema.org/Offer">
                <link itemprop="availability" href="http://schema.org/SoldOut"></p>
            </div><time id="ailleurs" itemprop="startDate" datetime="2026-12-12">samedi</time>"""
        )
    )
    [event], [venue], [session] = of(changes, Event), of(changes, Venue), of(changes, Session)
    assert (event.title, event.ref.key, venue.name) == ("Requiem de Mozart", "https://exemple.fr/9", "Cathédrale")
    assert session.features == ["journée entière", "complet"]


async def test_one_address_for_many_events(told) -> None:
    """A site that gives all its events the address of its programme still has as many events."""
    shows = [
        EVENT | {"@id": None, "url": "https://exemple.fr/", "name": name} for name in ("Requiem", "L'Avare", "Requiem")
    ]
    changes = await told(page(*map(json.dumps, shows)))
    assert sorted(one.title for one in of(changes, Event)) == ["L'Avare", "Requiem"]


async def test_what_is_outside_or_undated_is_rejected(told) -> None:
    """A match by its type, an event whose date nobody can read by that date."""
    changes = await told(page(json.dumps([EVENT | {"@type": "SportsEvent"}, EVENT | {"startDate": "bientôt"}])))
    assert [one.why for one in changes if isinstance(one, Reject)] == [
        "hors du pass Culture : SportsEvent",
        "date illisible : « bientôt »",
    ]


@pytest.mark.parametrize("text", ["bonjour", "", "{", "<?xml version='1.0'?><rss/>"])
async def test_what_is_no_page_is_refused(text: str, told) -> None:
    """Neither HTML nor JSON-LD: a named failure."""
    with pytest.raises(FeedChanged):
        await told(text)


async def test_a_page_of_references_in_circles_ends(told) -> None:
    """Nodes that name each other, and nodes within nodes without end, are read once."""
    deep: Any = EVENT
    for _ in range(200):
        deep = {"@type": "Thing", "about": deep}
    circle = [
        {"@type": "Event", "@id": "a", "name": "A", "startDate": "2026-12-01", "subEvent": {"@id": "a"}, "url": "u"}
    ]
    assert await told(page(json.dumps(deep), json.dumps(circle)))
