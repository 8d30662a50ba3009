"""The canonical things, apart from what sources say of them, and the log of what changed.

Ids are never reused: a merged entity keeps its row and points at the survivor (`merged_into`, flattened), a withdrawn
one keeps it as a tombstone (`withdrawn_at`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Double,
    Index,
    Integer,
    Sequence,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from catalogue.columns import BYTEWISE, EMPTY_JSON, moment, reference, surrogate

POSITIONS = Sequence("change_position", metadata=SQLModel.metadata)
"""Numbers the change log; only drawn under the log's lock, so that numbers follow commits."""


class Work(SQLModel, table=True):
    """The intellectual thing."""

    __table_args__: ClassVar[Any] = (
        Index("work_folded", "folded", postgresql_using="gin", postgresql_ops={"folded": "gin_trgm_ops"}),
    )

    id: int = surrogate()
    type: str = Field(sa_type=Text)
    title: str = Field(sa_type=Text)
    folded: str = Field(sa_type=Text)
    """Title and names as `matching.normalise.fold` makes them: what search compares."""
    fields: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    provenance: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    """Per field, the source whose value is shown."""
    merged_into: int | None = reference("work.id")
    withdrawn_at: datetime | None = moment()
    changed_at: datetime = moment(required=True)


class Product(SQLModel, table=True):
    """An edition or carrier."""

    __table_args__: ClassVar[Any] = (
        Index("product_ean", "ean", unique=True, postgresql_where=text("merged_into is null")),
        Index(
            "product_folded",
            "folded",
            postgresql_using="gin",
            postgresql_ops={"folded": "gin_trgm_ops"},
            postgresql_where=text("folded is not null"),
        ),
        Index("product_work", "work_id", postgresql_where=text("work_id is not null")),
        CheckConstraint("ean ~ '^[0-9]{13}$'", name="product_ean_form"),
        CheckConstraint("price_cents >= 0", name="product_price"),
    )

    id: int = surrogate()
    work_id: int | None = reference("work.id")
    ean: str | None = Field(sa_column=Column(Text(collation=BYTEWISE)))
    title: str | None = Field(sa_type=Text)
    folded: str | None = Field(sa_type=Text)
    subcategory: str | None = Field(sa_type=Text)
    price_cents: int | None = Field(sa_column=Column(Integer))
    sellable: bool | None
    sellable_from: datetime | None = moment()
    fields: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    provenance: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    merged_into: int | None = reference("product.id")
    withdrawn_at: datetime | None = moment()
    changed_at: datetime = moment(required=True)


class Venue(SQLModel, table=True):
    """A place, with the zone its clocks show."""

    __table_args__: ClassVar[Any] = (
        Index("venue_siret", "siret", unique=True, postgresql_where=text("merged_into is null")),
        CheckConstraint("siret ~ '^[0-9]{14}$'", name="venue_siret_form"),
    )

    id: int = surrogate()
    siret: str | None = Field(sa_type=Text)
    name: str = Field(sa_type=Text)
    folded: str = Field(sa_type=Text)
    time_zone: str = Field(sa_type=Text)
    department: str | None = Field(sa_type=Text)
    latitude: float | None = Field(sa_column=Column(Double))
    longitude: float | None = Field(sa_column=Column(Double))
    fields: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    provenance: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    merged_into: int | None = reference("venue.id")
    withdrawn_at: datetime | None = moment()
    changed_at: datetime = moment(required=True)


class Event(SQLModel, table=True):
    """A run of a show, a screening series or an exhibition at one venue."""

    __table_args__: ClassVar[Any] = (
        Index("event_folded", "folded", postgresql_using="gin", postgresql_ops={"folded": "gin_trgm_ops"}),
    )

    id: int = surrogate()
    venue_id: int = reference("venue.id", required=True, index=True)
    work_id: int | None = reference("work.id", index=True)
    title: str = Field(sa_type=Text)
    folded: str = Field(sa_type=Text)
    subcategory: str = Field(sa_type=Text)
    is_duo: bool = Field(sa_column_kwargs={"server_default": text("false")})
    fields: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    provenance: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    merged_into: int | None = reference("event.id")
    withdrawn_at: datetime | None = moment()
    changed_at: datetime = moment(required=True)


class Session(SQLModel, table=True):
    """One dated occurrence of an event. Two halls at the same minute are two sessions."""

    __table_args__: ClassVar[Any] = (
        Index("session_event", "event_id", "begins_at"),
        CheckConstraint("ends_at >= begins_at", name="session_order"),
    )

    id: int = surrogate()
    event_id: int = reference("event.id", required=True)
    begins_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    ends_at: datetime | None = moment()
    hall: str | None = Field(sa_type=Text)
    version: str | None = Field(sa_type=Text)
    features: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")))
    cancelled_at: datetime | None = moment()
    merged_into: int | None = reference("session.id")
    changed_at: datetime = moment(required=True)


class Change(SQLModel, table=True):
    """One change of a published thing. `position` follows commit order (`catalogue.changes` says how)."""

    __tablename__ = "change_log"
    __table_args__: ClassVar[Any] = (CheckConstraint("op in (1, 2, 3)", name="change_op"),)

    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    kind: int = Field(sa_column=Column(SmallInteger, nullable=False))
    entity_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    op: int = Field(sa_column=Column(SmallInteger, nullable=False))
    """1 updated, 2 withdrawn, 3 merged into another."""
    changed_at: datetime = moment(required=True)
