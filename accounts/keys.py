"""Vendors' API keys: `<environment>_<12 hex digits>_<64 hex digits>`; we keep the prefix and a hash.

The secret is 256 random bits, so one SHA-256 of it is enough: there is nothing to guess and nothing to
stretch. Nothing is cached: a revoked key is refused by the very next request.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from accounts import audit
from accounts.errors import KeyRevoked, KeyUnknown

if TYPE_CHECKING:
    import asyncpg

Environment = Literal["prod", "sandbox"]
SCOPES = frozenset(
    {"countermarks:use", "countermarks:check", "stocks:write", "runs:read", "runs:release", "webhooks:manage"}
)
HOUSE_SCOPES = frozenset({"review:decide"})
"""Rights of the house's own pages, over what all sources tell. No vendor has them."""
_FORM = re.compile(r"(?P<prefix>(?P<environment>prod|sandbox)_[0-9a-f]{12})_(?P<secret>[0-9a-f]{64})", re.ASCII)
_NOBODY = bytes(32)
"""Compared against where there is no key, so that an unknown prefix costs what a wrong secret does."""
_TOUCH_EVERY = timedelta(minutes=1)

# A vendor linked to a venue that was merged into another acts for both: older bookings carry the older id.
_FIND = """
select k.id, k.vendor_id, k.secret_hash, k.scopes, k.revoked_at, k.last_used_at,
       array(select vv.venue_id from vendor_venue vv where vv.vendor_id = k.vendor_id
             union
             select v.merged_into from vendor_venue vv join venue v on v.id = vv.venue_id
             where vv.vendor_id = k.vendor_id and v.merged_into is not null) as venue_ids
from (select $1::text as prefix) asked left join api_key k on k.prefix = asked.prefix
"""
_TOUCH = "update api_key set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)"
_ISSUE = """
insert into api_key (prefix, secret_hash, vendor_id, label, scopes, created_at)
values ($1, $2, $3, $4, $5, $6) returning id
"""
_LISTED = """
select k.id, k.prefix, k.label, k.last_used_at from api_key k join vendor v on v.id = k.vendor_id
where v.name = $1 and k.revoked_at is null and starts_with(k.prefix, $2) order by k.id
"""
_REVOKE = "update api_key set revoked_at = $2 where id = $1 and revoked_at is null returning prefix"


@dataclass(frozen=True, slots=True)
class VendorKey:
    """Who calls: a vendor by one of its keys, what the key may do, and the venues the vendor acts for."""

    vendor_id: int
    key_id: int
    prefix: str
    scopes: frozenset[str]
    venue_ids: frozenset[int]

    @property
    def actor(self) -> str:
        """How the audit log names it."""
        return f"key:{self.prefix}"


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key. `text` is shown once, to whom it is for: nobody can read it again."""

    key_id: int
    prefix: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as lists of them show it."""

    key_id: int
    prefix: str
    label: str
    last_used_at: datetime | None


class KeyRing:
    """The keys of one environment: those of another are unknown here."""

    def __init__(
        self, pool: asyncpg.Pool[asyncpg.Record], clock: Callable[[], datetime], *, environment: Environment
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._environment = environment

    async def verify(self, text: str) -> VendorKey:
        """The key this text is. Raises `KeyUnknown`, or `KeyRevoked` to whoever has a revoked one's secret.

        A text that is no key at all, an unknown prefix and a wrong secret take the same look-up and the
        same comparison.
        """
        form = _FORM.fullmatch(text)
        ours = form is not None and form["environment"] == self._environment
        prefix = form["prefix"] if form is not None and ours else f"{self._environment}_{'0' * 12}"
        secret = form["secret"] if form is not None else ""
        row = await self._pool.fetchrow(_FIND, prefix)
        kept: bytes | None = row["secret_hash"] if row is not None else None
        same = hmac.compare_digest(kept if kept is not None else _NOBODY, _hash(secret))
        if row is None or kept is None or not ours or not same:
            raise KeyUnknown
        if row["revoked_at"] is not None:
            raise KeyRevoked
        now = self._clock()
        if row["last_used_at"] is None or now - row["last_used_at"] >= _TOUCH_EVERY:
            await self._pool.execute(_TOUCH, row["id"], now)
        return VendorKey(
            vendor_id=row["vendor_id"],
            key_id=row["id"],
            prefix=prefix,
            scopes=frozenset(row["scopes"]),
            venue_ids=frozenset(row["venue_ids"]),
        )

    async def issue(self, vendor_id: int, *, label: str, scopes: Iterable[str], actor: str) -> IssuedKey:
        """A new key of a vendor, or of the house. ValueError for an unknown scope, and for both sorts at once."""
        wanted = sorted(set(scopes))
        if unknown := set(wanted) - SCOPES - HOUSE_SCOPES:
            raise ValueError(f"droits inconnus : {sorted(unknown)} (connus : {sorted(SCOPES | HOUSE_SCOPES)})")
        if HOUSE_SCOPES & set(wanted) and not HOUSE_SCOPES.issuperset(wanted):
            raise ValueError("une clé de la maison n'a aucun droit d'éditeur")
        prefix, secret = f"{self._environment}_{secrets.token_hex(6)}", secrets.token_hex(32)
        async with self._pool.acquire() as conn, conn.transaction():
            key_id: int = await conn.fetchval(_ISSUE, prefix, _hash(secret), vendor_id, label, wanted, self._clock())
            await audit.record(conn, actor, "key.issued", f"key:{prefix}", {"scopes": wanted})
        return IssuedKey(key_id=key_id, prefix=prefix, text=f"{prefix}_{secret}")

    async def listed(self, vendor: str) -> list[ListedKey]:
        """The keys of the vendor of that name that were not revoked, the oldest first."""
        return [ListedKey(*row) for row in await self._pool.fetch(_LISTED, vendor, f"{self._environment}_")]

    async def revoke(self, key_id: int, *, actor: str) -> bool:
        """Revokes a key from the next request on; False where it was not there or already revoked."""
        async with self._pool.acquire() as conn, conn.transaction():
            prefix: str | None = await conn.fetchval(_REVOKE, key_id, self._clock())
            if prefix is None:
                return False
            await audit.record(conn, actor, "key.revoked", f"key:{prefix}")
            return True


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("ascii")).digest()
