"""What the slices of a reading have named so far: its sweep takes what is not there (decision 016)."""

from __future__ import annotations

from collections.abc import Sequence

from catalogue.database import Connection
from catalogue.kinds import CODE
from connectors.base import Reject
from sync.batch import Name
from sync.quarantine import digest_of
from sync.runs import RunContext

NAMELESS = 0
"""Stands for the kind of rejected rows without a name among those a snapshot has shown."""


async def note_seen(conn: Connection, run: RunContext, names: Sequence[Name], rejects: Sequence[Reject]) -> None:
    """Notes the names of a batch; a rejected row counts as named, by its digest where it has no name."""
    refused = [
        (CODE[reject.kind].value, reject.ref.key, reject.ref.part)
        if reject.kind is not None and reject.ref is not None
        else (NAMELESS, digest_of(reject).hex(), "")
        for reject in rejects
    ]
    named = sorted({*((kind.value, key, part) for kind, key, part in names), *refused})
    if not named:
        return
    kinds, keys, parts = zip(*named, strict=True)
    await conn.execute(
        """
        insert into seen (source_id, generation, kind, key, part)
        select $1, $2, kind, key, part from unnest($3::smallint[], $4::text[], $5::text[]) as t (kind, key, part)
        on conflict do nothing
        """,
        run.source.id,
        run.generation,
        list(kinds),
        list(keys),
        list(parts),
    )
    # A refused row that does not tell its part could be any of its key's.
    whole = [(kind, key) for kind, key, part in refused if not part and kind != NAMELESS]
    if whole:
        await conn.execute(
            """
            insert into seen (source_id, generation, kind, key, part)
            select $1::bigint, $2::int, r.kind, r.key, r.part from unnest($3::smallint[], $4::text[]) as t (kind, key)
            join source_record r on r.source_id = $1 and r.kind = t.kind and r.key = t.key
            union
            select $1::bigint, $2::int, 6, u.key, u.part from unnest($3::smallint[], $4::text[]) as t (kind, key)
            join supply u on t.kind = 6 and u.source_id = $1 and u.key = t.key
            on conflict do nothing
            """,
            run.source.id,
            run.generation,
            [kind for kind, _ in whole],
            [key for _, key in whole],
        )
