"""What somebody must be told: one row when a state changes. Monitoring reads them, and whoever sends the mails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bookings import mails
from bookings.letters import Letter
from catalogue.database import Connection, Pool

KINDS = {
    "provider_down": "fournisseur en panne",
    "provider_up": "fournisseur revenu",
    "source_denied": "accès refusé",
    "source_hidden": "source muette, stocks masqués",
    "source_zeroed": "source muette, stocks mis à zéro",
    "source_back": "source revenue",
    "run_guarded": "lecture retenue",
    "run_unexpected": "nombre de fiches inattendu",
}
"""Each kind, as people read it."""

_TELLING = 0x616C_7274
"""The advisory lock of whoever hands alerts over."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A thing to tell. `subject` is `provider:NAME`, `source:ID` or `run:ID`."""

    id: int
    kind: str
    subject: str
    at: datetime
    message: str


async def alert(conn: Connection, kind: str, subject: str, message: str, at: datetime) -> None:
    """Notes it, in the transaction that changes the state: an alert stands if and only if the change does."""
    await conn.execute(
        "insert into alert (kind, subject, message, at) values ($1, $2, $3, $4)", kind, subject, message, at
    )


async def untold(conn: Connection, limit: int = 100) -> Sequence[Alert]:
    """What nobody was told yet, oldest first."""
    rows = await conn.fetch(
        "select id, kind, subject, at, message from alert where told_at is null order by id limit $1", limit
    )
    return [Alert(**row) for row in rows]


async def tell(conn: Connection, ids: Sequence[int], at: datetime) -> int:
    """Notes that these were told; says how many of them had not been."""
    rows = await conn.fetch(
        "update alert set told_at = $2 where id = any($1::bigint[]) and told_at is null returning id", list(ids), at
    )
    return len(rows)


async def hand_over(pool: Pool, at: datetime) -> int:
    """Makes what nobody was told into one mail to staff, and notes it as told, in one transaction; says how many."""
    async with pool.acquire() as conn, conn.transaction():
        # Two workers would write two mails of the same alerts.
        await conn.execute("select pg_advisory_xact_lock($1)", _TELLING)
        found = await untold(conn)
        if not found:
            return 0
        lines = [f"- {one.at:%d/%m/%Y %H:%M} UTC, {KINDS.get(one.kind, one.kind)} : {one.message}" for one in found]
        count = f"{len(found)} alerte{'s' if len(found) > 1 else ''}"
        body = "\n".join([*lines, "", "passerelle alerts list ; passerelle providers list", ""])
        key = f"alerts:{found[0].id}-{found[-1].id}"
        await mails.queue(conn, key, "alerts", Letter(f"Passerelle : {count}", body), at)
        return await tell(conn, [one.id for one in found], at)
