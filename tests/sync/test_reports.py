"""What monitoring is told of runs."""

from __future__ import annotations

import pytest
from feeds import EANS, Desk, copies

from connectors.base import Reject
from sync.reports import WITHIN, sync_counts


async def told(desk: Desk, name: str) -> dict[tuple[str, ...], float]:
    """A metric's values by the values of its labels, in the order of the labels' names."""
    return {
        tuple(labels[label] for label in sorted(labels)): value
        for metric, _, labels, value in await sync_counts(desk.conn)
        if metric == name
    }


async def test_a_day_s_runs_are_counted_by_outcome_stage_and_length(desk: Desk) -> None:
    """What ended within a day, once each; what ended before is not."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.snapshot("till", copies("till", EANS[0], 1), copies("till", EANS[1], 1))
    await desk.conn.execute("update run set ended_at = started_at - interval '2 days', bytes_read = 7")
    await desk.snapshot("till", copies("till", EANS[0], 2), copies("till", EANS[1], 1), Reject("?", b"?"))
    await desk.conn.execute(
        """
        update run set bytes_read = 500, seconds = '{"fetch": 1.5, "sweep": 0.5}',
            started_at = ended_at - interval '6 s'
        where id = (select max(id) from run)
        """
    )
    assert await told(desk, "passerelle_runs_day") == {("till", "done"): 1}
    assert await told(desk, "passerelle_run_bytes_day") == {("till", "done"): 500}
    rows = await told(desk, "passerelle_run_rows_day")
    assert {outcome: count for (_, outcome, _), count in rows.items()} == {
        "created": 0, "changed": 1, "unchanged": 1, "rejected": 1, "withdrawn": 0,
    }  # fmt: skip
    assert await told(desk, "passerelle_run_seconds_day") == {("till", "fetch"): 1.5, ("till", "sweep"): 0.5}
    within = await told(desk, "passerelle_runs_day_within")
    assert [within["till", f"{bound:g}"] for bound in WITHIN] == [0, 0, 1, 1, 1, 1, 1]


async def test_the_lag_is_since_the_reading_began(desk: Desk) -> None:
    """Of a reading in slices its first counts; one that failed or goes on says nothing new."""
    for name in ("till", "new"):
        await desk.source(name, venue_id=await desk.venue())
    first = await desk.snapshot("till", copies("till", EANS[0], 1))
    last = await desk.delta("till", copies("till", EANS[0], 1))
    await desk.conn.execute("update run set started_at = now() - interval '1 hour' where id = $1", first.id)
    await desk.conn.execute("update run set reading = $1 where id = $2", first.id, last.id)
    failed = await desk.delta("till")
    partial = await desk.delta("till")
    await desk.conn.execute("update run set state = 'failed' where id = $1", failed.id)
    await desk.conn.execute("update run set is_partial = true where id = $1", partial.id)
    lags = await told(desk, "passerelle_source_lag_seconds")
    assert lags == {("till", str(desk.sources["till"])): pytest.approx(3600, abs=5)}
