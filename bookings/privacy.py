"""A person's own data: given out whole, and forgotten. The ledger stays whole either way: it knows a pseudonym.

Erasure empties the row that says who a pseudonym is. What a venue is owed stays, with nobody's name on it; what could
still be cancelled is cancelled first. Every export and erasure is in the audit log, by pseudonym.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from accounts import audit
from accounts.errors import BeneficiaryUnknown
from accounts.people import People
from bookings.booking import Bookings
from bookings.errors import BookingPending, Refusal
from schemas.ids import public_id

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Pool

logger = logging.getLogger(__name__)

KEPT = timedelta(days=3 * 365)
"""After the credit has ended: then whoever has no booking under way is forgotten without asking for it."""
TOGETHER = 100

_WALLET = """
select w.id, coalesce(sum(d.balance_cents), 0)::bigint as balance_cents, max(d.expires_at) as expires_at
from wallet w left join deposit d on d.wallet_id = w.id where w.pseudonym = $1 group by w.id
"""
_DEPOSITS = """
select d.policy, c.code as local_credit, d.amount_cents, d.balance_cents, d.granted_at, d.expires_at, d.recredit_at
from deposit d left join local_credit c on c.id = d.local_credit_id where d.wallet_id = $1 order by d.id
"""
_RECREDITS = """
select r.kind, r.decision, r.amount_cents, r.at from recredit r join deposit d on d.id = r.deposit_id
where d.wallet_id = $1 order by r.id
"""
_BOOKINGS = """
select id, status, countermark, quantity, unit_price_cents, created_at, confirmed_at, used_at, cancelled_at,
       cancellation_reason, snapshot::text as snapshot
from booking where wallet_id = $1 order by id
"""
_ATTEMPTS = """
select a.booking_id, a.at, a.action, a.outcome from acceptance a join booking b on b.id = a.booking_id
where b.wallet_id = $1 order by a.id
"""
_MAILS = """
select m.kind, m.created_at, m.state from mail m join booking b on b.id = m.booking_id
where b.wallet_id = $1 order by m.id
"""
_SENT = """
select d.kind, o.at, ven.name as vendor from webhook_delivery d join outbox_event o on o.id = d.event_id
join webhook_endpoint w on w.id = d.endpoint_id join vendor ven on ven.id = w.vendor_id
join booking b on b.id = o.booking_id
where b.wallet_id = $1 and d.kind = 'booking.created' and d.state = 'delivered' order by d.id
"""
_LIVE = """
select b.id, b.status from booking b join wallet w on w.id = b.wallet_id
where w.pseudonym = $1 and b.status in ('held', 'confirmed') order by b.id
"""
_LOCK = "select id from beneficiary where id = $1 and erased_at is null for update"
_FORGET = """
update beneficiary set erased_at = $2, email = null, first_name = null, last_name = null, birth_date = null,
    department = null
where id = $1
"""
_KEYS = "delete from idempotency_key where owner = $1 and status = 'done'"
_HELD = """
select exists (select from booking b join wallet w on w.id = b.wallet_id where w.pseudonym = $1 and b.status = 'held')
"""
_OLD = """
select p.id from beneficiary p join wallet w on w.pseudonym = p.pseudonym
where p.erased_at is null
  and exists (select from deposit d where d.wallet_id = w.id)
  and not exists (select from deposit d where d.wallet_id = w.id and d.expires_at >= $1)
  and not exists (select from booking b where b.wallet_id = w.id and b.status in ('held', 'confirmed'))
order by p.id limit $2
"""


class Privacy:
    """Export and erasure, by the row id of a beneficiary."""

    def __init__(self, pool: Pool, bookings: Bookings, clock: Callable[[], datetime]) -> None:
        self._pool, self._bookings, self._clock = pool, bookings, clock
        self._people = People(pool)

    async def export(self, beneficiary_id: int, *, actor: str) -> bytes:
        """All that is kept of the person, as JSON. Raises `BeneficiaryUnknown`, for erased ones too."""
        person = await self._people.get(beneficiary_id)
        async with self._pool.acquire() as conn, conn.transaction(isolation="repeatable_read"):
            wallet = await conn.fetchrow(_WALLET, person.pseudonym)
            number = None if wallet is None else wallet["id"]
            deposits, recredits = await conn.fetch(_DEPOSITS, number), await conn.fetch(_RECREDITS, number)
            made = await conn.fetch(_BOOKINGS, number)
            attempts, mails = await conn.fetch(_ATTEMPTS, number), await conn.fetch(_MAILS, number)
            sent = await conn.fetch(_SENT, number)
            subject = f"beneficiary:{person.pseudonym}"
            await audit.record(conn, actor, "person.exported", subject)
        told: dict[str, Any] = {
            "person": {
                "id": public_id("beneficiary", person.id),
                "pseudonym": person.pseudonym,
                "email": person.email,
                "firstName": person.first_name,
                "lastName": person.last_name,
                "birthDate": person.birth_date,
                "department": person.department,
            },
            "wallet": None if wallet is None else _camel(wallet, "balance_cents", "expires_at"),
            "deposits": [_camel(row, *row.keys()) for row in deposits],
            "recredits": [_camel(row, *row.keys()) for row in recredits],
            "bookings": [_booking(row) for row in made],
            "attempts": [
                {"bookingId": public_id("booking", row["booking_id"])} | _camel(row, "at", "action", "outcome")
                for row in attempts
            ],
            "mails": [_camel(row, *row.keys()) for row in mails],
            "toldTo": [_camel(row, *row.keys()) for row in sent],
        }
        return msgspec.json.format(msgspec.json.encode(told), indent=2)

    async def erase(self, beneficiary_id: int, *, actor: str) -> int:
        """Forgets the person, and tells how many bookings were cancelled before.

        Raises `BeneficiaryUnknown`, for erased ones too, and `BookingPending` while a ticketing has not said whether
        it sold them a seat: then nothing is forgotten, whatever was cancelled by then apart.
        """
        person = await self._people.get(beneficiary_id)
        live = await self._pool.fetch(_LIVE, person.pseudonym)
        if any(row["status"] == "held" for row in live):
            raise BookingPending
        cancelled = 0
        for row in live:
            try:
                await self._bookings.cancel(person.pseudonym, row["id"])
                cancelled += 1
            except BookingPending:
                raise
            except Refusal:
                # Too late: the venue is owed it, and need not know whose it was.
                continue
        async with self._pool.acquire() as conn, conn.transaction():
            if await conn.fetchval(_LOCK, beneficiary_id) is None:
                raise BeneficiaryUnknown
            if await conn.fetchval(_HELD, person.pseudonym):
                raise BookingPending
            await conn.execute(_FORGET, beneficiary_id, self._clock())
            await conn.execute(_KEYS, f"wallet:{person.pseudonym}")
            subject = f"beneficiary:{person.pseudonym}"
            await audit.record(conn, actor, "person.erased", subject, {"cancelled": cancelled})
        return cancelled

    async def erase_old(self) -> int:
        """Forgets those whose credit ended `KEPT` ago and who have nothing under way; tells how many."""
        rows = await self._pool.fetch(_OLD, self._clock() - KEPT, TOGETHER)
        done = 0
        for row in rows:
            try:
                await self.erase(row["id"], actor="system:retention")
                done += 1
            except (BeneficiaryUnknown, Refusal):
                continue
        return done


def _booking(row: asyncpg.Record) -> dict[str, Any]:
    kept = {name: row[name] for name in row.keys() if name not in ("id", "snapshot")}  # noqa: SIM118 - a Record is no dict
    return (
        {"id": public_id("booking", row["id"])}
        | {_to_camel(name): value for name, value in kept.items() if value is not None}
        | {"offer": msgspec.json.decode(row["snapshot"])}
    )


def _camel(row: asyncpg.Record, *names: str) -> dict[str, Any]:
    return {_to_camel(name): row[name] for name in names}


def _to_camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
