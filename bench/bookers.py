"""Processes that book, cancel and accept at the same time: `python -m bench.bookers` does what it reads, a line a job.

A job is `{"url", "at", "calls": [[act, …], …]}`; all its calls are made at once, on ten connections of this process's
own. The answer is a line with what each came to: a status and id, or the name of the refusal.
"""

from __future__ import annotations

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any

from bookings.booking import Bookings
from bookings.desk import Desk
from bookings.errors import Refusal
from bookings.ledger import STATE_GRANT, account
from bookings.seller import Seller
from catalogue.database import Connection, open_pool
from service.settings import CHECKOUT

Call = Sequence[Any]
CROWD = """
with people as (
    insert into wallet (pseudonym) select gen_random_uuid() from generate_series(1, $1) returning id, pseudonym
), accounts as (
    insert into ledger_account (code) select 'wallet:' || pseudonym || ':2018' from people returning id, code
), journals as (
    insert into ledger_journal (at, reason) select $2, 'grant' from people returning id
), grants as (
    select a.id as account_id, j.id as journal_id, p.id as wallet_id
    from (select id, code, row_number() over (order by id) as n from accounts) a
    join (select id, row_number() over (order by id) as n from journals) j using (n)
    join people p on a.code = 'wallet:' || p.pseudonym || ':2018'
), entries as (
    insert into ledger_entry (journal_id, account_id, amount_cents)
    select journal_id, account_id, 50000 from grants union all select journal_id, $3, -50000 from grants
), deposits as (
    insert into deposit (wallet_id, account_id, policy, spending_order, amount_cents, balance_cents,
        physical_cap_cents, digital_cap_cents, granted_at, expires_at, journal_id)
    select wallet_id, account_id, '2018', 100, 50000, 50000, 10000, 20000, $2, $2 + interval '2 years', journal_id
    from grants
)
select pseudonym from people
"""


async def crowd(conn: Connection, count: int, at: datetime) -> list[uuid.UUID]:
    """So many people with 500 € each, written by one statement as `Wallets.open` would."""
    state_id = await account(conn, STATE_GRANT)
    return [row["pseudonym"] for row in await conn.fetch(CROWD, count, at, state_id)]


class NoSellers:
    """Everything is sold here."""

    async def seller_of(self, source_id: int) -> Seller | None:
        return None


async def make(bookings: Bookings, desk: Desk, call: Call) -> str:
    """`book person stock quantity key`, `cancel person booking` or `use countermark venue api-key nonce`."""
    try:
        match call:
            case ["book", person, stock_id, quantity, key]:
                made = await bookings.book(uuid.UUID(person), stock_id, quantity, key)
                return f"{made.status} {made.id}"
            case ["cancel", person, booking_id]:
                return f"{(await bookings.cancel(uuid.UUID(person), booking_id)).status} {booking_id}"
            case ["use", countermark, venue_id, key_id, nonce]:
                await desk.use(countermark, [venue_id], key_id, nonce)
                return "accepted"
    except Refusal as refusal:
        return type(refusal).__name__
    raise ValueError(f"no such call: {call[0]}")


async def work(url: str, at: datetime, calls: Sequence[Call]) -> list[str]:
    """What the calls came to, in their order."""
    async with await open_pool(url, application="passerelle-tests") as pool:
        bookings, desk = Bookings(pool, NoSellers(), lambda: at), Desk(pool, lambda: at)
        return list(await asyncio.gather(*(make(bookings, desk, call) for call in calls)))


def main() -> None:
    """Works through standard input."""
    for line in sys.stdin:
        job = json.loads(line)
        done = asyncio.run(work(job["url"], datetime.fromisoformat(job["at"]), job["calls"]))
        print(json.dumps(done), flush=True)


@asynccontextmanager
async def processes(count: int) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """So many of them, ended with the block."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bench.bookers"),
                cwd=CHECKOUT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=2**24,
            )
            stack.push_async_callback(process.wait)
            stack.callback(process.kill)
            made.append(process)
        yield made


async def share(
    workers: Sequence[asyncio.subprocess.Process], url: str, at: datetime, calls: Sequence[Call]
) -> list[str]:
    """What the calls came to, dealt out to the processes like cards."""

    async def one(process: asyncio.subprocess.Process, mine: Sequence[Call]) -> list[str]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"url": url, "at": at.isoformat(), "calls": mine}).encode() + b"\n")
        await process.stdin.drain()
        answers: list[str] = json.loads(await process.stdout.readline())
        return answers

    hands = [calls[n :: len(workers)] for n in range(len(workers))]
    return [answer for hand in await asyncio.gather(*map(one, workers, hands)) for answer in hand]


if __name__ == "__main__":
    main()
