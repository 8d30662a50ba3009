"""The tables of bookings; those of money are in `money_tables.py`. A person is a pseudonym here.

The constraints are the last line behind `rules.py`: what they refuse should never have been tried.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

import accounts.tables
from accounts.ddl import statement
from bookings.ddl import BOOKINGS_STAY
from bookings.money_tables import cents
from catalogue.columns import UPDATED_IN_PLACE, moment, reference, surrogate

PARTIES = accounts.tables.ApiKey
"""Named so that whoever builds the schema from this module has the tables it points at."""
LIVE = "status not in ('cancelled', 'expired')"
"""A booking that holds a place, money, and the person's one booking of the offer."""

SEATED = "session_id is not null and status in ('held', 'confirmed', 'used')"
"""A booking of a session that is not over for it: what moving or cancelling the session concerns."""


class Booking(SQLModel, table=True):
    """A promise made to a person: of this, at this price, against this countermark."""

    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["stock_id", "venue_id"], ["stock.id", "stock.venue_id"], name="booking_stock_fkey"),
        CheckConstraint("countermark ~ '^[A-HJ-NP-Z2-7]{6}$'", name="booking_countermark_form"),
        CheckConstraint("quantity between 1 and 2", name="booking_quantity"),
        CheckConstraint("unit_price_cents >= 0", name="booking_price"),
        CheckConstraint(
            "status in ('held', 'confirmed', 'used', 'reimbursed', 'cancelled', 'expired')",
            name="booking_status",
        ),
        CheckConstraint("(status in ('used', 'reimbursed')) = (used_at is not null)", name="booking_used"),
        CheckConstraint(
            "(status in ('cancelled', 'expired')) = (cancelled_at is not null)"
            " and (cancelled_at is null) = (cancellation_reason is null)",
            name="booking_cancelled",
        ),
        CheckConstraint("status in ('held', 'cancelled') or confirmed_at is not null", name="booking_confirmed"),
        UniqueConstraint("countermark", name="booking_countermark"),
        Index("booking_one_live", "offer_id", "wallet_id", unique=True, postgresql_where=text(LIVE)),
        Index("booking_wallet", "wallet_id", "id"),
        Index("booking_stock", "stock_id", "venue_id"),
        Index("booking_venue", "venue_id", "id"),
        Index("booking_session", "session_id", postgresql_where=text(SEATED)),
        Index(
            "booking_expiring",
            "expires_at",
            postgresql_where=text("status = 'confirmed' and expires_at is not null"),
        ),
    )

    id: int = surrogate()
    countermark: str = Field(sa_type=Text)
    wallet_id: int = reference("wallet.id", required=True)
    stock_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    venue_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    offer_id: int = reference("offer.id", required=True)
    session_id: int | None = reference("session.id")
    source_id: int = reference("source.id", required=True)
    quantity: int = Field(sa_column=Column(SmallInteger, nullable=False))
    unit_price_cents: int = cents()
    is_physical: bool
    """It counts against the cap on physical goods."""
    is_digital: bool
    status: str = Field(sa_type=Text)
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    confirmed_at: datetime | None = moment()
    used_at: datetime | None = moment()
    used_by: int | None = reference("api_key.id")
    cancelled_at: datetime | None = moment()
    cancellation_reason: str | None = Field(sa_type=Text)
    cancellable_until: datetime | None = moment()
    """Null: until it is used."""
    expires_at: datetime | None = moment()
    """When goods nobody fetched are given back."""
    told_at: datetime | None = moment()
    """When the provider came to know of the sale; null while it does not."""
    snapshot: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    """The offer as it was promised."""


class SessionNews(SQLModel, table=True):
    """A session that somebody booked was cancelled or moved: written with it, carried out by `withdrawals.py`."""

    __tablename__ = "session_news"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("what in ('cancelled', 'moved')", name="session_news_what"),
        CheckConstraint("(what = 'moved') = (begins_at is not null)", name="session_news_begins"),
        Index("session_news_open", "id", postgresql_where=text("settled_at is null")),
    )

    id: int = surrogate()
    session_id: int = reference("session.id", required=True, index=True)
    what: str = Field(sa_type=Text)
    begins_at: datetime | None = moment()
    """When a moved session begins now."""
    noted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    settled_at: datetime | None = moment()


class BookingNotice(SQLModel, table=True):
    """Who is to be told of what: a cancelled session, a new cancellation limit, goods that will soon be given back."""

    __tablename__ = "booking_notice"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("kind in ('session_cancelled', 'session_moved', 'expires_soon')", name="booking_notice_kind"),
        CheckConstraint("(kind = 'expires_soon') = (news_id is null)", name="booking_notice_news"),
        UniqueConstraint(
            "booking_id", "kind", "news_id", name="booking_notice_once", postgresql_nulls_not_distinct=True
        ),
    )

    id: int = surrogate()
    booking_id: int = reference("booking.id", required=True)
    kind: str = Field(sa_type=Text)
    news_id: int | None = reference("session_news.id", index=True)
    noted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class Allotment(SQLModel, table=True):
    """How much of a stock is held and sold. Written by bookings alone; locked after the wallet."""

    __table_args__: ClassVar[Any] = (
        ForeignKeyConstraint(["stock_id", "venue_id"], ["stock.id", "stock.venue_id"], name="allotment_stock_fkey"),
        CheckConstraint("held >= 0", name="allotment_held"),
        CheckConstraint("sold >= 0", name="allotment_sold"),
        CheckConstraint("held + sold <= ceiling", name="allotment_ceiling"),
        UPDATED_IN_PLACE,
    )

    stock_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    venue_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    held: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    sold: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    ceiling: int | None = Field(sa_column=Column(Integer))
    """`supply.total` at the last hold that succeeded; null is unlimited."""


class ExternalSale(SQLModel, table=True):
    """The same sale in the provider's own ticketing, and how far it has got there."""

    __tablename__ = "external_sale"
    __table_args__: ClassVar[Any] = (
        CheckConstraint(
            "state in ('wanted', 'holding', 'held', 'confirming', 'sold', 'cancelling', 'cancelled',"
            " 'refused', 'unknown')",
            name="external_sale_state",
        ),
        Index(
            "external_sale_pending",
            "next_try_at",
            postgresql_where=text("state not in ('sold', 'cancelled', 'refused') or surplus is not null"),
        ),
    )

    booking_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("booking.id"), primary_key=True, autoincrement=False)
    )
    source_id: int = reference("source.id", required=True)
    session_key: str = Field(sa_type=Text)
    """The provider's own key of the session, and of the price within it."""
    price_part: str = Field(sa_type=Text)
    state: str = Field(sa_type=Text)
    hold_reference: str | None = Field(sa_type=Text)
    tickets: list[dict[str, Any]] | None = Field(sa_column=Column(JSONB(none_as_null=True)))
    surplus: list[dict[str, Any]] | None = Field(sa_column=Column(JSONB(none_as_null=True)))
    """Tickets sold beyond the seats that were asked for, until they are cancelled there."""
    attempts: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    next_try_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    """When the reconciler may take it up: whoever works on it puts this off, as a lease."""
    last_error: str | None = Field(sa_type=Text)
    changed_at: datetime = moment(required=True)


class IdempotencyKey(SQLModel, table=True):
    """What was answered to a request, so that its repetition gets the same."""

    __tablename__ = "idempotency_key"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("length(key) between 1 and 255", name="idempotency_key_length"),
        CheckConstraint("status in ('running', 'done')", name="idempotency_key_status"),
        CheckConstraint("(status = 'done') = (response is not null)", name="idempotency_key_response"),
        Index("idempotency_key_created", "created_at"),
    )

    owner: str = Field(sa_column=Column(Text, primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    request_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    booking_id: int | None = reference("booking.id", index=True)
    status: str = Field(sa_type=Text)
    response: dict[str, Any] | None = Field(sa_column=Column(JSONB(none_as_null=True)))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))


class Acceptance(SQLModel, table=True):
    """An attempt on a countermark. At most one accepted use of a booking stands at a time."""

    __table_args__: ClassVar[Any] = (
        CheckConstraint("action in ('check', 'use', 'keep', 'cancel')", name="acceptance_action"),
        CheckConstraint("octet_length(token_hash) = 32", name="acceptance_hash_size"),
        Index(
            "acceptance_one_standing",
            "booking_id",
            unique=True,
            postgresql_where=text("action = 'use' and outcome = 'accepted' and undone_at is null"),
        ),
        Index(
            "acceptance_nonce",
            "booking_id",
            "api_key_id",
            "nonce",
            unique=True,
            postgresql_where=text("action = 'use' and outcome = 'accepted'"),
        ),
        Index("acceptance_key", "api_key_id", "at"),
    )

    id: int = surrogate()
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    api_key_id: int | None = reference("api_key.id")
    booking_id: int | None = reference("booking.id")
    """None: no such countermark, for this key."""
    token_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """SHA-256 of what was tried, upper-cased: recognisable, without the countermark being written down."""
    action: str = Field(sa_type=Text)
    outcome: str = Field(sa_type=Text)
    """`accepted`, or the refusal's reason."""
    nonce: str | None = Field(sa_type=Text)
    till: str | None = Field(sa_type=Text)
    """What the caller says its till is called."""
    undone_at: datetime | None = moment()
    """When the venue took the use back (keep)."""


for _sql in BOOKINGS_STAY:
    event.listen(SQLModel.metadata.tables["booking"], "after_create", statement(_sql))
