"""`/sources`: how the software of the vendor's venues is read, and which of its rows were refused."""

from __future__ import annotations

from collections.abc import Sequence

from aiohttp import web

from edge.answers import answer
from edge.paging import link_next, page_asked, write_cursor
from partner_api import shown
from partner_api.answers import RejectsAnswer, SourcesAnswer
from partner_api.keys import PARTNER_API, VENDOR
from schemas.ids import internal_id
from sync.venue_reports import rejects_of, sources_of


async def sources(request: web.Request) -> web.Response:
    """The sources of the caller's venues, each with its last run."""
    page = page_asked(request, shape=(str,))
    after = internal_id("source", str(page.after[0])) if page.after else 0
    async with request.app[PARTNER_API].pool.acquire() as conn:
        found = await sources_of(conn, request[VENDOR].venue_ids, after=after, limit=page.limit + 1)
    told = [shown.source(source) for source in found]
    response = answer(SourcesAnswer(sources=told[: page.limit]))
    link_next(response, request, _cursor([source.id for source in told], page.limit))
    return response


async def rejects(request: web.Request) -> web.Response:
    """The rows of a source that wait to be mended, the newest first."""
    page = page_asked(request, shape=(str,))
    source_id = internal_id("source", request.match_info["id"])
    before = internal_id("reject", str(page.after[0])) if page.after else None
    async with request.app[PARTNER_API].pool.acquire() as conn:
        found = await rejects_of(conn, source_id, request[VENDOR].venue_ids, before=before, limit=page.limit + 1)
    told = [shown.reject(refused) for refused in found]
    response = answer(RejectsAnswer(rejects=told[: page.limit]))
    link_next(response, request, _cursor([refused.id for refused in told], page.limit))
    return response


def _cursor(ids: Sequence[str], limit: int) -> str | None:
    return write_cursor(ids[limit - 1]) if len(ids) > limit else None
