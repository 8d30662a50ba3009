"""Where records come from, what each source says, and which thing it was held to be of, by which reasons.

What is said of stocks stands in `supply` (`offer_tables.py`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from catalogue.columns import EMPTY_JSON, moment, reference, surrogate


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
        Index("source_record_content", "source_id", "content", postgresql_where=text("content is not null")),
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
    content: bytes | None = Field(sa_column=Column(LargeBinary))
    """What it says but for its names, as `catalogue.contents` makes it."""


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
