"""The simulated ticketings keep the promises of the 2018 event API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sandbox.changes import move_performance
from sandbox.season import Season


async def pages(client: Any, season: Season, kind: str, **asked: str) -> list[dict[str, Any]]:
    """All rows of a kind, in pages of whole keys."""
    headers = {"Authorization": f"Basic {season.token}"}
    key = "uid" if kind == "events" else "ref"
    rows: list[dict[str, Any]] = []
    params = {"limit": "7", **asked}
    while True:
        status, page = await client.get("theatre", f"/{kind}/{season.place.siret}", params=params, headers=headers)
        assert status == 200
        found = page[kind]
        if not found:
            return rows
        assert found[0][key] > params.get("after", ""), "the page starts strictly after the cursor"
        if len(found) >= page["limit"]:
            found = [row for row in found if row[key] != found[-1][key]]
        rows += found
        params["after"] = found[-1][key]


async def test_events_and_stocks_are_told_once_and_fit_together(client: Any, world: Any) -> None:
    """Every stock names a performance that the events tell, at two or three prices."""
    for season in world.seasons.values():
        events = await pages(client, season, "events")
        stocks = await pages(client, season, "stocks")
        assert [show.uid for show in season.shows] == [event["uid"] for event in events]
        assert len(season.rows) == len(stocks)
        timings = {timing["uid"] for event in events for timing in event["timings"]}
        assert {stock["ref"] for stock in stocks} <= timings
        prices = [sum(other["ref"] == stock["ref"] for other in stocks) for stock in stocks]
        assert set(prices) == {2, 3}


async def test_what_is_wrong_is_there_to_be_rejected(client: Any, world: Any) -> None:
    """One ticketing has an unknown category and a performance without offset; all others have offsets."""
    events = await pages(client, world.season("tgp"), "events")
    assert "escape_room" in {event["category"] for event in events}
    starts = [datetime.fromisoformat(timing["start"]) for event in events for timing in event["timings"]]
    assert sum(start.tzinfo is None for start in starts) == 1


async def test_an_incremental_read_tells_the_moved_performance(client: Any, world: Any, clock: Any) -> None:
    """A performance moved after the last reading is told under the same uid, with its event and nothing else."""
    season = world.season("quartz")
    since = "2026-11-23T09:00:00.000Z"
    clock.forward(minutes=1)
    assert await pages(client, season, "events", modifiedSince=since) == []
    before = season.shows[1].timings[0].starts_at
    move_performance(world)
    [event] = await pages(client, season, "events", modifiedSince=since)
    assert event["uid"] == season.shows[1].uid
    assert datetime.fromisoformat(event["timings"][0]["start"]) > before


async def test_a_ticketing_asks_for_its_token(client: Any, world: Any) -> None:
    """401 without the token, 404 for an unknown venue."""
    siret = world.season("tgp").place.siret
    assert (await client.get("theatre", f"/events/{siret}"))[0] == 401
    assert (await client.get("theatre", "/events/00000000000000"))[0] == 404
