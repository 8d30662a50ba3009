"""One answer whose items are XML elements that may hold elements of the same name: OAI-PMH, SRU, ILS-DI.

Read whole where it is well-formed. Where it is not, each item is read alone, so that a broken one takes no neighbour
with it, and a page that is cut gives what was whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from connectors.xml_elements import Element, document_of, mended, parser
from net.charsets import decode
from net.errors import FeedChanged

_PREFIXES = re.compile(rb"""xmlns(?::[\w.-]+)?\s*=\s*(?:"[^"<]*"|'[^'<]*')""")


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its element, or its bytes and why they are none."""

    element: Element | None
    raw: bytes = b""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """The root, without the items where they had to be read one by one; and the items."""

    root: Element
    items: list[Item]
    why_cut: FeedChanged | None = None
    """What the caller raises after the items."""


def page_of(body: bytes, name: str, *, place: str) -> Page:
    """The outermost elements of that local name, and what stands around them. Raises FeedChanged for no XML at all."""
    try:
        root = document_of(body, place=place)
    except FeedChanged as failure:
        spans = list(_spans(body, name))
        if not spans:
            raise
        return _mended(body, spans, failure, place)
    return Page(root, [Item(one) for one in _outermost(root, name)])


def _outermost(root: Element, name: str) -> Iterator[Element]:
    if root.tag == name or (isinstance(root.tag, str) and root.tag.endswith(f"}}{name}")):
        yield root
        return
    for one in root.iterchildren():
        yield from _outermost(one, name)


def _spans(body: bytes, name: str) -> Iterator[tuple[int, int]]:
    """Where each outermost item begins and ends; one without an end is not told."""
    tag = re.compile(rb"<(/?)(?:[\w.-]+:)?" + name.encode() + rb"(?=[\s/>])[^<>]*?(/?)>")
    depth, start = 0, 0
    for found in tag.finditer(body):
        if found[2]:
            if not depth:
                yield found.span()
        elif not found[1]:
            start = start if depth else found.start()
            depth += 1
        elif depth:
            depth -= 1
            if not depth:
                yield start, found.end()


def _mended(body: bytes, spans: list[tuple[int, int]], failure: FeedChanged, place: str) -> Page:
    edges = [0, *(edge for span in spans for edge in span), len(body)]
    around = b" ".join(body[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True))
    declared = b" ".join(dict.fromkeys(_PREFIXES.findall(body[: spans[0][0]]))).decode("ascii", "ignore")
    items = [_item(body[start:end], declared) for start, end in spans]
    try:
        return Page(document_of(around, place=place), items)
    except FeedChanged:
        return Page(etree.Element("cut"), items, failure)


def _item(raw: bytes, declared: str) -> Item:
    text, _ = mended(decode(raw).text)
    for prefixes in (declared, ""):
        try:
            return Item(etree.fromstring(f"<w {prefixes}>{text}</w>".encode("utf-8", "replace"), parser())[0])
        except etree.XMLSyntaxError as error:
            why = f"XML mal formé : {error.msg}"
    return Item(None, raw, why)
