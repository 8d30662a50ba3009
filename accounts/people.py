"""Beneficiaries: the only place that knows who a pseudonym is.

A partner sees the first name, last name and e-mail of a person who booked with it, and nothing else.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from accounts.errors import BeneficiaryUnknown

if TYPE_CHECKING:
    import asyncpg

_COLUMNS = "id, pseudonym, email, first_name, last_name, birth_date, department"
# Said again, the same person is the same row; the pseudonym never changes.
_REGISTER = f"""
insert into beneficiary (email, first_name, last_name, birth_date, department) values ($1, $2, $3, $4, $5)
on conflict (email) do update set first_name = excluded.first_name, last_name = excluded.last_name,
    birth_date = excluded.birth_date, department = excluded.department
returning {_COLUMNS}
"""  # noqa: S608 - constants of this module
_GET = f"select {_COLUMNS} from beneficiary where id = $1 and erased_at is null"  # noqa: S608
_CONTACTS = "select pseudonym, first_name, last_name, email from beneficiary where pseudonym = any($1)"


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """A young person, as they themselves may see it."""

    id: int
    pseudonym: uuid.UUID
    email: str
    first_name: str
    last_name: str
    birth_date: date | None
    department: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """What a partner sees of who booked; all empty once the person's data were erased."""

    first_name: str
    last_name: str
    email: str


class People:
    """The register of beneficiaries."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def register(
        self,
        *,
        email: str,
        first_name: str,
        last_name: str,
        birth_date: date | None = None,
        department: str | None = None,
    ) -> Beneficiary:
        """The person of this e-mail address, new or brought up to date."""
        row = await self._pool.fetchrow(_REGISTER, email, first_name, last_name, birth_date, department)
        if row is None:
            raise BeneficiaryUnknown
        return Beneficiary(**row)

    async def get(self, beneficiary_id: int) -> Beneficiary:
        """The person of this row id. Raises `BeneficiaryUnknown`, for erased ones too."""
        row = await self._pool.fetchrow(_GET, beneficiary_id)
        if row is None:
            raise BeneficiaryUnknown
        return Beneficiary(**row)

    async def contacts(self, pseudonyms: Iterable[uuid.UUID]) -> dict[uuid.UUID, Contact]:
        """What a partner may see of each; the caller has checked that they booked with it."""
        rows = await self._pool.fetch(_CONTACTS, list(pseudonyms))
        return {
            row["pseudonym"]: Contact(row["first_name"] or "", row["last_name"] or "", row["email"] or "")
            for row in rows
        }
