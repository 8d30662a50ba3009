"""What asks a process to end: once, through its `finally` clauses, with the signal's exit code."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from service.settings import CHECKOUT

PROGRAM = """
import asyncio, contextlib, os, signal, sys, time
from service.signals import end_on_signals, until_stopped

async def work():
    try:
        print("ready", flush=True)
        await asyncio.sleep(30)
    finally:
        # make passes on what the whole group has received: the second one finds the cleaning up begun.
        os.kill(os.getpid(), int(sys.argv[1]))
        await asyncio.sleep(0.1)
        print("closed", flush=True)

end_on_signals()
try:
    until_stopped(work())
finally:
    os.kill(os.getpid(), int(sys.argv[1]))
    time.sleep(0.1)
    print("stopped", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_work_and_cleans_up(number: signal.Signals) -> None:
    """However often it comes, cleaning up is done to its end, in the loop and after it; exit 128 + its number."""
    with _started(number) as process:
        process.send_signal(number)
        rest, errors = process.communicate(timeout=30)
    assert ("closed\nstopped\n", "", 128 + number) == (rest, errors, process.returncode)


def test_what_the_caller_ignores_stays_ignored() -> None:
    """Under `nohup`, a closed terminal changes nothing; SIGTERM still does."""
    with _started(signal.SIGTERM, "nohup") as process:
        process.send_signal(signal.SIGHUP)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=30)
    assert ("closed\nstopped\n", "", 128 + signal.SIGTERM) == (rest, errors, process.returncode)


@contextlib.contextmanager
def _started(number: signal.Signals, *before: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*before, sys.executable, "-c", PROGRAM, str(int(number))],
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert "ready\n" == process.stdout.readline()
            yield process
        finally:
            process.kill()
