"""The two shapes an asyncpg connection comes in, and how one is prepared for this house."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

Connection = asyncpg.Connection | PoolConnectionProxy
Pool = asyncpg.Pool
Connections = Callable[[], AbstractAsyncContextManager[Connection]]
"""Lends a connection for a block: a pool's `acquire`, or `held`."""


def held(conn: Connection) -> Connections:
    """Lends this one each time: for what is to go into a transaction of the caller's own."""
    return lambda: nullcontext(conn)


AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InternalClientError,  # a connection that was cut between two of its steps
    OSError,
)
"""What any statement raises while the database is away: restarted, failing over, out of connections."""


def is_away(error: BaseException | None) -> bool:
    """Whether this is one of `AWAY`, or that a transaction could not be ended for it."""
    return isinstance(error, AWAY) or (isinstance(error, asyncpg.InterfaceError) and is_away(error.__context__))


class _Pooled(asyncpg.Connection):
    """A connection that keeps nothing between its users, so that nothing has to be reset when one gives it back.

    Settings are `set local` here, advisory locks end with their transaction, nobody listens. asyncpg ends a transaction
    that was left open; its other resets would cost a round trip with every statement asked of the pool.
    """

    def get_reset_query(self) -> str:
        return ""


async def open_pool(database_url: str, *, size: int = 10, application: str = "passerelle") -> Pool:
    """A pool whose connections speak JSON and cannot hang for ever.

    A statement may take a minute, a lock ten seconds, an idle transaction thirty: what holds longer
    is a bug, and must not hold everybody else.
    """
    pool = await asyncpg.create_pool(
        database_url,
        min_size=1,
        max_size=size,
        init=_prepare,
        connection_class=_Pooled,
        server_settings={
            "application_name": application,
            "timezone": "UTC",
            "statement_timeout": "60s",
            "lock_timeout": "10s",
            "idle_in_transaction_session_timeout": "30s",
            "jit": "off",
        },
    )
    assert pool is not None
    return pool


async def _prepare(conn: asyncpg.Connection) -> None:
    # Binary, because COPY knows no other format; jsonb's binary form is its version, 1, and the text.
    await conn.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=_encode_jsonb,
        decoder=_decode_jsonb,
        format="binary",
    )


def _encode_jsonb(value: Any) -> bytes:
    return b"\x01" + msgspec.json.encode(value)


def _decode_jsonb(data: bytes) -> Any:
    return msgspec.json.decode(data[1:])
