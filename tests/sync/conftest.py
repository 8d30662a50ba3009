from collections.abc import AsyncIterator

import pytest
from feeds import Desk

from catalogue.database import Connection, Pool


@pytest.fixture
def desk(connection: Connection) -> Desk:
    """Sources and venues in a transaction that is rolled back."""
    return Desk(connection)


@pytest.fixture
async def own(pool: Pool) -> AsyncIterator[Desk]:
    """Sources and venues in a database of this test's own: what it commits stays committed."""
    async with pool.acquire() as conn:
        yield Desk(conn)
