"""The tables of parties: offerers, vendors and their keys, beneficiaries, and the log of who did what.

A beneficiary's name stands here and nowhere else: bookings know a pseudonym. The audit log only grows.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
    Uuid,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from accounts.ddl import AUDIT_ONLY_GROWS, statement

NOW = text("now()")


def _surrogate() -> Any:
    return Field(default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True))


def _moment(*, required: bool = False) -> Any:
    column = Column(DateTime(timezone=True), nullable=not required, server_default=NOW if required else None)
    return Field(default=None, sa_column=column)


class Offerer(SQLModel, table=True):
    """A legal person, by its SIREN: it runs venues and is paid."""

    __table_args__: ClassVar[Any] = (CheckConstraint("siren ~ '^[0-9]{9}$'", name="offerer_siren_form"),)

    id: int = _surrogate()
    siren: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_type=Text)
    created_at: datetime = _moment(required=True)


class VenueOfferer(SQLModel, table=True):
    """Whose a venue is: one offerer at a time."""

    __tablename__ = "venue_offerer"
    __table_args__: ClassVar[Any] = (Index("venue_offerer_offerer", "offerer_id"),)

    venue_id: int = Field(sa_column=Column(BigInteger, ForeignKey("venue.id"), primary_key=True, autoincrement=False))
    offerer_id: int = Field(sa_column=Column(BigInteger, ForeignKey("offerer.id"), nullable=False))


class Vendor(SQLModel, table=True):
    """Who holds keys: a till's maker, a ticketing company, a venue by itself."""

    id: int = _surrogate()
    name: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    created_at: datetime = _moment(required=True)


class VendorVenue(SQLModel, table=True):
    """The venues a vendor acts for; it sees nothing of the others."""

    __tablename__ = "vendor_venue"
    __table_args__: ClassVar[Any] = (Index("vendor_venue_venue", "venue_id"),)

    vendor_id: int = Field(sa_column=Column(BigInteger, ForeignKey("vendor.id"), primary_key=True, autoincrement=False))
    venue_id: int = Field(sa_column=Column(BigInteger, ForeignKey("venue.id"), primary_key=True, autoincrement=False))


class ApiKey(SQLModel, table=True):
    """A vendor's key. Only the SHA-256 of its secret is kept; the prefix tells which key it is."""

    __tablename__ = "api_key"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("prefix ~ '^(prod|sandbox)_[0-9a-f]{12}$'", name="api_key_prefix_form"),
        CheckConstraint("octet_length(secret_hash) = 32", name="api_key_hash_size"),
        Index("api_key_vendor", "vendor_id"),
    )

    id: int = _surrogate()
    prefix: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    secret_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    vendor_id: int = Field(sa_column=Column(BigInteger, ForeignKey("vendor.id"), nullable=False))
    label: str = Field(sa_type=Text)
    scopes: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    created_at: datetime = _moment(required=True)
    last_used_at: datetime | None = _moment()
    """To the minute: it is not worth a write per call."""
    revoked_at: datetime | None = _moment()


class Beneficiary(SQLModel, table=True):
    """A young person. `pseudonym` is all that bookings and the ledger know of them."""

    __table_args__: ClassVar[Any] = (
        CheckConstraint(
            "erased_at is null or num_nonnulls(email, first_name, last_name, birth_date, department) = 0",
            name="beneficiary_erased_wholly",
        ),
    )

    id: int = _surrogate()
    pseudonym: uuid.UUID = Field(
        sa_column=Column(Uuid, nullable=False, unique=True, server_default=text("gen_random_uuid()"))
    )
    email: str | None = Field(sa_column=Column(Text, unique=True))
    first_name: str | None = Field(sa_type=Text)
    last_name: str | None = Field(sa_type=Text)
    birth_date: date | None = Field(sa_column=Column(Date))
    department: str | None = Field(sa_type=Text)
    created_at: datetime = _moment(required=True)
    erased_at: datetime | None = _moment()


class AuditEvent(SQLModel, table=True):
    """What a person or a key did, to what. Rows are never changed nor removed."""

    __tablename__ = "audit_event"
    __table_args__: ClassVar[Any] = (Index("audit_event_subject", "subject", "at"),)

    id: int = _surrogate()
    at: datetime = _moment(required=True)
    actor: str = Field(sa_type=Text)
    """`key:<prefix>`, `staff:<id>`, `beneficiary:<pseudonym>` or `system:<name>`."""
    action: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    details: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=text("'{}'::jsonb")))


for _statement in AUDIT_ONLY_GROWS:
    event.listen(SQLModel.metadata.tables["audit_event"], "after_create", statement(_statement))
