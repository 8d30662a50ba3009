"""Credits of a region or a town: declared once with their scope, then granted to people, spent where they apply.

The declared order says whether they are spent before the national credit or after it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import asyncpg

from accounts import audit
from bookings import deposits, ledger
from bookings.policies import NATIONAL_ORDER
from bookings.transactions import in_transaction
from schemas.taxonomy import SUBCATEGORIES

if TYPE_CHECKING:
    from bookings.transactions import Connection, Pool

ORDERS = {"before": NATIONAL_ORDER - 50, "after": NATIONAL_ORDER + 50}
_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_DEPARTMENT = re.compile(r"[0-9]{2,3}|2[AB]")
_DECLARE = """
insert into local_credit (code, title, amount_cents, subcategories, departments, spent, ends_at, created_at)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning id
"""
_COLUMNS = "id, code, title, amount_cents, subcategories, departments, spent, ends_at"
_LIST = f"select {_COLUMNS} from local_credit order by ends_at desc, code"  # noqa: S608
_GET = f"select {_COLUMNS} from local_credit where code = $1"  # noqa: S608
_HAS = "select exists (select from deposit where wallet_id = $1 and local_credit_id = $2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCredit:
    """The terms of a local credit. None in a scope is no restriction."""

    code: str
    title: str
    amount_cents: int
    spent: str
    """`before` the national credit, or `after` it."""
    ends_at: datetime
    subcategories: Sequence[str] | None = None
    departments: Sequence[str] | None = None


class LocalCreditUnknown(ValueError):
    """No local credit has this code."""


class LocalCredits:
    """The register of local credits."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock

    async def declare(self, credit: LocalCredit, *, actor: str) -> None:
        """Writes down a credit's terms, for good. ValueError names what is wrong with them."""
        now = self._clock()
        _check(credit, now)
        async with self._pool.acquire() as conn, conn.transaction():
            try:
                id_ = await conn.fetchval(
                    _DECLARE,
                    credit.code,
                    credit.title,
                    credit.amount_cents,
                    _listed(credit.subcategories),
                    _listed(credit.departments),
                    credit.spent,
                    credit.ends_at,
                    now,
                )
            except asyncpg.UniqueViolationError:
                raise ValueError(f"code : {credit.code} existe déjà") from None
            await ledger.account(conn, ledger.funder(credit.code))
            await audit.record(conn, actor, "local_credit.declared", f"local_credit:{id_}", {"code": credit.code})

    async def all(self) -> list[LocalCredit]:
        """The credits declared, those that last longest first."""
        return [_read(row) for row in await self._pool.fetch(_LIST)]

    async def grant(self, pseudonym: uuid.UUID, code: str, *, actor: str) -> bool:
        """Gives the credit to a person, once; False where they have it. LocalCreditUnknown, ValueError once over."""
        now = self._clock()

        async def work(conn: Connection) -> bool:
            row = await conn.fetchrow(_GET, code)
            if row is None:
                raise LocalCreditUnknown(f"aucun crédit local {code}")
            if row["ends_at"] <= now:
                raise ValueError(f"le crédit local {code} est échu")
            wallet_id = await deposits.wallet_of(conn, pseudonym)
            if await conn.fetchval(_HAS, wallet_id, row["id"]):
                return False
            terms = deposits.Terms(
                policy=None,
                local_credit_id=row["id"],
                cents=row["amount_cents"],
                spending_order=ORDERS[row["spent"]],
                expires_at=row["ends_at"],
            )
            funder_id = await ledger.account(conn, ledger.funder(code))
            account = ledger.deposit(pseudonym, f"local:{code}")
            await deposits.grant(conn, wallet_id, account, funder_id, terms, now)
            await audit.record(conn, actor, "local_credit.granted", f"wallet:{wallet_id}", {"code": code})
            return True

        return await in_transaction(self._pool, work)


def _check(credit: LocalCredit, now: datetime) -> None:
    if not _CODE.fullmatch(credit.code):
        raise ValueError("code : minuscules sans accent, chiffres et tirets")
    if not credit.title.strip() or len(credit.title) > 200 or not credit.title.isprintable():
        raise ValueError("titre : de 1 à 200 caractères")
    if not 0 < credit.amount_cents <= 1_000_00:
        raise ValueError("montant : plus de 0 € et au plus 1 000 €")
    if credit.spent not in ORDERS:
        raise ValueError(f"ordre : {' ou '.join(ORDERS)}")
    if credit.ends_at <= now:
        raise ValueError("fin : elle est passée")
    for id_ in credit.subcategories or ():
        if id_ not in SUBCATEGORIES:
            raise ValueError(f"sous-catégorie inconnue : {id_}")
    for code in credit.departments or ():
        if not _DEPARTMENT.fullmatch(code):
            raise ValueError(f"département inconnu : {code}")


def _listed(scope: Sequence[str] | None) -> list[str] | None:
    return sorted(set(scope)) if scope else None


def _read(row: asyncpg.Record) -> LocalCredit:
    return LocalCredit(**{name: row[name] for name in LocalCredit.__slots__})
