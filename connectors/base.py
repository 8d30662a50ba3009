"""The contract between a provider's protocol and the rest of the house: all that the author of a connector must know.

A connector is an async generator of typed changes. What goes wrong with one row is data (`Reject`);
what ends the run is an exception (`net.errors`: ProviderUnavailable, AccessDenied, FeedChanged). The
cursor travels in the stream, so that whoever applies the changes commits rows and cursor together. Where the
protocol also sells, `connectors.selling` says what that takes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import ClassVar, NewType, Protocol, runtime_checkable

from msgspec import Struct

from schemas.records import Kind, Record, SourceRef

Cursor = NewType("Cursor", str)
"""A resume token. Only the connector that wrote it reads it."""


class Upsert(Struct, frozen=True):
    """This is what the provider says of a record now."""

    record: Record
    notes: tuple[str, ...] = ()
    """What had to be put right or left out to read it, in French: a wrong charset, an unreadable date."""


@dataclass(frozen=True, slots=True)
class Delete:
    """The provider says that this record is gone."""

    kind: Kind
    ref: SourceRef
    parts_kept: frozenset[str] | None = None
    """None: the record `ref` alone. Else `ref.part` says nothing, and every part stored under `ref.key` is
    gone but these: the provider restates a key whole (all prices of a book, all dates of an event), also
    in a delta, where a changed price or a moved date would else leave its old row behind."""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that cannot be read. It is kept for replay, shown to the venue, and the run goes on."""

    why: str
    """A sentence that names the field or place, in French: the venue reads it."""
    raw: bytes
    kind: Kind | None = None
    ref: SourceRef | None = None
    """Where known: a rejected row counts as named, so no sweep takes it for gone."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """All changes before this may be committed together with `cursor`."""

    cursor: Cursor
    complete: bool = False
    """The whole snapshot was read: what nothing named since the reading began is gone at the provider."""
    midway: bool = False
    """The reading goes on: `pull(cursor)` continues this very reading, a whole one as a whole one, and ends with
    the cursor it would have ended with."""
    read: int | None = field(default=None, compare=False)
    """Rows of its own that the provider has told of by now, in this reading, where the connector counts them."""
    expected: int | None = field(default=None, compare=False)
    """Rows that the provider says the reading has in all."""


Change = Upsert | Delete | Reject | Checkpoint


class Connector(Protocol):
    """What a protocol module offers. `pull` may be called again after any crash: it repeats harmlessly."""

    name: ClassVar[str]
    account: str

    def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """Yields what changed since `since`, or everything when None. Ends with a `Checkpoint` that is not midway.

        `since` may be any cursor it has given. One that stands midway is good while the source's settings are.
        """
        ...


@runtime_checkable
class Rereading(Protocol):
    """For connectors that can read a rejected row again by itself, once a fault of ours is mended."""

    def reread(self, kept: Reject) -> Iterable[Change]:
        """What the row says now, without asking the provider; nothing where it cannot be read without its neighbours.

        Only its `Upsert`s and `Reject`s are of use: one row alone tells of nothing that it is gone.
        """
        ...
