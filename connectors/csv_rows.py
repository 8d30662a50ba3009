"""CSV of any till, row by row in flat memory: delimiter, charset and header as they are found.

A row may go over several lines inside quotes. What cannot be decided row by row (the delimiter, whether there is a
header) is decided by the first one.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Callable, Iterable, Iterator

from connectors.base import Change
from net.charsets import decode
from net.errors import FeedChanged

DELIMITERS = ";\t,|~^"
MAX_ROW = 1024 * 1024
_LONG_FIELD = 256 * 1024
Read = Callable[[list[str], bytes, str], Iterable[Change]]
"""(fields, the row's bytes under its header, its place for people) -> what it says."""
Begin = Callable[[list[str], str], bool]
"""(fields of the first row, place) -> whether it is a header. May raise FeedChanged."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class CsvReader:
    """Fed with the pieces of one file; see `connectors.drops.Reader`.

    `delimiter` and `charset` are a source's own settings; None asks the file. `begin` is given the first row.
    """

    def __init__(
        self, place: str, begin: Begin, read: Read, *, delimiter: str | None = None, charset: str | None = None
    ) -> None:
        self._place, self._begin, self._read = place, begin, read
        self._delimiter, self._charset = delimiter, charset
        self._decoder: codecs.IncrementalDecoder | None = None
        self._buffer, self._number, self._started = b"", 0, False
        self._width, self._header = 0, b""
        self.all_named = True
        """A row without a reference was never stored under one: it hides nothing that a sweep would take."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The rows that `piece` completes, blank ones and the header left out, each as bytes."""
        yield from self._rows(self._buffer + self._bytes(piece), last=False)

    def finish(self) -> Iterator[bytes]:
        """A last row without its end. Raises FeedChanged for an empty file, an open quote, a last row that is cut."""
        rest = self._buffer
        rows = list(self._rows(rest, last=True))
        if not self._started:
            raise FeedChanged("fichier vide", place=self._place)
        if rows and not rest.endswith(b"\n") and len(self._fields(rows[-1])) < self._width:
            raise FeedChanged("fichier coupé dans sa dernière ligne", place=self._place)
        yield from rows

    def changes(self, item: bytes) -> Iterator[Change]:
        self._number += 1
        where = f"{self._place}, ligne {self._number}"
        yield from self._read(self._fields(item), self._header + item, where)

    def reread(self, kept: bytes) -> Iterator[Change]:
        """The changes of a row that was kept under its header; nothing where it is none."""
        try:
            for item in [*self.feed(kept), *self.finish()]:
                yield from self.changes(item)
        except FeedChanged:
            return

    def _rows(self, body: bytes, *, last: bool) -> Iterator[bytes]:
        start = here = 0
        is_open = False
        while (end := body.find(b"\n", here)) >= 0 or (last and here < len(body)):
            stop = end if end >= 0 else len(body)
            # Each line is counted once, however many of them one field holds.
            is_odd = body.count(b'"', here, stop) % 2 == 1
            is_open = is_open is not is_odd if is_open else is_odd and _is_quoted(body[here:stop])
            here = stop + 1
            if is_open:
                if stop - start > MAX_ROW:
                    raise FeedChanged("guillemet jamais fermé", place=f"{self._place}, ligne {self._number + 1}")
                continue
            row = body[start:stop].strip(b"\r\x00\x1a")
            start = here
            if row.strip(b" \t;,|\r"):
                yield from self._row(row)
        if last and body[start:].strip():
            raise FeedChanged("fichier coupé dans un champ entre guillemets", place=self._place)
        self._buffer = b"" if last else body[start:]
        if len(self._buffer) > MAX_ROW:
            raise FeedChanged(f"ligne de plus de {MAX_ROW} octets", place=self._place)

    def _row(self, row: bytes) -> Iterator[bytes]:
        if self._started:
            yield row
            return
        self._started = True
        if row.lower().startswith(b"sep=") and len(row) == 5:
            # Excel's own way of saying it.
            self._delimiter, self._started = self._delimiter or chr(row[4]), False
            return
        self._number += 1
        if self._delimiter is None:
            self._delimiter = _delimiter_of(decode(row).text)
        self._width = len(self._fields(row))
        if self._begin(self._fields(row), self._place):
            self._header = row + b"\n"
        else:
            self._number -= 1
            yield row

    def _fields(self, row: bytes) -> list[str]:
        if row.isascii() and b'"' not in row:
            return row.decode("ascii").split(self._delimiter or ";")  # most rows, at a tenth of the cost
        text = decode(row).text if self._charset is None else row.decode(self._charset, "replace")
        if '"' not in text:
            return text.replace("\x00", "").split(self._delimiter or ";")
        csv.field_size_limit(_LONG_FIELD)
        try:
            return next(csv.reader([text.replace("\x00", "")], delimiter=self._delimiter or ";"), [])
        except csv.Error:
            return text.split(self._delimiter or ";")

    def _bytes(self, piece: bytes) -> bytes:
        """UTF-16 as UTF-8, everything else as it is; a byte order mark is taken off."""
        if self._decoder is None and not self._started and not self._buffer:
            for mark, charset in _MARKS:
                if piece.startswith(mark):
                    self._decoder = codecs.getincrementaldecoder(charset)(errors="replace")
        return piece if self._decoder is None else self._decoder.decode(piece).encode("utf-8", "replace")


def _delimiter_of(text: str) -> str:
    counts = {one: text.count(one) for one in DELIMITERS}
    best = max(counts, key=lambda one: counts[one])
    return best if counts[best] else ";"


def _is_quoted(row: bytes) -> bool:
    """Whether some field begins by a quote: an inch mark in a title opens nothing."""
    bare = row.lstrip()
    return bare.startswith(b'"') or any(mark in row for mark in (b';"', b',"', b'\t"', b'|"', b'~"'))
