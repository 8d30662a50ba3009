"""The shapes of this face's JSON answers. Names are camelCase in JSON."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct


class Change(Struct, frozen=True, kw_only=True, rename="camel"):
    """One change of a published thing."""

    position: int
    """Its place in commit order; there may be gaps."""
    kind: str
    """work, product, venue, event, session, stock or offer."""
    id: str
    op: str
    """updated, withdrawn or merged: read the thing again."""
    changed_at: datetime


class Changes(Struct, frozen=True, kw_only=True, rename="camel"):
    """What changed after a position, in commit order."""

    changes: list[Change]
    after: int
    """Ask on from here: the last position shown, or the one that was asked from."""


class SubcategoryAnswer(Struct, frozen=True, kw_only=True, rename="camel"):
    """A subcategory, and what to call it."""

    id: str
    label: str
    """Short French name for people."""
    category: str
    is_event: bool
    is_digital: bool
    can_be_duo: bool


class Subcategories(Struct, frozen=True, kw_only=True, rename="camel"):
    """All of them, in the order of the published list."""

    subcategories: list[SubcategoryAnswer]
