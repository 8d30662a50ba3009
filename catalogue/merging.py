"""What every step of a merge is given, and what it tells: one source, one transaction, one batch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from catalogue.changes import Touched
from catalogue.database import Connection
from catalogue.kinds import KindCode


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """A source as merging needs to know it."""

    id: int
    connector: str
    account: str
    venue_id: int | None
    trust: int
    is_clean: bool
    sales_seen: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Row `n` of the batch could not be merged; the sentence is for the venue."""

    n: int
    why: str


@dataclass(frozen=True, slots=True)
class Move:
    """A session that its source lets begin at another time."""

    key: str
    title: str
    was: datetime
    now: datetime


@dataclass(slots=True)
class Outcome:
    """How many rows were new, changed, or as before, and which could not be merged."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    kept_sold: int = 0
    zeroed: int = 0
    """Stocks of which there were some and of which the source now says there are none."""
    faults: list[Fault] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)

    def add(self, other: Outcome) -> None:
        """Adds another step's figures to these."""
        self.created += other.created
        self.changed += other.changed
        self.unchanged += other.unchanged
        self.withdrawn += other.withdrawn
        self.kept_sold += other.kept_sold
        self.zeroed += other.zeroed
        self.faults += other.faults
        self.moves += other.moves


class Reading(Protocol):
    """What a merge may ask of the reading it is part of."""

    @property
    def is_full(self) -> bool:
        """It names all that the source has."""

    @property
    def mends(self) -> bool:
        """A later reading names all that the source has: a row wrongly taken for another comes back by then."""

    async def named(self, kind: KindCode, names: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Of these (key, part), those that the reading has named in an earlier batch."""

    def goes(self, kind: KindCode, key: str, part: str) -> bool:
        """Whether this very batch says that it is gone."""


@dataclass(frozen=True, slots=True)
class Merge:
    """One batch of one source being merged in one open transaction."""

    conn: Connection
    source: SourceInfo
    observed_at: datetime
    """When the provider's answer was asked for."""
    generation: int
    is_rehearsal: bool = False
    """All of it will be rolled back: locks that others share are not taken."""
    touched: Touched = field(default_factory=Touched)
    reading: Reading | None = None
    """Without one nothing is looked for under another name."""


async def source_info(conn: Connection, source_id: int) -> SourceInfo:
    """The source's facts; `LookupError` when there is none of that id."""
    row = await conn.fetchrow(
        "select id, connector, account, venue_id, trust, is_clean, sales_seen from source where id = $1",
        source_id,
    )
    if row is None:
        raise LookupError(f"aucune source {source_id}")
    return SourceInfo(**row)
