"""Reading elements of ONIX: children by name, texts without markup, composites by their type code.

A product is asked for some fifty things by name, most of which it does not have. So an element's children are sorted
by name once, when the first of them is asked for; what nobody asks for is never looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lxml import etree

from connectors.onix_tags import REFERENCE
from connectors.texts import line, plain
from connectors.xml_elements import mended, parser

if TYPE_CHECKING:
    from connectors.xml_elements import Element as XmlElement

__all__ = ["Element", "parser"]

_LONGEST = 1000
_LONGEST_TEXT = 2000
_NAMES = {**REFERENCE, **{name: name for name in REFERENCE.values()}}
_UNREAD = ""
"""No text that is read is empty."""


class Element:
    """One element under its reference name, its children by theirs."""

    __slots__ = ("_children", "_line", "_xml")

    def __init__(self, xml: XmlElement) -> None:
        self._xml = xml
        self._children: dict[str, list[Element]] | None = None
        self._line: str | None = _UNREAD

    @property
    def children(self) -> dict[str, list[Element]]:
        """In the order of the first of each name."""
        found = self._children
        if found is None:
            found = self._children = {}
            for xml in self._xml:
                name = xml.tag
                group = found.get(name)
                if group is None:
                    name = _NAMES.get(name) or _reference(name)
                    group = found.get(name)
                if group is None:
                    found[name] = [Element(xml)]
                else:
                    group.append(Element(xml))
        return found

    @property
    def raw(self) -> str:
        """Its own text as it stands; empty without one."""
        return self._xml.text or ""

    def line(self, longest: int) -> str | None:
        """Its text on one line, whatever markup is in it, raw, escaped or in CDATA."""
        if longest == _LONGEST and self._line is not _UNREAD:
            return self._line
        found = self._xml.text
        if len(self._xml):
            told = plain(etree.tostring(self._xml, encoding="unicode", with_tail=False), longest=longest)
        elif found is None:
            told = None
        elif "<" in found or "&" in found:
            told = plain(found, longest=longest)
        else:
            told = line(found, longest=longest)
        if longest == _LONGEST:
            self._line = told
        return told


def parse(body: bytes, parser: etree.XMLParser) -> Element:
    """The element of UTF-8 bytes. Raises `etree.XMLSyntaxError`."""
    return Element(etree.fromstring(body, parser))


def parse_mended(content: str, namespaces: str, parser: etree.XMLParser) -> tuple[Element, list[str]]:
    """The same for a text that is not well-formed as it stands, and what was mended, in French.

    Named entities of HTML are read (ONIX 2.1 allows them by its document type), control characters are
    dropped, prefixes are bound by `namespaces`, the declarations of the message's root.
    """
    sound, notes = mended(content)
    wrapper = etree.fromstring(f"<onix {namespaces}>{sound}</onix>".encode(), parser)
    return Element(wrapper[0]), notes


def first(parent: Element, name: str) -> Element | None:
    found = parent._children
    group = (parent.children if found is None else found).get(name)
    return None if group is None else group[0]


def all_of(parent: Element, name: str) -> Sequence[Element]:
    found = parent._children
    return (parent.children if found is None else found).get(name, ())


def of_type(parent: Element, name: str, type_name: str, wanted: Sequence[str | None]) -> Element | None:
    """The first composite of the first wanted type that is there; None in `wanted` is a composite without type."""
    found = {text(one, type_name): one for one in reversed(all_of(parent, name))}
    return next((found[kind] for kind in wanted if kind in found), None)


def text(parent: Element, name: str, *, longest: int = _LONGEST) -> str | None:
    """The text of the first child of that name, on one line, without markup; None when empty or absent."""
    found = parent._children
    group = (parent.children if found is None else found).get(name)
    return None if group is None else group[0].line(longest)


def content(element: Element, *, longest: int = _LONGEST) -> str | None:
    """The text of an element, on one line, without markup; None when it is empty."""
    return element.line(longest)


def texts(parent: Element, name: str, type_name: str) -> dict[str, str]:
    """The first text of each type among the composites of that name."""
    found: dict[str, str] = {}
    for one in all_of(parent, name):
        kind = text(one, type_name)
        if kind is not None and kind not in found:
            body = text(one, "Text", longest=_LONGEST_TEXT)
            if body is not None:
                found[kind] = body
    return found


def _reference(name: str) -> str:
    """The reference name of a short one, of one in a namespace; any other as it is."""
    bare = name.rpartition("}")[2]
    return REFERENCE.get(bare, bare)
