"""Files of a folder that cannot be read: the others are, and then the reading ends by saying which could not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from net.errors import FeedChanged


class Failures:
    """What went wrong with the files of one reading."""

    def __init__(self) -> None:
        self._found: list[FeedChanged] = []

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Keeps the FeedChanged of one file for the end."""
        try:
            yield
        except FeedChanged as failure:
            self._found.append(failure)

    def end(self) -> None:
        """Raises FeedChanged, naming the first of the files and how many more there are; nothing when all is well."""
        if self._found:
            more = f" ; {len(self._found) - 1} autre(s) fichier(s) illisible(s)" if len(self._found) > 1 else ""
            raise FeedChanged(self._found[0].message + more, place=self._found[0].place)
