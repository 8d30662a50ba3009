"""What a merge asks of the reading it is part of, to know what the source calls otherwise since today."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from catalogue.database import Connection
from catalogue.kinds import KindCode
from connectors.base import Delete
from sync.push_items import CONNECTOR as PUSHED
from sync.runs import RunContext

_NAMED = """
select t.key, t.part from unnest($4::text[], $5::text[]) as t (key, part)
where exists (select from seen s where s.source_id = $1 and s.generation = $2 and s.kind = $3
              and s.key = t.key and s.part = t.part)
   or ($3 = 6 and t.part = '' and exists (
        select from stock_page p where p.source_id = $1 and p.reading = $6 and t.key = any(p.keys)))
"""


@dataclass(frozen=True, slots=True)
class ReadingSoFar:
    """`catalogue.merging.Reading` for one batch of a run."""

    conn: Connection
    run: RunContext
    deletes: Mapping[tuple[KindCode, str, str], Delete]

    @property
    def is_full(self) -> bool:
        """Whether it names all that the source has."""
        return self.run.is_full

    @property
    def mends(self) -> bool:
        """What partners push is told once."""
        return self.run.source.connector != PUSHED

    async def named(self, kind: KindCode, names: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
        """Of these (key, part), those that an earlier batch of the reading has named."""
        if not names:
            return set()
        keys, parts = map(list, zip(*sorted(names), strict=True))
        rows = await self.conn.fetch(
            _NAMED, self.run.source.id, self.run.generation, kind.value, keys, parts, self.run.of_reading
        )
        return {(row["key"], row["part"]) for row in rows}

    def goes(self, kind: KindCode, key: str, part: str) -> bool:
        """Whether this batch says that it is gone."""
        return (kind, key, part) in self.deletes
