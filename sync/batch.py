"""One batch of changes, applied in one transaction together with the cursor.

Order within: parts a restated key no longer has, then venues, works, products, events, sessions, stocks,
then deletions; last the report, and the change log as the very last lock. A row the database refuses
does not take its neighbours with it: the batch is halved until the row stands alone, and is quarantined.
"""

from __future__ import annotations

import hashlib
import itertools
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import asyncpg
import msgspec

from catalogue.changes import log
from catalogue.database import Connection
from catalogue.kinds import CODE, KindCode
from catalogue.matched import implied_works, merge_matched
from catalogue.merging import Merge, Outcome
from catalogue.sessions import merge_sessions
from catalogue.stock_columns import merge_columns
from catalogue.stocks import merge_stocks
from catalogue.withdrawals import withdraw
from connectors.base import Change, Checkpoint, Delete, Reject, SamePage, StockPage, Upsert
from schemas.faults import explain
from schemas.records import KIND_OF, Event, Product, Record, Session, Stock, Venue, Work
from schemas.validation import check
from sync.booked import Booked, note_news, watch
from sync.gone import other_parts, parts_gone, seen_again, sold_sessions
from sync.guard import TooMuchEmptied, guard_run
from sync.quarantine import can_be_named, digest_of, keep, mend, mend_keys, refuse
from sync.renamed import ReadingSoFar
from sync.runs import RunContext, advance, move_cursor
from sync.sales_seen import note_sales_seen
from sync.stock_pages import forget_others, forget_written, note_pages

Name = tuple[KindCode, str, str]
Row = tuple[int, bytes, Record]
STOCK = KindCode.STOCK
NAMELESS = 0
"""Stands for the kind of rejected rows without a name among those a snapshot has shown."""


@dataclass(slots=True)
class Batch:
    """Changes that go together. The last word on a record counts; `repeated` says how often there was one before."""

    upserts: dict[Name, Record] = field(default_factory=dict)
    deletes: dict[Name, Delete] = field(default_factory=dict)
    restated: list[Delete] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    records: int = 0
    repeated: int = 0
    pages: list[StockPage] = field(default_factory=list)
    same: list[SamePage] = field(default_factory=list)
    has_rows: bool = False
    """Something was told by itself, not as part of a page."""

    def has_room_for(self, change: Change | StockPage | SamePage) -> bool:
        """Pages in their order go together, or rows that are told by themselves: never both, the last word counts."""
        if not isinstance(change, StockPage | SamePage):
            return not self.pages and not self.same
        first = change.first if isinstance(change, StockPage) else change.known.first
        lasts = (self.pages[-1].last if self.pages else "", self.same[-1].known.last if self.same else "")
        return not self.has_rows and max(lasts) < first

    def add_page(self, page: StockPage | SamePage) -> None:
        """Takes a page in. Its columns hold the published format by how they were read."""
        self.records += len(page)
        if isinstance(page, SamePage):
            self.same.append(page)
            return
        self.pages.append(page)
        for change in page.odd:
            assert not isinstance(change, Checkpoint)
            self._add(change)

    def add(self, change: Upsert | Delete | Reject) -> None:
        """Takes one change in, checking a record against the published format."""
        self.has_rows = True
        self._add(change)

    def _add(self, change: Upsert | Delete | Reject) -> None:
        self.records += 1
        if isinstance(change, Reject):
            # A name the database cannot hold is no name.
            nameable = change.ref is None or can_be_named(change.ref)
            self.rejects.append(change if nameable else replace(change, ref=None))
        elif isinstance(change, Delete):
            if change.parts_kept is not None:
                self.records -= 1
                self.restated.append(change)
                return
            name = (CODE[change.kind], change.ref.key, change.ref.part)
            self.upserts.pop(name, None)
            self.deletes[name] = change
        else:
            record = change.record
            faults = check(record)
            if not can_be_named(record.ref):
                why = explain(faults) if faults else "clé trop longue pour être gardée"
                self.rejects.append(replace(refuse(record, why), ref=None))
                return
            if faults:
                self.rejects.append(refuse(record, explain(faults)))
                return
            name = (CODE[KIND_OF[type(record)]], record.ref.key, record.ref.part)
            self.repeated += name in self.upserts
            self.deletes.pop(name, None)
            self.upserts[name] = record

    def __len__(self) -> int:
        rows = len(self.upserts) + len(self.deletes) + len(self.rejects)
        return rows + sum(map(len, self.pages)) + sum(map(len, self.same))

    def row_by_row(self) -> Batch:
        """The same without pages: what is told of a row by itself can be refused by itself."""
        batch = Batch(dict(self.upserts), dict(self.deletes), list(self.restated), list(self.rejects), self.records)
        batch.repeated, batch.same = self.repeated, self.same
        for page in self.pages:
            batch.records -= len(page)
            for change in replace(page, odd=()).changes():
                assert not isinstance(change, Checkpoint)
                batch.add(change)
        return batch

    def halves(self) -> tuple[Batch, Batch]:
        """Two batches that together say the same."""
        names = list(self.upserts)
        first, second = Batch(), Batch(deletes=self.deletes, restated=self.restated, rejects=self.rejects)
        first.same = self.same
        first.upserts = {name: self.upserts[name] for name in names[: len(names) // 2]}
        second.upserts = {name: self.upserts[name] for name in names[len(names) // 2 :]}
        first.records = len(first.upserts)
        second.records, second.repeated = self.records - first.records, self.repeated
        return first, second


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
            await apply(conn, run, _refused(batch, error), point)
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
    await _note_seen(conn, run, [*batch.upserts, *unplaced], rejects)
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


def digest(record: Record) -> bytes:
    """16 bytes that are equal when the record is: fields are encoded in their declared order."""
    return hashlib.blake2b(msgspec.json.encode(record), digest_size=16).digest()


async def _note_seen(conn: Connection, run: RunContext, names: Sequence[Name], rejects: Sequence[Reject]) -> None:
    refused = [
        (CODE[reject.kind].value, reject.ref.key, reject.ref.part)
        if reject.kind is not None and reject.ref is not None
        else (NAMELESS, digest_of(reject).hex(), "")
        for reject in rejects
    ]
    named = sorted({*((kind.value, key, part) for kind, key, part in names), *refused})
    if not named:
        return
    kinds, keys, parts = zip(*named, strict=True)
    await conn.execute(
        """
        insert into seen (source_id, generation, kind, key, part)
        select $1, $2, kind, key, part from unnest($3::smallint[], $4::text[], $5::text[]) as t (kind, key, part)
        on conflict do nothing
        """,
        run.source.id,
        run.generation,
        list(kinds),
        list(keys),
        list(parts),
    )
    # A refused row that does not tell its part could be any of its key's.
    whole = [(kind, key) for kind, key, part in refused if not part and kind != NAMELESS]
    if whole:
        await conn.execute(
            """
            insert into seen (source_id, generation, kind, key, part)
            select $1::bigint, $2::int, r.kind, r.key, r.part from unnest($3::smallint[], $4::text[]) as t (kind, key)
            join source_record r on r.source_id = $1 and r.kind = t.kind and r.key = t.key
            union
            select $1::bigint, $2::int, 6, u.key, u.part from unnest($3::smallint[], $4::text[]) as t (kind, key)
            join supply u on t.kind = 6 and u.source_id = $1 and u.key = t.key
            on conflict do nothing
            """,
            run.source.id,
            run.generation,
            [kind for kind, _ in whole],
            [key for _, key in whole],
        )


def _refused(batch: Batch, error: asyncpg.PostgresError) -> Batch:
    (record,) = batch.upserts.values()
    why = f"la base refuse cette ligne : {error.constraint_name or type(error).__name__}"
    return Batch(
        deletes=batch.deletes,
        restated=batch.restated,
        rejects=[*batch.rejects, refuse(record, why)],
        records=batch.records,
        repeated=batch.repeated,
        same=batch.same,
    )
