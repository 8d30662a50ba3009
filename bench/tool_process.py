"""A tool in a process of its own, so that its time, its peak of memory and its failures are its own."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

_LOOK_EVERY = 0.2


@dataclass(frozen=True, slots=True)
class Ran:
    """What a process answered and cost."""

    answer: str
    """What it wrote to its standard output."""
    failed: str
    """Why it gave no answer: its last line of error, or its time being up; empty where it gave one."""
    seconds: float
    cpu_seconds: float
    peak_mb: int
    """The most that it and its children held together, what several share counted once."""


def run(command: list[str], limit: float) -> Ran:
    """Run `command` for `limit` seconds at most. A failure is told, not raised."""
    root = str(Path(__file__).parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        begun = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env={**os.environ, "PYTHONPATH": path})  # noqa: S603
        watch = _Watch(process, begun + limit)
        watch.start()
        # Not `process.wait`: only the system's own call tells what this one process used.
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begun
        watch.end()
        for file in (out, err):
            file.seek(0)
        failed = ""
        if watch.is_late:
            failed = f"not done after {limit:.0f} s"
        elif process.returncode:
            lines = err.read().strip().splitlines()
            failed = next((line for line in reversed(lines) if "Error" in line or "Exception" in line), "")
            failed = (failed or f"ended with {process.returncode}")[:200]
        return Ran(out.read(), failed, seconds, used.ru_utime + used.ru_stime, watch.peak_mb)


class _Watch(Thread):
    """Looks at a process while it lives: its memory, and its time.

    What the system tells of a process that has ended includes the memory of the one that started it.
    """

    def __init__(self, process: subprocess.Popen[bytes], until: float) -> None:
        super().__init__(daemon=True)
        self._process, self._until, self._ended = process, until, Event()
        self.peak_mb = 0
        self.is_late = False

    def run(self) -> None:
        while not self._ended.wait(_LOOK_EVERY):
            pid = self._process.pid
            self.peak_mb = max(self.peak_mb, sum(map(_proportional_kb, _with_children(pid))) // 1024)
            if time.perf_counter() > self._until:
                self.is_late = True
                self._process.kill()
                return

    def end(self) -> None:
        self._ended.set()
        self.join()


def _with_children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text("ascii").split()]
    except OSError:
        return [pid]
    return [pid, *(one for child in children for one in _with_children(child))]


def _proportional_kb(pid: int) -> int:
    """What a process holds, memory that several share being divided among them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
