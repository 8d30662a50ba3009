"""The accounts of the ledger. Money moves between two of them by the statements of `store.py` and `wallets.py`.

`state:grant` is where national credit comes from and goes back to, `funder:<code>` the same of a local one,
`wallet:<pseudonym>:<credit>` what a person may spend of it, `venue:<id>` what was promised to a venue. All sums of
entries of a journal are zero, by a deferred trigger; nothing is ever changed.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bookings.transactions import Connection, Pool

STATE_GRANT = "state:grant"
_OPEN = """
with made as (insert into ledger_account (code) values ($1) on conflict (code) do nothing returning id)
select id from made union all select id from ledger_account where code = $1
"""


def venue(venue_id: int) -> str:
    """The code of a venue's account."""
    return f"venue:{venue_id}"


def deposit(pseudonym: uuid.UUID, credit: str) -> str:
    """The code of a deposit's account; `credit` is a policy's version or `local:<code>`."""
    return f"wallet:{pseudonym}:{credit}"


def funder(code: str) -> str:
    """The code of the account that a local credit comes from."""
    return f"funder:{code}"


async def account(conn: Connection | Pool, code: str) -> int:
    """The id of the account of this code, opened where it was not."""
    for _ in range(2):
        account_id: int | None = await conn.fetchval(_OPEN, code)
        if account_id is not None:
            return account_id
        # Somebody else opened it between the two halves of the statement: the next one sees it.
    raise AssertionError("an account that exists is found")
