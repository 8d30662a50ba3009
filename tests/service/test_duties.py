"""The worker's duties go on, whatever happens in one turn of one of them."""

from __future__ import annotations

import asyncio
import logging

import pytest

from service.duties import repeated


async def test_a_duty_that_crashes_is_logged_and_done_again(caplog: pytest.LogCaptureFixture) -> None:
    """A defect in one turn must not end the duty for as long as the process lives."""
    turns = 0
    enough = asyncio.Event()

    async def duty() -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise ZeroDivisionError
        enough.set()

    with caplog.at_level(logging.ERROR):
        task = asyncio.create_task(repeated("resolve pending sales", 0.01, duty))
        await asyncio.wait_for(enough.wait(), 2)
        task.cancel()
    assert "duty failed: resolve pending sales" in caplog.text
