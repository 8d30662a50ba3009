"""Reading the finished provider API: an opaque cursor a route, deletions told, a whole reading where it expired."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec.structs import replace

from connectors.base import Change, Checkpoint, Cursor
from connectors.documents import json_of
from connectors.places import Place, checkpoint
from connectors.stocks_api_finished import ROUTES, Reader
from net.answers import Answer
from net.errors import FeedChanged

Ask = Callable[[str, dict[str, str]], Awaitable[tuple[str, Answer]]]
"""(route, parameters) -> (place, answer): 200, or 410 for a cursor that has expired."""
MAX_PAGES = 20_000
_LONGEST_CURSOR = 300
_BEGINS = '{"form":"finie"'


class FinishedPlace(Place, frozen=True, kw_only=True, omit_defaults=True, tag_field="form", tag="finie"):
    """Where each route stands. `since` is not used: what a reading tells begins at its routes' cursors."""

    what: str = ""
    """The route being read; empty between two readings."""
    cursors: dict[str, str] = msgspec.field(default_factory=dict)
    whole: bool = True
    """This reading began without cursors: what it does not name is gone."""
    pages: int = 0
    rows: int = 0
    announced: int = 0
    told: int = 0
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class CursorPage:
    """One answer of the finished form."""

    rows: list[Any]
    deleted: list[Any]
    cursor: str
    more: bool
    total: int

    @classmethod
    def of(cls, document: Any, what: str, *, place: str) -> CursorPage:
        """Raises FeedChanged naming what the answer lacks."""
        rows = document.get(what) if isinstance(document, dict) else None
        if not isinstance(rows, list):
            raise FeedChanged(f"la réponse ne contient pas {what}", place=place)
        deleted, cursor, more = document.get("deleted", []), document.get("cursor"), document.get("more")
        if not isinstance(deleted, list) or not isinstance(more, bool):
            raise FeedChanged("deleted ou more manque", place=place)
        if not isinstance(cursor, str) or not 0 < len(cursor) <= _LONGEST_CURSOR:
            raise FeedChanged("cursor manque, ou est trop long", place=place)
        total = document.get("total")
        return cls(rows, deleted, cursor, more, total if isinstance(total, int) and total > 0 else 0)


def is_finished(document: Any) -> bool:
    """Whether an answer is of the finished form: it has a cursor, or rows that only that form has."""
    if not isinstance(document, dict):
        return False
    if isinstance(document.get("cursor"), str) and isinstance(document.get("more"), bool):
        return True
    return any(isinstance(document.get(what), list) for what in ("films", "sessions"))


def place_in(cursor: Cursor | None) -> FinishedPlace | None:
    """Where the cursor of a finished reading leads; None for a cursor of the 2018 form. Raises FeedChanged."""
    if cursor is None or not cursor.startswith(_BEGINS):
        return None
    try:
        return msgspec.json.decode(cursor, type=FinishedPlace)
    except msgspec.DecodeError:
        raise FeedChanged("point de reprise illisible") from None


def begun(place: FinishedPlace | None, started: str) -> FinishedPlace:
    """The reading that goes on from a cursor: midway as the same one, else a new one of what changed."""
    if place is None:
        return FinishedPlace(started=started)
    if place.what:
        return place
    return FinishedPlace(started=started, cursors=place.cursors, whole=False)


async def reading(
    ask: Ask, place: FinishedPlace, routes: list[str], page_size: int, reader: Callable[[bool], Reader]
) -> AsyncGenerator[Change]:
    """All routes from a place on, then the checkpoint that the next reading begins with.

    A cursor that has expired begins a whole reading. Raises FeedChanged naming a page that repeats or makes no sense.
    """
    if any(what not in ROUTES for what in routes) or (place.what and place.what not in routes):
        raise FeedChanged("point de reprise d'autres réglages")
    for what in routes[routes.index(place.what) if place.what else 0 :]:
        if what != place.what:
            place = replace(place, what=what, pages=0, rows=0, announced=0)
        seen: set[str] = set()
        while True:
            cursor = place.cursors.get(what)
            if place.pages >= MAX_PAGES:
                raise FeedChanged(f"plus de {MAX_PAGES} pages", place=what)
            params = {"limit": str(page_size)} | ({"cursor": cursor} if cursor else {})
            where, answer = await ask(what, params)
            if answer.status == 410:
                if place.whole and not place.pages:
                    raise FeedChanged("le curseur expire pendant la lecture", place=where)
                # All routes anew: a part of a snapshot sweeps nothing.
                fresh = FinishedPlace(started=place.started)
                async for change in reading(ask, fresh, routes, page_size, reader):
                    yield change
                return
            page = CursorPage.of(json_of(answer, place=where), what, place=where)
            if page.more and (page.cursor == cursor or page.cursor in seen):
                raise FeedChanged("le curseur se répète", place=where)
            seen.add(page.cursor)
            told = reader(place.whole)
            for change in told.changes(what, page.rows):
                yield change
            for change in told.gone(what, page.deleted):
                yield change
            place = replace(
                place,
                cursors=place.cursors | {what: page.cursor},
                pages=place.pages + 1,
                rows=place.rows + len(page.rows),
                announced=place.announced or page.total,
            )
            if not page.more:
                break
            expected = place.told + place.announced if place.announced else None
            if (point := checkpoint(place, read=place.told + place.rows, expected=expected)) is not None:
                yield point
        is_short = place.whole and place.rows < place.announced
        place = replace(place, is_short=place.is_short or is_short, told=place.told + place.rows)
    last = FinishedPlace(started=place.started, cursors=place.cursors)
    yield Checkpoint(
        Cursor(msgspec.json.encode(last).decode()), complete=place.whole and not place.is_short, read=place.told
    )
