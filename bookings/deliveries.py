"""What was sent to endpoints, as partners and staff read it, and sending it again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from accounts import audit
from bookings.outbox import TRIES
from bookings.webhook_errors import DeliveryUnknown, StillWaiting, WebhookUnknown
from bookings.webhooks import subject

if TYPE_CHECKING:
    from accounts.keys import VendorKey
    from bookings.transactions import Pool

PAGE = 100
STATES = ("waiting", "delivered", "dead", "superseded")
_COLUMNS = """
d.id, d.endpoint_id, d.kind, d.state, d.attempts, d.created_at, d.next_try_at, d.ended_at, d.last_status, d.last_error,
o.at, o.booking_id, o.session_id, o.stock_id
"""
_LIST = f"""
select {_COLUMNS} from webhook_delivery d join outbox_event o on o.id = d.event_id
where ($1::bigint is null or d.endpoint_id = $1) and ($2::text is null or d.state = $2)
  and ($3::bigint is null or d.id < $3) order by d.id desc limit $4
"""  # noqa: S608 - constants of this module
_ATTEMPTS = """
select delivery_id, at, status, error, milliseconds from webhook_attempt
where delivery_id = any($1::bigint[]) order by delivery_id, id
"""
_MINE = "select exists (select from webhook_endpoint where id = $1 and vendor_id = $2)"
_ONE = "select state, kind from webhook_delivery where id = $1 and endpoint_id = $2 for update"
_AGAIN = """
update webhook_delivery set state = 'waiting', ended_at = null, tries_left = $2, next_try_at = $3, waiting_since = $3
where id = any($1::bigint[]) and state in ('dead', 'delivered') returning id
"""
_DEAD = """
select id from webhook_delivery where state = 'dead' and ($1::bigint is null or endpoint_id = $1) order by id for update
"""
_AWAKE = """
update webhook_endpoint w set rests_until = null where w.rests_until is not null
  and exists (select from webhook_delivery d where d.endpoint_id = w.id and d.id = any($1::bigint[]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One sending."""

    at: datetime
    status: int | None
    error: str | None
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one endpoint; of what it is about, the ids alone."""

    id: int
    endpoint_id: int
    kind: str
    state: str
    attempts: int
    at: datetime
    """When it happened."""
    created_at: datetime
    next_try_at: datetime
    ended_at: datetime | None
    last_status: int | None
    last_error: str | None
    booking_id: int | None
    session_id: int | None
    stock_id: int | None
    tries: Sequence[Attempt] = ()


class Deliveries:
    """The log of deliveries."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool, self._clock = pool, clock

    async def listed(
        self,
        endpoint_id: int | None = None,
        *,
        state: str | None = None,
        before: int | None = None,
        limit: int = PAGE,
    ) -> list[Delivery]:
        """Deliveries with their attempts, newest first, those of an id below `before`; for staff: no key is asked."""
        rows = await self._pool.fetch(_LIST, endpoint_id, state, before, min(limit, PAGE + 1))
        tries: dict[int, list[Attempt]] = {}
        for row in await self._pool.fetch(_ATTEMPTS, [row["id"] for row in rows]):
            one = Attempt(at=row["at"], status=row["status"], error=row["error"], milliseconds=row["milliseconds"])
            tries.setdefault(row["delivery_id"], []).append(one)
        return [Delivery(**row, tries=tries.get(row["id"], ())) for row in rows]

    async def of_vendor(
        self,
        key: VendorKey,
        endpoint_id: int,
        *,
        state: str | None = None,
        before: int | None = None,
        limit: int = PAGE,
    ) -> list[Delivery]:
        """What was sent to the vendor's own endpoint. Raises `WebhookUnknown`."""
        if not await self._pool.fetchval(_MINE, endpoint_id, key.vendor_id):
            raise WebhookUnknown
        return await self.listed(endpoint_id, state=state, before=before, limit=limit)

    async def replay(self, key: VendorKey, endpoint_id: int, delivery_id: int) -> None:
        """Sends it again, under its id, as soon as its turn comes.

        Raises `WebhookUnknown`, `DeliveryUnknown`, and `StillWaiting` for one that has not come to an end.
        """
        if not await self._pool.fetchval(_MINE, endpoint_id, key.vendor_id):
            raise WebhookUnknown
        async with self._pool.acquire() as conn, conn.transaction():
            row = await conn.fetchrow(_ONE, delivery_id, endpoint_id)
            if row is None or row["state"] == "superseded":
                raise DeliveryUnknown
            if row["state"] == "waiting":
                raise StillWaiting
            await conn.execute(_AGAIN, [delivery_id], TRIES, self._clock())
            await conn.execute(_AWAKE, [delivery_id])
            await audit.record(conn, key.actor, "webhook.replayed", subject(endpoint_id), {"deliveries": 1})

    async def replay_dead(self, *, endpoint_id: int | None, actor: str) -> int:
        """Sends all dead deliveries again, of one endpoint or of all; tells how many."""
        async with self._pool.acquire() as conn, conn.transaction():
            ids = [row["id"] for row in await conn.fetch(_DEAD, endpoint_id)]
            if not ids:
                return 0
            again = await conn.fetch(_AGAIN, ids, TRIES, self._clock())
            await conn.execute(_AWAKE, ids)
            about = subject(endpoint_id) if endpoint_id is not None else "webhook:*"
            await audit.record(conn, actor, "webhook.replayed", about, {"deliveries": len(again)})
            return len(again)

    async def replay_one(self, delivery_id: int, *, actor: str) -> bool:
        """Sends one again in the house's name; False where it waits, was superseded, or is not there."""
        async with self._pool.acquire() as conn, conn.transaction():
            again = await conn.fetch(_AGAIN, [delivery_id], TRIES, self._clock())
            if again:
                await conn.execute(_AWAKE, [delivery_id])
                await audit.record(conn, actor, "webhook.replayed", "webhook:*", {"deliveries": 1})
            return bool(again)
