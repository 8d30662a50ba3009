"""XML read safely: nothing expanded, nothing fetched, bounded in depth and size; and answers that are one document."""

from __future__ import annotations

import html.entities
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

from lxml import etree

from connectors.texts import line
from net.charsets import decode
from net.errors import FeedChanged

if TYPE_CHECKING:
    Element: TypeAlias = etree._Element
else:
    Element = object

_NAMED = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_CONTROL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]|&#(?:x0*1?[0-8bcefBCEF]|0*(?:[0-8]|1[124-9]|2[0-9]|3[01]));"
)
_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_DOCTYPE = re.compile(r"<!DOCTYPE[^<>\[]*(?:\[[^\]]*\]\s*)?>", re.IGNORECASE)
_HEAD = 2000


def parser() -> etree.XMLParser:
    """Expands nothing, fetches nothing, bounded in depth and size by libxml2."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def mended(content: str) -> tuple[str, list[str]]:
    """A text without control characters and HTML's named entities, and what was done to it, in French."""
    cleaned = _CONTROL.sub("", content)
    notes = [] if cleaned == content else ["caractères de contrôle ôtés"]
    return _NAMED.sub(_character, cleaned), notes


def document_of(body: bytes, *, place: str, declared: str | None = None) -> Element:
    """The root element of a whole document, whatever charset it declares.

    Bytes that are UTF-8 are read as such. Raises FeedChanged naming the place and line: a page of HTML, a cut or
    ill-formed document, one with a document type, since nothing a provider answers needs one.
    """
    text = decode(body, declared or _declared(body)).text.lstrip("\ufeff")
    bare = _DECLARATION.sub("", text, count=1).strip()
    if not bare:
        raise FeedChanged("réponse vide au lieu de XML", place=place)
    if (kind := _DOCTYPE.search(bare[:_HEAD])) is not None or bare[:_HEAD].lower().startswith("<html"):
        is_html = bare[:_HEAD].lower().startswith("<html") or (kind and "html" in kind[0].lower())
        raise FeedChanged(
            "page HTML au lieu de XML" if is_html else "déclaration de type (DOCTYPE) refusée", place=place
        )
    try:
        return etree.fromstring(bare.encode("utf-8", "replace"), parser())
    except etree.XMLSyntaxError:
        pass  # again below, mended
    try:
        return etree.fromstring(mended(bare)[0].encode("utf-8", "replace"), parser())
    except etree.XMLSyntaxError as error:
        raise FeedChanged(f"XML mal formé : {error.msg}", place=place) from None


def local(element: Element) -> str:
    """The name without its namespace; empty for comments."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(parent: Element, name: str) -> Element | None:
    """The first child of that local name, in any namespace."""
    return next(parent.iterchildren(f"{{*}}{name}"), None)


def told(parent: Element, *names: str, longest: int = 1000) -> str | None:
    """The text of the first child that has one, of the first of `names`, on one line."""
    for name in names:
        for one in parent.iterchildren("{*}" + name):
            if (text := text_of(one)) and (found := line(text, longest=longest)) is not None:
                return found
    return None


def all_told(parent: Element, tags: Sequence[str], *, longest: int = 1000) -> dict[str, str]:
    """By local name what `told` says of each of these tags (`{*}name`), in one pass."""
    found: dict[str, str] = {}
    for one in parent.iterchildren(*tags):
        name = local(one)
        if name not in found and (text := text_of(one)) and (said := line(text, longest=longest)) is not None:
            found[name] = said
    return found


def text_of(element: Element) -> str:
    """All its text, markup gone, white space as it is."""
    return "".join(str(part) for part in element.itertext()) if len(element) else element.text or ""


def raw_of(element: Element) -> bytes:
    """The element as bytes, for the quarantine."""
    return bytes(etree.tostring(element, encoding="utf-8", with_tail=False))


def _declared(body: bytes) -> str | None:
    found = re.match(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""", body[:400])
    return found[1].decode("ascii") if found else None


def _character(entity: re.Match[str]) -> str:
    """The character of a named entity of HTML; XML's own and unknown ones are left to the parser."""
    if entity[1] in _XML:
        return entity[0]
    return html.entities.html5.get(f"{entity[1]};", entity[0])
