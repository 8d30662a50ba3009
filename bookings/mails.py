"""Sends the mails that wait, each once: to those who booked, and to staff.

A row says what is to be told; name, address and text are put together when it is sent, and kept nowhere. It is leased,
sent, marked: whoever dies between leaves it to be sent again under the same Message-ID. What is told of one booking
goes in order.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING

from accounts.people import People
from bookings.letters import Letter, letter
from net.mail import MailRefused, MailUnavailable, Postman

if TYPE_CHECKING:
    import asyncpg

    from bookings.transactions import Connection, Pool

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720, 1440))
"""After each failure; the eighth is the last: nearly two days."""

_CLAIM = """
update mail set attempts = attempts + 1, next_try_at = $2
where id = (
    select m.id from mail m where m.state = 'waiting' and m.next_try_at <= $1
      and not exists (select from mail e where e.booking_id = m.booking_id and e.state = 'waiting' and e.id < m.id)
    order by m.next_try_at, m.id limit 1 for update skip locked)
returning id, key, kind, booking_id, letter, details::text as details, attempts
"""
ABOUT = """
select b.id, b.status, b.countermark, b.quantity, b.unit_price_cents, b.expires_at, b.cancellable_until,
       b.snapshot::text as snapshot, w.pseudonym
from booking b join wallet w on w.id = b.wallet_id where b.id = $1
"""
_ENDED = """
update mail set state = $3, ended_at = $4, last_error = $5, letter = case when letter is null then null else '' end
where id = $1 and attempts = $2 and state = 'waiting'
"""
_PUT_OFF = "update mail set next_try_at = $3, last_error = $4 where id = $1 and attempts = $2 and state = 'waiting'"
_QUEUE = """
insert into mail (key, kind, letter, next_try_at, created_at) values ($1, $2, $3, $4, $4) on conflict (key) do nothing
"""


class Mails:
    """`sender` is the From of all mails, `staff` who reads what is for staff; without `staff`, that waits."""

    def __init__(
        self, pool: Pool, postman: Postman, clock: Callable[[], datetime], *, sender: str, staff: str | None = None
    ) -> None:
        self._pool, self._postman, self._clock = pool, postman, clock
        self._sender, self._staff = sender, staff
        self._people = People(pool)

    async def send_due(self, limit: int = 100) -> Counter[str]:
        """Sends at most `limit` mails that are due, and counts what became of them."""
        outcomes: Counter[str] = Counter()
        for _ in range(limit):
            now = self._clock()
            row = await self._pool.fetchrow(_CLAIM, now, now + LEASE)
            if row is None:
                break
            outcomes[await self._send(row)] += 1
        return outcomes

    async def _send(self, row: asyncpg.Record) -> str:
        written = await self._written(row)
        if written is None:
            return await self._ended(row, "void", None)
        address, said = written
        try:
            await self._postman.send(self._message(row["key"], address, said))
        except MailRefused as refused:
            return await self._ended(row, "dead", str(refused))
        except MailUnavailable as failure:
            if row["attempts"] > len(WAITS):
                return await self._ended(row, "dead", str(failure))
            again = self._clock() + WAITS[row["attempts"] - 1]
            await self._pool.execute(_PUT_OFF, row["id"], row["attempts"], again, str(failure))
            return "waiting"
        return await self._ended(row, "sent", None)

    async def _written(self, row: asyncpg.Record) -> tuple[str, Letter] | None:
        """The address and the letter; None where there is nobody to write to, or nothing to say any more."""
        if row["booking_id"] is None:
            subject, _, body = row["letter"].partition("\n\n")
            return (self._staff, Letter(subject, body)) if self._staff else None
        about = await self._pool.fetchrow(ABOUT, row["booking_id"])
        if about is None:
            return None
        contact = (await self._people.contacts([about["pseudonym"]])).get(about["pseudonym"])
        if contact is None or "@" not in contact.email or not contact.email.isprintable():
            return None
        said = letter(row["kind"], contact.first_name, about, json.loads(row["details"] or "{}"))
        return None if said is None else (contact.email, said)

    def _message(self, key: str, address: str, said: Letter) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = address
        # A title may hold anything; a header holds one line.
        message["Subject"] = " ".join("".join(c if c.isprintable() else " " for c in said.subject).split())[:200]
        message["Date"] = format_datetime(self._clock())
        domain = parseaddr(self._sender)[1].partition("@")[2] or "passerelle.invalid"
        message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(said.body)
        return message

    async def _ended(self, row: asyncpg.Record, state: str, error: str | None) -> str:
        await self._pool.execute(_ENDED, row["id"], row["attempts"], state, self._clock(), error)
        return state


async def queue(conn: Connection, key: str, kind: str, said: Letter, now: datetime) -> None:
    """A mail to staff, in the caller's transaction; the same key again is the same mail."""
    await conn.execute(_QUEUE, key, kind, f"{' '.join(said.subject.split())}\n\n{said.body}", now)
