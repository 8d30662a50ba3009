"""Writes deposits: granted, added to, ended. Each function works in the caller's transaction, under the wallet's lock.

Every movement is a journal of the ledger between the deposit's own account and the one its credit comes from.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bookings.policies import Step

if TYPE_CHECKING:
    from bookings.transactions import Connection

# The wallet, opened where it was not, under its lock.
_WALLET = "insert into wallet (pseudonym) values ($1) on conflict (pseudonym) do nothing"
_LOCK = "update wallet set version = version + 1 where pseudonym = $1 returning id"
_GRANT = """
with account as (
    insert into ledger_account (code) values ($2) returning id
), journal as (
    insert into ledger_journal (at, reason) values ($8, 'grant') returning id
), entries as (
    insert into ledger_entry (journal_id, account_id, amount_cents)
    select journal.id, account.id, $6::bigint from journal, account
    union all select journal.id, $3::bigint, - $6::bigint from journal
)
insert into deposit (wallet_id, account_id, policy, local_credit_id, amount_cents, balance_cents, spending_order,
    granted_at, expires_at, physical_cap_cents, digital_cap_cents, recredit_at, recredit_age, journal_id)
select $1, account.id, $4, $5, $6, $6, $7, $8, $9, $10, $11, $12, $13, journal.id from account, journal
returning id
"""
_KNOWN = "select exists (select from recredit where deposit_id = $1 and kind = $2 and decision = $3)"
# $1 deposit $2 account it comes from $3 kind $4 decision $5 cents $6 now $7 journal's reason
_ADD = """
with journal as (
    insert into ledger_journal (at, reason) values ($6, $7) returning id
), entries as (
    insert into ledger_entry (journal_id, account_id, amount_cents)
    select journal.id, d.account_id, $5::bigint from journal, deposit d where d.id = $1
    union all select journal.id, $2::bigint, - $5::bigint from journal
), added as (
    update deposit set balance_cents = balance_cents + $5::bigint where id = $1
)
insert into recredit (deposit_id, kind, decision, amount_cents, at, journal_id)
select $1, $3, $4, $5, $6, journal.id from journal
"""
_TAKEN_OVER = """
with journal as (
    insert into ledger_journal (at, reason) values ($5, 'takeover') returning id
), entries as (
    insert into ledger_entry (journal_id, account_id, amount_cents)
    select journal.id, d.account_id, case when d.id = $1 then - $3::bigint else $3::bigint end
    from journal, deposit d where d.id in ($1, $2)
), moved as (
    update deposit set balance_cents = balance_cents + case when id = $1 then - $3::bigint else $3::bigint end
    where id in ($1, $2)
)
insert into recredit (deposit_id, kind, decision, amount_cents, at, journal_id)
select $2, 'takeover', $4, $3, $5, journal.id from journal
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a new deposit is granted with."""

    policy: str | None
    local_credit_id: int | None
    cents: int
    spending_order: int
    expires_at: datetime
    physical_cap_cents: int | None = None
    digital_cap_cents: int | None = None
    next_step: Step | None = None


async def wallet_of(conn: Connection, pseudonym: uuid.UUID) -> int:
    """The person's wallet, opened where it was not, and locked until the end of the transaction."""
    await conn.execute(_WALLET, pseudonym)
    wallet_id: int = await conn.fetchval(_LOCK, pseudonym)
    return wallet_id


async def grant(
    conn: Connection, wallet_id: int, account_code: str, origin_account_id: int, terms: Terms, now: datetime
) -> int:
    """A new deposit of the locked wallet; its id."""
    deposit_id: int = await conn.fetchval(
        _GRANT,
        wallet_id,
        account_code,
        origin_account_id,
        terms.policy,
        terms.local_credit_id,
        terms.cents,
        terms.spending_order,
        now,
        terms.expires_at,
        terms.physical_cap_cents,
        terms.digital_cap_cents,
        None if terms.next_step is None else terms.next_step.at,
        None if terms.next_step is None else terms.next_step.age,
    )
    return deposit_id


async def add(
    conn: Connection, deposit_id: int, origin_account_id: int, kind: str, decision: str, cents: int, now: datetime
) -> bool:
    """Adds to a deposit, once per kind and decision; False where it was done before.

    Negative cents take away. asyncpg.CheckViolationError (`deposit_balance`) where less is left.
    """
    if await conn.fetchval(_KNOWN, deposit_id, kind, decision):
        return False
    await conn.execute(_ADD, deposit_id, origin_account_id, kind, decision, cents, now, "recredit")
    return True


async def take_over(conn: Connection, from_id: int, into_id: int, cents: int, decision: str, now: datetime) -> None:
    """Moves what is left of a deposit into another one of the same wallet."""
    await conn.execute(_TAKEN_OVER, from_id, into_id, cents, decision, now)
