"""The référentiel's tables, as if there were a hundred million stocks.

Canonical entities stand apart from what sources say of them (`source_record`), and what a provider
would sell (`supply`, written by sync alone) apart from the stock it is of. Ids are never reused: a
merged entity keeps its row and points at the survivor (`merged_into`, flattened), a withdrawn one
keeps it as a tombstone (`withdrawn_at`). The volume tables (source_record, offer, stock, supply) carry the
columns they can be partitioned by in their primary keys, and no foreign keys (decision 018): the audit looks
for orphans.
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
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Sequence,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

POSITIONS = Sequence("change_position", metadata=SQLModel.metadata)
"""Numbers the change log; only drawn under the log's lock, so that numbers follow commits."""
NOW = text("now()")
EMPTY_JSON = text("'{}'::jsonb")
BYTEWISE = "C"
"""Keys are compared as bytes: an index on them costs a fraction of one in a language's order."""
UPDATED_IN_PLACE = {
    "postgresql_with": {
        "fillfactor": 80,
        "autovacuum_vacuum_scale_factor": 0.02,
        "autovacuum_analyze_scale_factor": 0.02,
    }
}
"""Hot tables: room in each page for the row's next version (no index is touched), and vacuumed after 2 % of changes."""


def surrogate() -> Any:
    """A bigint that the database gives out and nobody writes."""
    return Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))


def moment(*, required: bool = False) -> Any:
    """An instant; `required` ones default to the transaction's time."""
    column = Column(DateTime(timezone=True), nullable=not required, server_default=NOW if required else None)
    return Field(default=None, sa_column=column)


def reference(target: str, *, required: bool = False, index: bool = False) -> Any:
    """A foreign key on a bigint."""
    column = Column(BigInteger, ForeignKey(target), nullable=not required, index=index)
    return Field(default=None, sa_column=column)


class Source(SQLModel, table=True):
    """Where records come from: one connector, one account, one licence. How it is read stands in sync's `feed`."""

    __table_args__: ClassVar[Any] = (
        UniqueConstraint("connector", "account"),
        CheckConstraint("sales_seen in ('at_booking', 'at_acceptance', 'never')", name="source_sales_seen"),
        Index("source_stale", "id", postgresql_where=text("stale_since is not null")),
    )

    id: int = surrogate()
    connector: str = Field(sa_type=Text)
    account: str = Field(sa_type=Text)
    label: str = Field(sa_type=Text)
    venue_id: int | None = reference("venue.id", index=True)
    """The venue it is bound to, where it speaks of one only."""
    licence: str = Field(sa_type=Text)
    """SPDX-like name; `open_data` decides by it what leaves."""
    trust: int = Field(default=50, sa_column=Column(SmallInteger, nullable=False, server_default=text("50")))
    """Survivorship: the higher wins, then the fresher."""
    trust_by_field: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    """Where it is believed more, or less: by `field` or `kind.field`."""
    is_clean: bool = Field(sa_column_kwargs={"server_default": text("true")})
    """It never lists the same thing twice: two of its records are never merged with each other."""
    sales_seen: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'never'")))
    """When the provider takes our sales into account in what it says is available."""
    stale_since: datetime | None = moment()
    """It has been silent for so long that what it sells is hidden: not found, not booked, not deleted."""
    created_at: datetime = moment(required=True)


class SourceRecord(SQLModel, table=True):
    """What one source says of one thing. `entity_id` is the canonical thing, by a decision; none while unresolved.

    What it says of stocks stands in `supply`.
    """

    __tablename__ = "source_record"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("kind between 1 and 5", name="source_record_kind"),
        Index("source_record_entity", "kind", "entity_id"),
    )

    source_id: int = Field(sa_column=Column(BigInteger, ForeignKey("source.id"), primary_key=True))
    kind: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    part: str = Field(sa_column=Column(Text, primary_key=True, server_default=text("''")))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """16 bytes of the record's normalised JSON: equal means nothing to write."""
    entity_id: int | None = Field(sa_column=Column(BigInteger))
    generation: int = Field(sa_column=Column(Integer, nullable=False))
    """The full snapshot, or the increment after it, that last changed the row."""
    observed_at: datetime = moment(required=True)
    gone_at: datetime | None = moment()
    record: dict[str, Any] | None = Field(sa_column=Column(JSONB(none_as_null=True)))
    """The normalised record."""


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


class Offer(SQLModel, table=True):
    """What one venue proposes: exactly one product or one event."""

    __table_args__: ClassVar[Any] = (
        CheckConstraint("(product_id is null) <> (event_id is null)", name="offer_of_one_thing"),
        # Partial by what they are of, so that neither is ever walked for the other sort of offer.
        Index(
            "offer_product",
            "venue_id",
            "product_id",
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
        Index("offer_of_product", "product_id", postgresql_where=text("product_id is not null")),
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


class EntityIdentifier(SQLModel, table=True):
    """An identifier that means the same thing for everybody, and whose it is."""

    __tablename__ = "entity_identifier"
    __table_args__: ClassVar[Any] = (Index("entity_identifier_of", "kind", "entity_id"),)

    kind: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    scheme: str = Field(sa_column=Column(Text, primary_key=True))
    value: str = Field(sa_column=Column(Text, primary_key=True))
    entity_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class MatchKey(SQLModel, table=True):
    """Blocking: entities that share a key are worth comparing (`matching.blocking`)."""

    __tablename__ = "match_key"
    __table_args__: ClassVar[Any] = (Index("match_key_of", "kind", "entity_id"),)

    kind: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    key: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    entity_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))


class MergeDecision(SQLModel, table=True):
    """Why a source's record is held to be of an entity, or is not; explained, kept, reversible."""

    __tablename__ = "merge_decision"
    __table_args__: ClassVar[Any] = (
        Index("merge_decision_entity", "kind", "entity_id"),
        Index("merge_decision_record", "source_id", "kind", "key", "part"),
        Index(
            "merge_decision_never",
            "source_id",
            "kind",
            "key",
            "part",
            postgresql_where=text("outcome = 'different' and undone_at is null"),
        ),
        CheckConstraint("outcome in ('same', 'different', 'ask')", name="merge_decision_outcome"),
        CheckConstraint("score between 0 and 100", name="merge_decision_score"),
    )

    id: int = surrogate()
    kind: int = Field(sa_column=Column(SmallInteger, nullable=False))
    source_id: int = Field(sa_column=Column(BigInteger, ForeignKey("source.id"), nullable=False))
    key: str = Field(sa_type=Text)
    part: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    entity_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    outcome: str = Field(sa_type=Text)
    score: int = Field(sa_column=Column(SmallInteger, nullable=False))
    explanation: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    author: str = Field(sa_type=Text)
    """`identifiers`, `rules` with their version, or `person:<id>`, whom no code overrules."""
    decided_at: datetime = moment(required=True)
    undone_at: datetime | None = moment()


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
