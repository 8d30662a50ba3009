"""What a connector declares of itself, for people and for the guards of a synchronisation."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.records import Kind


@dataclass(frozen=True, slots=True)
class Manifest:
    """Facts about a protocol module, true of every source that uses it unless the source says otherwise."""

    title: str
    """What people call it, in French."""
    document: str
    """The protocol's document, its version and date."""
    kinds: frozenset[Kind]
    incremental: bool
    """A cursor makes the next reading shorter."""
    deletions: bool
    """The provider says by itself what is gone, without a whole snapshot."""
    sells: bool
    expected: tuple[int, int]
    """Records in a whole reading: fewer or more deserves a look."""
    guard: float
    """Share of a source's records that one run may remove without asking a person, between 0 and 1."""
