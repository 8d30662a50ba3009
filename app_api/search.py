"""`GET /offers`: offers by words, place and kind, for anybody."""

from __future__ import annotations

import re

from aiohttp import web

from app_api import shown
from app_api.answers import FoundOffers
from app_api.keys import APP_API
from catalogue.offers import read_offers
from catalogue.search import MOST_RESULTS, Query, search
from edge.answers import answer
from edge.compression import compressed
from edge.errors import InvalidParameter
from edge.etags import kept_by_etag
from edge.paging import link_next, page_asked, write_cursor
from schemas.taxonomy import SUBCATEGORIES

MOST = 50
LONGEST = 200
_DEPARTMENT = re.compile(r"[0-9]{2,3}|2[AB]")


async def offers(request: web.Request) -> web.Response:
    """A page of offers, the best fit first, then the soonest. Nobody is shown more than `MOST_RESULTS`."""
    deps, now = request.app[APP_API], request.app[APP_API].clock()
    page = page_asked(request, shape=(int,), default=20, most=MOST)
    offset = max(0, int(page.after[0])) if page.after else 0
    async with deps.pool.acquire() as conn:
        ids = await search(conn, _query(request, page.limit + 1, offset), at=now)
        read = {offer.id: offer for offer in await read_offers(conn, ids[: page.limit], at=now)}
    response = answer(FoundOffers(offers=[shown.found(read[id_]) for id_ in shown.public(ids) if id_ in read]))
    end = offset + page.limit
    link_next(response, request, write_cursor(end) if len(ids) > page.limit and end < MOST_RESULTS else None)
    return compressed(request, kept_by_etag(request, response, "no-cache"))


def _query(request: web.Request, limit: int, offset: int) -> Query:
    words, department = request.query.get("q", ""), request.query.get("department")
    if len(words) > LONGEST or "\0" in words:
        raise InvalidParameter(f"q est un texte de {LONGEST} caractères au plus.", parameter="q")
    if department is not None and not _DEPARTMENT.fullmatch(department):
        raise InvalidParameter("department est un code de département : 67, 2A, 973…", parameter="department")
    subcategories = tuple(request.query.getall("subcategory", []))
    if unknown := [one for one in subcategories if one not in SUBCATEGORIES]:
        raise InvalidParameter(f"Sous-catégorie inconnue : {unknown[0][:60]}.", parameter="subcategory")
    return Query(words=words, department=department, subcategories=subcategories, limit=limit, offset=offset)
