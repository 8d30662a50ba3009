"""Short transactions: what ends them is told as it was."""

from __future__ import annotations

import pytest

from bookings.transactions import in_transaction
from catalogue.database import AWAY


async def test_a_connection_that_is_cut_is_told_as_such(pool) -> None:
    """Not as the rollback that could no longer be made; the pool goes on with another one."""

    async def work(conn) -> None:
        await conn.execute("select pg_terminate_backend(pg_backend_pid())")

    with pytest.raises(AWAY):
        await in_transaction(pool, work)
    assert await pool.fetchval("select 1") == 1
