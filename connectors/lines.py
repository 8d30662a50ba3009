"""A text file into its lines, in flat memory: what `connectors.drops` wants of one line a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from connectors.base import Change
from net.errors import FeedChanged

MAX_LINE = 1024 * 1024
Read = Callable[[bytes, str], Iterable[Change]]
"""(line, its place for people) -> what it says."""


class LineReader:
    """Fed with the pieces of one file. `sounds` asks the first line whether the file is of the right kind at all.

    `width` counts the fields of a line: a last line without its end that has fewer than the first is cut.
    """

    def __init__(
        self,
        place: str,
        read: Read,
        *,
        sounds: Callable[[bytes], bool],
        width: Callable[[bytes], int] | None = None,
    ) -> None:
        self._place, self._read, self._sounds, self._width, self._usual = place, read, sounds, width, 0
        self._buffer, self._number = b"", 0
        self._begun = False
        self.all_named = True
        """A line without a reference was never stored under one: it hides nothing that a sweep would take."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The lines that `piece` completes, blank ones left out."""
        *whole, self._buffer = (self._buffer + piece).split(b"\n")
        for line in whole:
            yield from self._line(line)
        if len(self._buffer) > MAX_LINE:
            raise FeedChanged(f"ligne de plus de {MAX_LINE} octets", place=self._place)

    def finish(self) -> Iterator[bytes]:
        """A last line without its end. Raises FeedChanged for an empty file, and for a last line that is cut."""
        rest = list(self._line(self._buffer))
        if not self._begun:
            raise FeedChanged("fichier vide", place=self._place)
        if rest and self._width is not None and self._width(rest[0]) < self._usual:
            raise FeedChanged("fichier coupé dans sa dernière ligne", place=self._place)
        yield from rest

    def changes(self, item: bytes) -> Iterator[Change]:
        self._number += 1
        yield from self._read(item, f"{self._place}, ligne {self._number}")

    def _line(self, line: bytes) -> Iterator[bytes]:
        bare = line.removeprefix(b"\xef\xbb\xbf").strip(b"\r\n\x00\x1a")
        if not bare.strip():
            return
        if not self._begun and not self._sounds(bare):
            raise FeedChanged("ce n'est pas un fichier de ce format", place=self._place)
        if not self._begun and self._width is not None:
            self._usual = self._width(bare)
        self._begun = True
        yield bare
