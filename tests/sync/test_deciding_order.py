"""Deciding what is the same locks kind by kind; batches that lock in different orders would wait for each other."""

from __future__ import annotations

import pytest
from feeds import Desk, book, event, hall

from catalogue.kinds import MATCHED
from catalogue.resolve import DECIDING

BOOK = "9782070360024"


@pytest.mark.parametrize("reverse", [False, True])
async def test_every_batch_locks_the_kinds_in_one_order(desk: Desk, reverse: bool) -> None:
    """Books imply works; their lock comes after the venues' all the same, however the batch is ordered."""
    await desk.source("s", venue_id=await desk.venue())
    locked: list[int] = []

    def note(query: object) -> None:
        args = getattr(query, "args", ())
        if "pg_advisory_xact_lock" in getattr(query, "query", "") and args and args[0] == DECIDING:
            locked.append(args[1])

    said = [book("s", BOOK, "L'Étranger"), hall("s", "h", "Le Ciel", "Quimper", "29000"), event("s", "e", "Antigone")]
    desk.conn.add_query_logger(note)
    try:
        await desk.snapshot("s", *(reversed(said) if reverse else said))
    finally:
        desk.conn.remove_query_logger(note)
    first = list(dict.fromkeys(locked))
    assert [kind.value for kind in MATCHED] == first
