"""The tables of what leaves after the commit: events, the partners' endpoints, what is sent to them, and mails."""

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
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

import bookings.tables
from accounts.ddl import statement
from bookings.outbox_ddl import BOOKINGS_ARE_TOLD, SESSION_NEWS_ARE_TOLD
from catalogue.columns import UPDATED_IN_PLACE, moment, reference, surrogate

SUBJECTS = bookings.tables.Booking
"""Named so that the tables these triggers stand on are there."""
EVENTS = (
    "booking.created",
    "booking.cancelled",
    "booking.used",
    "booking.kept",
    "booking.expired",
    "session.moved",
    "session.cancelled",
    "stock.changed",
)
"""What a partner may ask to be told."""
WAITING = "state = 'waiting'"


class OutboxEvent(SQLModel, table=True):
    """Something that happened, noted in its own transaction by a trigger (`outbox_ddl.py`), to be told after it."""

    __tablename__ = "outbox_event"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("num_nonnulls(booking_id, session_id, stock_id) = 1", name="outbox_event_subject"),
        Index("outbox_event_unspread", "id", postgresql_where=text("spread_at is null")),
        Index("outbox_event_stock", "stock_id", "id", postgresql_where=text("stock_id is not null")),
        Index("outbox_event_spread", "spread_at"),
        UPDATED_IN_PLACE,
    )

    id: int = surrogate()
    kind: str = Field(sa_type=Text)
    """One of `EVENTS`; or `booking.refused`, `booking.moved`, `booking.expiring`, which concern the person alone."""
    # No foreign keys: these rows are written with the very rows they speak of, millions of times.
    booking_id: int | None = Field(sa_column=Column(BigInteger))
    session_id: int | None = Field(sa_column=Column(BigInteger))
    stock_id: int | None = Field(sa_column=Column(BigInteger))
    venue_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    details: dict[str, Any] | None = Field(sa_column=Column(JSONB(none_as_null=True)))
    """What the booking's own row will not say later: a reason, a new time, what was left."""
    spread_at: datetime | None = moment()
    """When it was made into deliveries and mails."""


class OutboxCursor(SQLModel, table=True):
    """Up to where the change log was read for `stock.changed`: one row."""

    __tablename__ = "outbox_cursor"
    __table_args__: ClassVar[Any] = (CheckConstraint("id = 1", name="outbox_cursor_one"),)

    id: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    position: int = Field(sa_column=Column(BigInteger, nullable=False))


class WebhookEndpoint(SQLModel, table=True):
    """Where a vendor wants to be told, of what, and how that has been going."""

    __tablename__ = "webhook_endpoint"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("form in ('standard', 'passculture')", name="webhook_endpoint_form"),
        CheckConstraint("cardinality(events) > 0", name="webhook_endpoint_events"),
        Index("webhook_endpoint_vendor", "vendor_id"),
        UPDATED_IN_PLACE,
    )

    id: int = surrogate()
    vendor_id: int = reference("vendor.id", required=True)
    url: str = Field(sa_type=Text)
    events: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    form: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'standard'")))
    """`passculture`: the notification of the pass Culture, for software that reads that one."""
    secrets: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """The signing secrets, sealed: the current one, and the one before while both sign."""
    both_until: datetime | None = moment()
    """While a rotation lasts, both secrets sign."""
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    failures: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    """Sendings that failed since one did not."""
    failing_since: datetime | None = moment()
    rests_until: datetime | None = moment()
    """Nothing is sent to it before."""
    disabled_at: datetime | None = moment()
    disabled_why: str | None = Field(sa_type=Text)


class WebhookDelivery(SQLModel, table=True):
    """One event for one endpoint. Its id is the message's, at each attempt."""

    __tablename__ = "webhook_delivery"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("state in ('waiting', 'delivered', 'dead', 'superseded')", name="webhook_delivery_state"),
        CheckConstraint("(state = 'waiting') = (ended_at is null)", name="webhook_delivery_ended"),
        UniqueConstraint("endpoint_id", "event_id", name="webhook_delivery_once"),
        Index("webhook_delivery_due", "endpoint_id", "next_try_at", postgresql_where=text(WAITING)),
        Index("webhook_delivery_order", "endpoint_id", "subject", "id", postgresql_where=text(WAITING)),
        Index("webhook_delivery_log", "endpoint_id", "id"),
        Index("webhook_delivery_event", "event_id"),
        Index("webhook_delivery_over", "ended_at", postgresql_where=text("ended_at is not null")),
        UPDATED_IN_PLACE,
    )

    id: int = surrogate()
    endpoint_id: int = reference("webhook_endpoint.id", required=True)
    event_id: int = reference("outbox_event.id", required=True)
    kind: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    """`booking:…`, `session:…` or `stock:…`: the deliveries of one subject go one after the other."""
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'waiting'")))
    attempts: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    tries_left: int = Field(sa_column=Column(Integer, nullable=False))
    """Before it is dead; a replay gives as many again."""
    next_try_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    """Put off, as a lease, by whoever sends it: killed between, it is sent again under the same id."""
    waiting_since: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    """Since it was made, or replayed."""
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    ended_at: datetime | None = moment()
    last_status: int | None = Field(sa_column=Column(Integer))
    last_error: str | None = Field(sa_type=Text)


class WebhookAttempt(SQLModel, table=True):
    """One sending, as the partner may read it."""

    __tablename__ = "webhook_attempt"
    __table_args__: ClassVar[Any] = (Index("webhook_attempt_delivery", "delivery_id", "id"),)

    id: int = surrogate()
    delivery_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("webhook_delivery.id", ondelete="cascade"), nullable=False)
    )
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    status: int | None = Field(sa_column=Column(Integer))
    """None: no answer."""
    error: str | None = Field(sa_type=Text)
    milliseconds: int = Field(sa_column=Column(Integer, nullable=False))


class Mail(SQLModel, table=True):
    """A mail to write, once. Whom to and what about is looked up when it is sent: no name or address stands here."""

    __table_args__: ClassVar[Any] = (
        CheckConstraint("state in ('waiting', 'sent', 'dead', 'void')", name="mail_state"),
        CheckConstraint("(state = 'waiting') = (ended_at is null)", name="mail_ended"),
        CheckConstraint("(booking_id is null) = (letter is not null)", name="mail_about"),
        UniqueConstraint("key", name="mail_once"),
        Index("mail_due", "next_try_at", postgresql_where=text(WAITING)),
        Index("mail_booking", "booking_id", "id", postgresql_where=text(WAITING)),
        Index("mail_over", "ended_at", postgresql_where=text("ended_at is not null")),
        UPDATED_IN_PLACE,
    )

    id: int = surrogate()
    key: str = Field(sa_type=Text)
    """What it is about; the same thing is not told twice, and the message's id comes from it."""
    kind: str = Field(sa_type=Text)
    booking_id: int | None = reference("booking.id")
    letter: str | None = Field(sa_type=Text)
    """Of a mail to staff: its subject, an empty line, its body."""
    details: dict[str, Any] | None = Field(sa_column=Column(JSONB(none_as_null=True)))
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'waiting'")))
    attempts: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    next_try_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    ended_at: datetime | None = moment()
    last_error: str | None = Field(sa_type=Text)


for _table, _statements in (
    ("booking", BOOKINGS_ARE_TOLD),
    ("session_news", SESSION_NEWS_ARE_TOLD[:2]),
    ("booking_notice", SESSION_NEWS_ARE_TOLD[2:]),
):
    for _sql in _statements:
        event.listen(SQLModel.metadata.tables[_table], "after_create", statement(_sql))
