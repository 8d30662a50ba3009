"""The tables of what tills accept without us: signing keys, tickets given out, limits, tills' journals."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    event,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

import bookings.tables
from accounts.ddl import statement
from bookings.ddl import JOURNALS_STAY
from catalogue.columns import moment, reference, surrogate

BOOKINGS = bookings.tables.Booking
"""Named so that whoever builds the schema from this module has the tables it points at."""


def _at() -> Any:
    return Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class TicketKey(SQLModel, table=True):
    """An Ed25519 pair that signs tickets. It verifies until it is retired, whatever signs by then."""

    __tablename__ = "ticket_key"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("id ~ '^[0-9A-F]{8}$'", name="ticket_key_form"),
        CheckConstraint("octet_length(public_key) = 32", name="ticket_key_size"),
    )

    id: str = Field(sa_column=Column(Text, primary_key=True))
    """The first eight digits of the public part's SHA-256."""
    public_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """The private part, sealed with the installation's secret."""
    created_at: datetime = _at()
    signs_from: datetime = _at()
    """Later than its publication, so that tills have it before they meet what it signed."""
    retired_at: datetime | None = moment()


class TicketIssue(SQLModel, table=True):
    """The latest signed ticket of a booking: which key signed it, and how long it is good."""

    __tablename__ = "ticket_issue"
    __table_args__: ClassVar[Any] = (
        Index("ticket_issue_venue", "venue_id", "valid_until"),
        Index("ticket_issue_key", "key_id", "valid_until"),
    )

    booking_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("booking.id"), primary_key=True, autoincrement=False)
    )
    key_id: str = Field(sa_column=Column(Text, ForeignKey("ticket_key.id"), primary_key=True))
    venue_id: int = reference("venue.id", required=True)
    valid_until: datetime = _at()


class OfflineLimit(SQLModel, table=True):
    """What a venue risks: how much each of its tills may accept before it has uploaded. No row: the usual limit."""

    __tablename__ = "offline_limit"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("most_cents >= 0 and most_count >= 0", name="offline_limit_positive"),
    )

    venue_id: int = Field(sa_column=Column(BigInteger, ForeignKey("venue.id"), primary_key=True, autoincrement=False))
    most_cents: int = Field(sa_column=Column(BigInteger, nullable=False))
    most_count: int = Field(sa_column=Column(Integer, nullable=False))
    set_at: datetime = _at()


class OfflineEntry(SQLModel, table=True):
    """An entry of a till's journal as it was received, and what was decided then. It never changes."""

    __tablename__ = "offline_entry"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("vendor_id", "venue_id", "till", "sequence", name="offline_entry_sequence"),
        UniqueConstraint("vendor_id", "venue_id", "till", "nonce", name="offline_entry_nonce"),
        CheckConstraint("sequence > 0", name="offline_entry_positive"),
        CheckConstraint("length(till) between 1 and 64", name="offline_entry_till"),
        CheckConstraint("length(nonce) between 1 and 255", name="offline_entry_nonce_length"),
        CheckConstraint("octet_length(entry_hash) = 32", name="offline_entry_hash"),
        CheckConstraint("outcome in ('accepted', 'conflict', 'refused')", name="offline_entry_outcome"),
        CheckConstraint("(outcome = 'accepted') = (reason is null)", name="offline_entry_reason"),
        CheckConstraint(
            "outcome = 'refused' or num_nulls(booking_id, quantity, amount_cents) = 0", name="offline_entry_booking"
        ),
        Index("offline_entry_venue", "venue_id", "id"),
        Index("offline_entry_of_booking", "booking_id"),
    )

    id: int = surrogate()
    vendor_id: int = reference("vendor.id", required=True)
    api_key_id: int = reference("api_key.id", required=True)
    venue_id: int = reference("venue.id", required=True)
    till: str = Field(sa_type=Text)
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    nonce: str = Field(sa_type=Text)
    entry_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """SHA-256 of ticket and nonce: the same entry again is recognised, without the ticket being kept."""
    booking_id: int | None = reference("booking.id")
    """None: the ticket was not genuine, or not of this venue."""
    quantity: int | None = Field(sa_column=Column(SmallInteger))
    amount_cents: int | None = Field(sa_column=Column(BigInteger))
    said_at: datetime = _at()
    """By the till's clock, which proves nothing."""
    received_at: datetime = _at()
    outcome: str = Field(sa_type=Text)
    reason: str | None = Field(sa_type=Text)
    """The refusal's name."""
    details: dict[str, Any] | None = Field(sa_column=Column(JSONB(none_as_null=True)))
    """What the refusal told, to be told again."""
    used_at: datetime | None = moment()
    """When the booking was accepted: by this entry, or by what came first."""


for _sql in JOURNALS_STAY:
    event.listen(SQLModel.metadata.tables["offline_entry"], "after_create", statement(_sql))
