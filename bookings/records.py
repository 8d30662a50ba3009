"""What comes out of the money room: bookings, wallets and countermarks as their readers see them."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from schemas.ids import public_id

if TYPE_CHECKING:
    import asyncpg


class Promise(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel"):
    """The offer as it was when booked. It never changes, whatever becomes of the offer."""

    title: str
    subcategory: str
    venue_name: str
    time_zone: str
    siret: str | None = None
    ean: str | None = None
    begins_at: datetime | None = None
    ends_at: datetime | None = None
    hall: str | None = None
    version: str | None = None
    price_label: str | None = None


@dataclass(frozen=True, slots=True)
class SoldTicket:
    """A place sold in the provider's ticketing: what the hall's scanner reads, and the seat."""

    barcode: str = field(repr=False)
    seat: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A booking as its owner sees it. `held` means that the provider has not yet said whether it sold."""

    id: int
    status: str
    """held, confirmed, used, reimbursed, cancelled or expired."""
    countermark: str | None = field(repr=False)
    """None until the booking is confirmed."""
    stock_id: int
    offer_id: int
    venue_id: int
    session_id: int | None
    quantity: int
    unit_price_cents: int
    created_at: datetime
    confirmed_at: datetime | None
    used_at: datetime | None
    cancelled_at: datetime | None
    cancellation_reason: str | None
    cancellable_until: datetime | None
    """None: until it is used."""
    expires_at: datetime | None
    promise: Promise
    tickets: tuple[SoldTicket, ...] = ()

    @property
    def public_id(self) -> str:
        """What the outside world, the provider included, calls it."""
        return public_id("booking", self.id)

    @property
    def amount_cents(self) -> int:
        return self.quantity * self.unit_price_cents

    @property
    def is_pending(self) -> bool:
        return self.status == "held"


@dataclass(frozen=True, slots=True)
class RecreditView:
    """Credit that comes at a birthday."""

    at: datetime
    cents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositView:
    """A credit that was granted and what is left of it, in cents; a cap of None is no cap."""

    credit: str
    """The version of the rules, or the local credit's code."""
    title: str | None
    """Of a local credit."""
    is_local: bool
    granted_cents: int
    """With all that was added since."""
    balance_cents: int
    """0 once it has ended."""
    physical_cap_cents: int | None
    physical_left_cents: int | None
    digital_cap_cents: int | None
    digital_left_cents: int | None
    subcategories: list[str] | None
    """What it pays; None: anything."""
    departments: list[str] | None
    """Of the venues where it pays; None: any."""
    expires_at: datetime
    is_expired: bool
    next_recredit: RecreditView | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletView:
    """What a person may still spend, in cents. Policy, caps, end: of the national credit that runs, or the last."""

    policy: str | None
    """None: no national credit was ever granted."""
    balance_cents: int
    """Of all deposits that have not ended."""
    physical_left_cents: int | None
    digital_left_cents: int | None
    expires_at: datetime | None
    is_expired: bool
    deposits: list[DepositView]
    """In the order in which they are spent."""

    @classmethod
    def of(cls, deposits: list[DepositView]) -> WalletView:
        """The sum of these."""
        national = max(
            (one for one in deposits if not one.is_local),
            key=lambda one: (not one.is_expired, one.expires_at),
            default=None,
        )
        return cls(
            policy=None if national is None else national.credit,
            balance_cents=sum(one.balance_cents for one in deposits),
            physical_left_cents=None if national is None else national.physical_left_cents,
            digital_left_cents=None if national is None else national.digital_left_cents,
            expires_at=None if national is None else national.expires_at,
            is_expired=national is not None and national.is_expired,
            deposits=deposits,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CountermarkView:
    """What a till needs to hand something over against a countermark that can be used now."""

    booking_id: int
    pseudonym: uuid.UUID
    """Whose it is, for `accounts.people.contacts`."""
    venue_id: int
    offer_id: int
    stock_id: int
    quantity: int
    unit_price_cents: int
    created_at: datetime
    valid_from: datetime | None
    expires_at: datetime | None
    promise: Promise


def booking(row: asyncpg.Record) -> Booking:
    """A row of `store.BOOKING_COLUMNS`."""
    return Booking(
        id=row["id"],
        status=row["status"],
        countermark=None if row["status"] == "held" or row["confirmed_at"] is None else row["countermark"],
        stock_id=row["stock_id"],
        offer_id=row["offer_id"],
        venue_id=row["venue_id"],
        session_id=row["session_id"],
        quantity=row["quantity"],
        unit_price_cents=row["unit_price_cents"],
        created_at=row["created_at"],
        confirmed_at=row["confirmed_at"],
        used_at=row["used_at"],
        cancelled_at=row["cancelled_at"],
        cancellation_reason=row["cancellation_reason"],
        cancellable_until=row["cancellable_until"],
        expires_at=row["expires_at"],
        promise=promise(row["snapshot"]),
        tickets=tuple(SoldTicket(ticket["barcode"], ticket["seat"]) for ticket in json.loads(row["tickets"] or "[]")),
    )


def promise(text: str) -> Promise:
    """The snapshot column, as text."""
    return msgspec.json.decode(text, type=Promise)
