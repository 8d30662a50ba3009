"""The engines for as long as somebody uses them: started by the first, stopped by the last."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.engines import locks, postgres, redis
from service.engines.errors import EngineError
from service.engines.place import Place, find_place, settle
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class EngineUrls:
    """Addresses of running engines. A given DATABASE_URL or REDIS_URL passes through unchanged."""

    database: str
    """`postgresql://…`; of the embedded engine: its maintenance database `postgres`."""
    redis: str
    is_embedded_database: bool


@dataclass(frozen=True, slots=True)
class EngineState:
    """One engine of a home, seen without touching it."""

    title: str
    is_running: bool
    data: Path
    log: Path


def to_stderr(message: str) -> None:
    print(message, file=sys.stderr, flush=True)


@contextmanager
def engines(settings: Settings, *, say: Callable[[str], None] = to_stderr) -> Iterator[EngineUrls]:
    """Addresses of a running PostgreSQL and Redis: those given, or embedded ones, running inside the block.

    At its end the embedded engines stop, unless another process still uses them. A user that is killed counts
    no more: the next start finds the engines running, or recovers them. Raises EngineError.
    """
    if settings.database_url is not None and settings.redis_url is not None:
        yield EngineUrls(settings.database_url, settings.redis_url, is_embedded_database=False)
        return
    place = settle(settings.home)
    users = locks.opened(place.users_lock)
    try:
        with locks.exclusive(place.start_lock, say):
            locks.take(users, shared=True)
            urls = EngineUrls(
                settings.database_url or postgres.start(place, say),
                settings.redis_url or redis.start(place, say),
                is_embedded_database=settings.database_url is None,
            )
        yield urls
    finally:
        with locks.exclusive(place.start_lock, say):
            is_last = locks.take(users)
            try:
                if is_last:
                    _stop_all(place)
            finally:
                os.close(users)


def states(home: Path) -> list[EngineState]:
    """The engines of this home, none where none was ever started."""
    place = find_place(home)
    servers = [] if place is None else [postgres.server_of(place), redis.server_of(place)]
    return [EngineState(server.title, server.is_alive, server.data, server.log) for server in servers]


def stop(home: Path, *, force: bool = False, say: Callable[[str], None] = to_stderr) -> None:
    """Stops the engines of this home. Raises EngineError where another process uses them, unless forced."""
    place = find_place(home)
    if place is not None:
        with locks.exclusive(place.start_lock, say):
            _refuse_users(place, force=force)
            _stop_all(place)


def remove(home: Path, *, force: bool = False, say: Callable[[str], None] = to_stderr) -> None:
    """Stops the engines and deletes their data. Raises EngineError where another uses them, unless forced."""
    place = find_place(home)
    if place is not None:
        with locks.exclusive(place.start_lock, say):
            _refuse_users(place, force=force)
            _stop_all(place)
            shutil.rmtree(place.root)
        (place.home / "engines.location").unlink(missing_ok=True)


def _stop_all(place: Place) -> None:
    redis.stop(place)
    postgres.stop(place)
    place.forget_sockets()


def _refuse_users(place: Place, *, force: bool) -> None:
    users = locks.opened(place.users_lock)
    try:
        if not locks.take(users) and not force:
            raise EngineError("Un autre processus se sert encore des moteurs : arrêtez-le d'abord, ou ajoutez --force.")
    finally:
        os.close(users)
