"""Sources read by real arq workers, each a process of its own; progress is read from the runs' reports."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from rich.console import Console
from rich.live import Live
from rich.markup import escape

from service.commands.sources import table
from service.french import STATES, counted
from service.house import House
from service.worker import redis_settings
from sync.bells import doorbell, ring
from sync.runs import RunReport, latest
from sync.sources import listed

LONGEST = 120.0
"""Seconds after which reading has failed, whatever the workers say."""


@asynccontextmanager
async def workers(house: House, count: int) -> AsyncIterator[None]:
    """Runs `passerelle worker` processes while the block lasts, and no longer than this process lives."""
    environment = {
        **os.environ,
        "PASSERELLE_PROFILE": house.settings.profile,
        "PASSERELLE_SANDBOX": "1",
        "PASSERELLE_HOME": str(house.settings.home),
        "PASSERELLE_LOG_LEVEL": "warning",
    }
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service.cli", "worker", "--parent", str(os.getpid())),
            env=environment,
            # Ctrl-C is the demo's, which then asks them to stop.
            start_new_session=True,
        )
        for _ in range(count)
    ]
    try:
        yield
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in processes:
            try:
                async with asyncio.timeout(15):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def read_all(
    house: House, ids: Sequence[int], console: Console, *, full: bool = False
) -> Mapping[int, RunReport]:
    """Rings for the sources and follows their runs to the end; the reports by source.

    `TimeoutError` names the sources that did not end in time.
    """
    async with house.pool.acquire() as conn:
        before = {source: run.id for source, run in (await latest(conn)).items()}
    redis = await doorbell(redis_settings(house.redis_url))
    try:
        for source in ids:
            await ring(redis, house.settings.redis_prefix, source, full=full)
        return await _follow(house, ids, before, console)
    finally:
        await redis.aclose()


async def _follow(
    house: House, ids: Sequence[int], before: Mapping[int, int], console: Console
) -> Mapping[int, RunReport]:
    told: set[int] = set()
    ended: dict[int, RunReport] = {}
    loop = asyncio.get_running_loop()
    until = loop.time() + LONGEST
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        while len(ended) < len(ids):
            await asyncio.sleep(0.1)
            async with house.pool.acquire() as conn:
                rows, runs = await listed(conn), await latest(conn)
            ended = {
                source: run
                for source, run in runs.items()
                if source in ids and run.id > before.get(source, 0) and run.state != "running"
            }
            if console.is_terminal:
                live.update(table(rows))
            labels = {row.id: row.label for row in rows}
            for source in sorted(ended.keys() - told):
                told.add(source)
                console.print(f"  {escape(labels[source])} : {_words(ended[source])}", soft_wrap=True)
            if loop.time() > until:
                late = ", ".join(labels[source] for source in ids if source not in ended)
                raise TimeoutError(f"sources non lues en {LONGEST:.0f} s : {late}")
    return ended


def _words(run: RunReport) -> str:
    parts = [counted(run.records, "lue")]
    for count, word in (
        (run.created, "créée"),
        (run.changed, "changée"),
        (run.withdrawn, "retirée"),
        (run.unchanged, "inchangée"),
        (run.rejected, "refusée"),
    ):
        if count:
            parts.append(counted(count, word))
    words = ", ".join(parts)
    return words if run.state == "done" else f"{words} — [yellow]{STATES[run.state]} : {escape(run.message or '')}[/]"
