"""The tables of what partners push: a batch is a job, each thing in it an item with its receipt."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    Boolean,
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

from catalogue.columns import moment, reference, surrogate


class PushJob(SQLModel, table=True):
    """One batch as a vendor pushed it, and how its merge ended. Kept for some days."""

    __tablename__ = "push_job"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("state in ('waiting', 'done', 'guarded', 'failed')", name="push_job_state"),
        UniqueConstraint("vendor_id", "idempotency_key"),
        Index("push_job_run", "run_id"),
        Index("push_job_ended", "ended_at"),
        Index("push_job_waiting", "source_id", "id", postgresql_where=text("state = 'waiting'")),
    )

    id: int = surrogate()
    source_id: int = reference("source.id", required=True)
    vendor_id: int = reference("vendor.id", required=True)
    idempotency_key: str | None = Field(sa_type=Text)
    request_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """SHA-256 of where it was sent and of its body: the same key is for the same request."""
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'waiting'")))
    received_at: datetime = moment(required=True)
    ended_at: datetime | None = moment()
    run_id: int | None = Field(sa_column=Column(BigInteger, ForeignKey("run.id", ondelete="SET NULL")))
    message: str | None = Field(sa_type=Text)


class PushItem(SQLModel, table=True):
    """One thing of a batch, as received, and its receipt."""

    __tablename__ = "push_item"
    __table_args__: ClassVar[Any] = (
        CheckConstraint(
            "outcome in ('accepted', 'unchanged', 'superseded', 'unknown_reference', 'refused')",
            name="push_item_outcome",
        ),
        CheckConstraint("effect in ('created', 'changed', 'withdrawn')", name="push_item_effect"),
    )

    job_id: int = Field(sa_column=Column(BigInteger, ForeignKey("push_job.id", ondelete="CASCADE"), primary_key=True))
    n: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: int = Field(sa_column=Column(SmallInteger, nullable=False))
    key: str | None = Field(sa_type=Text)
    path: str = Field(sa_type=Text)
    """Where it stood in the body, as a JSONPath."""
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    outcome: str | None = Field(sa_type=Text)
    """None while the job waits."""
    effect: str | None = Field(sa_type=Text)
    why: str | None = Field(sa_type=Text)
    faults: list[dict[str, str]] | None = Field(sa_column=Column(JSONB))
    """What the format has against it: paths below the item, and sentences."""
    entity_id: int | None = Field(sa_column=Column(BigInteger))
    """Of its kind: what it was merged into."""
    offer_id: int | None = Field(sa_column=Column(BigInteger))
    joined: bool | None = Field(sa_column=Column(Boolean))
    """Another source speaks of the same thing."""
    legal_price_cents: int | None = Field(sa_column=Column(Integer))
    """Set where the price told differs from it."""
