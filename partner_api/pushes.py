"""`/venues/{id}/stocks` and `/events`: batches that partners push, stored now and merged by a worker."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from edge.answers import answer
from edge.bodies import read_body, read_json
from edge.idempotency import idempotency_key
from partner_api.answers import JobTakenAnswer
from partner_api.errors import TooManyItems
from partner_api.keys import PARTNER_API, VENDOR
from partner_api.requests import MAX_ITEMS, EventsPushed, StocksPushed
from schemas.ids import internal_id, public_id
from schemas.records import Kind
from sync.push_items import Pushed, events_of, stocks_of
from sync.pushing import take_in

MAX_BYTES = 4 * 1024 * 1024


async def stocks(request: web.Request) -> web.Response:
    """Takes in what is on the shelf."""
    pushed = await read_json(request, StocksPushed, max_bytes=MAX_BYTES)
    return await _taken(request, stocks_of(pushed.stocks), idempotency_key(request))


async def events(request: web.Request) -> web.Response:
    """Takes in events with their sessions and stocks."""
    pushed = await read_json(request, EventsPushed, max_bytes=MAX_BYTES)
    return await _taken(request, events_of(pushed.events), idempotency_key(request))


async def delete_stock(request: web.Request) -> web.Response:
    """Takes in that a stock is gone; saying it again is harmless, so it needs no number."""
    gone = Pushed(Kind.STOCK, "$", {"key": request.match_info["ref"], "deleted": True})
    return await _taken(request, [gone], None)


async def _taken(request: web.Request, items: Sequence[Pushed], key: str | None) -> web.Response:
    if len(items) > MAX_ITEMS:
        raise TooManyItems(MAX_ITEMS)
    deps, vendor = request.app[PARTNER_API], request[VENDOR]
    venue_id = internal_id("venue", request.match_info["id"])
    ticket = await take_in(
        deps.pool,
        items,
        vendor_id=vendor.vendor_id,
        venue_id=venue_id,
        venue_ids=vendor.venue_ids,
        key=key,
        request=request.path.encode() + b"\n" + await read_body(request, max_bytes=MAX_BYTES),
    )
    await deps.ring("push", ticket.source_id)
    job_id = public_id("job", ticket.job_id)
    taken = JobTakenAnswer(id=job_id, venue_id=public_id("venue", venue_id), items=len(items))
    response = answer(taken, status=202)
    response.headers["Location"] = f"/partner/v1/jobs/{job_id}"
    return response
