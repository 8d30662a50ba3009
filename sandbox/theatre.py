"""The theatres' ticketing over HTTP: the 2018 event API, `GET /events/{siret}` and `GET /stocks/{siret}`.

A row of the stocks names a performance by its `timings.uid`; one performance has several rows, told apart by
their price.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.clock import zulu
from sandbox.faults import Faults
from sandbox.season import Season, Show, Timing
from sandbox.stock_paging import Page, answer, check_token, refusal

EVENT_CAP = 50
STOCK_CAP = 200


def build(seasons: Mapping[str, Season], faults: Faults) -> web.Application:
    """Returns the application over `seasons`, by SIRET."""

    def season_of(request: web.Request) -> Season:
        season = seasons.get(request.match_info["siret"])
        if season is None:
            raise refusal(404, "siret", "Ce SIRET est inconnu.")
        check_token(request, season.token)
        return season

    async def events(request: web.Request) -> web.Response:
        season = season_of(request)
        page = Page.asked(request, cap=EVENT_CAP)
        shows, total, offset = page.of(season.shows, key=lambda show: show.uid, changed=lambda show: show.updated_at)
        return answer(
            {
                "total": total,
                "limit": page.limit,
                "offset": offset,
                "events": [_shown(show) for show in shows],
            }
        )

    async def stocks(request: web.Request) -> web.Response:
        season = season_of(request)
        page = Page.asked(request, cap=STOCK_CAP)
        rows, total, offset = page.of(season.rows, key=lambda row: row.ref, changed=lambda row: row.modified_at)
        shown = [{"ref": row.ref, "available": row.available, "price": row.price} for row in rows]
        return answer({"total": total, "limit": page.limit, "offset": offset, "stocks": shown})

    app = web.Application(middlewares=[faults.middleware()])
    app.router.add_get("/events/{siret}", events)
    app.router.add_get("/stocks/{siret}", stocks)
    return app


def _shown(show: Show) -> dict[str, Any]:
    by = f", de {show.author}" if show.author else ""
    return {
        "uid": show.uid,
        "title": {"fr": show.title},
        "description": {"fr": f"{show.title}{by}."},
        "accessibility": ["mi", "hi"],
        "updatedAt": zulu(show.updated_at),
        "category": show.category,
        "tags": [f"author:{show.author}"] if show.author else [],
        "timings": [_timed(timing) for timing in show.timings],
    }


def _timed(timing: Timing) -> dict[str, str]:
    starts_at, ends_at = timing.starts_at, timing.ends_at
    if timing.naive:
        starts_at, ends_at = starts_at.replace(tzinfo=None), ends_at.replace(tzinfo=None)
    return {"uid": timing.uid, "start": starts_at.isoformat(), "end": ends_at.isoformat()}
