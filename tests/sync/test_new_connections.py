"""What a run does depends on nothing that an earlier user of its connection left, or did not leave."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, cast

import pytest

from catalogue.database import Connection, Pool
from catalogue.venues import register_venue
from sandbox.directory import sources, venues
from sandbox.serving import serve_world
from sandbox.world import build
from service.sandbox_loading import venue
from sync.runner import Runner, now
from sync.sources import NewSource, register
from sync.vault import Vault

VAULT = Vault([b"k" * 32])
STUMBLE = """
create sequence tries;
create function stumbles() returns trigger language plpgsql as $$ begin
    if nextval('tries') % 2 = 1 then
        raise exception 'as if it had lost a deadlock' using errcode = '40P01';
    end if;
    return new;
end $$;
create trigger stumbles before update on run for each row when (new.records > old.records) execute function stumbles()
"""


class Forgetful:
    """A pool whose connections nobody has used before."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Connection]:
        """A new one."""
        await self._pool.expire_connections()
        async with self._pool.acquire() as conn:
            yield conn


@pytest.mark.parametrize(("backwards", "sales_seen"), [(False, "at_booking"), (True, "never")])
async def test_each_source_is_read_by_connections_that_nobody_has_used(
    pool: Pool, backwards: bool, sales_seen: str
) -> None:
    """Every batch of every connector on a new connection, and each first try undone, in one order and the other.

    What any of them had lost, another full reading, over one connection for all, would find new or changed.
    """
    world = build(datetime.now(UTC).date(), now)
    async with serve_world(world) as addresses:
        ids = []
        async with pool.acquire() as conn:
            venue_ids = {spec.siret: await register_venue(conn, venue(spec), at=now()) for spec in venues()}
            for spec in sources(world, addresses):
                new = NewSource(
                    connector=spec.connector,
                    account=spec.account,
                    label=spec.label,
                    licence=spec.licence,
                    settings=spec.settings,
                    venue_id=venue_ids[spec.venue_siret] if spec.venue_siret else None,
                    sales_seen=sales_seen,
                    allow_private=True,
                )
                ids.append(await register(conn, VAULT, new))
            await conn.execute(STUMBLE)
        if backwards:
            ids.reverse()
        forgetful = Runner(cast(Pool, Forgetful(pool)), VAULT, owner="forgetful", rows=250)
        first = {id_: await forgetful.run(id_) for id_ in ids}
        await pool.execute("drop trigger stumbles on run")
        again = {id_: await Runner(pool, VAULT, owner="usual").run(id_, full=True) for id_ in ids}
    told = {id_: (one.state, one.message) for id_, one in (first | again).items()}
    assert set(told.values()) == {("done", None)}, told
    assert all(one.created for one in first.values())
    assert {id_: (one.created, one.withdrawn) for id_, one in again.items()} == dict.fromkeys(ids, (0, 0))
