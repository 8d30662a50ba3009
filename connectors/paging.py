"""Pages that lead from one to the next by a token, a cursor or an address: what must hold of any of them."""

from __future__ import annotations

from collections.abc import Hashable

from net.errors import FeedChanged


class Trail:
    """The way through one reading's pages: never twice to the same one, and not on for ever.

    `at`: the page it begins with. `pages`: how many were read before it went on there.
    """

    def __init__(self, most: int, *, at: Hashable = None, pages: int = 0) -> None:
        self._most, self._pages = most, pages
        self._seen = {at}

    def follow(self, token: Hashable, *, place: str | None) -> None:
        """Takes a step on, to the page that the token names. Raises FeedChanged naming `place`."""
        self._pages += 1
        if token in self._seen:
            raise FeedChanged("la page d'après se répète", place=place)
        if self._pages >= self._most:
            raise FeedChanged(f"plus de {self._most} pages", place=place)
        self._seen.add(token)
