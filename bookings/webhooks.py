"""The endpoints of vendors: where they want to be told of what, and the secrets by which they know it is us.

A secret is shown once, when it is made, and kept sealed. Rotation makes a new one; for a day both sign.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from accounts import audit
from bookings.outbox_tables import EVENTS
from bookings.webhook_errors import TooManyWebhooks, WebhookUnknown, WebhookUrlRefused
from net.addresses import first_hop
from net.errors import AddressRefused
from net.guard import check_literal
from schemas.ids import public_id

if TYPE_CHECKING:
    import asyncpg

    from accounts.keys import VendorKey
    from bookings.transactions import Pool

SECRET_PREFIX = "whsec_"  # noqa: S105 - what every such secret begins with
SECRET_BYTES = 32
OVERLAP = timedelta(days=1)
"""How long an old secret still signs after a rotation."""
MOST = 10
"""Endpoints of a vendor."""
LONGEST_URL = 2_000
FORMS = ("standard", "passculture")
_COLUMNS = """
id, vendor_id, url, events, form, created_at, both_until, failures, failing_since, rests_until, disabled_at,
disabled_why
"""
_ADD = f"""
insert into webhook_endpoint (vendor_id, url, events, form, secrets, created_at)
values ($1, $2, $3, $4, ''::bytea, $5) returning {_COLUMNS}
"""  # noqa: S608 - constants of this module
_SEAL = "update webhook_endpoint set secrets = $2, both_until = $3 where id = $1"
_OF_VENDOR = f"select {_COLUMNS} from webhook_endpoint where vendor_id = $1 order by id"  # noqa: S608
_ONE = f"select {_COLUMNS}, secrets from webhook_endpoint where id = $1 and vendor_id = $2 for update"  # noqa: S608
_CHANGE = f"""
update webhook_endpoint set url = $2, events = $3, failures = 0, failing_since = null, rests_until = null,
    disabled_at = null, disabled_why = null
where id = $1 returning {_COLUMNS}
"""  # noqa: S608
_DROP = (
    "delete from webhook_delivery where endpoint_id = $1",
    "delete from webhook_endpoint where id = $1",
)


class Sealing(Protocol):
    """What keeps secrets (`sync.vault.Vault`)."""

    def seal(self, secrets: Mapping[str, str], *, owner: str) -> bytes | None: ...

    def open(self, sealed: bytes | None, *, owner: str) -> dict[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a vendor is told, and how that goes."""

    id: int
    vendor_id: int
    url: str
    events: Sequence[str]
    form: str
    created_at: datetime
    both_until: datetime | None
    failures: int
    failing_since: datetime | None
    rests_until: datetime | None
    disabled_at: datetime | None
    disabled_why: str | None


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint whose secret is new: `secret` is shown this once."""

    endpoint: Endpoint
    secret: str = field(repr=False)


class Webhooks:
    """Endpoints, by the key of the vendor whose they are. Another vendor's is unknown."""

    def __init__(
        self, pool: Pool, vault: Sealing, clock: Callable[[], datetime], *, allow_private: bool = False
    ) -> None:
        self._pool, self._vault, self._clock, self._allow_private = pool, vault, clock, allow_private

    async def add(self, key: VendorKey, url: str, events: Iterable[str], form: str = "standard") -> Made:
        """A new endpoint. Raises `WebhookUrlRefused`, `TooManyWebhooks`, ValueError for an unknown event or form."""
        wanted = _events(events)
        if form not in FORMS:
            raise ValueError(f"forme inconnue : {form} (connues : {', '.join(FORMS)})")
        check_url(url, allow_private=self._allow_private)
        secret = new_secret()
        async with self._pool.acquire() as conn, conn.transaction():
            # The vendor's row makes its requests wait for each other: ten stay ten.
            await conn.execute("select from vendor where id = $1 for update", key.vendor_id)
            if len(await conn.fetch(_OF_VENDOR, key.vendor_id)) >= MOST:
                raise TooManyWebhooks(MOST)
            row = await conn.fetchrow(_ADD, key.vendor_id, url, wanted, form, self._clock())
            made = _endpoint(row)
            await conn.execute(_SEAL, made.id, self._vault.seal({"current": secret}, owner=owner(made.id)), None)
            await audit.record(conn, key.actor, "webhook.added", subject(made.id), {"events": wanted, "form": form})
        return Made(made, secret)

    async def listed(self, key: VendorKey) -> list[Endpoint]:
        """The vendor's endpoints, oldest first."""
        return [_endpoint(row) for row in await self._pool.fetch(_OF_VENDOR, key.vendor_id)]

    async def one(self, key: VendorKey, endpoint_id: int) -> Endpoint:
        """Raises `WebhookUnknown`."""
        async with self._pool.acquire() as conn, conn.transaction():
            return _endpoint(await self._locked(conn, key, endpoint_id))

    async def change(
        self, key: VendorKey, endpoint_id: int, *, url: str | None = None, events: Iterable[str] | None = None
    ) -> Endpoint:
        """Told elsewhere or of something else from now on; whatever had been disabled is tried again.

        Raises `WebhookUnknown`, `WebhookUrlRefused`, ValueError.
        """
        wanted = None if events is None else _events(events)
        if url is not None:
            check_url(url, allow_private=self._allow_private)
        async with self._pool.acquire() as conn, conn.transaction():
            before = _endpoint(await self._locked(conn, key, endpoint_id))
            row = await conn.fetchrow(_CHANGE, endpoint_id, url or before.url, wanted or list(before.events))
            await audit.record(conn, key.actor, "webhook.changed", subject(endpoint_id))
        return _endpoint(row)

    async def rotate(self, key: VendorKey, endpoint_id: int) -> Made:
        """A new secret; the one before signs beside it for `OVERLAP`. Raises `WebhookUnknown`."""
        secret = new_secret()
        async with self._pool.acquire() as conn, conn.transaction():
            row = await self._locked(conn, key, endpoint_id)
            before = self._vault.open(row["secrets"], owner=owner(endpoint_id))["current"]
            sealed = self._vault.seal({"current": secret, "previous": before}, owner=owner(endpoint_id))
            await conn.execute(_SEAL, endpoint_id, sealed, self._clock() + OVERLAP)
            await audit.record(conn, key.actor, "webhook.rotated", subject(endpoint_id))
            made = _endpoint(await self._locked(conn, key, endpoint_id))
        return Made(made, secret)

    async def remove(self, key: VendorKey, endpoint_id: int) -> None:
        """Gone, with its log and whatever waits for it. Raises `WebhookUnknown`."""
        async with self._pool.acquire() as conn, conn.transaction():
            await self._locked(conn, key, endpoint_id)
            for statement in _DROP:
                await conn.execute(statement, endpoint_id)
            await audit.record(conn, key.actor, "webhook.removed", subject(endpoint_id))

    async def _locked(self, conn: Any, key: VendorKey, endpoint_id: int) -> asyncpg.Record:
        row: asyncpg.Record | None = await conn.fetchrow(_ONE, endpoint_id, key.vendor_id)
        if row is None:
            raise WebhookUnknown
        return row


def new_secret() -> str:
    """A Standard Webhooks secret: `whsec_` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def check_url(url: str, *, allow_private: bool) -> None:
    """Raises `WebhookUrlRefused` for what is never called: not https (outside the sandbox), private, or endless."""
    try:
        hop = first_hop(url, None, None)
        check_literal(hop.url, allow_private=allow_private)
    except AddressRefused as refused:
        raise WebhookUrlRefused(refused.message) from None
    if len(url) > LONGEST_URL or not url.isprintable():
        raise WebhookUrlRefused("adresse trop longue ou illisible")
    if hop.url.scheme != "https" and not allow_private:
        raise WebhookUrlRefused("adresse qui n'est pas en https")


def owner(endpoint_id: int) -> str:
    """What an endpoint's sealed secrets are bound to."""
    return f"webhook:{endpoint_id}"


def subject(endpoint_id: int) -> str:
    """How the audit log names it."""
    return f"webhook:{public_id('webhook', endpoint_id)}"


def _events(events: Iterable[str]) -> list[str]:
    wanted = sorted(set(events))
    if unknown := set(wanted) - set(EVENTS):
        raise ValueError(f"événements inconnus : {sorted(unknown)} (connus : {list(EVENTS)})")
    if not wanted:
        raise ValueError("il faut au moins un événement")
    return wanted


def _endpoint(row: asyncpg.Record | None) -> Endpoint:
    if row is None:
        raise WebhookUnknown
    return Endpoint(**{name: value for name, value in row.items() if name != "secrets"})
