"""The tables of money: the ledger, wallets, the deposits in them and what was added to those. Integer cents.

Every deposit has an account of its own, so that what paid a booking is written in the ledger and nowhere else.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    event,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from accounts.ddl import statement
from bookings.ddl import DEPOSITS_STAY, LEDGER_BALANCES, LEDGER_ONLY_GROWS, LOCAL_CREDITS_STAY
from catalogue.columns import UPDATED_IN_PLACE, moment, reference, surrogate


def cents(*, required: bool = True, default: str | None = None) -> Any:
    """A column of money."""
    column = Column(BigInteger, nullable=not required, server_default=text(default) if default else None)
    return Field(default=None, sa_column=column)


class LedgerAccount(SQLModel, table=True):
    """`wallet:<pseudonym>:<credit>`, `venue:<id>`, `state:grant`, `funder:<code>`: no account names a person."""

    __tablename__ = "ledger_account"

    id: int = surrogate()
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))


class LedgerJournal(SQLModel, table=True):
    """One movement of money and why. Its entries sum to zero."""

    __tablename__ = "ledger_journal"
    __table_args__: ClassVar[Any] = (
        CheckConstraint(
            "reason in ('grant', 'recredit', 'takeover', 'booking', 'refund', 'expiry', 'reimbursement')",
            name="ledger_journal_reason",
        ),
        Index("ledger_journal_booking", "booking_id", postgresql_where=text("booking_id is not null")),
    )

    id: int = surrogate()
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    reason: str = Field(sa_type=Text)
    booking_id: int | None = reference("booking.id")


class LedgerEntry(SQLModel, table=True):
    """What a journal adds to one account (negative: takes from it)."""

    __tablename__ = "ledger_entry"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("amount_cents <> 0", name="ledger_entry_amount"),
        Index("ledger_entry_account", "account_id"),
    )

    journal_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("ledger_journal.id"), primary_key=True, autoincrement=False)
    )
    account_id: int = Field(
        sa_column=Column(BigInteger, ForeignKey("ledger_account.id"), primary_key=True, autoincrement=False)
    )
    amount_cents: int = cents()


class Wallet(SQLModel, table=True):
    """What makes one person's requests wait for each other: the row is locked first, and counts what it went through.

    The money is in its deposits. `version` rises with every change of them, of the bookings and of the answers kept:
    who has read it, and writes only where it is still the same, has read them all under a lock.
    """

    __table_args__: ClassVar[Any] = (UPDATED_IN_PLACE,)

    id: int = surrogate()
    pseudonym: uuid.UUID = Field(sa_column=Column(Uuid, nullable=False, unique=True))
    version: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))


class LocalCredit(SQLModel, table=True):
    """A credit that a region or a town offers: how much, for what, where, until when. Its terms never change."""

    __tablename__ = "local_credit"
    __table_args__: ClassVar[Any] = (
        CheckConstraint("code ~ '^[a-z0-9][a-z0-9-]{0,62}$'", name="local_credit_code_form"),
        CheckConstraint("amount_cents > 0", name="local_credit_amount"),
        CheckConstraint("spent in ('before', 'after')", name="local_credit_spent"),
        CheckConstraint(
            "cardinality(subcategories) > 0 and cardinality(departments) > 0", name="local_credit_scope_not_empty"
        ),
    )

    id: int = surrogate()
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    title: str = Field(sa_type=Text)
    amount_cents: int = cents()
    subcategories: list[str] | None = Field(sa_column=Column(ARRAY(Text)))
    """What it pays; null: anything."""
    departments: list[str] | None = Field(sa_column=Column(ARRAY(Text)))
    """Of the venues it is spent at; null: any."""
    spent: str = Field(sa_type=Text)
    """`before` the national credit, or `after` it."""
    ends_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    created_at: datetime = moment(required=True)


class Deposit(SQLModel, table=True):
    """Credit granted once, under a version of the rules or as a local credit, and what is left of it."""

    __table_args__: ClassVar[Any] = (
        UniqueConstraint("wallet_id", "policy", name="deposit_once"),
        UniqueConstraint("wallet_id", "local_credit_id", name="deposit_local_once"),
        CheckConstraint("num_nonnulls(policy, local_credit_id) = 1", name="deposit_of_one_credit"),
        CheckConstraint("amount_cents > 0", name="deposit_amount"),
        CheckConstraint("balance_cents >= 0", name="deposit_balance"),
        CheckConstraint(
            "physical_spent_cents >= 0 and physical_spent_cents <= physical_cap_cents", name="deposit_physical"
        ),
        CheckConstraint(
            "digital_spent_cents >= 0 and digital_spent_cents <= digital_cap_cents", name="deposit_digital"
        ),
        Index("deposit_lapsing", "expires_at", postgresql_where=text("lapsed_at is null")),
        Index("deposit_recredit", "recredit_at", postgresql_where=text("recredit_at is not null")),
        UPDATED_IN_PLACE,
    )

    id: int = surrogate()
    wallet_id: int = reference("wallet.id", required=True)
    account_id: int = Field(sa_column=Column(BigInteger, ForeignKey("ledger_account.id"), nullable=False, unique=True))
    policy: str | None = Field(sa_type=Text)
    """The version of the rules (`bookings.policies`); null for a local credit."""
    local_credit_id: int | None = reference("local_credit.id", index=True)
    spending_order: int = Field(sa_column=Column(SmallInteger, nullable=False))
    """Lower ones are spent first; the national credit is 100."""
    amount_cents: int = cents()
    """What was granted first; `recredit` says what came since."""
    balance_cents: int = cents()
    physical_spent_cents: int = cents(default="0")
    physical_cap_cents: int | None = cents(required=False)
    digital_spent_cents: int = cents(default="0")
    digital_cap_cents: int | None = cents(required=False)
    granted_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    lapsed_at: datetime | None = moment()
    """When what was left after the end went back; null again where a refund has come since."""
    recredit_at: datetime | None = moment()
    """When the policy adds to it next: a birthday, which is all that is known of the age here."""
    recredit_age: int | None = Field(sa_column=Column(SmallInteger))
    journal_id: int = reference("ledger_journal.id", required=True)


class Recredit(SQLModel, table=True):
    """Credit added to a deposit: at a birthday, by hand, or out of an earlier deposit that it takes over."""

    __table_args__: ClassVar[Any] = (
        UniqueConstraint("deposit_id", "kind", "decision", name="recredit_once"),
        CheckConstraint(
            "kind in ('recredit_15', 'recredit_16', 'recredit_17', 'recredit_18', 'manual_modification', 'takeover')",
            name="recredit_kind",
        ),
        CheckConstraint("amount_cents <> 0", name="recredit_amount"),
        CheckConstraint("amount_cents > 0 or kind = 'manual_modification'", name="recredit_adds"),
    )

    id: int = surrogate()
    deposit_id: int = reference("deposit.id", required=True)
    kind: str = Field(sa_type=Text)
    decision: str = Field(sa_column=Column(Text, nullable=False, server_default=text("''")))
    """The reference of what a manual one was decided by: said again, nothing happens."""
    amount_cents: int = cents()
    """Negative: taken away by hand, never below what is left."""
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    journal_id: int = reference("ledger_journal.id", required=True)


for _table, _statements in (
    ("ledger_entry", LEDGER_ONLY_GROWS + LEDGER_BALANCES),
    ("deposit", DEPOSITS_STAY),
    ("local_credit", LOCAL_CREDITS_STAY),
):
    for _sql in _statements:
        event.listen(SQLModel.metadata.tables[_table], "after_create", statement(_sql))
