"""What may be shown of canonical entities: all of it, or only what sources under given licences said."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from catalogue.database import Connection
from catalogue.entities import STATEMENTS
from catalogue.field_locks import locked_fields
from catalogue.kinds import KindCode
from catalogue.survivorship import BY_HAND, Statement, survive


class Faces:
    """Reads the fields of entities for one reader. `sources` are the sources whose words may leave; None is all."""

    def __init__(self, conn: Connection, sources: frozenset[int] | None) -> None:
        self._conn, self._sources = conn, sources

    async def of(self, kind: KindCode, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """The fields of each entity that has a face for this reader; the others are left out.

        An entity that several sources describe keeps its face without the closed ones: each field is
        then that of the best open source.
        """
        rows = await self._conn.fetch(
            f"select id, fields, provenance from {kind.name.lower()} where id = any($1::bigint[])",  # noqa: S608
            sorted(set(ids)),
        )
        faces = {row["id"]: row["fields"] for row in rows if row["fields"]}
        if self._sources is None:
            return faces
        open_ = self._sources
        mixed = [row["id"] for row in rows if not open_.issuperset({*row["provenance"].values()} - {BY_HAND})]
        # Identifiers are united from all sources, so one closed source among several needs the same care.
        for row in await self._conn.fetch(
            "select distinct entity_id as id from source_record where kind = $1 and entity_id = any($2::bigint[])"
            " and gone_at is null and not source_id = any($3::bigint[])",
            kind.value,
            list(faces),
            sorted(open_),
        ):
            mixed.append(row["id"])
        statements: dict[int, list[Statement]] = defaultdict(list)
        for row in await self._conn.fetch(STATEMENTS, kind.value, sorted(set(mixed))):
            if row["source_id"] in open_:
                statements[row["entity_id"]].append(
                    Statement(row["source_id"], row["trust"], row["observed_at"], row["record"], row["trust_by_field"])
                )
        locked = await locked_fields(self._conn, kind, sorted(set(mixed)))
        for id_ in set(mixed):
            faces.pop(id_, None)
            if id_ in statements:
                faces[id_] = survive(statements[id_], locked.get(id_)).fields
        return faces
