"""A server process of ours: launched apart, known alive by the lock it holds, stopped for good."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.engines import locks
from service.engines.account import Account
from service.engines.errors import EngineError

_LAUNCH: Final = '"$@" >&2 & echo $!'
"""The shell ends at once and the server is nobody's child: no zombie, no warning when Python ends first."""

_RUNS_IN: Final = '[ "$(readlink /proc/"$0"/cwd)" = "$1" ]'
_KILL_ALL_IN: Final = (
    'for p in /proc/[0-9]*; do [ "$(readlink "$p"/cwd)" = "$0" ] && kill -KILL "${p#/proc/}"; done; true'
)
"""Run as the engines' account: /proc/PID/cwd is closed to a container's root, and no other can be killed."""

_LOG_KEPT_BYTES: Final = 8 * 1024 * 1024
_LOG_TAIL_LINES: Final = 12
_POLL_SECONDS: Final = 0.03
_TOLD_EVERY_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Server:
    """One engine's process, whether it runs or not. Its working folder is its data folder."""

    title: str
    """As said to people: "PostgreSQL"."""
    data: Path
    alive: Path
    """Locked by the server and its children while one of them lives; holds the server's process number."""
    log: Path
    account: Account

    @property
    def is_alive(self) -> bool:
        """Whether the server or one of its children runs, whoever started it and whenever."""
        return locks.is_held(self.alive)

    def runs_in_data(self, pid: str) -> bool:
        """Whether this process works in our data folder: its number may be another program's by now."""
        return pid.isdigit() and self.account.run("/bin/sh", "-c", _RUNS_IN, pid, self.data).returncode == 0

    def launch(self, *command: str | Path) -> None:
        """Starts the server and returns at once. Raises EngineError if it already runs."""
        if self.log.exists() and self.log.stat().st_size > _LOG_KEPT_BYTES:
            self.log.rename(self.log.with_suffix(".log.1"))
        with contextlib.ExitStack() as opened:
            alive = self._own_file(self.alive, opened)
            log = self._own_file(self.log, opened, os.O_APPEND)
            # A moment's patience: `is_held` of another process takes the lock for an instant.
            if not locks.take(alive, patience_seconds=1.0):
                raise EngineError(f"{self.title} tourne déjà dans {self.data}.")
            done = subprocess.run(  # noqa: S603 (fixed script, arguments passed apart)
                ["/bin/sh", "-c", _LAUNCH, "sh", *command],
                stdout=subprocess.PIPE,
                stderr=log,
                pass_fds=(alive,),
                start_new_session=True,
                check=True,
                **self.account.options(),
            )
            os.ftruncate(alive, 0)
            os.pwrite(alive, done.stdout.strip(), 0)

    def wait_until(self, ready: Callable[[], bool], *, seconds: float, say: Callable[[str], None], slow: str) -> None:
        """Returns when `ready`, saying `slow` now and then. Raises EngineError if it dies or never is."""
        begun = time.monotonic()
        told = begun
        while not ready():
            now = time.monotonic()
            if not self.is_alive:
                raise EngineError(f"{self.title} s'est arrêté au démarrage. {self._last_words()}")
            if now - begun > seconds:
                raise EngineError(f"{self.title} ne répond pas après {seconds:.0f} s. {self._last_words()}")
            if now - told > _TOLD_EVERY_SECONDS:
                say(slow)
                told = now
            time.sleep(_POLL_SECONDS)

    def stop(self, *requests: tuple[signal.Signals, float]) -> None:
        """Sends each signal in turn and waits its seconds; kills what is left, children included.

        Raises EngineError where even that fails.
        """
        for request, seconds in requests:
            pid = self.alive.read_text("ascii").strip() if self.alive.exists() else ""
            if self.is_alive and self.runs_in_data(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), request)
                self._wait_gone(seconds)
        if self.is_alive:
            self.account.run("/bin/sh", "-c", _KILL_ALL_IN, self.data)
            self._wait_gone(10)
        if self.is_alive:
            raise EngineError(f"{self.title} ne s'arrête pas ({self.data}).")

    def _wait_gone(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while self.is_alive and time.monotonic() < end:
            time.sleep(_POLL_SECONDS)

    def _own_file(self, path: Path, opened: contextlib.ExitStack, flags: int = 0) -> int:
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | flags, 0o644)
        opened.callback(os.close, descriptor)
        if is_new and self.account.is_other:
            os.fchown(descriptor, self.account.uid, self.account.gid)
        return descriptor

    def _last_words(self) -> str:
        if not self.log.exists():
            return ""
        lines: Sequence[str] = self.log.read_text("utf-8", "replace").splitlines()[-_LOG_TAIL_LINES:]
        return f"Dernières lignes de {self.log} :\n" + "\n".join(lines)
