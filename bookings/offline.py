"""Acceptance without us: what a till may do alone, and what is decided when its journal comes.

A till verifies signatures with the published keys, looks the booking up in its venue's revocation list, accepts
within the venue's limit, and uploads later. Each entry is decided once, when it is received and in that order: a
till's clock proves nothing. The same entry again is answered the same.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from accounts import audit
from bookings.acceptance import decide, record_late
from bookings.errors import AlreadyUsed, Refusal, recall, remember
from bookings.presented import NOTHING, Expected, Found, find
from bookings.ticket_format import is_ticket, short_hash
from bookings.token_errors import SequenceReused, TicketUnsigned
from bookings.transactions import in_transaction

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Connection, Pool

MOST_CENTS, MOST_COUNT = 100_00, 20
"""What a till may accept before it uploads, where the venue has said nothing."""
UPLOAD_WITHIN = timedelta(hours=24)
"""A ticket with less time left than this is not accepted offline: its journal might come too late."""
LIST_AGE = timedelta(hours=24)
"""How old keys and revocations may be."""

# The till's own turn: its entries are decided one after the other, be it sent twice at once.
_TURN = "select pg_advisory_xact_lock(hashtextextended($1, 7))"
_SEEN = """
select sequence, nonce, entry_hash, outcome, reason, details::text as details, used_at, received_at from offline_entry
where vendor_id = $1 and venue_id = $2 and till = $3 and (sequence = $4 or nonce = $5)
"""
_WRITE = """
insert into offline_entry (vendor_id, api_key_id, venue_id, till, sequence, nonce, entry_hash, booking_id, quantity,
    amount_cents, said_at, received_at, outcome, reason, details, used_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::text::jsonb, $16)
"""
_LIMIT = "select most_cents, most_count from offline_limit where venue_id = $1"
_SET = """
insert into offline_limit (venue_id, most_cents, most_count, set_at) values ($1, $2, $3, $4)
on conflict (venue_id) do update
    set most_cents = excluded.most_cents, most_count = excluded.most_count, set_at = excluded.set_at
"""
_FAMILY = """
select id, coalesce(merged_into, id) as stands from venue
where id = any($2::bigint[]) and coalesce(merged_into, id) = (select coalesce(merged_into, id) from venue where id = $1)
"""
_REVOKED = """
select distinct i.booking_id from ticket_issue i join booking b on b.id = i.booking_id
where i.venue_id = any($1::bigint[]) and i.valid_until > $2 and b.status <> 'confirmed'
"""


@dataclass(frozen=True, slots=True)
class Uploader:
    """Whose journal comes, by which key, and for which of its venues."""

    vendor_id: int
    key_id: int
    place: Place
    till: str


@dataclass(frozen=True, slots=True)
class Place:
    """A venue: the row that stands, and with it those that were merged into it, which older tickets name."""

    venue_id: int
    all_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a till's journal."""

    sequence: int
    nonce: str
    ticket: str
    said_at: datetime
    quantity: int | None = None

    @property
    def hash(self) -> bytes:
        """What is kept to recognise it: not the ticket itself."""
        text = f"{self.nonce}\0{self.ticket.strip().upper()}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of an entry. `accepted`; `conflict`: genuine, and it cannot be used any more or yet; `refused`."""

    outcome: str
    received_at: datetime | None
    used_at: datetime | None = None
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What each till of a venue may do without us."""

    place: Place
    most_cents: int = MOST_CENTS
    most_count: int = MOST_COUNT
    upload_within: timedelta = UPLOAD_WITHIN
    list_age: timedelta = LIST_AGE


class OfflineDesk:
    """Limits, revocations and journals of venues."""

    def __init__(self, pool: Pool, clock: Callable[[], datetime]) -> None:
        self._pool = pool
        self._clock = clock

    async def place(self, venue_id: int, venue_ids: Collection[int]) -> Place | None:
        """The venue among those that a key acts for; None where it is not."""
        if venue_id not in venue_ids:
            return None
        rows = await self._pool.fetch(_FAMILY, venue_id, list(venue_ids))
        if not rows:
            return None
        return Place(rows[0]["stands"], tuple(sorted({row["id"] for row in rows} | {rows[0]["stands"]})))

    async def policy(self, place: Place) -> Policy:
        """What is published to the venue's tills."""
        row = await self._pool.fetchrow(_LIMIT, place.venue_id)
        return Policy(place) if row is None else Policy(place, row["most_cents"], row["most_count"])

    async def set_limit(self, venue_id: int, *, most_cents: int, most_count: int, actor: str) -> None:
        """How much each till of the venue may accept before it uploads; 0 ends offline acceptance there.

        Raises LookupError for no venue, ValueError for negative limits.
        """
        if most_cents < 0 or most_count < 0:
            raise ValueError("un plafond n'est pas négatif")
        async with self._pool.acquire() as conn, conn.transaction():
            if not await conn.fetchval("select true from venue where id = $1 and merged_into is null", venue_id):
                raise LookupError("aucun lieu n'a cet identifiant")
            await conn.execute(_SET, venue_id, most_cents, most_count, self._clock())
            told = {"most_cents": most_cents, "most_count": most_count}
            await audit.record(conn, actor, "offline.limit_set", f"venue:{venue_id}", told)

    async def revocations(self, place: Place) -> list[str]:
        """Short hashes, sorted, of bookings whose ticket still looks good and is not: used, cancelled or expired."""
        rows = await self._pool.fetch(_REVOKED, list(place.all_ids), self._clock())
        return sorted(short_hash(row["booking_id"]) for row in rows)

    async def receive(self, uploader: Uploader, entry: Entry) -> Receipt:
        """Decides an entry, once for all; the receipt of the first time where it came before. Raises `Busy`.

        Another entry under a number or nonce of an earlier one is refused with `SequenceReused`, and not kept.
        """

        async def work(conn: Connection) -> Receipt:
            owner = (uploader.vendor_id, uploader.place.venue_id, uploader.till)
            await conn.execute(_TURN, "/".join(map(str, owner)))
            seen = await conn.fetch(_SEEN, *owner, entry.sequence, entry.nonce)
            if seen:
                return _again(seen, entry)
            return await self._decide(conn, uploader, entry)

        return await in_transaction(self._pool, work)

    async def _decide(self, conn: Connection, uploader: Uploader, entry: Entry) -> Receipt:
        now, key_id = self._clock(), uploader.key_id
        found = Found(None, TicketUnsigned())
        if is_ticket(entry.ticket):
            found = await find(conn, entry.ticket, uploader.place.all_ids, NOTHING, lock=True)
        # The ticket's own time was for the till to judge. What has become of the booking since is what counts here.
        judged = replace(found, ticket=None)
        expected = Expected(quantity=entry.quantity, till=uploader.till)
        decided = await decide(conn, judged, now, key_id, entry.ticket, entry.nonce, expected)
        if isinstance(decided, AlreadyUsed) and found.row is not None:
            late = await record_late(conn, found, key_id, entry.ticket, entry.nonce, uploader.till)
            decided = late or decided
        receipt = _receipt(decided, found, now)
        await _write(conn, uploader, entry, found, receipt)
        return receipt


def _receipt(decided: datetime | Refusal, found: Found, now: datetime) -> Receipt:
    if isinstance(decided, datetime):
        return Receipt("accepted", now, decided)
    used_at = decided.used_at if isinstance(decided, AlreadyUsed) else None
    return Receipt("refused" if found.row is None else "conflict", now, used_at, decided)


def _again(seen: list[asyncpg.Record], entry: Entry) -> Receipt:
    first = seen[0]
    is_same = len(seen) == 1 and (first["sequence"], first["nonce"]) == (entry.sequence, entry.nonce)
    if not is_same or not hmac.compare_digest(first["entry_hash"], entry.hash):
        return Receipt("refused", None, refusal=SequenceReused())
    refusal = None
    if first["reason"] is not None:
        refusal = recall({"refusal": first["reason"], "attributes": msgspec.json.decode(first["details"])})
    return Receipt(first["outcome"], first["received_at"], first["used_at"], refusal)


async def _write(conn: Connection, uploader: Uploader, entry: Entry, found: Found, receipt: Receipt) -> None:
    row, told = found.row, None if receipt.refusal is None else remember(receipt.refusal)
    await conn.execute(
        _WRITE,
        uploader.vendor_id,
        uploader.key_id,
        uploader.place.venue_id,
        uploader.till,
        entry.sequence,
        entry.nonce,
        entry.hash,
        None if row is None else row["id"],
        None if row is None else row["quantity"],
        None if row is None else row["quantity"] * row["unit_price_cents"],
        entry.said_at,
        receipt.received_at,
        receipt.outcome,
        None if told is None else told["refusal"],
        None if told is None else msgspec.json.encode(told["attributes"]).decode(),
        receipt.used_at,
    )
