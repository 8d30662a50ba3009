"""`/runs/{id}`: the report of one run, and letting pass what a guard held back in it."""

from __future__ import annotations

from aiohttp import web

from edge.answers import answer
from partner_api import shown
from partner_api.keys import PARTNER_API, VENDOR
from schemas.ids import internal_id
from sync.releases import ask_release
from sync.venue_reports import run_of


async def run(request: web.Request) -> web.Response:
    """A run of a source of the caller's venues."""
    run_id = internal_id("run", request.match_info["id"])
    async with request.app[PARTNER_API].pool.acquire() as conn:
        report = await run_of(conn, run_id, request[VENDOR].venue_ids)
    return answer(shown.run(report))


async def release(request: web.Request) -> web.Response:
    """Lets a guarded run pass in the name of the key's vendor; a worker does it."""
    deps, vendor = request.app[PARTNER_API], request[VENDOR]
    run_id = internal_id("run", request.match_info["id"])
    async with deps.pool.acquire() as conn:
        await ask_release(conn, run_id, vendor.venue_ids, actor=vendor.actor)
    await deps.ring("release", run_id)
    return web.Response(status=202, headers={"Location": f"/partner/v1/runs/{request.match_info['id']}"})
