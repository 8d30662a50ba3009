"""The documents of `docs/`, served where their own links expect them: HTML for browsers, their text for others."""

from __future__ import annotations

import asyncio
import posixpath
from functools import cache
from pathlib import Path

from aiohttp import hdrs, web

from service.pages.contracts import SUFFIX, for_people
from service.pages.layout import page
from service.pages.rendering import Rendered, render
from service.settings import CHECKOUT

INDEX = "README.md"
SUFFIXES = frozenset({".md", SUFFIX})


@cache
def served() -> dict[str, Path]:
    """Every document by its path below `docs/`. What is not in it is not served: no path is ever put together."""
    folder = CHECKOUT / "docs"
    found = (path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in sorted(found)}


async def document(request: web.Request) -> web.Response:
    """A document; `/docs/` is their list. Raises HTTPNotFound."""
    name = request.match_info["path"] or INDEX
    path = served().get(name)
    if path is None:
        raise web.HTTPNotFound
    if "text/html" in request.headers.get(hdrs.ACCEPT, ""):
        made = await asyncio.to_thread(rendered, name)
        response = page(made.title, made.body, language=made.language)
    else:
        text = await asyncio.to_thread(path.read_text, "utf-8")
        response = web.Response(text=text, content_type="text/markdown", charset="utf-8")
    response.headers[hdrs.VARY] = hdrs.ACCEPT
    return response


async def to_index(_: web.Request) -> web.Response:
    """Leads to the list of documents."""
    raise web.HTTPMovedPermanently("/docs/")


@cache
def rendered(name: str) -> Rendered:
    """A served document as HTML, made once."""
    folder = posixpath.dirname(name)
    text = served()[name].read_text("utf-8")
    text = for_people(text) if name.endswith(SUFFIX) else text
    return render(text, is_served=lambda target: posixpath.normpath(posixpath.join(folder, target)) in served())
