"""How the sources of some venues are doing: what a vendor may read of its own venues, and nothing of others'."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from catalogue.database import Connection
from catalogue.kinds import NAME
from sync.quarantine import Refused
from sync.runs import COUNTS, RunReport

_SOURCES = """
select s.id, s.connector, s.account, s.label, s.licence, s.venue_id, v.name as venue_name, f.paused_why,
       s.stale_since as hidden_since, nullif(f.due_at, 'infinity') as due_at,
       (select max(r.id) from run r where r.source_id = s.id) as last_run_id
from source s join feed f on f.source_id = s.id join venue v on v.id = s.venue_id
where s.venue_id = any($1::bigint[]) and s.id > $2 order by s.id limit $3
"""
_RUN_COLUMNS = (
    f"select r.id, source_id, mode, state, started_at, ended_at, {COUNTS}, failure, message"  # noqa: S608
    " from run r join source s on s.id = r.source_id"
)
_RUNS = f"{_RUN_COLUMNS} where r.id = any($1::bigint[])"
_RUN = f"{_RUN_COLUMNS} where r.id = $1 and s.venue_id = any($2::bigint[])"
_IS_THEIRS = "select exists (select from source where id = $1 and venue_id = any($2::bigint[]))"
_REJECTS = """
select id, source_id, run_id, kind, key, why, raw, times_seen, first_seen_at, last_seen_at from quarantine
where source_id = $1 and resolved_at is null and id < $2 order by id desc limit $3
"""
_NEWEST = 2**63 - 1


class RunUnknown(LookupError):
    """No run of a source of these venues has this id."""

    def __init__(self) -> None:
        super().__init__("Cette exécution n'existe pas.")


class SourceUnknown(LookupError):
    """No source of these venues has this id."""

    def __init__(self) -> None:
        super().__init__("Cette source n'existe pas.")


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueSource:
    """A source bound to a venue, with its last run."""

    id: int
    connector: str
    account: str
    label: str
    licence: str
    venue_id: int
    venue_name: str
    paused_why: str | None
    hidden_since: datetime | None
    due_at: datetime | None
    """None: its software pushes, it is never asked."""
    last_run: RunReport | None


async def sources_of(
    conn: Connection, venue_ids: Collection[int], *, after: int = 0, limit: int = 100
) -> Sequence[VenueSource]:
    """The sources bound to these venues, in the order of their ids."""
    rows = await conn.fetch(_SOURCES, sorted(venue_ids), after, limit)
    last = [row["last_run_id"] for row in rows if row["last_run_id"] is not None]
    runs = {row["id"]: RunReport(**row) for row in await conn.fetch(_RUNS, last)}
    return [
        VenueSource(
            **{name: value for name, value in row.items() if name != "last_run_id"},
            last_run=runs.get(row["last_run_id"]),
        )
        for row in rows
    ]


async def run_of(conn: Connection, run_id: int, venue_ids: Collection[int]) -> RunReport:
    """The report of a run of a source bound to these venues. Raises `RunUnknown`."""
    row = await conn.fetchrow(_RUN, run_id, sorted(venue_ids))
    if row is None:
        raise RunUnknown
    return RunReport(**row)


async def rejects_of(
    conn: Connection, source_id: int, venue_ids: Collection[int], *, before: int | None = None, limit: int = 100
) -> Sequence[Refused]:
    """What of the source waits to be mended, newest first. Raises `SourceUnknown` for one not bound to these venues."""
    if not await conn.fetchval(_IS_THEIRS, source_id, sorted(venue_ids)):
        raise SourceUnknown
    found = await conn.fetch(_REJECTS, source_id, _NEWEST if before is None else before, limit)
    return [Refused(**{**row, "kind": NAME[row["kind"]] if row["kind"] else None}) for row in found]
