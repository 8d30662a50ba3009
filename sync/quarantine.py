"""Rows that were refused: as received, with the reason, by which run, how often. Kept until somebody mends them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from catalogue.database import Connection
from catalogue.kinds import CODE, NAME, KindCode
from connectors.base import Reject
from schemas.records import KIND_OF, Record, SourceRef

LONGEST_RAW = 64 * 1024
"""A raw row is kept up to this size; what is longer keeps its beginning."""
LONGEST_NAME = 2_500
"""Bytes of a key and its part together: an index row must fit a third of a page."""


@dataclass(frozen=True, slots=True)
class Refused:
    """One quarantined row."""

    id: int
    source_id: int
    run_id: int
    kind: str | None
    key: str | None
    why: str
    raw: bytes
    times_seen: int
    first_seen_at: datetime
    last_seen_at: datetime


def refuse(record: Record, why: str) -> Reject:
    """The record as a rejected row."""
    try:
        raw = msgspec.json.encode(record)
    except UnicodeEncodeError:
        raw = repr(record).encode("utf-8", "backslashreplace")
    return Reject(why, raw, KIND_OF[type(record)], record.ref)


def can_be_named(ref: SourceRef) -> bool:
    """Whether the database can hold the name: an endless one, or half a character, it cannot."""
    try:
        return len(ref.key.encode()) + len(ref.part.encode()) <= LONGEST_NAME and "\0" not in ref.key + ref.part
    except UnicodeEncodeError:
        return False


def digest_of(reject: Reject) -> bytes:
    """16 bytes that are equal for the same row refused again."""
    kind = CODE[reject.kind].value if reject.kind else None
    key, part = (reject.ref.key, reject.ref.part) if reject.ref else ("", "")
    said = [str(kind), _text(key), _text(part)]
    return hashlib.blake2b(b"\0".join([*(one.encode() for one in said), _kept(reject)]), digest_size=16).digest()


async def keep(conn: Connection, source_id: int, run_id: int, rejects: Sequence[Reject]) -> None:
    """Keeps them; a row seen before is counted, not kept twice."""
    rows = {}
    for reject in rejects:
        kind = CODE[reject.kind].value if reject.kind else None
        key, part = (_text(reject.ref.key), _text(reject.ref.part)) if reject.ref else (None, None)
        digest = digest_of(reject)
        rows[digest] = (source_id, run_id, digest, kind, key, part, _text(reject.why), _kept(reject))
    await conn.executemany(
        """
        insert into quarantine (source_id, run_id, digest, kind, key, part, why, raw)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict (source_id, digest) do update
        set run_id = $2, why = $7, times_seen = quarantine.times_seen + 1, last_seen_at = now(), resolved_at = null
        """,
        [rows[digest] for digest in sorted(rows)],
    )


async def listed(conn: Connection, source_id: int | None = None, limit: int = 100) -> Sequence[Refused]:
    """What is waiting to be mended, newest first."""
    found = await conn.fetch(
        """
        select id, source_id, run_id, kind, key, why, raw, times_seen, first_seen_at, last_seen_at
        from quarantine where resolved_at is null and ($1::bigint is null or source_id = $1)
        order by last_seen_at desc, id desc limit $2
        """,
        source_id,
        limit,
    )
    return [Refused(**{**row, "kind": NAME[row["kind"]] if row["kind"] else None}) for row in found]


async def one_of(conn: Connection, reject_id: int) -> Refused:
    """A refused row, waiting or not; `LookupError` when there is none."""
    row = await conn.fetchrow(
        """
        select id, source_id, run_id, kind, key, why, raw, times_seen, first_seen_at, last_seen_at
        from quarantine where id = $1
        """,
        reject_id,
    )
    if row is None:
        raise LookupError(f"aucune ligne {reject_id} en quarantaine")
    return Refused(**{**row, "kind": NAME[row["kind"]] if row["kind"] else None})


async def mend(conn: Connection, source_id: int, names: Sequence[tuple[KindCode, str, str]]) -> None:
    """Notes that these records have been read well: what was refused of them waits no longer."""
    kinds, keys, parts = [kind.value for kind, _, _ in names], [key for _, key, _ in names], [p for _, _, p in names]
    await conn.execute(
        """
        update quarantine q set resolved_at = now()
        from unnest($2::smallint[], $3::text[], $4::text[]) as t (kind, key, part)
        where q.source_id = $1 and q.resolved_at is null and q.kind = t.kind and q.key = t.key and q.part = t.part
        """,
        source_id,
        kinds,
        keys,
        parts,
    )


async def mend_keys(conn: Connection, source_id: int, keys: Sequence[str]) -> None:
    """As `mend`, of stocks without parts."""
    if not await conn.fetchval(
        "select exists (select from quarantine where source_id = $1 and resolved_at is null)", source_id
    ):
        return
    await conn.execute(
        """
        update quarantine q set resolved_at = now() from unnest($3::text[]) as t (key)
        where q.source_id = $1 and q.resolved_at is null and q.kind = $2 and q.key = t.key and q.part = ''
        """,
        source_id,
        KindCode.STOCK.value,
        keys,
    )


async def forget_vanished(conn: Connection, source_id: int, run_id: int, generation: int) -> None:
    """At the end of a complete snapshot: rows refused before it, and which it did not show again, wait no longer."""
    await conn.execute(
        """
        update quarantine q set resolved_at = now()
        where q.source_id = $1 and q.resolved_at is null and q.run_id < $2 and not exists (
            select from seen s where s.source_id = $1 and s.generation = $3 and (
                (s.kind = q.kind and s.key = q.key and s.part = q.part)
                or (s.kind = 0 and s.key = encode(q.digest, 'hex'))))
        """,
        source_id,
        run_id,
        generation,
    )


def _kept(reject: Reject) -> bytes:
    return reject.raw[:LONGEST_RAW]


def _text(value: str) -> str:
    # PostgreSQL's text knows neither NUL nor half a character; the raw bytes keep them.
    return value.replace("\0", "�").encode("utf-8", "replace").decode()
