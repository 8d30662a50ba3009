"""What the logs say: a line when a run begins and one when it ends; a source going down, and coming back, once."""

from __future__ import annotations

import logging
from typing import Any

from catalogue.database import Connection
from sync.runs import RunContext, RunReport

logger = logging.getLogger(__name__)

DOWN = frozenset({"unavailable", "denied", "changed", "settings"})
"""Failures for which nothing can be read from the source."""


async def was_down(conn: Connection, source_id: int) -> bool:
    """Whether the source could not be read the last time that a run came to an end of its own."""
    failure: str | None = await conn.fetchval(
        """
        select failure from run where source_id = $1 and state in ('done', 'failed', 'guarded') order by id desc limit 1
        """,
        source_id,
    )
    return failure in DOWN


def began(run: RunContext) -> None:
    """The line of a run's beginning; `reading` is the run whose reading it goes on with."""
    _say(logging.INFO, "run begins", run, reading=run.reading)


def ended(run: RunContext, report: RunReport, *, was_down: bool) -> None:
    """The line of its end; and one more where the source went down with it, or came back."""
    is_down = report.failure in DOWN
    seconds = round(((report.ended_at or report.started_at) - report.started_at).total_seconds(), 3)
    _say(
        logging.INFO if report.state == "done" else logging.WARNING,
        "run ends",
        run,
        state=report.state,
        isPartial=report.is_partial,
        failure=report.failure,
        why=report.message,
        seconds=seconds,
        stages=report.seconds,
        pages=report.pages,
        bytes=report.bytes_read,
        records=report.records,
        created=report.created,
        changed=report.changed,
        unchanged=report.unchanged,
        rejected=report.rejected,
        withdrawn=report.withdrawn,
        moved=report.moved,
    )
    if is_down and not was_down:
        _say(logging.ERROR, "source is down", run, failure=report.failure, why=report.message)
    elif was_down and report.state in ("done", "guarded"):
        _say(logging.WARNING, "source is back", run)


def _say(level: int, message: str, run: RunContext, **more: Any) -> None:
    told = {"source": run.source.id, "connector": run.source.connector, "run": run.run_id, **more}
    logger.log(level, message, extra={"fields": {name: value for name, value in told.items() if value is not None}})
