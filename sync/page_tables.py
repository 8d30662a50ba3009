"""The table of what providers answered, kept for some days."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from catalogue.columns import moment, reference, surrogate


class RawPage(SQLModel, table=True):
    """An answer as it was read, or a piece of a long one. One that comes again as it was is not kept twice."""

    __tablename__ = "raw_page"
    __table_args__: ClassVar[Any] = (
        UniqueConstraint("source_id", "digest"),
        Index("raw_page_run", "run_id", "n"),
        Index("raw_page_at", "at"),
    )

    id: int = surrogate()
    source_id: int = reference("source.id", required=True)
    run_id: int = Field(sa_column=Column(BigInteger, ForeignKey("run.id", ondelete="CASCADE"), nullable=False))
    """The last run that was answered this."""
    n: int = Field(sa_column=Column(Integer, nullable=False))
    """Its place among the pages of that run."""
    follows: bool = Field(sa_column_kwargs={"server_default": text("false")})
    """It continues the page before it."""
    at: datetime = moment(required=True)
    place: str = Field(sa_type=Text)
    """The address without its query, which may hold a key."""
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    size: int = Field(sa_column=Column(Integer, nullable=False))
    """Bytes of `body`."""
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    """Compressed by zlib."""
