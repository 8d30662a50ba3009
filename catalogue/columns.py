"""The columns that tables of every room are made of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, ForeignKey, Identity, text
from sqlmodel import Field

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
