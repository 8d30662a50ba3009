"""What a rehearsal says would change: which records, and of each which fields, from what to what."""

from __future__ import annotations

from datetime import timedelta

from feeds import EANS, TOMORROW, Desk, copies, event, seats, session

from sync.differences import Difference, FieldChange, differences, note_before


async def test_changes_are_told_field_by_field(desk: Desk) -> None:
    """A dearer book, a session moved, seats sold: old and new of each, and nothing of what stays."""
    await desk.source("s", venue_id=await desk.venue())
    await desk.snapshot(
        "s", event("s", "e", "Phèdre"), session("s", "1", "e", hall="Salle"), seats("s", "1", 50),
        copies("s", EANS[0], 4, 1099), copies("s", EANS[1], 4), copies("s", EANS[2], 4),
    )  # fmt: skip
    undone = desk.conn.transaction()
    await undone.start()
    await note_before(desk.conn, desk.sources["s"])
    later = TOMORROW + timedelta(minutes=30)
    await desk.snapshot(
        "s", event("s", "e", "Phèdre"), session("s", "1", "e", later, hall="Salle"), seats("s", "1", 48),
        copies("s", EANS[0], 3, 1159), copies("s", EANS[1], 4), copies("s", EANS[3], None, 900),
    )  # fmt: skip
    told = {(one.what, one.kind, one.key): one for one in await differences(desk.conn, desk.sources["s"])}
    await undone.rollback()
    assert set(told) == {
        ("changed", "session", "1"),
        ("changed", "stock", "1"),
        ("changed", "stock", EANS[0]),
        ("gone", "stock", EANS[2]),
        ("new", "stock", EANS[3]),
    }
    moved = told["changed", "session", "1"]
    begins = [one for one in moved.fields if one.name == "beginsAt"]
    assert (moved.title, len(moved.fields)) == ("Phèdre", 1)
    assert begins[0].before < begins[0].after
    assert told["changed", "stock", "1"] == Difference(
        "changed", "stock", "1", "", "Phèdre", [FieldChange("available", 50, 48)]
    )
    dearer = {(one.name, one.before, one.after) for one in told["changed", "stock", EANS[0]].fields}
    assert dearer == {("available", 4, 3), ("priceCents", 1099, 1159)}
    assert told["gone", "stock", EANS[2]].fields == ()
    assert {(one.name, one.after) for one in told["new", "stock", EANS[3]].fields} == {("priceCents", 900)}
