"""Which ticketing sells a source's seats, where that is not the system its programme is read from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from catalogue.database import Connection, Pool
from connectors.sellers import Clock, make_seller, seller_entry
from connectors.selling import Selling
from net.client import open_http
from sync.vault import Vault

_ATTACH = """
insert into ticketing (source_id, seller, settings, secrets, allow_private) values ($1, $2, $3, $4, $5)
on conflict (source_id) do update set seller = $2, settings = $3, secrets = $4, allow_private = $5
"""
_STATE = """
select seller, md5(seller || settings::text || coalesce(encode(secrets, 'hex'), '') || allow_private) as version
from ticketing where source_id = $1
"""


@dataclass(frozen=True, slots=True)
class TicketingState:
    """What sells there. `version` changes with any of its settings."""

    seller: str
    version: str


async def attach(
    conn: Connection,
    vault: Vault,
    source_id: int,
    seller: str,
    settings: Mapping[str, Any],
    *,
    allow_private: bool = False,
) -> None:
    """From now on this source's seats are sold by that ticketing; what was booked before stays as it is.

    Raises `SettingsRefused`, and `LookupError` where there is no such source.
    """
    found = seller_entry(seller)
    found.read_settings(settings)
    plain, secrets = found.split_secrets(settings)
    if not await conn.fetchval("select exists (select from source where id = $1)", source_id):
        raise LookupError(f"aucune source {source_id}")
    sealed = vault.seal({name: str(value) for name, value in secrets.items()}, owner=owner(source_id))
    await conn.execute(_ATTACH, source_id, seller, plain, sealed, allow_private)


async def detach(conn: Connection, source_id: int) -> bool:
    """We sell alone again; False where it had no ticketing. Sales still in doubt there wait until it has one."""
    return await conn.execute("delete from ticketing where source_id = $1", source_id) == "DELETE 1"


async def ticketing_state(pool: Pool, source_id: int) -> TicketingState | None:
    """None where no ticketing was attached."""
    row = await pool.fetchrow(_STATE, source_id)
    return None if row is None else TicketingState(**row)


@asynccontextmanager
async def open_ticketing(pool: Pool, vault: Vault, source_id: int, *, clock: Clock) -> AsyncIterator[Selling]:
    """Who sells there, its connections closed on leaving. `LookupError` where no ticketing is attached."""
    row = await pool.fetchrow(
        "select seller, settings, secrets, allow_private from ticketing where source_id = $1", source_id
    )
    if row is None:
        raise LookupError(f"la source {source_id} n'a pas de billetterie")
    settings = {**row["settings"], **vault.open(row["secrets"], owner=owner(source_id))}
    async with open_http(allow_private=row["allow_private"]) as http:
        yield make_seller(row["seller"], settings, http, clock=clock)


def owner(source_id: int) -> str:
    """What a ticketing's sealed secrets are bound to."""
    return f"ticketing:{source_id}"
