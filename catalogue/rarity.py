"""How many works, products, venues and events have each word: counted now and then, read with each batch.

Two records that share a rare word are likelier one than two that share a common one. Rarity changes slowly: counts are
made anew when a kind has grown by a fifth. Until a kind has `FEWEST`, words are weighed by the language alone
(`matching.rarity`).
"""

from __future__ import annotations

from collections.abc import Collection

from catalogue.database import Connection, Pool
from catalogue.kinds import MATCHED, KindCode
from matching.rarity import LEAST_COUNTED, Rarity

FEWEST = 5_000
_GROWN = 1.2
_TOTAL = ""
"""The word under which the number of entities stands."""


async def rarity(conn: Connection, kind: KindCode, words: Collection[str]) -> Rarity:
    """The rarity of these words among the entities of a kind, as of the last count."""
    rows = await conn.fetch(
        "select word, entities from match_word where kind = $1 and word = any($2::text[])",
        kind.value,
        [_TOTAL, *words],
    )
    counts = {row["word"]: row["entities"] for row in rows}
    return Rarity(counts.pop(_TOTAL, 0), counts)


async def count_grown(pool: Pool) -> list[KindCode]:
    """Counts the words of each kind that has grown by a fifth since its last count; tells which."""
    counted = []
    for kind in MATCHED:
        async with pool.acquire() as conn, conn.transaction():
            last = await conn.fetchval(
                "select entities from match_word where kind = $1 and word = $2", kind.value, _TOTAL
            )
            # The planner's own estimate: exact enough to see growth, and costs nothing.
            now = await conn.fetchval(
                "select greatest(reltuples, 0)::bigint from pg_class where oid = $1::regclass", kind.name.lower()
            )
            if now >= FEWEST and now > (last or 0) * _GROWN:
                await count(conn, kind)
                counted.append(kind)
    return counted


async def count(conn: Connection, kind: KindCode) -> None:
    """Counts the words of a kind anew; to be called in a transaction, readers see the old count until it ends."""
    table = kind.name.lower()
    await conn.execute("set local statement_timeout = '10min'")
    await conn.execute("delete from match_word where kind = $1", kind.value)
    await conn.execute(
        f"""
        insert into match_word (kind, word, entities)
        select $1, word, count(*) from {table} e
        cross join lateral (select distinct unnest(string_to_array(e.folded, ' ')) as word) w
        where e.merged_into is null and word <> '' group by word having count(*) >= $2
        """,  # noqa: S608 - names of our own tables
        kind.value,
        LEAST_COUNTED,
    )
    await conn.execute(
        f"insert into match_word (kind, word, entities) select $1, $2, count(*) from {table} where merged_into is null",  # noqa: S608
        kind.value,
        _TOTAL,
    )
