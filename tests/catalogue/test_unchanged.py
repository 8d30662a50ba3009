"""What a source repeats costs a hash compare and no write."""

from __future__ import annotations

from feeds import EANS, Desk, book, content, copies, event, hall, session, show

from schemas.records import Position

TABLES = (
    "source_record", "work", "product", "venue", "event", "session", "offer", "stock", "supply",
    "entity_identifier", "match_key", "merge_decision", "change_log", "quarantine",
)  # fmt: skip


async def row_versions(desk: Desk) -> dict[str, list[tuple[object, ...]]]:
    """Where each row lies and which transaction wrote it: a write, even of the same values, changes both."""
    return {name: await desk.all(f"select ctid::text, xmin::text from {name} order by ctid") for name in TABLES}


async def test_unchanged_rows_are_not_written(desk: Desk) -> None:
    """A second snapshot that says the same leaves every row as it lies, and says so in its report."""
    venue_id = await desk.venue()
    for name in ("till", "theatre", "publisher", "agenda"):
        await desk.source(name, venue_id=None if name in ("publisher", "agenda") else venue_id)
    said = {
        "till": [copies("till", ean, n) for n, ean in enumerate(EANS)],
        "theatre": show("theatre", "e1", "L'Avare"),
        "publisher": [book("publisher", ean, f"Roman {n}") for n, ean in enumerate(EANS)],
        "agenda": [
            hall("agenda", "l", "Le Quartier", "Quimper", "29000", position=Position(latitude=48.0, longitude=-4.1)),
            event("agenda", "e", "Exposition Mucha", venue_key="l", subcategory="VISITE"),
            session("agenda", "e", "e", part="2027-01-01"),
        ],
    }  # fmt: skip
    for name, records in said.items():
        await desk.snapshot(name, *records)
    before, written = await content(desk.conn), await row_versions(desk)
    for name, records in said.items():
        report = await desk.snapshot(name, *records)
        assert (len(records), 0, 0) == (report.unchanged, report.created, report.changed), name
    assert written == await row_versions(desk)
    assert before == await content(desk.conn)

    # The same check sees a write where there is one.
    await desk.snapshot("till", *[copies("till", ean, 9) for ean in EANS])
    assert written["supply"] != (await row_versions(desk))["supply"]


async def test_one_changed_row_writes_its_own_and_no_neighbour(desk: Desk) -> None:
    """A changed figure among many rewrites one supply, and reports one change."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.snapshot("till", *[copies("till", ean, 3) for ean in EANS])
    before = await desk.all("select stock_id, xmin::text from supply order by stock_id")
    report = await desk.snapshot("till", *[copies("till", ean, 2 if ean == EANS[1] else 3) for ean in EANS])
    assert (0, 1, len(EANS) - 1) == (report.created, report.changed, report.unchanged)
    after = await desk.all("select stock_id, xmin::text from supply order by stock_id")
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1
