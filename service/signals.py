"""What asks a process to end, and how it ends then: once, and with all that it opened closed."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

Result = TypeVar("Result")


def ending() -> tuple[signal.Signals, ...]:
    """Ctrl-C, SIGTERM and a closed terminal, without what the caller has this process ignore (`nohup`, `&` in a
    script)."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return tuple(number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN)


def end_on_signals() -> None:
    """From here on the first signal ends the process through its `finally` clauses, with 128 + its number."""
    for number in ending():
        signal.signal(number, _end)


def _end(number: int, _: FrameType | None) -> None:
    # `make` passes on what its whole group has received: a second exit would cut short the cleaning up of the first.
    for each in ending():
        signal.signal(each, signal.SIG_IGN)
    sys.exit(128 + number)


def until_stopped(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs it in an event loop of its own; a signal cancels it, and it ends as a cancelled task does.

    An exception thrown from a signal's handler into whatever the loop is doing would be taken for that thing's
    own failure, or be lost. Further signals change nothing. Raises SystemExit with 128 + the signal's number.
    """
    asked: list[int] = []

    async def cancellable() -> Result:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def stop(number: int, _: FrameType | None) -> None:
            asked.append(number)
            if len(asked) == 1:
                loop.call_soon_threadsafe(task.cancel)

        for number in handlers:
            signal.signal(number, stop)
        return await work

    handlers = {number: signal.getsignal(number) for number in ending()}
    try:
        result = asyncio.run(cancellable())
    except asyncio.CancelledError:
        if not asked:
            raise
    finally:
        if not asked:
            for number, handler in handlers.items():
                signal.signal(number, handler)
    if asked:
        raise SystemExit(128 + asked[0])
    return result
