"""What a run would do: its figures, and the records it would touch, field by field. Then all is undone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from catalogue.database import Connection, held
from catalogue.merging import SourceInfo
from connectors.base import Change
from sync.differences import Difference, differences, note_before
from sync.reading import read_into
from sync.runs import RunReport, begin, end, report


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """The report the run would have, and the first of the differences."""

    report: RunReport
    differences: Sequence[Difference]


async def rehearse(
    conn: Connection, source: SourceInfo, fence: int, changes: Sequence[Change], *, full: bool, rows: int
) -> Rehearsal:
    """Applies the changes, says what came of them, and rolls everything back. Raises as `read_into` does."""
    undone = conn.transaction()
    await undone.start()
    try:
        await note_before(conn, source.id)
        run, _ = await begin(conn, source, fence, full=full, is_rehearsal=True)
        await read_into(held(conn), run, _again(changes), rows=rows)
        await end(conn, run, "done")
        return Rehearsal(await report(conn, run.run_id), await differences(conn, source.id))
    finally:
        await undone.rollback()


async def _again(changes: Sequence[Change]) -> AsyncIterator[Change]:
    for change in changes:
        yield change
