"""The keys that sign tickets: drawn here, published with their times, rotated, retired.

A key is published when it is made and signs later, so that a till that asks once a day has it before it meets
what it signed; it verifies until it is retired, so that printed tickets outlive rotations. The private part is
sealed with the installation's secret and opened for each ticket.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from accounts import audit
from bookings.ticket_format import key_id
from bookings.token_errors import TicketKeyRetired, TicketKeyUnknown

if TYPE_CHECKING:
    from bookings.ticket_format import Presented
    from bookings.transactions import Connection, Pool

LEAD = timedelta(hours=48)
"""Between a key's publication and its first ticket: tills read the list once a day."""

_TURN = "select pg_advisory_xact_lock(hashtext('ticket_key'))"
_PUBLIC = "id, public_key, created_at, signs_from, retired_at"
_SIGNING = """
select id, sealed from ticket_key where retired_at is null and signs_from <= $1 order by signs_from desc, id limit 1
"""
_ADD = f"""
insert into ticket_key (id, public_key, sealed, created_at, signs_from) values ($1, $2, $3, $4, $5)
returning {_PUBLIC}
"""  # noqa: S608 - constants of this module
_PUBLISHED = f"select {_PUBLIC} from ticket_key order by signs_from, id"  # noqa: S608
_FIND = "select public_key, retired_at from ticket_key where id = $1"
_CARRIED = """
select i.key_id, count(*) as tickets, max(i.valid_until) as valid_until from ticket_issue i
join booking b on b.id = i.booking_id
where i.valid_until > $1 and b.status = 'confirmed' group by i.key_id
"""
_LOCK = "select signs_from, retired_at from ticket_key where id = $1 for update"
_OTHERS = "select exists (select from ticket_key where id <> $1 and retired_at is null and signs_from <= $2)"
_SEALED = "select id, sealed from ticket_key for update"
_RESEAL = "update ticket_key set sealed = $2 where id = $1"
_RETIRE = "update ticket_key set retired_at = $2 where id = $1"


class Sealer(Protocol):
    """What keeps secrets at rest (`sync.vault.Vault`)."""

    def seal(self, secrets: Mapping[str, str], *, owner: str) -> bytes | None: ...

    def open(self, sealed: bytes | None, *, owner: str) -> dict[str, str]: ...


class KeyStillNeeded(ValueError):
    """A key that cannot be retired without breaking what people carry, or without leaving nothing to sign with."""


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A key as everybody may know it."""

    id: str
    public_key: bytes
    created_at: datetime
    signs_from: datetime
    retired_at: datetime | None


@dataclass(frozen=True, slots=True)
class CarriedKey:
    """A key with what still depends on it: valid tickets of bookings that stand, and until when."""

    key: PublishedKey
    tickets: int
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signs now."""

    id: str
    private_key: bytes = field(repr=False)


class TicketKeys:
    """The installation's signing keys."""

    def __init__(self, pool: Pool, sealer: Sealer, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._sealer = sealer
        self._clock = clock

    async def signing(self) -> SigningKey:
        """The newest key whose time to sign has come; the very first is drawn when first asked for."""
        row = await self._pool.fetchrow(_SIGNING, self._clock())
        if row is None:
            async with self._pool.acquire() as conn, conn.transaction():
                await conn.execute(_TURN)
                now = self._clock()
                row = await conn.fetchrow(_SIGNING, now)
                if row is None:
                    await self._add(conn, now, now, "system:tickets")
                    row = await conn.fetchrow(_SIGNING, now)
        assert row is not None
        opened = self._sealer.open(row["sealed"], owner=_owner(row["id"]))
        return SigningKey(row["id"], bytes.fromhex(opened["private"]))

    async def published(self) -> list[PublishedKey]:
        """All keys there ever were, those to come and retired ones among them, by when they begin to sign."""
        return [PublishedKey(**row) for row in await self._pool.fetch(_PUBLISHED)]

    async def listed(self) -> list[CarriedKey]:
        """The published keys with what still depends on each."""
        carried = {row["key_id"]: row for row in await self._pool.fetch(_CARRIED, self._clock())}
        return [
            CarriedKey(key, carried[key.id]["tickets"], carried[key.id]["valid_until"])
            if key.id in carried
            else CarriedKey(key, 0, None)
            for key in await self.published()
        ]

    async def rotate(self, *, actor: str, lead: timedelta = LEAD) -> PublishedKey:
        """A new key, published now, that signs after `lead`; older ones go on verifying."""
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(_TURN)
            now = self._clock()
            return await self._add(conn, now, now + lead, actor)

    async def retire(self, key: str, *, actor: str, force: bool = False) -> None:
        """What the key signed proves nothing from now on. Said again, nothing happens.

        Raises LookupError for no key of ours, and `KeyStillNeeded` where people carry valid tickets of it or
        nothing else signs, unless `force` is given: a stolen key has to go at once.
        """
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(_TURN)
            now = self._clock()
            row = await conn.fetchrow(_LOCK, key)
            if row is None:
                raise LookupError(f"aucune clé de signature {key!r}")
            if row["retired_at"] is not None:
                return
            carried = {one["key_id"]: one for one in await conn.fetch(_CARRIED, now)}.get(key)
            if not force and carried is not None:
                raise KeyStillNeeded(
                    f"{carried['tickets']} billets valables portent la clé {key}, le dernier jusqu'au"
                    f" {carried['valid_until']:%d/%m/%Y} : attendez, ou forcez si elle est compromise"
                )
            if not force and not await conn.fetchval(_OTHERS, key, now):
                raise KeyStillNeeded(f"aucune autre clé que {key} ne signe encore : faites d'abord une rotation")
            await conn.execute(_RETIRE, key, now)
            await audit.record(conn, actor, "ticket_key.retired", f"ticket_key:{key}", {"forced": force})

    async def reseal(self) -> int:
        """Seals the private parts anew, with the sealer's present key; how many there are.

        For when the installation's secret is replaced: the sealer still opens with the one before.
        """
        async with self._pool.acquire() as conn, conn.transaction():
            await conn.execute(_TURN)
            rows = await conn.fetch(_SEALED)
            for row in rows:
                opened = self._sealer.open(row["sealed"], owner=_owner(row["id"]))
                await conn.execute(_RESEAL, row["id"], self._sealer.seal(opened, owner=_owner(row["id"])))
        return len(rows)

    async def _add(self, conn: Connection, now: datetime, signs_from: datetime, actor: str) -> PublishedKey:
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
        key = key_id(public)
        sealed = self._sealer.seal({"private": private.private_bytes_raw().hex()}, owner=_owner(key))
        row = await conn.fetchrow(_ADD, key, public, sealed, now, signs_from)
        assert row is not None
        await audit.record(conn, actor, "ticket_key.made", f"ticket_key:{key}", {"signs_from": signs_from.isoformat()})
        return PublishedKey(**row)


async def check_genuine(conn: Connection | Pool, presented: Presented) -> None:
    """Raises `TicketKeyUnknown`, `TicketForged`, or `TicketKeyRetired` to whoever has what it really signed."""
    row = await conn.fetchrow(_FIND, presented.key)
    if row is None:
        raise TicketKeyUnknown
    presented.check(row["public_key"])
    if row["retired_at"] is not None:
        raise TicketKeyRetired(row["retired_at"])


def _owner(key: str) -> str:
    return f"ticket-key:{key}"
