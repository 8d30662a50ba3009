"""A Markdown document as the body of a page.

Raw HTML in a document is shown as text. Headings get the anchors that GitHub gives them, so that a link works in both
places; a link to what is not served stays words.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

_NOT_IN_ANCHORS = re.compile(r"[^\w -]")
_INDENTS = {"h2": 0, "h3": 1, "h4": 2}
"""What the list of contents holds, and how far in."""
_CONTENTS_FROM = 6
"""A document of fewer headings needs no list of them."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A document for a page: its title as text, its body as safe HTML, its language."""

    title: str
    body: str
    language: str


def render(text: str, *, is_served: Callable[[str], bool]) -> Rendered:
    """The document as HTML. `is_served`: whether a relative link's target, without its anchor, has a page here."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    headings = [(token, tokens[place + 1]) for place, token in enumerate(tokens) if token.type == "heading_open"]
    for opening, inline in headings:
        opening.attrSet("id", anchor(_words(inline)))
    for token in tokens:
        _unlink(token.children or [], is_served)
    body = markdown.renderer.render(tokens, markdown.options, {})
    body = body.replace("<table>", '<div class="table"><table>').replace("</table>", "</table></div>")
    title = next((_words(inline) for opening, inline in headings if opening.tag == "h1"), "Document")
    parts = [(_words(inline), opening.tag) for opening, inline in headings if opening.tag in _INDENTS]
    end_of_title = body.find("</h1>") + len("</h1>") if "</h1>" in body else 0
    body = body[:end_of_title] + _contents(parts) + body[end_of_title:]
    return Rendered(title, body, "en" if text.count(" the ") > text.count(" les ") else "fr")


def anchor(heading: str) -> str:
    """The anchor of a heading."""
    return _NOT_IN_ANCHORS.sub("", heading.lower()).replace(" ", "-")


def _words(inline: Token) -> str:
    return "".join(child.content for child in inline.children or [])


def _unlink(children: list[Token], is_served: Callable[[str], bool]) -> None:
    """Makes plain words of links that would lead nowhere."""
    opened = None
    for child in children:
        if child.type == "link_open":
            target = str(child.attrGet("href"))
            leads = "://" in target or target.startswith(("#", "/", "mailto:")) or is_served(target.partition("#")[0])
            opened = child if leads else None
        if child.type in ("link_open", "link_close") and opened is None:
            child.type, child.tag, child.content, child.nesting, child.attrs = "text", "", "", 0, {}


def _contents(parts: list[tuple[str, str]]) -> str:
    if len(parts) < _CONTENTS_FROM:
        return ""
    lines = "".join(
        f'<li style="margin-left:{_INDENTS[tag]}rem"><a href="#{html.escape(anchor(words))}">'
        f"{html.escape(words)}</a></li>"
        for words, tag in parts
    )
    return f"<details><summary>Sommaire</summary><ul>{lines}</ul></details>"
