"""Batches that partners push: stored as they come, found again by their job, forgotten after some days.

Each vendor is a source of its own at each venue: several at one venue never overwrite one another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalogue.database import Connection, Pool
from catalogue.kinds import CODE, NAME
from schemas.ids import public_id
from sync.push_items import CONNECTOR, Pushed

KEPT_DAYS = 7
"""So long a job and its receipts can be read after its end."""
LICENCE = "tous-droits-reserves"
"""A pushed batch states no licence: until its source is given one, its words stay out of the open data."""

_VENUE = "select coalesce(merged_into, id) from venue where id = $1"
_FIND_SOURCE = "select id from source where connector = $1 and account = $2"
_NEW_SOURCE = """
insert into source (connector, account, label, venue_id, licence)
select $1, $2, 'Envois de ' || name, $3, $4 from vendor where id = $5 on conflict do nothing
"""
# Never due, and read from a cursor: no clock rings for it, and no batch is a whole snapshot.
_NEW_FEED = """
insert into feed (source_id, cursor, due_at)
select id, 'push', 'infinity' from source where connector = $1 and account = $2 on conflict do nothing
"""
_NEW_JOB = """
insert into push_job (source_id, vendor_id, idempotency_key, request_hash, received_at)
values ($1, $2, $3, $4, clock_timestamp()) on conflict do nothing returning id
"""
_SAME_KEY = "select id, source_id, request_hash from push_job where vendor_id = $1 and idempotency_key = $2"
_JOB = """
select j.id, s.venue_id, j.state, j.received_at, j.ended_at, j.run_id, j.message,
       (select count(*) from push_item i where i.job_id = j.id) as items
from push_job j join source s on s.id = j.source_id
where j.id = $1 and j.vendor_id = $2 and s.venue_id = any($3::bigint[])
"""
_RECEIPTS = """
select n, kind, key, path, outcome, effect, why, faults, entity_id, offer_id, joined, legal_price_cents
from push_item where job_id = $1 and n > $2 order by n limit $3
"""
_COUNTS = "select outcome, count(*) as items from push_item where job_id = $1 and outcome is not null group by outcome"
_PURGE = """
delete from push_job where id in (
    select id from push_job where state <> 'waiting' and ended_at < $1 order by id limit 1000 for update skip locked)
"""


class JobUnknown(LookupError):
    """This vendor pushed no such job to the venues it acts for, or it was forgotten."""

    def __init__(self) -> None:
        super().__init__("Cet envoi n'existe pas, ou n'est plus gardé.")


class VenueUnknown(LookupError):
    """The vendor does not act for this venue."""

    def __init__(self) -> None:
        super().__init__("Ce lieu n'existe pas, ou n'est pas des vôtres.")


class PushKeyReused(Exception):
    """The idempotency key was used for another batch."""

    def __init__(self) -> None:
        super().__init__("Cette clé d'idempotence a déjà servi pour un autre envoi.")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What whoever pushes is given: the job to ask for, and the source that will take it."""

    job_id: int
    source_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of one item; `outcome` is None while the job waits."""

    n: int
    kind: str
    key: str | None
    path: str
    outcome: str | None
    effect: str | None
    why: str | None
    faults: list[dict[str, str]] | None
    entity_id: int | None
    offer_id: int | None
    joined: bool | None
    legal_price_cents: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One batch, and the receipts that were asked for."""

    id: int
    venue_id: int
    state: str
    received_at: datetime
    ended_at: datetime | None
    run_id: int | None
    message: str | None
    items: int
    counts: dict[str, int]
    receipts: Sequence[Receipt]


async def take_in(
    pool: Pool,
    items: Sequence[Pushed],
    *,
    vendor_id: int,
    venue_id: int,
    venue_ids: Collection[int],
    key: str | None,
    request: bytes,
) -> Ticket:
    """Stores a batch for the workers. The same key again is the same job.

    `request` is what must be equal for the same key. Raises `VenueUnknown` for a venue that is not among
    `venue_ids`, `PushKeyReused`.
    """
    if venue_id not in venue_ids:
        raise VenueUnknown
    digest = hashlib.sha256(request).digest()
    async with pool.acquire() as conn, conn.transaction():
        source_id = await _source(conn, vendor_id, venue_id)
        job_id: int | None = await conn.fetchval(_NEW_JOB, source_id, vendor_id, key, digest)
        if job_id is None:
            [before] = await conn.fetch(_SAME_KEY, vendor_id, key)
            if before["request_hash"] != digest:
                raise PushKeyReused
            return Ticket(before["id"], before["source_id"])
        await conn.copy_records_to_table(
            "push_item",
            columns=("job_id", "n", "kind", "key", "path", "raw"),
            records=[
                (job_id, n, CODE[one.kind].value, one.key, one.path, one.raw) for n, one in enumerate(items, start=1)
            ],
        )
    return Ticket(job_id, source_id)


async def job_of(
    conn: Connection, job_id: int, vendor_id: int, venue_ids: Collection[int], *, after: int = 0, limit: int = 100
) -> Job:
    """The job with its receipts after the item `after`. Raises `JobUnknown`."""
    row = await conn.fetchrow(_JOB, job_id, vendor_id, sorted(venue_ids))
    if row is None:
        raise JobUnknown
    receipts = [
        Receipt(**{**receipt, "kind": NAME[receipt["kind"]]})
        for receipt in await conn.fetch(_RECEIPTS, job_id, after, limit)
    ]
    counts = {count["outcome"]: count["items"] for count in await conn.fetch(_COUNTS, job_id)}
    return Job(**row, counts=counts, receipts=receipts)


async def purge(pool: Pool, before: datetime) -> int:
    """Forgets up to a thousand jobs that ended before; tells how many. What waits for a worker stays."""
    status: str = await pool.execute(_PURGE, before)
    return int(status.split()[-1])


def account_of(vendor_id: int, venue_id: int) -> str:
    """The account of a vendor's push source at a venue, as the outside may read it."""
    return f"{public_id('vendor', vendor_id)}:{public_id('venue', venue_id)}"


async def _source(conn: Connection, vendor_id: int, venue_id: int) -> int:
    venue_id = await conn.fetchval(_VENUE, venue_id)
    account = account_of(vendor_id, venue_id)
    # Asked for first: an insert that meets its conflict uses up an id each time.
    found: Any = await conn.fetchval(_FIND_SOURCE, CONNECTOR, account)
    if found is None:
        await conn.execute(_NEW_SOURCE, CONNECTOR, account, venue_id, LICENCE, vendor_id)
        await conn.execute(_NEW_FEED, CONNECTOR, account)
        found = await conn.fetchval(_FIND_SOURCE, CONNECTOR, account)
    source_id: int = found
    return source_id
