"""Vendors as those who run the house see them: whom they act for, and which keys they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncpg

_VENDORS = """
select v.id, v.name, (select count(*) from vendor_venue where vendor_id = v.id) as venues,
       (select count(*) from api_key where vendor_id = v.id and revoked_at is null) as keys
from vendor v order by v.name
"""
_VENDOR = "select id from vendor where name = $1"
_KEYS = """
select id, prefix, label, scopes, created_at, last_used_at, revoked_at from api_key
where vendor_id = $1 order by created_at, id
"""
_KEY = "select id from api_key where prefix = $1"
_VENUES = "select venue_id from vendor_venue where vendor_id = $1"


@dataclass(frozen=True, slots=True)
class ListedVendor:
    """A vendor, for how many venues it acts, and how many of its keys are in force."""

    id: int
    name: str
    venues: int
    keys: int


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key without its secret, which nobody has kept."""

    id: int
    prefix: str
    label: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class Vendors:
    """Reads about vendors."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record]) -> None:
        self._pool = pool

    async def listed(self) -> Sequence[ListedVendor]:
        """All vendors, by name."""
        return [ListedVendor(**row) for row in await self._pool.fetch(_VENDORS)]

    async def find(self, name: str) -> int:
        """The vendor of this name. Raises LookupError."""
        found: int | None = await self._pool.fetchval(_VENDOR, name)
        if found is None:
            known = ", ".join(f"« {one.name} »" for one in await self.listed()) or "aucun"
            raise LookupError(f"aucun éditeur ne s'appelle « {name} » (connus : {known})")
        return found

    async def venue_ids(self, vendor_id: int) -> list[int]:
        """The venues it acts for."""
        return [row["venue_id"] for row in await self._pool.fetch(_VENUES, vendor_id)]

    async def keys(self, vendor_id: int) -> Sequence[ListedKey]:
        """Its keys, revoked ones too, the oldest first."""
        rows = await self._pool.fetch(_KEYS, vendor_id)
        return [ListedKey(**{**row, "scopes": tuple(row["scopes"])}) for row in rows]

    async def key(self, prefix: str) -> int:
        """The key of this prefix. Raises LookupError."""
        found: int | None = await self._pool.fetchval(_KEY, prefix)
        if found is None:
            raise LookupError(f"aucune clé ne commence par « {prefix} »")
        return found
