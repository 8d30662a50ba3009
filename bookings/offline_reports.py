"""What a venue risks and has lost by accepting without us: conflicts, told to all its tills, and a sum of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from bookings.errors import Refusal, recall
from bookings.offline import Place, Policy
from bookings.ticket_format import short_hash

if TYPE_CHECKING:
    from bookings.transactions import Pool

WINDOW = timedelta(days=30)
PAGE = 100
_NEWEST = 2**63 - 1

# Who won is whoever was received first: another entry of a journal, or an acceptance made with us.
_CONFLICTS = """
select e.id, e.till, e.sequence, e.booking_id, e.quantity, e.amount_cents, e.said_at, e.received_at, e.reason,
       e.details::text as details, w.till as winner_till, w.sequence as winner_sequence
from offline_entry e
left join offline_entry w on w.booking_id = e.booking_id and w.outcome = 'accepted' and w.used_at = e.used_at
where e.venue_id = any($1::bigint[]) and e.outcome = 'conflict' and e.id < $2 order by e.id desc limit $3
"""
_SUMS = """
select count(*) filter (where outcome = 'accepted') as accepted,
       coalesce(sum(amount_cents) filter (where outcome = 'accepted'), 0)::bigint as accepted_cents,
       count(*) filter (where outcome = 'conflict') as conflicts,
       coalesce(sum(amount_cents) filter (where outcome = 'conflict'), 0)::bigint as conflict_cents,
       count(*) filter (where outcome = 'refused') as refused
from offline_entry where venue_id = any($1::bigint[]) and received_at > $2
"""
_TILLS = """
select v.name as vendor, e.till, max(e.sequence) as last_sequence, max(e.sequence) - count(*) as missing,
       count(*) filter (where e.outcome = 'conflict') as conflicts, max(e.received_at) as last_received_at
from offline_entry e join vendor v on v.id = e.vendor_id
where e.venue_id = any($1::bigint[]) group by v.name, e.vendor_id, e.till
order by max(e.received_at) desc, v.name, e.till limit $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A genuine ticket that a till accepted and that could not be used: who came first, or what had become of it."""

    id: int
    till: str
    sequence: int
    ticket: str
    """Its short hash, as in the revocation list."""
    quantity: int
    amount_cents: int
    said_at: datetime
    received_at: datetime
    refusal: Refusal
    winner_till: str | None
    winner_sequence: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TillSeen:
    """A till that has uploaded. `missing`: numbers of its journal below its last one that never came."""

    vendor: str
    till: str
    last_sequence: int
    missing: int
    conflicts: int
    last_received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """The last thirty days of a venue, and what its tills together may accept before they upload."""

    since: datetime
    accepted: int
    accepted_cents: int
    conflicts: int
    conflict_cents: int
    refused: int
    exposed_cents: int
    tills: tuple[TillSeen, ...]


async def conflicts(pool: Pool, place: Place, *, before: int | None = None, limit: int = PAGE) -> list[Conflict]:
    """The venue's conflicts, the newest first, those of an id below `before`."""
    rows = await pool.fetch(_CONFLICTS, list(place.all_ids), _NEWEST if before is None else before, limit)
    return [
        Conflict(
            id=row["id"],
            till=row["till"],
            sequence=row["sequence"],
            ticket=short_hash(row["booking_id"]),
            quantity=row["quantity"],
            amount_cents=row["amount_cents"],
            said_at=row["said_at"],
            received_at=row["received_at"],
            refusal=recall({"refusal": row["reason"], "attributes": msgspec.json.decode(row["details"])}),
            winner_till=row["winner_till"],
            winner_sequence=row["winner_sequence"],
        )
        for row in rows
    ]


async def risk(pool: Pool, policy: Policy, now: datetime) -> Risk:
    """What the venue risks and what has come of it; the hundred tills heard of last."""
    ids, since = list(policy.place.all_ids), now - WINDOW
    sums = await pool.fetchrow(_SUMS, ids, since)
    assert sums is not None
    tills = tuple(TillSeen(**row) for row in await pool.fetch(_TILLS, ids, PAGE))
    heard = sum(till.last_received_at > since for till in tills)
    return Risk(since=since, **sums, exposed_cents=policy.most_cents * heard, tills=tills)
