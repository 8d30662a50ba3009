"""The change feed: which published things changed, in commit order, so that a copy can be kept up to date."""

from __future__ import annotations

from aiohttp import hdrs, web

from catalogue.changes import LoggedChange, read, tail
from edge.answers import answer
from edge.compression import compressed
from edge.errors import InvalidParameter
from edge.paging import next_page
from open_data.answers import Change, Changes
from open_data.keys import OPEN_DATA
from schemas.ids import HIGHEST, public_id

MOST = 1000
TAIL = "latest"
"""In place of a position: where the log ends now."""


async def changes(request: web.Request) -> web.Response:
    """What changed after the position `after`; reading on from the answer's `after` never misses a change.

    It names what changed, whatever the licence of its sources, and says nothing of its content: a thing that
    has closed must be dropped from copies.
    """
    is_tail = request.query.get("after") == TAIL
    after = 0 if is_tail else _whole(request, "after", 0, least=0, most=HIGHEST)
    limit = _whole(request, "limit", MOST, least=1, most=MOST)
    async with request.app[OPEN_DATA].pool.acquire() as conn:
        after = await tail(conn) if is_tail else after
        logged = await read(conn, after, limit)
    last = logged[-1].position if logged else after
    said = Changes(changes=[_shown(change) for change in logged], after=last)
    return compressed(request, answer(said, headers={hdrs.LINK: next_page(request, {"after": str(last)})}))


def _shown(change: LoggedChange) -> Change:
    kind = change.kind.name.lower()
    return Change(
        position=change.position,
        kind=kind,
        id=public_id(kind, change.entity_id),
        op=change.op.name.lower(),
        changed_at=change.changed_at,
    )


def _whole(request: web.Request, name: str, default: int, *, least: int, most: int) -> int:
    text = request.query.get(name, str(default))
    value = int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(most)) else -1
    if not least <= value <= most:
        raise InvalidParameter(f"{name} doit être un entier de {least} à {most}.", parameter=name)
    return value
