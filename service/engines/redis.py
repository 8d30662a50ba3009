"""The embedded Redis: a doorbell and a cache on a private Unix socket, which writes nothing to disk."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Final

from redis import Redis
from redis.exceptions import RedisError

from service.engines.binaries import redis_program
from service.engines.place import Place
from service.engines.process import Server

_SOCKET: Final = "redis.sock"
_START_SECONDS: Final = 60.0
_SLOW: Final = "Redis tarde à répondre…"


def server_of(place: Place) -> Server:
    return place.server("redis", "Redis")


def start(place: Place, say: Callable[[str], None]) -> str:
    """Starts Redis or finds it running, and returns its URL (`unix:///…`, understood by redis-py and arq).

    The caller holds `place.start_lock`. Raises EngineError.
    """
    server = server_of(place)
    socket = _socket_in_use(place, server) or _launch(place, server)
    server.wait_until(lambda: _answers(socket), seconds=_START_SECONDS, say=say, slow=_SLOW)
    return f"unix://{socket}"


def stop(place: Place) -> None:
    server_of(place).stop((signal.SIGTERM, 10.0))


def _socket_in_use(place: Place, server: Server) -> Path | None:
    if not server.is_alive:
        return None
    sockets = place.known_sockets()
    if sockets is not None and _answers(sockets / _SOCKET):
        return sockets / _SOCKET
    stop(place)
    return None


def _launch(place: Place, server: Server) -> Path:
    program = redis_program(place)
    place.give(server.data)
    socket = place.sockets() / _SOCKET
    server.launch(
        *(program, "--port", "0", "--unixsocket", socket, "--unixsocketperm", "700"),
        *(
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            server.data,
            "--daemonize",
            "no",
            "--loglevel",
            "warning",
        ),
    )
    return socket


def _answers(socket: Path) -> bool:
    with Redis(unix_socket_path=str(socket), socket_timeout=2.0) as client:
        try:
            return bool(client.ping())
        except RedisError:
            return False
