"""The simulated agenda speaks OpenAgenda's API v2."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sandbox.changes import cancel_listing, remove_listing
from sandbox.listings import AGENDA_UID, KEY

PATH = f"/v2/agendas/{AGENDA_UID}/events"


async def read(client: Any, size: int = 7, **asked: str) -> list[dict[str, Any]]:
    """All events, by the cursor each page gives."""
    events: list[dict[str, Any]] = []
    cursor: list[tuple[str, str]] = []
    while True:
        query = [("key", KEY), ("size", str(size)), ("sort", "updatedAt.asc"), *asked.items(), *cursor]
        status, page = await client.get("agenda", PATH, params=query)
        assert status == 200
        assert page["success"]
        events += page["events"]
        if page["after"] is None:
            return events
        cursor = [("after[]", str(part)) for part in page["after"]]


async def test_paging_visits_every_event_once_in_order_of_change(client: Any, world: Any) -> None:
    """Small pages or large, the same events, oldest change first."""
    expected = sorted(world.agenda.listings.values(), key=lambda one: (one.updated_at, one.uid))
    for size in (7, 1000):
        events = await read(client, size, detailed="1")
        assert [one.uid for one in expected] == [event["uid"] for event in events]


async def test_changes_and_removals_take_two_calls(client: Any, world: Any, clock: Any) -> None:
    """A cancelled event comes with its status, a removed one only where removals are asked for."""
    clock.forward(minutes=1)
    since = {"updatedAt[gte]": "2026-11-23T09:00:00.000Z"}
    assert await read(client, **since) == []
    cancel_listing(world)
    remove_listing(world)
    [cancelled] = await read(client, detailed="1", **since)
    [removed] = await read(client, removed="1", **since)
    assert cancelled["status"] == 6
    assert set(removed) == {"uid", "updatedAt"}
    assert len(await read(client, removed="null", **since)) == 2


async def test_a_key_is_asked_for(client: Any) -> None:
    """403 without the key or with another; the key may travel as a header; an unknown agenda is 404."""
    assert (await client.get("agenda", PATH))[0] == 403
    assert (await client.get("agenda", PATH, params={"key": "autre"}))[0] == 403
    assert (await client.get("agenda", PATH, headers={"key": KEY}))[0] == 200
    assert (await client.get("agenda", "/v2/agendas/1/events", params={"key": KEY}))[0] == 404
    assert (await client.get("agenda", PATH, params={"key": KEY, "after[]": "hier"}))[0] == 400


async def test_the_odd_events_every_agenda_has(client: Any) -> None:
    """Two halls of one name, an online event without place, a cancelled one, one without French, past ones."""
    events = await read(client, detailed="1")
    halls = [event["location"] for event in events if (event["location"] or {}).get("name") == "Salle des fêtes"]
    assert {hall["city"] for hall in halls} == {"Erstein", "Mèze"}
    assert len({hall["uid"] for hall in halls}) == 2
    assert [event["attendanceMode"] for event in events if event["location"] is None] == [2]
    assert 6 in {event["status"] for event in events}
    assert [list(event["title"]) for event in events if "fr" not in event["title"]] == [["de"]]
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert any(datetime.fromisoformat(event["lastTiming"]["end"]) < now for event in events)
    summary = await read(client)
    assert "timings" not in summary[0]


async def test_an_evening_in_guyane_is_the_next_day_in_utc(client: Any) -> None:
    """Sessions of Saint-Laurent-du-Maroni begin on another date in UTC than on the spot."""
    events = await read(client, detailed="1")
    begins = [
        datetime.fromisoformat(timing["begin"])
        for event in events
        if event["timezone"] == "America/Cayenne"
        for timing in event["timings"]
    ]
    assert any(begin.date() != begin.astimezone(UTC).date() for begin in begins)


async def test_the_agenda_tells_the_theatres_shows_in_other_words(client: Any, world: Any) -> None:
    """Every show of the ticketings is in the agenda, at the same hours, under another title."""
    events = await read(client, detailed="1")
    hours = {
        (event["location"]["insee"], tuple(timing["begin"] for timing in event["timings"])): event["title"]
        for event in events
        if event["location"]
    }
    for season in world.seasons.values():
        for show in season.shows:
            if show.author:
                begins = tuple(timing.starts_at.isoformat() for timing in show.timings)
                told = hours[(season.place.insee, begins)]["fr"]
                assert told != show.title
                assert show.title.lower() in told.lower()
