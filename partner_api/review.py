"""`/review…`: questions about likeness, for the page of those who keep the référentiel.

The right is the house's own: no vendor's key has it (`accounts.keys.HOUSE_SCOPES`).
"""

from __future__ import annotations

from typing import cast

from aiohttp import web

from catalogue.kinds import MATCHED, KindCode
from catalogue.review import Verdict
from catalogue.verdicts import place_of
from edge.answers import answer
from edge.bodies import read_json
from edge.errors import InvalidParameter
from edge.paging import link_next, page_asked, write_cursor
from partner_api import review_answers as shown
from partner_api.keys import PARTNER_API, VENDOR
from partner_api.requests import NewVerdict
from partner_api.review_answers import QuestionsAnswer
from schemas.ids import internal_id


async def questions(request: web.Request) -> web.Response:
    """Those that wait, the most valuable answer first."""
    page = page_asked(request, shape=(int, int, int), default=20, most=99)
    after = None if page.after is None else (int(page.after[0]), int(page.after[1]), int(page.after[2]))
    found = await request.app[PARTNER_API].reviews.open(kind=_kind(request), after=after, limit=page.limit + 1)
    response = answer(QuestionsAnswer(questions=[shown.question(one) for one in found[: page.limit]]))
    link_next(response, request, write_cursor(*place_of(found[page.limit - 1])) if len(found) > page.limit else None)
    return response


async def question(request: web.Request) -> web.Response:
    """One question side by side, and its answer where there is one."""
    id_ = _question(request)
    asked, given = await request.app[PARTNER_API].reviews.one(id_)
    return answer(shown.question_with_answer(id_, asked, given))


async def decide(request: web.Request) -> web.Response:
    """The answer as it stands now; the same again changes nothing."""
    wanted, vendor = await read_json(request, NewVerdict), request[VENDOR]
    given = await request.app[PARTNER_API].reviews.answer(
        _question(request), cast(Verdict, wanted.verdict), by=vendor.prefix, actor=vendor.actor
    )
    return answer(shown.given(given))


async def undo(request: web.Request) -> web.Response:
    """204: the question is open again, and what its answer did is undone."""
    vendor = request[VENDOR]
    await request.app[PARTNER_API].reviews.take_back(_question(request), by=vendor.prefix, actor=vendor.actor)
    return web.Response(status=204)


def _question(request: web.Request) -> int:
    return internal_id("question", request.match_info["id"])


def _kind(request: web.Request) -> KindCode | None:
    asked, names = request.query.get("kind"), {one.name.lower(): one for one in MATCHED}
    if asked is not None and asked not in names:
        raise InvalidParameter(f"kind : {', '.join(names)}.", parameter="kind")
    return None if asked is None else names[asked]
