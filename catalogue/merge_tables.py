"""What people and rules joined and parted: which entity went into which, with which records, and fields held by hand.

A merge is a row here and a redirect on the absorbed entity; its members say where each record came from, so that any of
them can go back.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from catalogue.columns import EMPTY_JSON, moment, surrogate


class EntityMerge(SQLModel, table=True):
    """Two entities that stood, held to be one since. The absorbed one's id leads to the survivor while it stands."""

    __tablename__ = "entity_merge"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("kind between 1 and 4", name="entity_merge_kind"),
        CheckConstraint("absorbed_id <> survivor_id", name="entity_merge_of_two"),
        CheckConstraint("(undone_at is null) = (undone_by is null)", name="entity_merge_undone"),
        Index("entity_merge_standing", "kind", "absorbed_id", unique=True, postgresql_where=text("undone_at is null")),
        Index("entity_merge_survivor", "kind", "survivor_id"),
    )

    id: int = surrogate()
    kind: int = Field(sa_column=Column(SmallInteger, nullable=False))
    absorbed_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    survivor_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    """The entity it was joined to; where that one was absorbed in turn, the redirect leads further."""
    author: str = Field(sa_type=Text)
    explanation: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    moved: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    """Of products: the offers and stocks that changed hands, and whose they were."""
    merged_at: datetime = moment(required=True)
    undone_at: datetime | None = moment()
    undone_by: str | None = Field(sa_type=Text)


class MergeMember(SQLModel, table=True):
    """A source's record that a merge took along, and the entity it was of before."""

    __tablename__ = "merge_member"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("kind between 1 and 5", name="merge_member_kind"),
        Index("merge_member_record", "source_id", "kind", "key", "part"),
    )

    merge_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("entity_merge.id"), primary_key=True, autoincrement=False)
    )
    source_id: int = Field(sa_column=Column(BigInteger, ForeignKey("source.id"), primary_key=True, autoincrement=False))
    kind: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    part: str = Field(sa_column=Column(Text, primary_key=True))
    former_id: int = Field(sa_column=Column(BigInteger, nullable=False))


class FieldLock(SQLModel, table=True):
    """A field's value as a person set it: no import overwrites it until it is lifted."""

    __tablename__ = "field_lock"
    __table_args__: ClassVar[Any] = (CheckConstraint("kind between 1 and 4", name="field_lock_kind"),)

    kind: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    entity_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    field: str = Field(sa_column=Column(Text, primary_key=True))
    value: Any = Field(sa_column=Column(JSONB, nullable=False))
    author: str = Field(sa_type=Text)
    set_at: datetime = moment(required=True)
