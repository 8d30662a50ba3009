"""What can be booked: offers, their stocks, and what providers would sell of them.

These and `source_record` are the volume tables, as if there were a hundred million stocks: they carry the columns they
can be partitioned by in their primary keys, and no foreign keys (decision 024): the audit looks for orphans. What a
provider would sell (`supply`, written by sync alone) stands apart from the stock it is of.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    DateTime,
    Identity,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Text,
    text,
)
from sqlmodel import Field, SQLModel

from catalogue.columns import BYTEWISE, moment, surrogate


class Offer(SQLModel, table=True):
    """What one venue proposes: exactly one product or one event."""

    __table_args__: ClassVar[Any] = (
        CheckConstraint("(product_id is null) <> (event_id is null)", name="offer_of_one_thing"),
        # Partial by what they are of, so that neither is ever walked for the other sort of offer.
        Index(
            "offer_product",
            "product_id",
            "venue_id",
            unique=True,
            postgresql_where=text("product_id is not null and merged_into is null"),
        ),
        Index(
            "offer_event",
            "event_id",
            "venue_id",
            unique=True,
            postgresql_where=text("event_id is not null and merged_into is null"),
        ),
    )

    id: int = surrogate()
    venue_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    product_id: int | None = Field(sa_column=Column(BigInteger))
    event_id: int | None = Field(sa_column=Column(BigInteger))
    merged_into: int | None = Field(sa_column=Column(BigInteger))
    withdrawn_at: datetime | None = moment()
    changed_at: datetime = moment(required=True)


class Stock(SQLModel, table=True):
    """A bookable row of an offer: a price, for a session or for none. Its price is null where the law sets it."""

    __table_args__: ClassVar[Any] = (
        CheckConstraint("price_cents >= 0", name="stock_price"),
        Index("stock_offer", "offer_id"),
        Index("stock_session", "session_id", postgresql_where=text("session_id is not null")),
    )

    id: int = Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    venue_id: int = Field(sa_column=Column(BigInteger, primary_key=True))
    offer_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    session_id: int | None = Field(sa_column=Column(BigInteger))
    price_cents: int | None = Field(sa_column=Column(Integer))
    price_label: str | None = Field(sa_type=Text)
    sellable_until: datetime | None = moment()
    withdrawn_at: datetime | None = moment()


class Supply(SQLModel, table=True):
    """What a source last said of one stock, whole: of what, how many, at what price.

    Sync alone writes it; bookings read it, never wait. A book's row waits, without a stock, until somebody describes
    its EAN. Columns are in the order that leaves no gaps between them.
    """

    __table_args__: ClassVar[Any] = (
        PrimaryKeyConstraint("source_id", "key", "part", "venue_id"),
        CheckConstraint("available >= 0", name="supply_available"),
        CheckConstraint("seen >= 0", name="supply_seen"),
        CheckConstraint("price_cents >= 0", name="supply_price"),
        CheckConstraint("(ean is null) <> (of_key is null)", name="supply_of_one_thing"),
        Index("supply_stock", "stock_id", "venue_id", unique=True, postgresql_where=text("stock_id is not null")),
        Index("supply_waiting", "ean", postgresql_where=text("stock_id is null and gone_at is null")),
        {
            "postgresql_with": {
                "fillfactor": 90,
                "autovacuum_vacuum_scale_factor": 0.02,
                "autovacuum_analyze_scale_factor": 0.02,
            }
        },
    )

    source_id: int = Field(sa_column=Column(BigInteger, nullable=False, autoincrement=False))
    venue_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    stock_id: int | None = Field(sa_column=Column(BigInteger))
    """None: nobody has described what it is of yet, or nobody could sell it any more."""
    observed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    """When the answer was *requested*: what happened after it, the provider had not seen."""
    gone_at: datetime | None = moment()
    sellable_until: datetime | None = moment()
    generation: int = Field(sa_column=Column(Integer, nullable=False))
    """The full snapshot, or the increment after it, that last changed the row."""
    available: int | None = Field(sa_column=Column(Integer))
    """As said; null is unlimited."""
    seen: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    """How many of our sales that figure already left out when it was asked for."""
    total: int | None = Field(sa_column=Column(Integer, Computed("available + seen", persisted=True)))
    """What we may have sold in all: held + sold stays at or below it."""
    price_cents: int | None = Field(sa_column=Column(Integer))
    of_kind: int | None = Field(sa_column=Column(SmallInteger))
    """What `of_key` names at the source: 2 a product, 4 an event, 5 a session; none where `ean` says it."""
    key: str = Field(sa_column=Column(Text(collation=BYTEWISE), nullable=False))
    part: str = Field(sa_column=Column(Text(collation=BYTEWISE), nullable=False, server_default=text("''")))
    ean: str | None = Field(sa_column=Column(Text(collation=BYTEWISE)))
    of_key: str | None = Field(sa_column=Column(Text(collation=BYTEWISE)))
    price_label: str | None = Field(sa_type=Text)
