"""What the proofs of this room rest on: equal for the same knowledge under other ids, different for any row less."""

from __future__ import annotations

import pytest
from feeds import EANS, Desk, book, copies, show

from bench.content import fingerprint

SAID = [*show("s", "e", "Phèdre"), *[book("s", ean, "La Peste") for ean in EANS[:3]], copies("s", EANS[0], 2)]
BROKEN = {
    "a quantity": "update supply set available = available + 1 where stock_id = (select min(stock_id) from supply)",
    "a row less": "delete from supply where key = 'e-1'",
    "a row twice": "insert into session (event_id, begins_at, hall)"
    " select event_id, begins_at, hall from session limit 1",
    "a tombstone": "update stock set withdrawn_at = now() where id = (select min(id) from stock)",
    "a title": "update event set title = 'Autre'",
    "a record of another thing": "update source_record set entity_id = (select max(entity_id) from source_record"
    " where kind = 5) where kind = 5 and key = 'e-0'",
}


@pytest.fixture
def desk(connection) -> Desk:
    return Desk(connection)


async def read(desk: Desk, *said) -> dict[str, str]:
    undone = desk.conn.transaction()
    await undone.start()
    try:
        await desk.source("s", venue_id=await desk.venue())
        await desk.snapshot("s", *said)
        return await fingerprint(desk.conn)
    finally:
        await undone.rollback()


async def test_ids_and_order_do_not_count(desk) -> None:
    """Read again under other ids, and in another order, the same knowledge has the same hashes."""
    assert await read(desk, *SAID) == await read(desk, SAID[0], *reversed(SAID[1:7:2]), *SAID[2:7:2], *SAID[7:])


@pytest.mark.parametrize("what", sorted(BROKEN))
async def test_any_difference_counts(desk, what) -> None:
    """One row lost, doubled or other is seen."""
    await desk.source("s", venue_id=await desk.venue())
    await desk.snapshot("s", *SAID)
    before = await fingerprint(desk.conn)
    await desk.conn.execute(BROKEN[what])
    assert await fingerprint(desk.conn) != before
