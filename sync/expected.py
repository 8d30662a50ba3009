"""How many records a source is expected to name when it is read whole: outside of that, somebody looks."""

from __future__ import annotations

from datetime import datetime

from catalogue.database import Connection
from sync.alerts import alert
from sync.guard import TooMuchGone
from sync.runs import RunContext


async def guard_expected(conn: Connection, run: RunContext, at: datetime) -> None:
    """Called where a snapshot is complete, in the transaction that would sweep.

    Fewer than expected raises `TooMuchGone`: nothing is withdrawn without a person. More is applied, for nothing
    is lost by it, and told once, until somebody has read it.
    """
    row = await conn.fetchrow(
        """
        select f.expected_min, f.expected_max, s.label,
               (select count(*) from seen where source_id = $1 and generation = $2)
               + (select coalesce(sum(rows), 0) from stock_page where source_id = $1 and reading = $3) as named
        from feed f join source s on s.id = f.source_id
        where f.source_id = $1 and (f.expected_min is not null or f.expected_max is not null)
        """,
        run.source.id,
        run.generation,
        run.of_reading,
    )
    if row is None:
        return
    named, least, most = row["named"], row["expected_min"], row["expected_max"]
    if least is not None and named < least:
        raise TooMuchGone(
            f"l'instantané nomme {named} fiches, au moins {least} sont attendues : rien n'est retiré sans une personne"
        )
    subject = f"source:{run.source.id}"
    if most is not None and named > most and not await _is_told(conn, subject):
        message = f"{row['label']} nomme {named} fiches, au plus {most} sont attendues"
        await alert(conn, "run_unexpected", subject, message, at)


async def _is_told(conn: Connection, subject: str) -> bool:
    found: bool = await conn.fetchval(
        """
        select exists (select from alert where kind = 'run_unexpected' and subject = $1 and told_at is null)
        """,
        subject,
    )
    return found
