"""Why two entities cannot be made one, or one taken apart: sentences for the person who asked."""

from __future__ import annotations


class MergeRefused(Exception):
    """What was asked contradicts what stands; nothing was changed. The message is French."""


class UnknownEntity(LookupError):
    """There is no such entity, record or merge. The message is French."""
