"""Seals every kept secret anew with the vault's first key, so that an old key can be taken away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bookings import webhooks
from sync import sources, ticketings
from sync.vault import Vault

if TYPE_CHECKING:
    import asyncpg

    from catalogue.database import Pool

_Owner = Callable[["asyncpg.Record"], str]

SEALED: Mapping[str, tuple[str, _Owner]] = {
    "feed": (
        "select f.source_id as id, f.secrets, s.connector, s.account from feed f join source s on s.id = f.source_id",
        lambda row: sources.owner(row["connector"], row["account"]),
    ),
    "ticketing": ("select source_id as id, secrets from ticketing", lambda row: ticketings.owner(row["id"])),
    "webhook_endpoint": ("select id, secrets from webhook_endpoint", lambda row: webhooks.owner(row["id"])),
}
"""Each table with a sealed column `secrets`: its rows, and what a row's seal is bound to."""
_KEY = {"feed": "source_id", "ticketing": "source_id", "webhook_endpoint": "id"}


async def reseal(pool: Pool, vault: Vault) -> Counter[str]:
    """Counts the rows of each table that it sealed anew. Said again, there are none.

    Raises `SealBroken`, naming the row's owner, where no key that is given opens it. A row that somebody changes
    meanwhile is left to them: they seal with the first key.
    """
    done: Counter[str] = Counter()
    for table, (rows, owner) in SEALED.items():
        for row in await pool.fetch(f"{rows} where secrets is not null"):
            if vault.is_current(row["secrets"]):
                continue
            bound = owner(row)
            sealed = vault.seal(vault.open(row["secrets"], owner=bound), owner=bound)
            sql = f"update {table} set secrets = $2 where {_KEY[table]} = $1 and secrets = $3"  # noqa: S608 - constants
            done[table] += await pool.execute(sql, row["id"], sealed, row["secrets"]) == "UPDATE 1"
    return done
