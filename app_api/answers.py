"""The shapes of this face's JSON answers. Names are camelCase in JSON; what is not known is left out.

Money is in cents of euro, times are RFC 3339 in UTC.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from bookings.records import Promise
from schemas.offers import Offer, PublishedStock


class Answer(Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What all answers share."""


class FoundVenue(Answer, frozen=True):
    """Where an offer found is."""

    id: str
    name: str
    time_zone: str
    city: str | None = None


class FoundOffer(Answer, frozen=True):
    """An offer in a list of results."""

    id: str
    title: str
    subcategory: str
    venue: FoundVenue
    is_duo: bool
    is_digital: bool
    price_cents: int | None = None
    """The lowest of its stocks."""
    begins_at: datetime | None = None
    """Of its next session."""


class FoundOffers(Answer, frozen=True):
    """A page of results, the best fit first."""

    offers: list[FoundOffer]


class BookableStock(PublishedStock, frozen=True, kw_only=True, omit_defaults=False):
    """A stock with what is left of it."""

    remaining: int | None
    """0 is sold out; null is unlimited."""


class BookableOffer(Offer, frozen=True, kw_only=True, tag_field="kind", tag="offer"):
    """A published offer, with what is left of each stock."""

    # To mypy a list may be written to, hence not narrowed; a frozen record's is only read.
    stocks: list[BookableStock]  # type: ignore[assignment]


class RecreditAnswer(Answer, frozen=True, omit_defaults=False):
    """Credit that comes at a birthday."""

    at: datetime
    amount_cents: int


class DepositAnswer(Answer, frozen=True, omit_defaults=False):
    """A credit that was granted, and what is left of it; a cap or a scope of null is none."""

    credit: str
    """The version of the rules, or the code of a local credit."""
    title: str | None
    """Of a local credit."""
    is_local: bool
    granted_cents: int
    balance_cents: int
    physical_cap_cents: int | None
    physical_left_cents: int | None
    digital_cap_cents: int | None
    digital_left_cents: int | None
    subcategories: list[str] | None
    departments: list[str] | None
    expires_at: datetime
    is_expired: bool
    next_recredit: RecreditAnswer | None


class WalletAnswer(Answer, frozen=True, omit_defaults=False):
    """What may still be spent; a cap of null is no cap. Policy, caps and end are those of the national credit."""

    policy: str | None
    balance_cents: int
    physical_left_cents: int | None
    digital_left_cents: int | None
    expires_at: datetime | None
    is_expired: bool
    deposits: list[DepositAnswer]
    """In the order in which they are spent."""


class PersonAnswer(Answer, frozen=True):
    """A person, as they themselves see it."""

    id: str
    email: str
    first_name: str
    last_name: str
    birth_date: str | None = None
    """`YYYY-MM-DD`."""
    department: str | None = None


class ExportAnswer(Answer, frozen=True, omit_defaults=False):
    """All that is kept of a person; what it holds is named in the document itself."""

    person: object
    wallet: object
    deposits: list[object]
    recredits: list[object]
    bookings: list[object]
    attempts: list[object]
    """At venues, with their countermarks."""
    mails: list[object]
    told_to: list[object]
    """Which partner was told of them, and when."""


class TicketAnswer(Answer, frozen=True):
    """A place sold in the venue's own ticketing: what the hall's scanner reads, and the seat."""

    barcode: str
    seat: str | None = None


class BookingAnswer(Answer, frozen=True):
    """A booking as its owner sees it."""

    id: str
    status: str
    """held (not yet confirmed by the venue's ticketing), confirmed, used, reimbursed, cancelled, expired."""
    offer_id: str
    stock_id: str
    offer: Promise
    """The offer as it was when booked."""
    quantity: int
    price_cents: int
    """Of one."""
    amount_cents: int
    """Of all."""
    created_at: datetime
    countermark: str | None = None
    """Once confirmed."""
    tickets: list[TicketAnswer] = []
    cancellable_until: datetime | None = None
    """Left out: until it is used."""
    expires_at: datetime | None = None
    """When goods nobody fetched are given back."""
    confirmed_at: datetime | None = None
    used_at: datetime | None = None
    cancelled_at: datetime | None = None
    cancellation_reason: str | None = None


class BookingsAnswer(Answer, frozen=True):
    """A page of a person's bookings, the newest first."""

    bookings: list[BookingAnswer]
