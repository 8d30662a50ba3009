"""The log of what people and keys did. It holds no personal data and no secret, and only grows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncpg
    from asyncpg.pool import PoolConnectionProxy

    Connection = asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]

_RECORD = """
insert into audit_event (actor, action, subject, details) values ($1, $2, $3, $4::text::jsonb)
"""


async def record(
    conn: Connection, actor: str, action: str, subject: str, details: Mapping[str, Any] | None = None
) -> None:
    """Writes one event in the caller's transaction, at the transaction's time: what is undone was not done.

    `actor` is `key:<prefix>`, `staff:<id>`, `beneficiary:<pseudonym>` or `system:<name>`; `subject` is
    `<kind>:<id>`. Nothing that names a person goes into `details`.
    """
    await conn.execute(_RECORD, actor, action, subject, json.dumps(dict(details or {})))
