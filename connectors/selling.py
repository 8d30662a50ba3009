"""What a connector offers whose protocol also sells: seats held, sold, given back, and what a sale needs to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol


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
