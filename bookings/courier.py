"""Sends what waits, endpoint by endpoint, and writes down what came of it.

At least once: a delivery is leased before it is sent and marked after; whoever dies between leaves it to be sent again
under the same id. The deliveries of one booking go in order: none is sent while an earlier one waits. Endpoints do not
wait for each other: each has tasks of its own, and one that fails rests, longer each time. What was not taken within a
day is dead, and may be replayed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from accounts.offerers import ACTS_FOR
from accounts.people import People
from bookings import messages
from bookings.webhooks import Sealing, owner
from net.client import Http
from net.errors import AddressRefused, ProviderUnavailable, SourceFailure
from schemas.ids import public_id

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Pool

logger = logging.getLogger(__name__)

PATIENCE = 15.0
"""Seconds an endpoint has to answer."""
LEASE = timedelta(seconds=60)
WAITS = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 2 * 3600, 4 * 3600, 8 * 3600, 8 * 3600)
)
"""After each failure; the eleventh is the last: a day in all."""
DEAD_AFTER = timedelta(days=1)
REST, LONGEST_REST = timedelta(seconds=2), timedelta(minutes=5)
"""How long an endpoint that fails is left alone: doubled each time."""
GIVEN_UP_AFTER = timedelta(days=3)
"""An endpoint that took nothing for so long is disabled."""
ENDPOINTS, LANES = 32, 4
"""Endpoints served at once by this process, requests to one of them at once."""
TURN = timedelta(seconds=20)
"""How long an endpoint is served before others have its place: one that answers late, and well, would keep it."""
LONGEST_ERROR = 300
ANY = range(100, 600)

# What may be sent now: nothing earlier of its subject waits.
_READY = """
d.state = 'waiting' and d.next_try_at <= $1 and not exists (
    select from webhook_delivery e
    where e.endpoint_id = d.endpoint_id and e.subject = d.subject and e.state = 'waiting' and e.id < d.id)
"""
_DUE = f"""
select w.id from webhook_endpoint w
where w.disabled_at is null and (w.rests_until is null or w.rests_until <= $1) and not w.id = any($2::bigint[])
  and exists (select from webhook_delivery d where d.endpoint_id = w.id and {_READY})
order by w.id <= $4, w.id limit $3
"""  # noqa: S608 - a constant of this module
_CLAIM = f"""
update webhook_delivery set attempts = attempts + 1, tries_left = tries_left - 1, next_try_at = $3
where id = (
    select d.id from webhook_delivery d join webhook_endpoint w on w.id = d.endpoint_id
    where d.endpoint_id = $2 and {_READY}
      and w.disabled_at is null and (w.rests_until is null or w.rests_until <= $1)
    order by d.id limit 1 for update of d skip locked)
returning id, attempts
"""  # noqa: S608 - a constant of this module
MESSAGE = f"""
select d.id, d.attempts, d.tries_left, d.waiting_since, d.endpoint_id, w.url, w.form, w.secrets, w.both_until,
       w.failures, o.kind, o.at, o.venue_id, o.session_id, o.stock_id as changed_stock_id, o.booking_id,
       o.details::text as details, b.offer_id, b.stock_id, b.quantity, b.unit_price_cents, b.created_at,
       b.cancellable_until, b.snapshot::text as snapshot, wallet.pseudonym, v.department,
       exists (select from ({ACTS_FOR}) acts where acts.vendor_id = w.vendor_id and acts.venue_id = o.venue_id) as acts
from webhook_delivery d join webhook_endpoint w on w.id = d.endpoint_id join outbox_event o on o.id = d.event_id
left join booking b on b.id = o.booking_id left join wallet on wallet.id = b.wallet_id
left join venue v on v.id = o.venue_id
where d.id = $1
"""  # noqa: S608 - constants of this house
_LOG = """
insert into webhook_attempt (delivery_id, at, status, error, milliseconds)
select id, $2, $3, $4, $5 from webhook_delivery where id = $1
"""
_DELIVERED = """
update webhook_delivery set state = 'delivered', ended_at = $3, last_status = $4, last_error = null
where id = $1 and attempts = $2 and state = 'waiting'
"""
_WELL = """
update webhook_endpoint set failures = 0, failing_since = null, rests_until = null
where id = $1 and (failures > 0 or rests_until is not null)
"""
_PUT_OFF = """
update webhook_delivery set next_try_at = $3, last_status = $4, last_error = $5
where id = $1 and attempts = $2 and state = 'waiting'
"""
_DIE = """
update webhook_delivery set state = 'dead', ended_at = $3, last_status = $4, last_error = $5
where id = $1 and attempts = $2 and state = 'waiting'
"""
_ILL = """
update webhook_endpoint set failures = failures + 1, failing_since = coalesce(failing_since, $2), rests_until = $3
where id = $1 returning failing_since
"""
_DISABLE = """
update webhook_endpoint set disabled_at = $2, disabled_why = $3 where id = $1 and disabled_at is null
"""
_DIE_OF_AGE = """
update webhook_delivery set state = 'dead', ended_at = $2, last_error = coalesce(last_error, $4)
where endpoint_id = $1 and state = 'waiting' and (waiting_since < $3 or $5) and next_try_at <= $2
"""


@dataclass(frozen=True, slots=True)
class _Result:
    """What an endpoint answered. `status` None: nothing."""

    status: int | None
    error: str | None
    milliseconds: int
    retry_after: float | None = None

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class Courier:
    """Delivers over one `Http`, which must not try again by itself (`Limits.tries`): its retries are here."""

    def __init__(
        self, pool: Pool, vault: Sealing, http: Http, clock: Callable[[], datetime], *, endpoints: int = ENDPOINTS
    ) -> None:
        self._pool, self._vault, self._http, self._clock = pool, vault, http, clock
        self._people = People(pool)
        self._endpoints = endpoints
        self._running: dict[int, asyncio.Task[None]] = {}
        self._latest = 0
        self.outcomes: Counter[str] = Counter()

    async def turn(self) -> int:
        """Sets off whoever is due and not at work yet, in turn; tells how many endpoints. Nobody is waited for."""
        for endpoint_id, task in list(self._running.items()):
            if task.done():
                del self._running[endpoint_id]
        free = self._endpoints - len(self._running)
        asked = (self._clock(), list(self._running), free, self._latest)
        rows = await self._pool.fetch(_DUE, *asked) if free > 0 else []
        for row in rows:
            self._latest = row["id"]
            self._running[row["id"]] = asyncio.create_task(self._serve(row["id"]))
        return len(rows)

    async def drain(self) -> None:
        """Waits for those at work."""
        await asyncio.gather(*self._running.values())
        self._running.clear()

    async def close(self) -> None:
        """Lets go of those at work: what they were sending is sent again when its lease is over."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._running.clear()

    async def _serve(self, endpoint_id: int) -> None:
        try:
            await asyncio.gather(*(self._lane(endpoint_id) for _ in range(LANES)))
        except Exception:
            # A defect met by one endpoint; its deliveries come round again with their leases.
            logger.exception("webhook %s: its deliveries could not be worked on", public_id("webhook", endpoint_id))

    async def _lane(self, endpoint_id: int) -> None:
        ends_at = self._clock() + TURN
        while (now := self._clock()) < ends_at:
            claimed = await self._pool.fetchrow(_CLAIM, now, endpoint_id, now + LEASE)
            if claimed is None:
                return
            row = await self._pool.fetchrow(MESSAGE, claimed["id"])
            if row is None or not await self._deliver(row):
                return

    async def _deliver(self, row: asyncpg.Record) -> bool:
        """Whether the endpoint took it, or was spared it."""
        contact = None
        if row["pseudonym"] is not None:
            contact = (await self._people.contacts([row["pseudonym"]])).get(row["pseudonym"])
        sent = messages.body(row, row["form"], contact) if row["acts"] else None
        if sent is None:
            why = "sans objet dans cette forme" if row["acts"] else "le logiciel n'agit plus pour ce lieu"
            await self._pool.execute(_DIE, row["id"], row["attempts"], self._clock(), None, why)
            self.outcomes["dead"] += 1
            return True
        result = await self._send(row, sent)
        await self._pool.execute(_LOG, row["id"], self._clock(), result.status, result.error, result.milliseconds)
        if not result.is_taken:
            await self._failed(row, result)
            return False
        await self._pool.execute(_DELIVERED, row["id"], row["attempts"], self._clock(), result.status)
        await self._pool.execute(_WELL, row["endpoint_id"])
        self.outcomes["delivered"] += 1
        return True

    async def _send(self, row: asyncpg.Record, sent: bytes) -> _Result:
        now = self._clock()
        kept = self._vault.open(row["secrets"], owner=owner(row["endpoint_id"]))
        secrets = [kept["current"]]
        if "previous" in kept and row["both_until"] is not None and now < row["both_until"]:
            secrets.append(kept["previous"])
        headers = messages.signed(public_id("delivery", row["id"]), now, sent, secrets, row["form"])
        begun = time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                answer = await self._http.request("POST", row["url"], headers=headers, data=sent, ok=ANY)
        except TimeoutError:
            return _Result(None, "pas de réponse à temps", _since(begun))
        except AddressRefused as refused:
            return _Result(None, refused.message, _since(begun))
        except ProviderUnavailable as failure:
            return _Result(None, failure.message[:LONGEST_ERROR], _since(begun), failure.retry_after)
        except SourceFailure as failure:
            return _Result(None, failure.message[:LONGEST_ERROR], _since(begun))
        error = None if 200 <= answer.status < 300 else f"réponse {answer.status}"
        return _Result(answer.status, error, _since(begun), _asked(answer.headers.get("Retry-After")))

    async def _failed(self, row: asyncpg.Record, result: _Result) -> None:
        now = self._clock()
        self.outcomes["failed"] += 1
        if row["tries_left"] <= 0 or now - row["waiting_since"] >= DEAD_AFTER:
            await self._pool.execute(_DIE, row["id"], row["attempts"], now, result.status, result.error)
        else:
            wait = WAITS[min(len(WAITS) - row["tries_left"], len(WAITS) - 1)]
            asked = timedelta(seconds=min(result.retry_after or 0, 3600))
            again = now + max(wait, asked)
            await self._pool.execute(_PUT_OFF, row["id"], row["attempts"], again, result.status, result.error)
        rest = min(REST * 2 ** min(row["failures"], 20), LONGEST_REST)
        failing_since = await self._pool.fetchval(_ILL, row["endpoint_id"], now, now + rest)
        gone = result.status == 410
        if gone or (failing_since is not None and now - failing_since >= GIVEN_UP_AFTER):
            why = "l'adresse répond 410" if gone else "rien n'a été reçu pendant trois jours"
            await self._pool.execute(_DISABLE, row["endpoint_id"], now, why)
            logger.warning("webhook %s disabled", public_id("webhook", row["endpoint_id"]))
        # Behind it may wait thousands that will never have their turn.
        await self._pool.execute(
            _DIE_OF_AGE, row["endpoint_id"], now, now - DEAD_AFTER, "l'adresse ne répond pas", gone
        )


def _since(begun: float) -> int:
    return int((time.monotonic() - begun) * 1000)


def _asked(retry_after: str | None) -> float | None:
    """Seconds of a `Retry-After`; a date, and whatever else, asks for nothing."""
    text = (retry_after or "").strip()
    return float(text[:9]) if text.isascii() and text.isdigit() else None
