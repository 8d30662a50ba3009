"""What a web page says in schema.org's words: its JSON-LD scripts and its microdata, as one kind of node.

JSON-LD as sites write it: comments, control characters, trailing commas, arrays, `@graph`, `@id` of a node in another
script. Microdata by the HTML standard's rules, sections 5.2.2 to 5.2.4 of the WHATWG text, with the pages' own errors
(a `meta` that was never closed swallows nothing). No JSON-LD processor runs and no context is fetched.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urljoin

from lxml import etree
from lxml.html import HtmlElement, HTMLParser, document_fromstring

from connectors.rows import parsed
from connectors.texts import plain
from net.answers import Answer, decimal_of
from net.errors import FeedChanged

Node = dict[str, Any]
MAX_NODES = 200_000
_DEEPEST = 40
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_COMMENT = re.compile(
    r"^\s*(?:<!--|/\*\s*<!\[CDATA\[\s*\*/|//\s*<!\[CDATA\[|<!\[CDATA\[)|(?:-->|/\*\s*\]\]>\s*\*/|//\s*\]\]>|\]\]>)\s*;?\s*$"
)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_LINE_COMMENT = re.compile(r"^\s*//.*$", re.MULTILINE)
_ADDRESSED = {"a": "href", "area": "href", "link": "href", "img": "src", "audio": "src", "video": "src",
              "source": "src", "iframe": "src", "embed": "src", "object": "data", "track": "src"}  # fmt: skip


def nodes_of(answer: Answer, *, place: str) -> tuple[list[Node], list[str]]:
    """The top nodes of a page or of a bare JSON-LD document, and the scripts that could not be read.

    Raises FeedChanged for what is neither HTML nor JSON.
    """
    text = answer.decode().text.lstrip("\ufeff")
    start = text.lstrip()[:1]
    if start in ("{", "["):
        try:
            return list(_tops(_loaded(text))), []
        except ValueError:
            raise FeedChanged("JSON-LD mal formé", place=place) from None
    if start != "<" or (text.lstrip().startswith("<?xml") and "<html" not in text[:4096].lower()):
        raise FeedChanged("ni page HTML ni JSON-LD", place=place)
    page = _page(text, place)
    nodes: list[Node] = []
    broken: list[str] = []
    for script in page.iter("script"):
        kind = (script.get("type") or "").lower()
        if "ld+json" in kind and (body := script.text_content() or script.text or "").strip():
            try:
                nodes.extend(_tops(_loaded(body)))
            except ValueError:
                broken.append(body)
    base = next((tag.get("href") for tag in page.iter("base") if tag.get("href")), "") or ""
    nodes.extend(_microdata(page, urljoin(answer.url, base) if base else answer.url))
    if len(nodes) > MAX_NODES:
        raise FeedChanged(f"plus de {MAX_NODES} nœuds", place=place)
    return nodes, broken


def _page(text: str, place: str) -> HtmlElement:
    parser = HTMLParser(no_network=True, huge_tree=False, recover=True, encoding="utf-8")
    try:
        page = document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        raise FeedChanged("page HTML illisible", place=place) from None
    return page


def _loaded(text: str) -> Any:
    """The JSON of a script, mended where sites break it. Raises ValueError where it cannot be."""
    with suppress(ValueError, RecursionError):
        return parsed(text)
    tries = (
        lambda told: told,
        lambda told: told,
        lambda told: _CONTROL.sub(" ", _COMMENT.sub("", told)),
        lambda told: _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", _LINE_COMMENT.sub("", _COMMENT.sub("", told)))),
        lambda told: _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", html.unescape(told))),
    )
    for mended in tries:
        try:
            return json.loads(mended(text), parse_float=decimal_of, strict=False)
        except (ValueError, RecursionError):
            continue
    raise ValueError("JSON-LD mal formé")


def _tops(document: Any, depth: int = 0) -> Iterator[Node]:
    """The nodes at the top; microdata that another tool wrote as JSON, `{type, properties}`, as nodes too."""
    if isinstance(document, list) and depth < _DEEPEST:
        for one in document:
            yield from _tops(one, depth + 1)
    elif isinstance(document, dict):
        graph = document.get("@graph")
        if isinstance(graph, list):
            yield from _tops(graph, depth + 1)
        elif isinstance(document.get("properties"), dict) and "type" in document and "@type" not in document:
            yield _of_item(document, 0)
        else:
            yield document


def _of_item(value: Any, depth: int) -> Any:
    if isinstance(value, list) and depth < _DEEPEST:
        return [_of_item(one, depth + 1) for one in value]
    if isinstance(value, dict) and isinstance(value.get("properties"), dict) and depth < _DEEPEST:
        kinds = value.get("type")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        node = {name: _of_item(one, depth + 1) for name, one in value["properties"].items()}
        return node | {"@type": kinds} | ({"@id": value["id"]} if "id" in value else {})
    return value


def _microdata(page: HtmlElement, base: str) -> Iterator[Node]:
    by_id = {tag.get("id"): tag for tag in page.iter() if isinstance(tag.tag, str) and tag.get("id")}
    for tag in page.iter():
        if isinstance(tag.tag, str) and "itemscope" in tag.attrib and "itemprop" not in tag.attrib:
            yield _item(tag, by_id, base, 0)


def _item(tag: HtmlElement, by_id: dict[str | None, HtmlElement], base: str, depth: int) -> Node:
    node: Node = {"@type": (tag.get("itemtype") or "").split()}
    if tag.get("itemid"):
        node["@id"] = tag.get("itemid")
    roots = [tag, *(by_id[name] for name in (tag.get("itemref") or "").split() if name in by_id)]
    if depth > _DEEPEST:
        return node
    for root in roots:
        for found in _properties(root, is_item=root is tag):
            names = (found.get("itemprop") or "").split()
            value = _item(found, by_id, base, depth + 1) if "itemscope" in found.attrib else _value(found, base)
            for name in names:
                if name in node:
                    told = node[name] if isinstance(node[name], list) else [node[name]]
                    node[name] = [*told, value]
                else:
                    node[name] = value
    return node


def _properties(root: HtmlElement, *, is_item: bool) -> Iterator[HtmlElement]:
    """The elements with `itemprop` of one item, none of those of an item inside it."""
    waiting = list(reversed(root)) if is_item else [root]
    while waiting:
        tag = waiting.pop()
        if not isinstance(tag.tag, str):
            continue
        if "itemprop" in tag.attrib:
            yield tag
        if "itemscope" not in tag.attrib:
            waiting.extend(reversed(tag))


def _value(tag: HtmlElement, base: str) -> str | None:
    content = tag.get("content")
    if content is not None:
        return str(content)
    if tag.tag in _ADDRESSED:
        address = str(tag.get(_ADDRESSED[tag.tag]) or "")
        try:
            return urljoin(base, address)
        except ValueError:
            return address
    exact = {"time": "datetime", "data": "value", "meter": "value"}.get(tag.tag)
    if exact is not None and tag.get(exact):
        return str(tag.get(exact))
    return plain(tag.text_content(), longest=20_000)
