"""The contract between a provider's protocol and the rest of the house.

A connector is an async generator of typed changes. What goes wrong with one row is data (`Reject`);
what ends the run is an exception (`net.errors`: ProviderUnavailable, AccessDenied, FeedChanged). The
cursor travels in the stream, so that whoever applies the changes commits rows and cursor together.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, NewType, Protocol, runtime_checkable

from msgspec import Struct

from schemas.records import Kind, Record, SourceRef, Stock

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


@dataclass(frozen=True, slots=True)
class KnownPage:
    """A page as it was last read, where every row of it was taken in."""

    digest: bytes
    first: str
    last: str
    """Its last key: after which the next page begins."""
    rows: int
    announced: int
    """How many rows it said there are in all; 0 where it did not."""


@dataclass(frozen=True, slots=True)
class StockPage:
    """A page of a whole till at once, in columns: what `changes` would tell row by row.

    Keys are EANs in their normal form, each the key of its one row, in ascending order; `odd` rows stand among them.
    Column values have been held to the bounds of the published schema.
    """

    account: str
    connector: str
    place: str | None
    """What names the page among those of a whole reading; None where it is of another reading."""
    digest: bytes | None
    """Equal for a page that would be read the same; None where it must be read again."""
    first: str
    last: str
    announced: int
    keys: list[str]
    available: list[int]
    price_cents: list[int | None]
    sellable_until: list[datetime | None]
    restated: bool
    """Other parts of these keys are gone."""
    odd: tuple[Change, ...] = ()
    """What the rows say that are not like the others."""

    def changes(self) -> Iterator[Change]:
        """The same, row by row."""
        for key, available, price, until in zip(
            self.keys, self.available, self.price_cents, self.sellable_until, strict=True
        ):
            ref = SourceRef(connector=self.connector, account=self.account, key=key)
            yield Upsert(Stock(ref=ref, available=available, ean=key, price_cents=price, sellable_until=until))
            if self.restated:
                yield Delete(Kind.STOCK, ref, parts_kept=frozenset({""}))
        yield from self.odd

    def __len__(self) -> int:
        return len(self.keys)


@dataclass(frozen=True, slots=True)
class SamePage:
    """A page whose bytes are those of last time: what it said was taken in then, and still stands."""

    place: str
    known: KnownPage

    def __len__(self) -> int:
        return self.known.rows


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
class Paged(Protocol):
    """For connectors that can tell whole pages of a till's stocks at once."""

    def pull_pages(
        self, since: Cursor | None, known: Mapping[str, KnownPage]
    ) -> AsyncIterator[Change | StockPage | SamePage]:
        """As `pull`, its stocks by pages. `known`: pages of the last whole reading, which may be told as the same."""
        ...


@runtime_checkable
class Rereading(Protocol):
    """For connectors that can read a rejected row again by itself, once a fault of ours is mended."""

    def reread(self, kept: Reject) -> Iterable[Change]:
        """What the row says now, without asking the provider; nothing where it cannot be read without its neighbours.

        Only its `Upsert`s and `Reject`s are of use: one row alone tells of nothing that it is gone.
        """
        ...


@dataclass(frozen=True, slots=True)
class Customer:
    """Who booked, as a partner may see them: nothing else leaves. All empty once the person's data were erased."""

    first_name: str = field(default="", repr=False)
    last_name: str = field(default="", repr=False)
    email: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """What is sold, in our own words and numbers, for protocols that want them said."""

    title: str = ""
    ean: str | None = None
    price_label: str | None = None
    offer_id: str = ""
    """Our public ids; a provider may keep them, and never needs them."""
    stock_id: str = ""
    venue_id: str = ""
    venue_name: str = ""
    siret: str | None = None
    department: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a provider is asked to sell. The same at each repetition, its person's name apart."""

    client_ref: str
    """Our booking's public id: the provider's idempotency key where the protocol has one."""
    session_key: str
    """The provider's own key of the session."""
    price_part: str
    """The `part` of the stock's own key: which of the session's prices."""
    quantity: int
    """1, or 2 for a duo: two seats side by side where seats are numbered."""
    unit_price_cents: int = 0
    booked_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    cancellable_until: datetime | None = None
    thing: Thing = Thing()
    customer: Customer = field(default=Customer(), repr=False)


@dataclass(frozen=True, slots=True)
class Hold:
    """What the provider keeps for us until `confirm`: its own reference, as opaque text of at most 2,000 characters.

    A protocol that sells in one call asks nobody here, and answers the order's `client_ref`.
    """

    reference: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A sold place: what the hall's scanner reads, and the seat where seats are numbered."""

    barcode: str
    seat: str | None = None
    more: Mapping[str, str | int] = field(default_factory=dict)
    """What else the protocol wants back to cancel it (EMS: four numbers a ticket). Kept as given, shown to nobody."""


@dataclass(frozen=True, slots=True)
class Left:
    """What the provider says may still be sold of the price or session, after what it just answered."""

    seats: int | None
    """None: without limit."""


@dataclass(frozen=True, slots=True)
class Sold:
    """A sale that stands: its tickets, and what is left where the answer tells it."""

    tickets: Sequence[Ticket]
    left: Left | None = None


@dataclass(frozen=True, slots=True)
class NotSold:
    """The provider knows of no sale under that reference now. One still under way may yet be made."""


class Selling(Protocol):
    """The shape of `bookings.seller.Seller`, for connectors whose protocol also sells.

    Every method is called outside any transaction, may be called again, and raises
    `net.errors.ProviderUnavailable` with `outcome_unknown` when a request may have been executed,
    `SaleRefused` when the provider says no. `tests/bookings/seller_proofs.py` tries all of it.
    """

    @property
    def sells_once(self) -> bool:
        """A `confirm` said again, with the same hold and order, never sells a second time: by an idempotency key,
        or because the hold can be confirmed only once. False: it is never said again after an answer was lost.
        A class attribute will do."""
        ...

    async def hold(self, order: Order) -> Hold:
        """Seats kept for us for some minutes. One that is never confirmed was never sold, and lapses by itself."""
        ...

    async def confirm(self, hold: Hold, order: Order) -> Sold:
        """The sale, one ticket a seat. Fewer or more tickets than seats are the caller's to judge."""
        ...

    async def cancel(self, tickets: Sequence[Ticket], order: Order) -> Left | None:
        """The tickets given back. `SaleRefused("already_cancelled")` counts as done."""
        ...

    async def remaining(self, *, session_key: str) -> int | None:
        """Seats that may still be sold; None where the protocol does not tell."""
        ...

    async def status(self, order: Order, hold: Hold) -> Sold | NotSold | None:
        """What became of a sale whose answer was lost, found by `client_ref` or by the hold's reference.

        None: the protocol has no look-up (then nobody is asked). It changes nothing at the provider.
        """
        ...


class SaleRefused(Exception):
    """The provider refused the sale.

    `reason`: sold_out, not_enough_seats, unknown_session, unknown_price (no longer sold at that price),
    already_cancelled, refused (said in words we do not know). `remaining` where the provider tells it.
    """

    def __init__(self, reason: str, *, remaining: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remaining = remaining
