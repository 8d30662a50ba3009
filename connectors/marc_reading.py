"""One file of MARC records, piece by piece, into changes: ISO 2709, MARCXML or MARC-in-JSON, as its bytes are."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from lxml import etree

from connectors.base import Change, Reject
from connectors.marc_iso2709 import from_iso2709
from connectors.marc_notice import Dialect, Notice, from_element, from_json, json_notices
from connectors.marc_product import notice_changes
from connectors.rows import MAX_RAW, raw
from connectors.xml_elements import mended, parser
from connectors.xml_items import MAX_ITEM, Fragment, Splitter
from net.charsets import decode
from net.errors import FeedChanged
from schemas.records import Kind

_END = b"\x1d"
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(?:collection|unimarc)(?=[\s/>])[^<>]*>")
_BLANK = b" \t\r\n\x00\x1a\xef\xbb\xbf"


class NoticeReader:
    """Fed with the pieces of one file or answer. `place` names it in what goes wrong. See `connectors.drops.Reader`."""

    def __init__(
        self,
        connector: str,
        account: str,
        *,
        place: str,
        charset: str | None = None,
        dialect: Dialect | None = None,
        lends: bool = True,
        prices: bool = False,
    ) -> None:
        self._connector, self._account, self._place = connector, account, place
        self._charset, self._dialect, self._lends, self._prices = charset, dialect, lends, prices
        self._form: str | None = None
        self._buffer = b""
        self._xml = Splitter((b"record", b"notice"), (b"collection", b"unimarc"), noun="enregistrement")
        self._parser = parser()
        self._number = 0
        self._cut: Fragment | None = None
        self.all_named = True

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The records that `piece` completes, as bytes."""
        if self._form is None:
            self._buffer += piece
            if (form := _form_of(self._buffer)) is None:
                return
            self._form, piece, self._buffer = form, self._buffer, b""
        if self._form == "xml":
            yield from self._bodies(self._xml.feed(piece))
            return
        self._buffer += piece
        if self._form == "json":
            if len(self._buffer) > 16 * MAX_ITEM:
                raise FeedChanged("fichier JSON trop long pour être lu d'un trait", place=self._place)
            return
        *whole, self._buffer = self._buffer.split(_END)
        yield from (bare for one in whole if (bare := one.lstrip(_BLANK)))
        if len(self._buffer) > MAX_ITEM:
            raise FeedChanged("ni notices ISO 2709, ni MARCXML, ni JSON", place=self._place)

    def finish(self) -> Iterator[bytes]:
        """What is left. Raises FeedChanged for a file that is cut, or holds no notices."""
        if self._form == "xml":
            yield from self._bodies(self._xml.finish())
            if self._cut is not None:
                self._fail(f"fichier coupé : {self._cut.why_cut}", f", ligne {self._cut.line}")
            root = _ROOT.search(self._xml.prologue)
            if root is None and self._xml.items == 0:
                self._fail("XML sans notice MARC")
            if root is not None and not self._xml.closed and not root[0].endswith(b"/>"):
                self._fail(f"fichier coupé après {self._xml.items} notices : la collection n'a pas de fin")
        elif self._form == "json":
            yield from self._json()
        elif rest := self._buffer.lstrip(_BLANK):
            told = int(rest[:5]) if rest[:5].isdigit() else 0
            if not told and not self._number:
                self._fail("ni notices ISO 2709, ni MARCXML, ni JSON")
            if len(rest.rstrip()) + 3 < told or not told:
                self._fail(f"fichier coupé après {self._number} notices")
            yield rest
        elif self._form is None:
            self._fail("fichier vide")

    def changes(self, item: bytes) -> Iterator[Change]:
        """The changes of one record; a `Reject` with its number in the file where it cannot be read."""
        self._number += 1
        notes: list[str] = []
        try:
            notice = self._notice(item, notes)
        except ValueError as error:
            self.all_named = False
            yield Reject(f"{error} ({self._place}, notice {self._number})", item[:MAX_RAW] or b"?", Kind.PRODUCT)
            return
        yield from notice_changes(
            notice,
            self._connector,
            self._account,
            raw=lambda: item[:MAX_RAW],
            dialect=self._dialect,
            lends=self._lends,
            prices=self._prices,
            notes=notes,
        )

    def _notice(self, item: bytes, notes: list[str]) -> Notice:
        if self._form == "xml":
            return self._element(item, notes)
        if self._form == "json":
            return from_json(msgspec.json.decode(item))
        notice, charset = from_iso2709(item, self._charset)
        if charset not in ("ascii", "utf-8") and self._charset is None:
            notes.append(f"lu en {charset}")
        return notice

    def _element(self, item: bytes, notes: list[str]) -> Notice:
        start = item[: item.find(b">")]
        try:
            if b":record" in start and b"xmlns:" not in start:
                item = b"<w " + _namespaces(self._xml.prologue) + b">" + item + b"</w>"
                return from_element(etree.fromstring(item, self._parser)[0])
            return from_element(etree.fromstring(item, self._parser))
        except etree.XMLSyntaxError:
            content = decode(item, self._xml.declared)
        sound, done = mended(content.text)
        notes += [*done, *([] if content.charset == "utf-8" else [f"lu en {content.charset}"])]
        try:
            wrapped = f"<w {_namespaces(self._xml.prologue).decode('ascii', 'ignore')}>{sound}</w>"
            return from_element(etree.fromstring(wrapped.encode(), self._parser)[0])
        except etree.XMLSyntaxError as error:
            raise ValueError(f"XML mal formé : {error.msg}") from None

    def _bodies(self, fragments: Iterator[Fragment]) -> Iterator[bytes]:
        for one in fragments:
            if one.why_cut is None:
                yield one.body
            elif "s'arrête" in one.why_cut:
                self._cut = one
                yield one.body
            elif b"datafield" in one.body or b"<f " in one.body:
                yield one.body  # rejected alone; else it is the envelope of a record (OAI, SRU) of the same name

    def _json(self) -> Iterator[bytes]:
        try:
            document = json_notices(self._buffer)
        except (ValueError, RecursionError):
            self._fail("JSON mal formé")
        for row in document if isinstance(document, list) else [document]:
            yield raw(row)

    def _fail(self, why: str, where: str = "") -> None:
        raise FeedChanged(why, place=self._place + where)


def _form_of(start: bytes) -> str | None:
    """xml, json or iso2709 by the first bytes; None while too few of them are there."""
    if start.startswith((b"\xff\xfe", b"\xfe\xff")) or start[:2] in (b"<\x00", b"\x00<"):
        return "xml"
    bare = start.lstrip(_BLANK)
    if len(bare) < 24:
        return None if not bare or bare[:1] not in b"<[{" else "xml" if bare[:1] == b"<" else "json"
    return {b"<": "xml", b"[": "json", b"{": "json"}.get(bare[:1], "iso2709")


def _namespaces(prologue: bytes) -> bytes:
    """The prefixes that the root declares, as it declares them."""
    start = prologue.rfind(b"collection")
    found = b" ".join(
        part for part in prologue[max(start, 0) :].replace(b">", b" ").split() if part.startswith(b"xmlns:")
    )
    return found or b'xmlns:marc="http://www.loc.gov/MARC21/slim"'
