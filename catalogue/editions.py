"""Works and the editions that carry them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from catalogue.database import Connection


@dataclass(frozen=True, slots=True)
class Editions:
    """A work and the EAN of its products."""

    title: str
    eans: tuple[str, ...]


async def works_of_several_editions(conn: Connection, limit: int = 20) -> Sequence[Editions]:
    """Works carried by more than one product, those of most products first."""
    rows = await conn.fetch(
        """
        select w.title, array_agg(p.ean order by p.ean) as eans
        from work w join product p on p.work_id = w.id
        where p.ean is not null and p.merged_into is null and p.withdrawn_at is null and w.merged_into is null
        group by w.id having count(*) > 1 order by count(*) desc, w.id limit $1
        """,
        limit,
    )
    return [Editions(row["title"], tuple(row["eans"])) for row in rows]
