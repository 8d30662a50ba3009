"""PostgreSQL restarted, Redis emptied, disks full, two workers at once: the next run comes to what a clean one does."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import asyncpg
import pytest

from bench.content import fingerprint
from bench.crashing import SECRET, Shelves, Works, served, till
from catalogue.database import open_pool
from migrations.run import upgrade
from service.engines import lifetime, postgres
from service.engines.databases import ensure_database
from service.engines.lifetime import engines
from service.engines.place import find_place
from service.settings import Settings
from service.worker import redis_settings
from sync.bells import doorbell
from sync.runner import Runner, SourceBusy
from sync.vault import Vault

ROWS = 4_000
VAULT = Vault([SECRET])
CUT_OFF = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


def runner(pool, owner="faults"):
    return Runner(pool, VAULT, owner=owner, rows=250)


async def told(pool):
    async with pool.acquire() as conn:
        return await fingerprint(conn)


async def lease_is_over(pool):
    """The time in which whoever held it would have renewed it has passed."""
    await pool.execute("update feed set lease_until = now() - interval '1 second'")


async def half_read(pool, before):
    """Returns in the middle of the run after that one."""
    async with asyncio.timeout(60):
        told = "select coalesce(max(records), 0) >= $2 from run where id > $1"
        while not await pool.fetchval(told, before, ROWS // 3):  # noqa: ASYNC110 - the database knows
            await asyncio.sleep(0.005)


@pytest.fixture
async def both_versions(make_database, known):
    """The shelves, their address, and what reading both versions in turn comes to."""
    shelves = Shelves(ROWS)
    async with served(shelves) as address:
        if ROWS not in known:
            async with await open_pool(make_database(), application="passerelle-tests") as pool:
                source_id = await till(pool, address, VAULT)
                for shelves.version in (0, 1):
                    assert (await runner(pool).run(source_id, full=True)).state == "done"
                known[ROWS] = await told(pool)
        yield shelves, address, known[ROWS]


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that any account may enter, for engines of this test's own."""
    parent = Path(tempfile.mkdtemp(prefix="passerelle-essai-"))
    parent.chmod(0o755)
    yield parent / ".passerelle"
    lifetime.remove(parent / ".passerelle", force=True)
    shutil.rmtree(parent)


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGQUIT], ids=["restarted", "crashed"])
async def test_postgresql_goes_away_in_the_middle_of_a_run(both_versions, home, blow) -> None:
    """Stopped in good order or all of a sudden and started again: what was committed stands, the rest is read again."""
    shelves, address, expected = both_versions
    with engines(Settings(home=home), say=lambda _: None) as urls:
        place = find_place(home)
        assert place is not None
        url = await ensure_database(urls.database, "passerelle_faults", is_embedded=True)
        await upgrade(url)
        async with await open_pool(url, application="passerelle-tests") as pool:
            source_id = await till(pool, address, VAULT)
            shelves.version = 0
            await runner(pool).run(source_id, full=True)
            shelves.version = 1
            running = asyncio.create_task(runner(pool).run(source_id, full=True))
            await half_read(pool, 1)
            postgres.server_of(place).stop((blow, 30.0))
            with pytest.raises(CUT_OFF):
                await running
            postgres.start(place, lambda _: None)
            await lease_is_over(pool)
            assert await pool.fetchval("select state from run order by id desc limit 1") == "running"
            assert (await runner(pool).run(source_id, full=True)).state == "done"
            states = await pool.fetch("select state from run order by id")
            assert [row["state"] for row in states] == ["done", "lost", "done"]
            assert await told(pool) == expected


async def test_redis_forgets_everything_in_the_middle_of_a_run(both_versions, make_database, redis_url) -> None:
    """The run under way ends well, and what is due afterwards is rung by the worker itself."""
    shelves, address, expected = both_versions
    url = make_database()
    profile = PurePosixPath(urlsplit(url).path).name.removeprefix("passerelle_")
    async with await open_pool(url, application="passerelle-tests") as pool:
        works = Works(pool, url, redis_url, profile, await till(pool, address, VAULT), shelves)
        bell = await doorbell(redis_settings(redis_url))
        try:
            shelves.version = 0
            await runner(pool).run(works.source_id, full=True)
            shelves.version = 1
            async with works.worker():
                run = await works.begun(await works.ring(bell))
                await works.has_read(run, ROWS // 3)
                await works.forget(bell)
                await works.has_read(run, ROWS)
                async with asyncio.timeout(60):
                    state = "running"
                    while state == "running":
                        await asyncio.sleep(0.02)
                        state = await pool.fetchval("select state from run where id = $1", run)
            assert state == "done"
            assert await told(pool) == expected
        finally:
            await works.forget(bell)
            await bell.aclose()


async def test_two_workers_on_one_source(both_versions, make_database) -> None:
    """The second finds it busy; one that takes it over while the first still reads lets the first commit no more."""
    shelves, address, expected = both_versions
    async with await open_pool(make_database(), application="passerelle-tests") as pool:
        source_id = await till(pool, address, VAULT)
        shelves.version = 0
        both = [runner(pool, owner).run(source_id, full=True) for owner in ("one", "two")]
        answers = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(answer).__name__ for answer in answers) == ["RunReport", SourceBusy.__name__]
        shelves.version = 1
        first = asyncio.create_task(runner(pool, "one").run(source_id, full=True))
        await half_read(pool, 1)
        await lease_is_over(pool)
        second = await runner(pool, "two").run(source_id, full=True)
        assert (second.state, (await first).state) == ("done", "lost")
        assert await told(pool) == expected


async def test_a_full_disk(both_versions, make_database) -> None:
    """PostgreSQL refuses the batch's temporary files (53400): the run fails with its reason, the next one goes on."""
    shelves, address, expected = both_versions
    url = make_database()
    async with await open_pool(url, application="passerelle-tests") as pool:
        if not await pool.fetchval("select rolsuper from pg_roles where rolname = current_user"):
            pytest.skip("borner les fichiers temporaires demande un compte superutilisateur")
        source_id = await till(pool, address, VAULT)
        shelves.version = 0
        await runner(pool).run(source_id, full=True)
        name = PurePosixPath(urlsplit(url).path).name
        await pool.execute(f"alter database {name} set work_mem = '64kB'")
        await pool.execute(f"alter database {name} set temp_file_limit = '64kB'")
        shelves.version = 1
        async with await open_pool(url, application="passerelle-tests") as full:
            with pytest.raises(asyncpg.ConfigurationLimitExceededError):
                await Runner(full, VAULT, owner="full", rows=2_000).run(source_id, full=True)
        assert await pool.fetchval("select failure from run order by id desc limit 1") == "bug"
        assert (await runner(pool).run(source_id, full=True)).state == "done"
        assert await told(pool) == expected


@pytest.fixture
def small_disk(home: Path) -> Iterator[Path]:
    """A disk of 256 kB."""
    folder = home.parent / "disque"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("monter un petit disque demande des droits que ce compte n'a pas")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_no_room_for_the_staging_table(both_versions, home, small_disk) -> None:
    """The disk is full while COPY fills the staging table (53100): nothing of the batch stays, the next run ends."""
    shelves, address, expected = both_versions
    with engines(Settings(home=home), say=lambda _: None) as urls:
        place = find_place(home)
        assert place is not None
        os.chown(small_disk, place.account.uid, place.account.gid)
        url = await ensure_database(urls.database, "passerelle_faults", is_embedded=True)
        await upgrade(url)
        async with await open_pool(url, application="passerelle-tests") as pool:
            source_id = await till(pool, address, VAULT)
            shelves.version = 0
            await runner(pool).run(source_id, full=True)
            before = await told(pool)
            shelves.version = 1
            await pool.execute(f"create tablespace small location '{small_disk}'")
            await pool.execute("alter database passerelle_faults set temp_tablespaces = 'small'")
            async with await open_pool(url, application="passerelle-tests") as full:
                with pytest.raises(asyncpg.DiskFullError):
                    await Runner(full, VAULT, owner="full", rows=ROWS).run(source_id, full=True)
            assert await told(pool) == before
            assert (await runner(pool).run(source_id, full=True)).state == "done"
            assert await told(pool) == expected
