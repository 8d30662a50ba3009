"""What providers answered, as read, kept for some days: compressed, bounded for each source and over all.

The source's secrets are struck out, and addresses stand without their queries. Keeping is a help to people who look
for a fault: where it cannot be done, reading goes on without it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from catalogue.database import Connection, Pool

logger = logging.getLogger(__name__)

KEPT_DAYS = 3
SOURCE_BYTES = 32 * 1024 * 1024
"""Compressed bytes of one source: beyond, the oldest go, and a run keeps no more."""
ALL_BYTES = 4 * 1024**3
"""Compressed bytes of all sources: beyond, the oldest go."""
LEVEL = 1
"""zlib's fastest: pages are many and shrink to a tenth all the same."""
SHORTEST_SECRET = 4
"""A shorter secret is in every page, and not struck out."""
STRUCK = b"***"

_AGAIN = """
update raw_page set run_id = $3, n = $4, follows = $5, at = now() where source_id = $1 and digest = $2 returning size
"""
_KEEP = """
insert into raw_page (source_id, digest, run_id, n, follows, place, size, body)
values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
"""
_LISTED = """
select id, source_id, run_id, n, follows, at, place, size from raw_page
where source_id = $1 and ($2::bigint is null or run_id = $2) order by run_id desc, n limit $3
"""
_PURGE = """
delete from raw_page where id in (
    select id from (
        select id, at, sum(size) over (partition by source_id order by at desc, id desc) as of_source,
               sum(size) over (order by at desc, id desc) as of_all
        from raw_page) p
    where at < $1 or of_source > $2 or of_all > $3)
"""


@dataclass(frozen=True, slots=True)
class Page:
    """A kept page without its body."""

    id: int
    source_id: int
    run_id: int
    n: int
    follows: bool
    at: datetime
    place: str
    size: int


class PageKeeper:
    """Keeps the pages of one run; the shape of `net.client.Keep`."""

    def __init__(
        self, pool: Pool, source_id: int, run_id: int, *, secrets: Collection[str] = (), most: int = SOURCE_BYTES
    ) -> None:
        self._pool, self._source_id, self._run_id = pool, source_id, run_id
        # The longest first: one secret may begin another.
        long = sorted((one.encode() for one in secrets if len(one) >= SHORTEST_SECRET), key=len, reverse=True)
        self._secrets, self._left, self._n = long, most, 0

    async def __call__(self, place: str, body: bytes, follows: bool) -> None:
        """Keeps a page while there is room."""
        if self._left <= 0:
            return
        self._n += 1
        try:
            self._left -= await self._keep(place, body, follows)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            self._left = 0
            logger.warning("pages of run %s are kept no longer: %s", self._run_id, type(error).__name__)

    async def _keep(self, place: str, body: bytes, follows: bool) -> int:
        for secret in self._secrets:
            body = body.replace(secret, STRUCK)
        digest = hashlib.blake2b(place.encode() + b"\n" + body, digest_size=16).digest()
        told = (self._source_id, digest, self._run_id, self._n, follows)
        size: int | None = await self._pool.fetchval(_AGAIN, *told)
        if size is None:
            small = await asyncio.to_thread(zlib.compress, body, LEVEL)
            size = len(small)
            await self._pool.execute(_KEEP, *told, place, size, small)
        return size


async def listed(conn: Connection, source_id: int, run_id: int | None = None, limit: int = 100) -> Sequence[Page]:
    """The kept pages of a source, those of its last run first, in the order they were read."""
    return [Page(**row) for row in await conn.fetch(_LISTED, source_id, run_id, limit)]


async def body_of(conn: Connection, page_id: int) -> bytes:
    """A page as it was read; `LookupError` when it is not kept."""
    small: bytes | None = await conn.fetchval("select body from raw_page where id = $1", page_id)
    if small is None:
        raise LookupError(f"la page {page_id} n'est pas, ou plus, gardée")
    return zlib.decompress(small)


async def purge(pool: Pool, before: datetime, *, of_source: int = SOURCE_BYTES, of_all: int = ALL_BYTES) -> int:
    """Forgets pages older than `before`, and the oldest of what is too much; tells how many."""
    status: str = await pool.execute(_PURGE, before, of_source, of_all)
    return int(status.split()[-1])
