"""Ticketmaster Discovery: dates known, half known and unknown, segments, pages that are not the ones asked for."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import web

from connectors.base import Change, Checkpoint, Reject, Upsert
from connectors.registry import SettingsRefused, build
from net.errors import AccessDenied, FeedChanged
from schemas.records import Event, Session, Venue

COUNTS = {"size": 20, "totalElements": 1, "totalPages": 1, "number": 0}


def of(changes: list[Change], kind: type) -> list[Any]:
    return [one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, kind)]


async def test_dates_are_told_as_far_as_they_are_known(fixtures, gather) -> None:
    """An hour, a day without one, no date at all; postponed to nobody knows when is cancelled."""
    changes = await gather("ticketmaster", fixtures / "ticketmaster")
    sessions = {one.ref.key: one for one in of(changes, Session)}
    assert sorted(sessions) == ["Z1", "Z2", "Z4"]
    assert f"{sessions['Z1'].begins_at:%d %H:%M}" == "12 19:00"
    assert sessions["Z2"].features == ["journée entière"]
    assert sessions["Z4"].cancelled
    assert [one.subcategory for one in of(changes, Event)] == [
        "CONCERT",
        "SPECTACLE_REPRESENTATION",
        "CONCERT",
        "CONCERT",
    ]
    assert [one.why for one in changes if isinstance(one, Reject)] == ["hors du pass Culture : Sports", "id manque"]
    assert [one.name for one in of(changes, Venue)] == ["Zénith", "Le Quai"]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"page": COUNTS | {"number": 3}}, "page 3 au lieu de la page 0"),
        ({"page": COUNTS | {"totalElements": 5000}}, "5000 événements en une heure"),
        ({"errors": [{"detail": "Max paging depth exceeded"}]}, "Max paging depth"),
        ({"fault": {"faultstring": "Rate limit"}}, "Rate limit"),
        ({"_embedded": {"events": []}}, "réponse sans page"),
        ([], "réponse sans page"),
    ],
)
async def test_answers_that_make_no_sense_are_named(answer: Any, why: str, http, serve, pull, clock) -> None:
    """None of them is taken for the end of the list."""

    async def events(request: web.Request) -> web.Response:
        return web.json_response(answer)

    app = web.Application()
    app.router.add_get("/discovery/v2/events.json", events)
    connector = build("ticketmaster", {"base_url": await serve(app), "key": "k"}, http, clock=clock)
    with pytest.raises(FeedChanged, match=why):
        await pull(connector)


async def test_a_short_window_sweeps_nothing(http, serve, pull, clock) -> None:
    """Fewer events than announced: what is missing must not count as gone."""

    async def events(request: web.Request) -> web.Response:
        return web.json_response({"page": COUNTS})

    app = web.Application()
    app.router.add_get("/discovery/v2/events.json", events)
    settings = {"base_url": await serve(app), "key": "k", "days_ahead": "20"}
    changes = await pull(build("ticketmaster", settings, http, clock=clock))
    assert isinstance(changes[-1], Checkpoint)
    assert not changes[-1].complete


async def test_a_refused_key_and_a_missing_one(http, serve, pull, clock) -> None:
    """401 pauses the source; without a key it is not even registered."""

    async def events(request: web.Request) -> web.Response:
        return web.json_response({"fault": {}}, status=401)

    app = web.Application()
    app.router.add_get("/discovery/v2/events.json", events)
    with pytest.raises(AccessDenied):
        await pull(build("ticketmaster", {"base_url": await serve(app), "key": "k"}, http, clock=clock))
    with pytest.raises(SettingsRefused, match="key"):
        build("ticketmaster", {}, http, clock=clock)
