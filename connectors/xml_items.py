"""An XML file into its items (products, records), one after the other, in flat memory.

The bytes are cut at the items' tags and each is parsed alone. So one that is broken takes no neighbour with it,
files without a root read alike, a charset is judged item by item, and no document type or entity of the file is
ever read: there is nothing to expand and nothing to fetch.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_ITEM = 8 * 1024 * 1024
MAX_PROLOGUE = 256 * 1024
_LONGEST_TOKEN = 256
_HEAD = 400
"""Bytes within which a declaration ends."""
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_CLOSING = {"comment": b"-->", "cdata": b"]]>", "end": b">", "last": b">"}
_STARTS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Fragment:
    """The bytes of one item, and where they begin."""

    body: bytes
    line: int
    column: int
    why_cut: str | None = None
    """None for a whole item."""


class Splitter:
    """Fed with pieces of a file, tells its items as they are complete. Lines and columns count from 1.

    `item` and `message` are the items' and the root's local names; `noun` is what people call an item.
    """

    def __init__(self, item: tuple[bytes, ...], message: tuple[bytes, ...], *, noun: str) -> None:
        self._names, self._noun = item, noun
        self._item, self._message = b"(?:" + b"|".join(item) + b")", b"(?:" + b"|".join(message) + b")"
        self._buffer = b""
        self._scan = 0
        # Slow with its free prefix: for what stands before the first item, which settles the prefix.
        self._tokens = _first_tokens(self._item, self._message)
        self._open: int | None = None
        self._mark, self._line, self._column = 0, 1, 1
        self._decoder: codecs.IncrementalDecoder | None = None
        self._begun = False
        self.prologue = b""
        """What stands before the first item, up to `MAX_PROLOGUE`: declaration, root tag, header."""
        self.declared: str | None = None
        """The charset of the XML declaration; None without one, or when the bytes' mark told it."""
        self.items = 0
        self.closed = False
        """The message's end tag was met."""

    def feed(self, piece: bytes) -> Iterator[Fragment]:
        """The items that `piece` completes."""
        if self._begun:
            self._buffer += self._decode(piece)
        else:
            self._buffer += piece
            if len(self._buffer) < _HEAD and b"?>" not in self._buffer:
                return
            self._begin()
        yield from self._cut()

    def finish(self) -> Iterator[Fragment]:
        """What is left: an item without an end, when the file is cut."""
        if not self._begun:
            self._begin()
            yield from self._cut()
        if self._open is not None:
            yield self._fragment(self._open, len(self._buffer), f"le fichier s'arrête dans ce {self._noun}")
            self._open = None
        elif self.items == 0:
            self._keep_prologue(len(self._buffer))

    @property
    def place(self) -> tuple[int, int]:
        """Line and column of the end of what was read."""
        self._advance(len(self._buffer))
        return self._line, self._column

    def _begin(self) -> None:
        """The first bytes: their mark or pattern tells UTF-16, which is read as UTF-8 from here on."""
        self._begun = True
        for start, charset in _STARTS:
            if self._buffer.startswith(start):
                if charset == "utf-8":
                    self._buffer = self._buffer[len(start) :]
                else:
                    self._decoder = codecs.getincrementaldecoder(charset)(errors="replace")
                    self._buffer = self._decode(self._buffer)
                return
        declaration = _DECLARED.match(self._buffer[:_HEAD])
        self.declared = declaration[1].decode("ascii").lower() if declaration else None

    def _decode(self, piece: bytes) -> bytes:
        return piece if self._decoder is None else self._decoder.decode(piece).encode("utf-8")

    def _cut(self) -> Iterator[Fragment]:
        buffer = self._buffer
        while (token := self._tokens.search(buffer, self._scan)) is not None:
            kind = self._kind(token[0])
            end = self._end_of(kind, token)
            if end is None:
                self._scan = token.start()
                break
            self._scan = end
            if kind == "begin":
                if self._open is not None:
                    yield self._fragment(self._open, token.start(), f"un autre {self._noun} commence avant sa fin")
                elif self.items == 0:
                    self._keep_prologue(token.start())
                    self._tokens = _tokens(token[1], self._item, self._message)
                self._open = token.start()
                self.items += 1
            elif kind == "end" and self._open is not None:
                yield self._fragment(self._open, end, None)
                self._open = None
            elif kind == "last":
                self.closed = True
        else:
            self._scan = max(self._scan, len(buffer) - _LONGEST_TOKEN)
        if self._open is not None and len(buffer) - self._open > MAX_ITEM:
            yield self._fragment(self._open, self._open + 4096, f"{self._noun} de plus de {MAX_ITEM} octets")
            self._open = None
        self._drop(self._scan if self._open is None else self._open)

    def _end_of(self, kind: str, token: re.Match[bytes]) -> int | None:
        """The offset after a comment, CDATA section or tag; None while it is not all there."""
        closing = _CLOSING.get(kind)
        if closing is None:
            return token.end()
        found = self._buffer.find(closing, token.end())
        if found >= 0:
            return found + len(closing)
        # What has no end is let go in slices, never searched twice.
        return len(self._buffer) if len(self._buffer) - token.start() > MAX_ITEM else None

    def _kind(self, token: bytes) -> str:
        if token.startswith(b"<!"):
            return "comment" if token == b"<!--" else "cdata"
        if token.endswith(self._names):
            return "end" if token.startswith(b"</") else "begin"
        return "last" if token.startswith(b"</") else "root"

    def _fragment(self, start: int, end: int, why_cut: str | None) -> Fragment:
        self._advance(start)
        return Fragment(self._buffer[start:end], self._line, self._column, why_cut)

    def _advance(self, offset: int) -> None:
        """Counts lines up to `offset` of the buffer, never back."""
        lines = self._buffer.count(b"\n", self._mark, offset)
        if lines:
            self._line += lines
            self._column = offset - self._buffer.rfind(b"\n", self._mark, offset)
        elif offset > self._mark:
            self._column += offset - self._mark
        self._mark = max(self._mark, offset)

    def _drop(self, count: int) -> None:
        """Forgets the first bytes of the buffer; they become prologue while no item was met."""
        if count <= 0:
            return
        if self.items == 0:
            self._keep_prologue(count)
        self._advance(count)
        self._buffer = self._buffer[count:]
        self._scan -= count
        self._mark -= count
        if self._open is not None:
            self._open -= count

    def _keep_prologue(self, count: int) -> None:
        self.prologue += self._buffer[: min(count, MAX_PROLOGUE - len(self.prologue))]


def _first_tokens(item: bytes, message: bytes) -> re.Pattern[bytes]:
    either = rb"(?:" + item + rb"|" + message + rb")"
    return re.compile(rb"<(?:!--|!\[CDATA\[|/?((?:[A-Za-z_][\w.-]{0,60}:)?)" + either + rb"(?=[\s/>]))")


def _tokens(prefix: bytes, item: bytes, message: bytes) -> re.Pattern[bytes]:
    """What a message of that namespace prefix is cut at."""
    name = re.escape(prefix)
    return re.compile(
        rb"<(?:" + name + item + rb"(?=[\s/>])|/" + name + rb"(?:" + item + rb"|" + message + rb")(?=[\s>])"
        rb"|!(?:--|\[CDATA\[))"
    )
