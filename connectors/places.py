"""Places within a reading, as cursors: where to go on, and what the reading must still know when it does.

A place holds the moment the reading began: the cursor it ends with is the same, however often it stopped.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from connectors.base import Checkpoint, Cursor
from net.errors import FeedChanged

LONGEST = 1000
"""Characters of a cursor."""


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What every reading holds; each connector adds its own."""

    started: str
    """The watermark: before the reading's first request, in the connector's own spelling."""
    since: str | None = None
    """From where the reading tells changes; None for a whole one."""


P = TypeVar("P", bound=Place)


def checkpoint(place: Place, *, read: int | None = None, expected: int | None = None) -> Checkpoint | None:
    """A place to go on from; None where it cannot be told shortly enough."""
    text = msgspec.json.encode(place).decode()
    if len(text) > LONGEST:
        return None
    return Checkpoint(Cursor(text), midway=True, read=read, expected=expected)


def place_of(cursor: Cursor | None, kind: type[P]) -> P | None:
    """The place within a reading that a cursor stands for; None when it begins one.

    Raises FeedChanged for a place that another version, or other settings, wrote.
    """
    if cursor is None or not cursor.startswith("{"):
        return None
    try:
        return msgspec.json.decode(cursor, type=kind)
    except msgspec.DecodeError:
        raise FeedChanged("point de reprise illisible") from None
