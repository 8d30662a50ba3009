"""A batch applied: one transaction, together with the cursor.

Order within: parts a restated key no longer has, then venues, works, products, events, sessions, stocks,
then deletions; last the report, and the change log as the very last lock. A row the database refuses
does not take its neighbours with it: the batch is halved until the row stands alone, and is quarantined.
"""

from __future__ import annotations

import itertools
import time
from collections import defaultdict
from collections.abc import Sequence

import asyncpg

from catalogue.changes import log
from catalogue.database import Connection
from catalogue.kinds import KindCode
from catalogue.matched import implied_works, merge_matched
from catalogue.merging import Merge, Outcome
from catalogue.sessions import merge_sessions
from catalogue.stock_columns import merge_columns
from catalogue.stocks import merge_stocks
from catalogue.withdrawals import withdraw
from connectors.base import Checkpoint
from schemas.records import Event, Product, Record, Session, Stock, Venue, Work
from sync.batch import Batch, Name, digest
from sync.booked import Booked, note_news, watch
from sync.gone import other_parts, parts_gone, seen_again, sold_sessions
from sync.guard import TooMuchEmptied, guard_run
from sync.quarantine import keep, mend, mend_keys, refuse
from sync.renamed import ReadingSoFar
from sync.runs import RunContext, advance, move_cursor
from sync.sales_seen import note_sales_seen
from sync.seen import note_seen
from sync.stock_pages import forget_others, forget_written, note_pages

Row = tuple[int, bytes, Record]
STOCK = KindCode.STOCK


async def apply(
    conn: Connection, run: RunContext, batch: Batch, point: Checkpoint | None = None, *, again: bool = True
) -> None:
    """Commits the batch, and the checkpoint's cursor with it; a row the database itself refuses goes to the quarantine.

    What is refused is tried once more first: another worker may just have named the same new thing.
    """
    try:
        async with conn.transaction():
            # A batch is small and the tables are large, whatever the statistics of a young table say: always by index.
            await conn.execute("set local enable_seqscan = off")
            is_public = await _apply(conn, run, batch)
            if not is_public and not batch.has_rows:
                # Rows that wait show nowhere: should the server die, they go together with the cursor and are read
                # again. Whatever is committed after them, the end of the run at the latest, is written behind them.
                await conn.execute("set local synchronous_commit = off")
            if point is not None:
                await move_cursor(conn, run, point)
            committing = time.perf_counter()
        run.meter.add("commit", time.perf_counter() - committing)
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        if not batch.upserts and not batch.pages:
            raise
        if again:
            await apply(conn, run, batch, point, again=False)
            return
        if batch.pages:
            await apply(conn, run, batch.row_by_row(), point, again=False)
            return
        if len(batch.upserts) == 1:
            why = f"la base refuse cette ligne : {error.constraint_name or type(error).__name__}"
            await apply(conn, run, batch.refusing(why), point)
            return
        first, second = batch.halves()
        await apply(conn, run, first)
        await apply(conn, run, second, point)


async def _apply(conn: Connection, run: RunContext, batch: Batch) -> bool:
    """Tells whether anything that is published has changed."""
    reading = ReadingSoFar(conn, run, batch.deletes)
    merge = Merge(conn, run.source, run.asked_at, run.generation, run.is_rehearsal, reading=reading)
    records = list(batch.upserts.values())
    rows: dict[type, list[Row]] = defaultdict(list)
    stocks: list[tuple[int, Stock]] = []
    for n, record in enumerate(records):
        if isinstance(record, Stock):
            stocks.append((n, record))
        else:
            rows[type(record)].append((n, digest(record), record))
    outcome = Outcome()

    booked = await watch(conn, run.source.id, batch.upserts)
    outcome.add(
        await _withdraw(merge, run, booked, await parts_gone(conn, run.source.id, batch.restated, batch.upserts))
    )

    begins: dict[str, list[Session]] = defaultdict(list)
    for _, _, session in rows[Session]:
        assert isinstance(session, Session)
        begins[session.event_key].append(session)
    for kind, type_ in (
        (KindCode.VENUE, Venue),
        (KindCode.WORK, Work),
        (KindCode.PRODUCT, Product),
        (KindCode.EVENT, Event),
    ):
        if kind is KindCode.PRODUCT:
            # After the venues: deciding locks kind by kind, and every batch must lock them in one order.
            await merge_matched(merge, KindCode.WORK, implied_works(rows[Product]))
        outcome.add(await merge_matched(merge, kind, rows[type_], begins))  # type: ignore[arg-type]
    outcome.add(await merge_sessions(merge, rows[Session]))  # type: ignore[arg-type]
    await booked.after_merge(conn, any_merged=bool(rows[Session]))
    await seen_again(conn, run.source.id, batch.upserts)
    if stocks:
        outcome.add(await merge_stocks(merge, stocks))
        await note_sales_seen(conn, run)
    await _merge_pages(merge, run, booked, batch, outcome)
    named = {key for kind, key, _ in (*batch.upserts, *batch.deletes) if kind is STOCK}
    await forget_written(conn, run.source.id, named | {one.ref.key for one in batch.restated})

    outcome.add(await _withdraw(merge, run, booked, list(batch.deletes)))
    await note_news(conn, run, booked, refusal=TooMuchEmptied)
    refused = {fault.n for fault in outcome.faults}
    await mend(conn, run.source.id, [name for n, name in enumerate(batch.upserts) if n not in refused])
    rejects = [*batch.rejects, *(refuse(records[fault.n], fault.why) for fault in outcome.faults)]
    await keep(conn, run.source.id, run.run_id, rejects)
    unplaced = [(STOCK, key, "") for page in batch.pages if page.place is None for key in page.keys]
    await note_seen(conn, run, [*batch.upserts, *unplaced], rejects)
    taken, zeroed = await advance(
        conn, run, records=batch.records, repeated=batch.repeated, rejects=rejects, outcome=outcome
    )
    if not run.is_released and (outcome.withdrawn or outcome.zeroed):
        await guard_run(conn, run, taken, zeroed)
    if not run.is_rehearsal:
        await log(conn, merge.touched)
    return bool(merge.touched.seen)


async def _merge_pages(merge: Merge, run: RunContext, booked: Booked, batch: Batch, outcome: Outcome) -> None:
    if not batch.pages and not batch.same:
        return
    outcome.unchanged += sum(map(len, batch.same))
    as_told = True
    if batch.pages:
        restated = [key for page in batch.pages if page.restated for key in page.keys]
        outcome.add(await _withdraw(merge, run, booked, await other_parts(merge.conn, run.source.id, restated)))
        rows = itertools.chain.from_iterable(
            zip(page.keys, page.available, page.price_cents, page.sellable_until, strict=True) for page in batch.pages
        )
        merged, as_told = await merge_columns(merge, rows)
        outcome.add(merged)
        if merged.created or merged.changed:
            await forget_others(merge.conn, run.source.id, batch.pages)
        await mend_keys(merge.conn, run.source.id, [key for page in batch.pages for key in page.keys])
    await note_pages(merge.conn, run, batch.pages, batch.same, as_told=as_told)


async def _withdraw(merge: Merge, run: RunContext, booked: Booked, gone: Sequence[Name]) -> Outcome:
    sold = await sold_sessions(merge.conn, run, gone)
    outcome = await withdraw(merge, gone, spared_sessions=sold.spared)
    outcome.kept_sold = len(sold.spared)
    booked.gone.extend(sold.confirmed)
    return outcome
