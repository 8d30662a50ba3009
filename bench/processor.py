"""Processor seconds, of this process, of the programs it ran, and of the database server: they tell what something
costs on a machine that is busy with other work too.
"""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path

import asyncpg

_TICKS = os.sysconf("SC_CLK_TCK")


class Processor:
    """Counts from when it was made. The server is one of this machine's, and serves nobody else."""

    def __init__(self, postmaster: int) -> None:
        self._postmaster = postmaster
        self._begun = self._now()

    @classmethod
    async def of(cls, database_url: str) -> Processor:
        """Of the server behind an address."""
        conn = await asyncpg.connect(database_url)
        backend: int = await conn.fetchval("select pg_backend_pid()")
        postmaster = int(_stat(Path(f"/proc/{backend}"))[1])
        await conn.close()
        return cls(postmaster)

    @property
    def seconds(self) -> float:
        """Used since."""
        return self._now() - self._begun

    def _now(self) -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return time.process_time() + children.ru_utime + children.ru_stime + self._server() / _TICKS

    def _server(self) -> int:
        own = _stat(Path(f"/proc/{self._postmaster}"))
        # Its own and that of its processes that have ended, then of those that live.
        ticks = sum(int(own[n]) for n in range(11, 15))
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                fields = _stat(folder)
            except OSError:
                continue
            if int(fields[1]) == self._postmaster:
                ticks += int(fields[11]) + int(fields[12])
        return ticks


def _stat(folder: Path) -> list[str]:
    """The fields after the program's name, which may hold spaces."""
    return (folder / "stat").read_text().rpartition(")")[2].split()
