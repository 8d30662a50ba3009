"""`kill -9` of the real worker process at random moments of a 20,000-row run: nothing lost, nothing doubled."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from bench.content import fingerprint
from bench.crashing import SECRET, Shelves, Works, clean, crash, served, till
from catalogue.database import open_pool
from sync.vault import Vault

ROWS = 20_000
KILLS = 10
SEED = 20261123


async def fingerprint_after(database_url, redis_url, address, shelves, act):
    """What a deployment of its own comes to."""
    name = PurePosixPath(urlsplit(database_url).path).name
    async with await open_pool(database_url, application="passerelle-tests") as pool:
        source_id = await till(pool, address, Vault([SECRET]))
        works = Works(pool, database_url, redis_url, name.removeprefix("passerelle_"), source_id, shelves)
        outcome = await act(works)
        async with pool.acquire() as conn:
            return outcome, await fingerprint(conn)


async def test_ten_killed_workers_leave_what_one_clean_run_leaves(make_database, redis_url) -> None:
    """Ten workers die at random moments; the eleventh run ends, and every table says what two clean runs say."""
    shelves = Shelves(ROWS)
    async with served(shelves) as address:
        _, expected = await fingerprint_after(make_database(), redis_url, address, shelves, clean)

        async def dying(works):
            return await crash(works, kills=KILLS, seed=SEED)

        crashes, found = await fingerprint_after(make_database(), redis_url, address, shelves, dying)
    assert crashes.in_a_run >= KILLS // 2, crashes
    assert found == expected
