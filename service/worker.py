"""The worker process: arq jobs until it is asked to stop, then it finishes what it holds."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from arq.connections import RedisSettings

from service.duties import duties
from service.house import House
from service.signals import ending
from sync.worker import close, worker

logger = logging.getLogger(__name__)


def redis_settings(url: str) -> RedisSettings:
    """arq's settings for an address, a Unix socket's included."""
    return RedisSettings.from_dsn(url)


async def work(house: House, *, jobs: int = 4, stop: asyncio.Event | None = None) -> None:
    """Works until `stop` is set, or SIGTERM or Ctrl-C comes; then takes no more and lets jobs finish."""
    stop = stop or stopping()
    async with duties(house):
        await _work(house, jobs, stop)


async def _work(house: House, jobs: int, stop: asyncio.Event) -> None:
    made = worker(redis_settings(house.redis_url), house.settings.redis_prefix, house.runner, house.pool, jobs=jobs)
    running = asyncio.create_task(made.async_run())
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    if running in done:
        waiting.cancel()
        await running
        return
    logger.info("worker drains")
    made.allow_pick_jobs = False
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(house.settings.drain_seconds):
            await asyncio.gather(*made.tasks.values(), return_exceptions=True)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    await close(made)


def stopping() -> asyncio.Event:
    """Set by what asks a process to end: Ctrl-C, SIGTERM, a closed terminal."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in ending():
        loop.add_signal_handler(number, event.set)
    return event
