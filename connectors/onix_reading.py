"""One ONIX message, piece by piece, into changes: charset, mending and rejection product by product."""

from __future__ import annotations

import codecs
import hashlib
import html
import re
from collections.abc import Iterator
from datetime import date

from lxml import etree

from connectors.base import Change, Reject
from connectors.onix_elements import Element, parse, parse_mended, parser
from connectors.onix_header import MESSAGES, Header, header_of
from connectors.onix_message import Fragment, splitter
from connectors.onix_product import product_change
from connectors.rows import MAX_RAW
from net.charsets import decode
from net.errors import FeedChanged
from schemas.records import Kind, SourceRef

_REFERENCE = re.compile(rb"<(?:[\w.-]+:)?(?:RecordReference|a001)(?:\s[^<>]*)?>\s*([^<>]{1,500}?)\s*</")
_C1 = re.compile("[\x80-\x9f]")
_WHERE = re.compile(r",? ?\(?(?:<string>, )?line \d+(?:, column \d+)?\)?")


class MessageReader:
    """Fed with the pieces of one file or answer. `place` names it in what goes wrong.

    `skip`: so many products from the first on were told by an earlier reading; they are counted, not read.
    """

    def __init__(self, connector: str, account: str, *, place: str, today: date, skip: int = 0) -> None:
        self._connector, self._account, self._place, self._today = connector, account, place, today
        self._splitter = splitter()
        self._header: Header | None = None
        self._parser = parser()
        self._cut: FeedChanged | None = None
        self._skip = skip
        self._passed = hashlib.blake2b(digest_size=16)
        self.products = 0
        """How many have passed, told or skipped."""
        self.all_named = True
        """False once a product was rejected whose key nobody can tell: it must not count as gone."""

    @property
    def header(self) -> Header:
        """Complete from the first product on."""
        if self._header is None:
            self._header = header_of(decode(self._splitter.prologue, self._splitter.declared).text)
        return self._header

    @property
    def digest(self) -> str:
        """Equal for the same products in the same order."""
        return self._passed.hexdigest()

    def feed(self, piece: bytes) -> Iterator[Change | None]:
        """The changes of the products that `piece` completes; None for each that is skipped."""
        for fragment in self._splitter.feed(piece):
            self._passed.update(fragment.body)
            self.products += 1
            yield self._change(fragment) if self.products > self._skip else None

    def finish(self, *, recorded: bool) -> Iterator[Change]:
        """What is left. Raises FeedChanged, after all that was whole, for a file that is cut or is no ONIX.

        A recorded file that is sound XML about something else is rejected instead: its folder may hold more.
        """
        for fragment in self._splitter.finish():
            yield self._change(fragment)
            if fragment.why_cut is not None:
                raise self._failure(f"fichier coupé : {fragment.why_cut}", fragment.line, fragment.column)
        root, (line, column) = self.header.root, self._splitter.place
        if root in MESSAGES:
            if not self._splitter.closed and not self._is_empty_root():
                raise self._failure("fichier coupé : le message n'a pas de fin", line, column)
        elif self._splitter.items == 0:
            if not recorded or not self._is_sound():
                raise self._failure("ni message ni produit ONIX", line, column)
            self.all_named = False
            yield Reject(
                f"ni message ni produit ONIX : racine <{root}> ({self._place})", self._splitter.prologue[:MAX_RAW]
            )

    def _change(self, fragment: Fragment) -> Change:
        if fragment.why_cut is not None:
            return self._rejected(fragment, fragment.why_cut, fragment.line, fragment.column)
        try:
            product, notes = self._parse(fragment)
        except etree.XMLSyntaxError as error:
            line, column = error.position
            first_line = line <= 1
            return self._rejected(
                fragment,
                f"XML mal formé : {_WHERE.sub('', str(error))}",
                fragment.line + max(line, 1) - 1,
                fragment.column + column if first_line else column,
            )
        change = product_change(
            product,
            self._connector,
            self._account,
            raw=fragment.body[:MAX_RAW],
            today=self._today,
            defaults=self.header.defaults,
            notes=notes,
        )
        if isinstance(change, Reject) and change.ref is None:
            self.all_named = False
        return change

    def _parse(self, fragment: Fragment) -> tuple[Element, list[str]]:
        """The product, and what had to be done to read it. Raises XMLSyntaxError."""
        if self._is_utf8():
            try:
                return parse(fragment.body, self._parser), []
            except etree.XMLSyntaxError:
                pass  # again below, mended
        declared = self._splitter.declared
        content = decode(fragment.body, declared)
        text, charset = content.text, content.charset
        if charset.startswith("iso8859") and _C1.search(text):
            text, charset = fragment.body.decode("cp1252", errors="replace"), "cp1252"
        notes = []
        if not fragment.body.isascii() and _other(charset, declared):
            notes.append(f"lu en {charset}, alors que le fichier se dit {declared or 'utf-8'}")
        product, mended = parse_mended(text, self.header.namespaces, self._parser)
        return product, notes + mended

    def _rejected(self, fragment: Fragment, why: str, line: int, column: int) -> Reject:
        key = _REFERENCE.search(fragment.body[:MAX_RAW])
        ref = None
        if key is None:
            self.all_named = False
        else:
            name = html.unescape(decode(key[1], self._splitter.declared).text)
            ref = SourceRef(connector=self._connector, account=self._account, key=name)
        place = f"{self._place}, ligne {line}, colonne {column}"
        return Reject(f"{why} ({place})", fragment.body[:MAX_RAW], Kind.PRODUCT, ref)

    def _failure(self, why: str, line: int, column: int) -> FeedChanged:
        return FeedChanged(why, place=f"{self._place}, ligne {line}, colonne {column}")

    def _is_utf8(self) -> bool:
        return not _other("utf-8", self._splitter.declared)

    def _is_empty_root(self) -> bool:
        return re.search(rb"ONIX[Mm]essage[^<>]*/>", self._splitter.prologue) is not None

    def _is_sound(self) -> bool:
        try:
            etree.fromstring(self._splitter.prologue, self._parser)
        except etree.XMLSyntaxError:
            return False
        return True


def _other(charset: str, declared: str | None) -> bool:
    """Whether the charset read is another than the declared one; undeclared XML is UTF-8."""
    try:
        return codecs.lookup(charset).name != codecs.lookup(declared or "utf-8").name
    except LookupError:
        return True
