"""The embedded engines start anywhere, survive any death, are shared, and stop with their last user.

Real servers, real processes, real kills: each test has a home of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from arq import create_pool
from arq.connections import RedisSettings
from redis import Redis

from service.engines import lifetime
from service.engines.account import account_for
from service.engines.errors import EngineError
from service.engines.lifetime import engines
from service.engines.place import find_place, settle
from service.engines.postgres import server_of
from service.settings import CHECKOUT, Settings

USER = r"""
import asyncio
import sys
from pathlib import Path
import asyncpg
from service.engines.lifetime import engines
from service.settings import Settings
async def lowered(url):
    connection = await asyncpg.connect(url)
    print(await connection.fetchval("SELECT lower(U&'\\00C9T\\00C9') = U&'\\00E9t\\00E9'"), flush=True)
    await connection.close()
with engines(Settings(home=Path(sys.argv[1]))) as urls:
    print(urls.database, flush=True)
    if sys.argv[2:] == ["lowered"]:
        asyncio.run(lowered(urls.database))
    sys.stdin.read()
"""
"""Says the database's address, lowers letters where asked to, and stays until its input ends."""


@dataclass
class User:
    """Another process that uses the engines until told to leave."""

    process: subprocess.Popen[str]

    def says(self) -> str:
        """Its next line: the first is the address of its running database."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        assert self.process.wait(60) == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that any account may enter, with a space and accents on the way."""
    parent = Path(tempfile.mkdtemp(prefix="essai é "))
    parent.chmod(0o755)
    yield parent / "à côté" / ".passerelle"
    lifetime.remove(parent / "à côté" / ".passerelle", force=True)
    shutil.rmtree(parent)


@pytest.fixture
def join(home: Path) -> Iterator[Callable[..., User]]:
    """Starts another process that uses the same engines."""
    joined = contextlib.ExitStack()

    def start(*arguments: str, **environ: str) -> User:
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", USER, str(home), *arguments]
        env = {**os.environ, **environ}
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env=env, stdin=pipe, stdout=pipe, text=True, start_new_session=True
        )
        joined.enter_context(process)
        joined.callback(process.kill)
        return User(process)

    with joined:
        yield start


@contextmanager
def running(home: Path) -> Iterator[lifetime.EngineUrls]:
    with engines(Settings(home=home)) as urls:
        yield urls


def ask(url: str, question: str) -> object:
    async def answer() -> object:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            return await connection.fetchval(question)
        finally:
            await connection.close()

    return asyncio.run(answer())


async def ring(url: str) -> bool:
    """Whether arq's own client reaches this Redis."""
    arq = await create_pool(RedisSettings.from_dsn(url))
    try:
        return bool(await arq.ping())
    finally:
        await arq.aclose()


async def leave_busy(url: str) -> int:
    """Goes away while its backend turns in a loop for a minute; returns that backend's process number."""
    connection = await asyncpg.connect(url)
    backend: int = await connection.fetchval("SELECT pg_backend_pid()")
    # A loop that writes nothing and waits for nothing: its backend does not notice that the postmaster is gone.
    await connection.execute("SET statement_timeout = '60s'")
    loop = asyncio.create_task(connection.execute("DO 'BEGIN LOOP END LOOP; END'"))
    await asyncio.sleep(0.3)
    connection.terminate()
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        await loop
    return backend


def kill_everything(home: Path) -> None:
    """As a power cut would: no process of the engines has time for anything."""
    for state in lifetime.states(home):
        place = settle(home)
        script = f'for p in /proc/[0-9]*; do [ "$(readlink $p/cwd)" = "{state.data}" ] && kill -9 ${{p#/proc/}}; done'
        place.account.run("/bin/sh", "-c", script)
    end = time.monotonic() + 10
    while any(state.is_running for state in lifetime.states(home)) and time.monotonic() < end:
        time.sleep(0.02)


def running_titles(home: Path) -> list[str]:
    return [state.title for state in lifetime.states(home) if state.is_running]


def test_they_start_in_a_path_with_spaces_and_stop(home: Path) -> None:
    """Inside the block both answer, on private sockets only; after it nothing runs and no socket is left."""
    with running(home) as urls:
        assert ask(urls.database, "SELECT lower('ÉTÉ')") == "été"
        assert ask(urls.database, "SHOW fsync") == "on"
        assert ask(urls.database, "SHOW listen_addresses") == ""
        assert asyncio.run(ring(urls.redis))
        sockets = Path(urls.redis.removeprefix("unix://")).parent
        assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
        assert running_titles(home) == ["PostgreSQL", "Redis"]
    assert running_titles(home) == []
    assert not sockets.exists()


@pytest.mark.parametrize("locale", ["C", "fr_FR.ISO-8859-1"])
def test_the_callers_locale_and_port_do_not_count(home: Path, join: Callable[..., User], locale: str) -> None:
    """Letters with accents are letters, whatever LC_ALL says and whether that locale exists."""
    user = join("lowered", LC_ALL=locale, LANG=locale, PGPORT="1", PGHOST="nowhere.invalid")
    url = user.says()
    assert user.says() == "True"
    assert ask(url, "SELECT DISTINCT datcollate FROM pg_database") == "C.UTF-8"
    user.leave()


def test_what_was_committed_survives_the_death_of_everything(home: Path, join: Callable[..., User]) -> None:
    """Users and engines killed at once: the next start recovers, with the committed rows."""
    user = join()
    url = user.says()
    ask(url, "CREATE TABLE facts AS SELECT 7 AS fact")
    user.kill()
    kill_everything(home)
    assert running_titles(home) == []
    with running(home) as urls:
        assert ask(urls.database, "SELECT fact FROM facts") == 7
        with Redis.from_url(urls.redis) as client:
            assert client.ping()


def test_a_process_number_given_to_another_program_misleads_nobody(home: Path, join: Callable[..., User]) -> None:
    """postmaster.pid names a living stranger of the same account: PostgreSQL starts, the stranger lives on."""
    user = join()
    user.says()
    user.kill()
    kill_everything(home)
    place = settle(home)
    stranger = subprocess.Popen(["/bin/sleep", "60"], **place.account.options())
    traces = [place.root / "postgres/postmaster.pid"]
    sockets = place.known_sockets()
    assert sockets is not None
    traces += sockets.glob(".s.PGSQL.*.lock")
    assert len(traces) == 2
    for trace in traces:
        lines = trace.read_text().splitlines(keepends=True)
        trace.write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
    (place.root / "postgres.alive").write_text(str(stranger.pid))
    with running(home) as urls:
        assert ask(urls.database, "SELECT 1") == 1
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait(10)


def test_only_the_postmaster_killed_is_cleared_up(home: Path, join: Callable[..., User]) -> None:
    """A backend in the middle of a long query outlives its postmaster; the next start ends it first."""
    user = join()
    url = user.says()
    backend = asyncio.run(leave_busy(url))
    os.kill(int((settle(home).root / "postgres.alive").read_text()), signal.SIGKILL)
    assert running_titles(home) == ["PostgreSQL", "Redis"]
    user.kill()
    with running(home) as urls:
        assert ask(urls.database, "SELECT 1") == 1
        assert not server_of(settle(home)).runs_in_data(str(backend))


def test_a_killed_user_leaves_engines_that_the_next_one_finds(home: Path, join: Callable[..., User]) -> None:
    """No second server is started, and the last living user stops it."""
    user = join()
    begun = ask(user.says(), "SELECT pg_postmaster_start_time()")
    user.kill()
    assert running_titles(home) == ["PostgreSQL", "Redis"]
    with running(home) as urls:
        assert ask(urls.database, "SELECT pg_postmaster_start_time()") == begun
    assert running_titles(home) == []


def test_many_that_start_at_once_share_one(home: Path, join: Callable[..., User]) -> None:
    """On a new home: one initialises, all get the same address, and only the last to leave stops."""
    users = [join() for _ in range(4)]
    urls = [user.says() for user in users]
    assert len(set(urls)) == 1
    for user in users[:3]:
        user.leave()
    assert ask(urls[0], "SELECT 1") == 1
    users[3].leave()
    assert running_titles(home) == []


def test_an_interrupted_initialisation_is_begun_again(home: Path) -> None:
    """Half-made data never pass for whole ones."""
    draft = settle(home).root / "postgres.new"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    with running(home) as urls:
        assert ask(urls.database, "SELECT 1") == 1


@pytest.mark.parametrize("with_folder", [True, False], ids=["with their folder", "alone"])
def test_sockets_that_vanished_are_made_anew(home: Path, join: Callable[..., User], with_folder: bool) -> None:
    """A cleaned /tmp makes a running server unreachable: it is restarted, and reached."""
    join().says()
    sockets = settle(home).known_sockets()
    assert sockets is not None
    if with_folder:
        shutil.rmtree(sockets)
    else:
        (sockets / ".s.PGSQL.5432").unlink()
        (sockets / "redis.sock").unlink()
    with running(home) as urls:
        assert ask(urls.database, "SELECT 1") == 1
        with Redis.from_url(urls.redis) as client:
            assert client.ping()


def test_a_dead_redis_is_replaced(home: Path, join: Callable[..., User]) -> None:
    """Redis alone killed: the next user gets a new one, the database stays as it runs."""
    user = join()
    begun = ask(user.says(), "SELECT pg_postmaster_start_time()")
    os.kill(int((settle(home).root / "redis.alive").read_text()), signal.SIGKILL)
    with running(home) as urls:
        with Redis.from_url(urls.redis) as client:
            assert client.ping()
        assert ask(urls.database, "SELECT pg_postmaster_start_time()") == begun


def test_an_interrupt_from_the_keyboard_reaches_no_engine(home: Path, join: Callable[..., User]) -> None:
    """Ctrl-C ends the whole process group of whoever started them: another user goes on undisturbed."""
    first = join()
    begun = ask(first.says(), "SELECT pg_postmaster_start_time()")
    second = join()
    url = second.says()
    os.killpg(first.process.pid, signal.SIGINT)
    first.process.wait(60)
    assert ask(url, "SELECT pg_postmaster_start_time()") == begun
    assert running_titles(home) == ["PostgreSQL", "Redis"]
    os.killpg(second.process.pid, signal.SIGINT)
    second.process.wait(60)
    assert running_titles(home) == []


def test_they_are_not_stopped_under_a_user(home: Path, join: Callable[..., User]) -> None:
    """`stop` refuses while somebody uses them, unless forced."""
    join().says()
    with pytest.raises(EngineError, match="--force"):
        lifetime.stop(home)
    assert running_titles(home) == ["PostgreSQL", "Redis"]
    lifetime.stop(home, force=True)
    assert running_titles(home) == []


def test_data_it_cannot_read_are_explained(home: Path) -> None:
    """A server that dies at its start is reported with its own last words, and nothing is left running."""
    with running(home):
        pass
    (settle(home).root / "postgres/PG_VERSION").write_text("12\n")
    with pytest.raises(EngineError, match="incompatible"), running(home):
        pass
    assert running_titles(home) == []


def test_the_log_holds_no_countermark(home: Path) -> None:
    """Neither the text nor the values of a refused statement reach the server's log."""
    with running(home) as urls:
        ask(urls.database, "CREATE TABLE tokens (token text PRIMARY KEY)")
        ask(urls.database, "INSERT INTO tokens VALUES ('SECRET')")
        with pytest.raises(asyncpg.UniqueViolationError):
            ask(urls.database, "INSERT INTO tokens VALUES ('SECRET')")
    log = (settle(home).root / "postgres.log").read_text()
    assert "duplicate key" in log
    assert "SECRET" not in log


def test_given_servers_are_used_and_nothing_is_started(home: Path) -> None:
    """With both addresses given, not even the home is created."""
    settings = Settings(database_url="postgresql://db/x", redis_url="redis://cache", home=home)
    with engines(settings) as urls:
        assert urls == lifetime.EngineUrls("postgresql://db/x", "redis://cache", False)
    assert not home.exists()
    assert find_place(home) is None


def test_one_given_server_leaves_the_other_embedded(home: Path) -> None:
    with engines(Settings(redis_url="redis://cache", home=home)) as urls:
        assert urls.redis == "redis://cache"
        assert ask(urls.database, "SELECT 1") == 1
        assert running_titles(home) == ["PostgreSQL"]


@pytest.mark.skipif(os.geteuid() != 0, reason="root seul change de compte")
def test_root_in_a_closed_folder_finds_a_place_outside(tmp_path: Path) -> None:
    """PostgreSQL's account may not enter a closed folder: data go elsewhere, the home says where."""
    tmp_path.chmod(0o700)
    home = tmp_path / ".passerelle"
    try:
        with running(home) as urls:
            assert ask(urls.database, "SELECT 1") == 1
            outside = Path((home / "engines.location").read_text().strip())
            assert not outside.is_relative_to(tmp_path)
            assert (outside / "postgres/PG_VERSION").exists()
            assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
    finally:
        lifetime.remove(home, force=True)
    assert not outside.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="root seul change de compte")
def test_another_accounts_data_are_refused_with_the_way_out(home: Path) -> None:
    """What root's engines own, an ordinary account does not touch: it is told whose it is and what to set."""
    with running(home):
        pass
    os.seteuid(account_for([]).uid)
    try:
        with pytest.raises(EngineError, match=r"root.*PASSERELLE_HOME"), running(home):
            pass
        with pytest.raises(EngineError, match=r"root.*PASSERELLE_HOME"):
            lifetime.stop(home)
    finally:
        os.seteuid(0)
