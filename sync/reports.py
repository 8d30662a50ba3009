"""What monitoring counts of readings."""

from __future__ import annotations

from catalogue.database import Connection
from sync.providers import listed

Count = tuple[str, str, dict[str, str], float]
"""Metric, help, labels, value."""


async def sync_counts(conn: Connection) -> list[Count]:
    """Sources by how their last reading ended, refused rows that wait, and the age of what is known."""
    counts: list[Count] = []
    for row in await conn.fetch(
        """
        select coalesce(r.state, 'never') as state, s.connector, count(*) as sources,
               extract(epoch from now() - min(r.ended_at))::float8 as oldest
        from source s join feed f on f.source_id = s.id
        left join lateral (select state, ended_at from run where source_id = s.id order by id desc limit 1) r on true
        group by 1, 2 order by 1, 2
        """
    ):
        labels = {"connector": row["connector"], "state": row["state"]}
        counts.append(("passerelle_sources", "Sources by the state of their last run", labels, float(row["sources"])))
        if row["oldest"] is not None:
            counts.append(("passerelle_run_age_seconds", "Age of the oldest last run", labels, row["oldest"]))
    waiting = await conn.fetchval("select count(*) from quarantine where resolved_at is null")
    counts.append(("passerelle_quarantine_rows", "Refused rows waiting to be mended", {}, float(waiting)))
    counts += await _day(conn)
    counts += await _lag(conn)
    position = await conn.fetchval("select coalesce(max(position), 0) from change_log")
    counts.append(("passerelle_change_position", "Last position of the change log", {}, float(position)))
    counts += await _provider_counts(conn)
    return counts


async def _provider_counts(conn: Connection) -> list[Count]:
    """Who is down or stopped, what is due and being read there, what is hidden, and what nobody was told."""
    counts: list[Count] = []
    for row in await listed(conn):
        labels = {"provider": row.name}
        counts += [
            ("passerelle_provider_down", "1 while the circuit is open", labels, float(row.opened_at is not None)),
            ("passerelle_provider_stopped", "1 while the kill switch is on", labels, float(row.stopped_at is not None)),
            ("passerelle_provider_runs", "Sources being read now", labels, float(row.running)),
            ("passerelle_provider_due", "Sources due now", labels, float(row.due)),
        ]
    stale = await conn.fetchval("select count(*) from source where stale_since is not null")
    counts.append(("passerelle_sources_hidden", "Silent sources whose stocks are hidden", {}, float(stale)))
    rows = await conn.fetch("select kind, count(*) as n from alert where told_at is null group by kind order by kind")
    counts += [("passerelle_alerts", "Alerts nobody was told", {"kind": row["kind"]}, float(row["n"])) for row in rows]
    return counts


_DAY = """
select s.connector, r.state, count(*) as runs,
       sum(r.created)::float8 as created, sum(r.changed)::float8 as changed,
       sum(r.unchanged)::float8 as unchanged, sum(r.rejected)::float8 as rejected,
       sum(r.withdrawn)::float8 as withdrawn, sum(r.bytes_read)::float8 as bytes_read
from run r join source s on s.id = r.source_id where r.ended_at > now() - interval '1 day'
group by 1, 2 order by 1, 2
"""
_STAGES = """
select s.connector, t.stage, sum(t.seconds::float8) as seconds
from run r join source s on s.id = r.source_id cross join jsonb_each_text(r.seconds) as t (stage, seconds)
where r.ended_at > now() - interval '1 day' group by 1, 2 order by 1, 2
"""
_WITHIN = """
select s.connector, le, count(*) filter (where extract(epoch from r.ended_at - r.started_at) <= le) as runs
from run r join source s on s.id = r.source_id cross join unnest($1::float8[]) as le
where r.ended_at > now() - interval '1 day' group by 1, 2 order by 1, 2
"""
_LAG = """
select s.id, s.connector, extract(epoch from now() - d.began)::float8 as lag
from source s join feed f on f.source_id = s.id cross join lateral (
    select coalesce(b.started_at, r.started_at) as began from run r left join run b on b.id = r.reading
    where r.source_id = s.id and r.state = 'done' and not r.is_partial order by r.id desc limit 1) d
order by 1
"""
WITHIN = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds within which runs are counted."""
OUTCOMES = ("created", "changed", "unchanged", "rejected", "withdrawn")


async def _day(conn: Connection) -> list[Count]:
    """What the runs that ended within the last day did, and what it took."""
    counts: list[Count] = []
    for row in await conn.fetch(_DAY):
        by = {"connector": row["connector"], "state": row["state"]}
        counts.append(("passerelle_runs_day", "Runs ended within a day", by, float(row["runs"])))
        counts.append(("passerelle_run_bytes_day", "Bytes read by them", by, row["bytes_read"]))
        for outcome in OUTCOMES:
            labels = {**by, "outcome": outcome}
            counts.append(("passerelle_run_rows_day", "Rows of them by outcome", labels, row[outcome]))
    for row in await conn.fetch(_STAGES):
        labels = {"connector": row["connector"], "stage": row["stage"]}
        counts.append(("passerelle_run_seconds_day", "Seconds of them by stage", labels, row["seconds"]))
    for row in await conn.fetch(_WITHIN, list(WITHIN)):
        labels = {"connector": row["connector"], "le": f"{row['le']:g}"}
        counts.append(("passerelle_runs_day_within", "Those that took no more seconds", labels, float(row["runs"])))
    return counts


async def _lag(conn: Connection) -> list[Count]:
    """How old what each source said is: since its last reading that came to an end had begun."""
    name, help_ = "passerelle_source_lag_seconds", "Age of what is known of a source"
    return [
        (name, help_, {"source": str(row["id"]), "connector": row["connector"]}, row["lag"])
        for row in await conn.fetch(_LAG)
    ]
