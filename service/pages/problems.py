"""One page a problem, where each `type` leads: what `docs/problems.md` says of it."""

from __future__ import annotations

import html
import re
from functools import cache

from aiohttp import web

from service.pages.documents import served
from service.pages.layout import page
from service.pages.rendering import render

SOURCE = "problems.md"
_SECTION = re.compile(r"^## (?P<slug>\S+)\n(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_HEAD = re.compile(r"\*\*(?P<status>\d+) · (?P<title>[^*]+)\*\*")


@cache
def described() -> dict[str, str]:
    """What is said of each problem, as Markdown, by slug."""
    return {found["slug"]: found["text"].strip() for found in _SECTION.finditer(served()[SOURCE].read_text("utf-8"))}


async def problem(request: web.Request) -> web.Response:
    """What a problem means and what to do about it; 404 for none of ours."""
    slug = request.match_info["slug"]
    text = described().get(slug)
    head = _HEAD.match(text or "")
    if text is None or head is None:
        raise web.HTTPNotFound
    body = render(text, is_served=lambda _: False).body
    return page(
        head["title"],
        f'<h1>{html.escape(head["title"])}</h1><p class="lead"><code>/problems/{html.escape(slug)}</code></p>{body}'
        "<p>Dans la réponse, <code>detail</code> dit ce qui s'est passé cette fois-ci, et <code>requestId</code> la "
        'retrouve dans nos journaux.</p><p><a href="/docs/problems.md">Tous les problèmes</a></p>',
    )
