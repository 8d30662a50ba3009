"""Locks between processes, by `flock`: the kernel frees them when their holder dies, however it dies.

An inherited descriptor keeps the lock, which is how a server process itself proves that it is alive: neither
a process number given to another program nor a zombie can claim it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_ASK_AGAIN_SECONDS: Final = 0.05
_PATIENCE_SECONDS: Final = 3.0


def opened(path: Path) -> int:
    """A descriptor of the lock file, created where absent. It is not inherited by other programs."""
    return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)


def take(descriptor: int, *, shared: bool = False, patience_seconds: float = 0.0) -> bool:
    """Takes the lock if it is free, or becomes so in time, and says whether it did."""
    end = time.monotonic() + patience_seconds
    while True:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                return False
            time.sleep(_ASK_AGAIN_SECONDS)
        else:
            return True


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock exclusively."""
    if not path.exists():
        return False
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return not take(descriptor, shared=True)
    finally:
        os.close(descriptor)


@contextmanager
def exclusive(path: Path, say: Callable[[str], None]) -> Iterator[None]:
    """Holds the lock; waits for its turn as long as it takes, and says so once."""
    descriptor = opened(path)
    try:
        if not take(descriptor, patience_seconds=_PATIENCE_SECONDS):
            say("Un autre processus démarre ou arrête les moteurs, on l'attend…")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
