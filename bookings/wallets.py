"""Opens wallets, grants national credit by its policies, adds to it, and shows what is left."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING

import asyncpg

from accounts import audit
from bookings import deposits, ledger
from bookings.errors import WalletUnknown
from bookings.policies import NATIONAL_ORDER, PARIS, POLICIES, GrantPolicy, birthday
from bookings.records import DepositView, RecreditView, WalletView
from bookings.transactions import in_transaction

if TYPE_CHECKING:
    from bookings.transactions import Connection, Pool

_VIEW = """
select d.policy, c.code, c.title, c.subcategories, c.departments, d.balance_cents, d.expires_at,
       d.amount_cents + coalesce((select sum(r.amount_cents) from recredit r where r.deposit_id = d.id), 0)::bigint
           as granted_cents,
       d.physical_cap_cents, d.physical_cap_cents - d.physical_spent_cents as physical_left_cents,
       d.digital_cap_cents, d.digital_cap_cents - d.digital_spent_cents as digital_left_cents,
       d.recredit_at, d.recredit_age
from deposit d left join local_credit c on c.id = d.local_credit_id
where d.wallet_id = $1 order by d.spending_order, d.expires_at, d.id
"""
_NATIONAL = """
select id, policy, balance_cents, expires_at from deposit where wallet_id = $1 and policy is not null order by id
"""
_END = "update deposit set expires_at = $2, recredit_at = null, recredit_age = null where id = $1 and expires_at > $2"
_FIND = "select id from wallet where pseudonym = $1"
# Who has somebody to be recredited; each is then looked at again under its wallet's lock.
_DUE = "select pseudonym from deposit d join wallet w on w.id = d.wallet_id where d.recredit_at <= $1 limit $2"
_DUE_OF = """
select id, policy, recredit_at, recredit_age, expires_at from deposit
where wallet_id = $1 and recredit_at <= $2 order by id
"""
_NEXT = "update deposit set recredit_at = $2, recredit_age = $3 where id = $1"
_LIVE_NATIONAL = """
select id from deposit where wallet_id = $1 and policy is not null and expires_at > $2 order by id desc limit 1
"""


class PolicyConflict(ValueError):
    """The person has national credit under a version that this one does not follow."""


class CreditMissing(ValueError):
    """There is no running national credit to add to, or less is left than is to be taken away."""


class Wallets:
    """The credit of beneficiaries, who are pseudonyms here."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock

    async def open(
        self,
        pseudonym: uuid.UUID,
        policy: str | None = None,
        *,
        birth_date: date | None = None,
        department: str | None = None,
        actor: str | None = None,
    ) -> WalletView:
        """The person's wallet with the credit of a version of `policies.POLICIES`, granted once however often asked.

        Without a policy the wallet holds nothing, which is enough for what is free. A deposit that the new one follows
        ends. `actor` goes into the audit log. Raises KeyError for an unknown policy, ValueError where it needs a birth
        date or grants nothing at that age, and `PolicyConflict`.
        """
        rules, now = None if policy is None else POLICIES[policy], self._clock()

        async def work(conn: Connection) -> None:
            wallet_id = await deposits.wallet_of(conn, pseudonym)
            if rules is None:
                return
            granted = await _grant(conn, wallet_id, pseudonym, rules, birth_date, department, now)
            if granted and actor is not None:
                await audit.record(conn, actor, "credit.granted", f"wallet:{wallet_id}", {"policy": policy})

        await in_transaction(self._pool, work)
        return await self.view(pseudonym)

    async def recredit(self, pseudonym: uuid.UUID, cents: int, *, decision: str, actor: str) -> WalletView:
        """The wallet with an amount added by hand to its running national credit, or taken away; once a decision.

        Raises `WalletUnknown` and `CreditMissing`.
        """
        now = self._clock()

        async def work(conn: Connection) -> None:
            if await conn.fetchval(_FIND, pseudonym) is None:
                raise WalletUnknown
            wallet_id = await deposits.wallet_of(conn, pseudonym)
            deposit_id: int | None = await conn.fetchval(_LIVE_NATIONAL, wallet_id, now)
            if deposit_id is None:
                raise CreditMissing("aucun crédit national en cours")
            state_id = await ledger.account(conn, ledger.STATE_GRANT)
            if await deposits.add(conn, deposit_id, state_id, "manual_modification", decision, cents, now):
                details = {"amountCents": cents, "decision": decision}
                await audit.record(conn, actor, "credit.recredited", f"wallet:{wallet_id}", details)

        try:
            await in_transaction(self._pool, work)
        except asyncpg.CheckViolationError as error:
            if error.constraint_name != "deposit_balance":
                raise
            raise CreditMissing("il reste moins que ce qui est à retirer") from None
        return await self.view(pseudonym)

    async def recredit_due(self, limit: int = 500) -> int:
        """Adds what birthdays since have brought; returns how many recredits. In the worker, by several at once."""
        now = self._clock()
        done = 0
        for row in await self._pool.fetch(_DUE, now, limit):
            pseudonym = row["pseudonym"]

            async def work(conn: Connection, pseudonym: uuid.UUID = pseudonym) -> int:
                return await _recredit(conn, await deposits.wallet_of(conn, pseudonym), now)

            done += await in_transaction(self._pool, work)
        return done

    async def view(self, pseudonym: uuid.UUID) -> WalletView:
        """What the person may still spend, deposit by deposit. Raises `WalletUnknown`."""
        wallet_id = await self._pool.fetchval(_FIND, pseudonym)
        if wallet_id is None:
            raise WalletUnknown
        now = self._clock()
        return WalletView.of([_shown(row, now) for row in await self._pool.fetch(_VIEW, wallet_id)])


async def _grant(
    conn: Connection,
    wallet_id: int,
    pseudonym: uuid.UUID,
    rules: GrantPolicy,
    birth_date: date | None,
    department: str | None,
    now: datetime,
) -> bool:
    before = await conn.fetch(_NATIONAL, wallet_id)
    if any(row["policy"] == rules.version for row in before):
        return False
    if others := [row["policy"] for row in before if row["policy"] not in rules.ends]:
        raise PolicyConflict(f"crédit déjà accordé sous les règles de {', '.join(others)}, pas de {rules.version}")
    terms = deposits.Terms(
        policy=rules.version,
        local_credit_id=None,
        cents=rules.grant_cents(now, birth_date),
        spending_order=NATIONAL_ORDER,
        expires_at=rules.expires_at(now, birth_date),
        physical_cap_cents=rules.physical_cap_cents,
        digital_cap_cents=rules.digital_cap(department),
        next_step=rules.next_step(now, birth_date),
    )
    state_id = await ledger.account(conn, ledger.STATE_GRANT)
    made = await deposits.grant(conn, wallet_id, ledger.deposit(pseudonym, rules.version), state_id, terms, now)
    for row in before:
        if rules.takes_over and row["expires_at"] > now and row["balance_cents"] > 0:
            await deposits.take_over(conn, row["id"], made, row["balance_cents"], row["policy"], now)
        await conn.execute(_END, row["id"], now)
    return True


async def _recredit(conn: Connection, wallet_id: int, now: datetime) -> int:
    state_id = await ledger.account(conn, ledger.STATE_GRANT)
    done = 0
    for row in await conn.fetch(_DUE_OF, wallet_id, now):
        steps, at, age = POLICIES[row["policy"]].steps or {}, row["recredit_at"], row["recredit_age"]
        while at is not None and at <= now:
            if row["expires_at"] > now:
                done += await deposits.add(conn, row["id"], state_id, f"recredit_{age}", "", steps[age], now)
            age = min((later for later in steps if later > age), default=None)
            at = None if age is None else _anniversary(row["recredit_at"], row["recredit_age"], age)
        await conn.execute(_NEXT, row["id"], at, age)
    return done


def _anniversary(at: datetime, age: int, later: int) -> datetime:
    born = at.astimezone(PARIS).date()
    return birthday(born.replace(year=born.year - age), later)


def _shown(row: asyncpg.Record, now: datetime) -> DepositView:
    is_expired = row["expires_at"] <= now
    steps = POLICIES[row["policy"]].steps if row["recredit_at"] is not None else None
    return DepositView(
        credit=row["policy"] or row["code"],
        title=row["title"],
        is_local=row["policy"] is None,
        granted_cents=row["granted_cents"],
        balance_cents=0 if is_expired else row["balance_cents"],
        physical_cap_cents=row["physical_cap_cents"],
        physical_left_cents=row["physical_left_cents"],
        digital_cap_cents=row["digital_cap_cents"],
        digital_left_cents=row["digital_left_cents"],
        subcategories=row["subcategories"],
        departments=row["departments"],
        expires_at=row["expires_at"],
        is_expired=is_expired,
        next_recredit=None if steps is None else RecreditView(row["recredit_at"], steps[row["recredit_age"]]),
    )
