"""Which refs a reading has come to: exactly while they are few, or out of order; by their order where they are many.

`after` leads strictly behind a ref, so a feed in the order of its refs never tells one twice: of such a feed only the
last ref is remembered, and memory stays the same for any number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import lt

from net.errors import FeedChanged

MOST = 50_000
"""So many refs are remembered one by one."""


class OutOfOrder(FeedChanged):
    """After pages that were not read, for they were known, one that does not follow them."""


class ReadRefs:
    """The refs of one reading, page by page."""

    def __init__(self) -> None:
        self._refs: set[str] | None = set()
        self._last: str | None = None
        self._in_order = True
        self._has_skipped = False

    def again(self, refs: Sequence[str]) -> set[str]:
        """Those of a page that were read before. Raises FeedChanged where a feed long in order no longer is."""
        if self._follow(refs):
            return set()
        if self._refs is None:
            raise (OutOfOrder if self._has_skipped else FeedChanged)("des pages qui se suivaient ne se suivent plus")
        return self._refs.intersection(refs)

    def add(self, refs: Sequence[str]) -> None:
        """Takes a page's refs in."""
        self._in_order = self._in_order and self._follow(refs)
        self._last = refs[-1]
        if self._refs is not None:
            self._refs.update(refs)
            if self._in_order and len(self._refs) > MOST:
                self._refs = None

    def skip(self, first: str, last: str) -> None:
        """Takes in a page that is known to be in order, and whose refs were not read."""
        if not self._follow([first]):
            raise OutOfOrder("des pages qui se suivaient ne se suivent plus")
        self._refs, self._last, self._has_skipped = None, last, True

    def _follow(self, refs: Sequence[str]) -> bool:
        return self._in_order and (self._last is None or self._last < refs[0]) and all(map(lt, refs, refs[1:]))
