"""Recorded files too large to be held whole: their text piece by piece, and the rows of their one list.

A list is read by the parser of the standard library, which says where each value ends (`raw_decode`), so that memory
holds one piece and one row, and numbers are as in a file that is read whole.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import IO, Any

from connectors.documents import pieces
from net.answers import decimal_of, refuse_constant
from net.errors import FeedChanged

WHOLE = 1024 * 1024
"""A file up to so many bytes is read whole."""
MAX_VALUE = 32 * 1024 * 1024
"""Characters of one row, or of what stands beside the rows."""
_PIECE = 256 * 1024
_SPACE = " \t\n\r"
_DECODER = json.JSONDecoder(parse_float=decimal_of, parse_constant=refuse_constant)


def is_large(file: Path) -> bool:
    """Whether the file is to be read piece by piece."""
    return file.stat().st_size > WHOLE


def opened(file: Path) -> IO[str]:
    """The file as text: UTF-8 where all of it is, else cp1252, as `net.charsets` has it. Line ends stay."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for piece in pieces(file):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return file.open(encoding="cp1252", errors="replace", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def rows_in(file: Path, *, lists: Collection[str], piece: int = _PIECE) -> Iterator[Any]:
    """The rows of a file that is a list, or an object with a list under one of those names.

    Raises FeedChanged: after all rows that were whole, where the file is cut or spoilt, and how many these were; or
    where it is neither.
    """
    with opened(file) as text:
        reading = _Reading(text, file.name, piece)
        if reading.sign("[{") == "[" or _is_at(reading, lists):
            yield from _listed(reading)
            return
    raise FeedChanged(f"plus de {WHOLE} octets, et aucune liste {', '.join(lists)}", place=file.name)


def _is_at(reading: _Reading, lists: Collection[str]) -> bool:
    """Goes on, within an object, to the inside of the first list of such a name; False where there is none."""
    if reading.sign('"}', keep='"') == "}":
        return False
    while True:
        name = reading.value()
        reading.sign(":")
        if name in lists and reading.next() == "[":
            reading.sign("[")
            return True
        reading.value()
        if reading.sign(",}") == "}":
            return False


def _listed(reading: _Reading) -> Iterator[Any]:
    if reading.next() == "]":
        return
    while True:
        yield reading.value()
        reading.rows += 1
        if reading.sign(",]") == "]":
            return


class _Reading:
    """The text of one file, from where it was read to."""

    def __init__(self, text: IO[str], place: str, piece: int) -> None:
        self._text, self._place, self._piece = text, place, piece
        self._buffer, self._at, self._is_over = "", 0, False
        self.rows = 0

    def next(self) -> str:
        """The next sign that is no space; empty at the end. It stays to be read."""
        while True:
            while self._at < len(self._buffer):
                if self._buffer[self._at] not in _SPACE:
                    return self._buffer[self._at]
                self._at += 1
            if not self._more(self._piece):
                return ""

    def sign(self, allowed: str, *, keep: str = "") -> str:
        """The next sign, one of those allowed, read unless it is to be kept. Raises FeedChanged."""
        found = self.next()
        if not found or found not in allowed:
            raise self._spoilt()
        self._at += found not in keep
        return found

    def value(self) -> Any:
        """The next value, whole. Raises FeedChanged."""
        self.next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._buffer, self._at)
                # A number at the end of the buffer may go on; at the end of the file it is cut.
                if end < len(self._buffer):
                    self._at = end
                    return value
            except json.JSONDecodeError:
                pass
            except (ValueError, ArithmeticError, RecursionError):
                raise FeedChanged("JSON hors de toute mesure", place=self._place) from None
            waiting = len(self._buffer) - self._at
            if self._is_over or waiting > MAX_VALUE:
                raise self._spoilt()
            # Twice as much each time, so that a long value is not read again and again.
            self._more(max(self._piece, waiting))

    def _more(self, characters: int) -> bool:
        piece = self._text.read(characters)
        self._is_over = not piece
        self._buffer, self._at = self._buffer[self._at :] + piece, 0
        return bool(piece)

    def _spoilt(self) -> FeedChanged:
        return FeedChanged(f"JSON coupé ou mal formé après {self.rows} fiches entières", place=self._place)
