"""Refused rows come to life after a fix, without the provider; what is still wrong says so."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from feeds import EANS, TOMORROW, Desk, book, copies, event, ref, seats, session, show

from accounts.offerers import Offerers
from catalogue.database import Pool
from catalogue.merging import SourceInfo
from connectors.base import Change, Connector, Cursor, Reject, Upsert
from schemas.records import Kind
from sync.push_items import stocks_of
from sync.push_merge import merge_waiting
from sync.pushing import take_in
from sync.quarantine import Refused, listed, one_of
from sync.replay import Replayed, ReplayHeld, replay, sources_waiting
from sync.runner import Runner, SourceBusy
from sync.runs import report
from sync.sources import NewSource, register
from sync.vault import Vault


@dataclass
class Reader:
    """A connector that reads a kept row as the test says."""

    name: ClassVar[str] = "test"
    account: str = "test"
    says: dict[bytes, list[Change]] = field(default_factory=dict)

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        raise AssertionError("the provider was asked")
        yield

    def reread(self, kept: Reject) -> Iterable[Change]:
        return self.says.get(kept.raw, [])


@dataclass
class Mender:
    """Replays over a reader."""

    pool: Pool
    desk: Desk
    reader: Reader = field(default_factory=Reader)

    async def replay(self, name: str, ids: list[int] | None = None) -> Replayed:
        @asynccontextmanager
        async def connect(_: SourceInfo) -> AsyncIterator[Connector]:
            yield self.reader

        done = await replay(self.pool, "test", connect, self.desk.sources[name], ids)
        assert done is not None
        return done

    async def waiting(self) -> list[Refused]:
        return list(await listed(self.desk.conn))


@pytest.fixture
async def mender(pool: Pool, own: Desk) -> Mender:
    await own.source("till", venue_id=await own.venue())
    return Mender(pool, own)


async def test_a_session_of_an_unknown_event_comes_to_life_after_its_event(mender: Mender) -> None:
    """And the seats with it; the rows wait no longer."""
    desk = mender.desk
    await desk.delta("till", session("till", "c-0", "c", TOMORROW), seats("till", "c-0"))
    assert len(await mender.waiting()) == 2
    assert await mender.replay("till") == Replayed(2, 0, 2), "its event is still unknown"
    await desk.delta("till", event("till", "c", "Le Cid"))
    done = await mender.replay("till")
    assert (done.mended, done.still) == (2, 0)
    assert await mender.waiting() == []
    assert await desk.one("select count(*) from stock k join session x on x.id = k.session_id") == 1
    assert (await mender.replay("till")).run_id is None, "nothing waits"


async def test_a_row_still_refused_keeps_its_history_and_tells_the_reason_of_today(mender: Mender) -> None:
    """Replays are no readings: how often and when it was seen stays."""
    desk = mender.desk
    bad = Reject("prix illisible", b'{"price": "?"}', Kind.STOCK, ref("till", EANS[0]))
    await desk.delta("till", bad)
    [before] = await mender.waiting()
    assert await mender.replay("till") == Replayed(before.run_id + 1, 0, 1), "nobody can read it"
    assert await mender.waiting() == [before]
    mender.reader.says[bad.raw] = [Reject("prix : il faut un nombre", bad.raw, bad.kind, bad.ref)]
    await mender.replay("till")
    [after] = await mender.waiting()
    assert after.why == "prix : il faut un nombre"
    assert (after.id, after.run_id, after.times_seen, after.last_seen_at) == (
        before.id,
        before.run_id,
        before.times_seen,
        before.last_seen_at,
    )


async def test_a_row_read_well_and_refused_by_the_merge_stays_as_received(mender: Mender) -> None:
    """One line, its raw row the provider's; mended when what it speaks of is there."""
    desk = mender.desk
    bad = Reject("date illisible", b'{"uid": "c-0"}', Kind.SESSION, ref("till", "c-0"))
    await desk.delta("till", bad)
    mender.reader.says[bad.raw] = [Upsert(session("till", "c-0", "c", TOMORROW))]
    assert (await mender.replay("till")).still == 1
    [row] = await mender.waiting()
    assert (row.raw, "événement inconnu" in row.why) == (bad.raw, True)
    await desk.delta("till", event("till", "c", "Le Cid"))
    assert (await mender.replay("till")).mended == 1


async def test_what_the_source_has_said_since_is_not_overwritten(mender: Mender) -> None:
    """A kept row says what it said when it came; a newer word on the record stands, and the row is settled."""
    desk = mender.desk
    bad = Reject("illisible", b"1", Kind.STOCK)
    await desk.delta("till", bad)
    await desk.delta("till", copies("till", EANS[0], 9))
    mender.reader.says[b"1"] = [Upsert(copies("till", EANS[0], 1))]
    assert (await mender.replay("till")).mended == 1
    assert await desk.one("select available from supply") == 9


async def test_one_row_or_all(mender: Mender) -> None:
    """By its number alone, or everything of everybody."""
    desk = mender.desk
    await desk.source("other", venue_id=await desk.venue())
    await desk.delta("till", Reject("?", b"1"), Reject("?", b"2"))
    await desk.delta("other", Reject("?", b"3"))
    mender.reader.says = {
        b"1": [Upsert(book("till", EANS[0], "L'Étranger"))],
        b"2": [Upsert(book("till", EANS[1], "L'Exil"))],
    }
    first = next(row for row in await mender.waiting() if row.raw == b"1")
    assert await sources_waiting(mender.pool, [first.id]) == [desk.sources["till"]]
    assert (await mender.replay("till", [first.id])).mended == 1
    assert sorted(row.raw for row in await mender.waiting()) == [b"2", b"3"]
    assert await sources_waiting(mender.pool) == sorted(desk.sources.values())
    assert (await one_of(desk.conn, first.id)).raw == b"1"
    with pytest.raises(LookupError):
        await one_of(desk.conn, 10**6)


async def test_a_row_of_several_prices_is_not_guessed(mender: Mender) -> None:
    """Alone it does not tell which of its key's stocks it is: it waits for a whole reading."""
    desk = mender.desk
    await desk.delta("till", *show("till", "c", "Le Cid", [0]), seats("till", "c-0", part="900", price_cents=900))
    await desk.delta("till", Reject("?", b"1", Kind.STOCK, ref("till", "c-0")))
    mender.reader.says[b"1"] = [Upsert(seats("till", "c-0", price_cents=500))]
    assert (await mender.replay("till")).still == 1


async def test_a_source_that_waits_for_a_person_is_not_replayed(mender: Mender) -> None:
    """Its release must find its run the last; a held source is left alone."""
    desk = mender.desk
    await desk.delta("till", Reject("?", b"1"))
    await desk.conn.execute("update run set state = 'guarded', failure = 'guarded'")
    with pytest.raises(ReplayHeld):
        await mender.replay("till")
    await desk.conn.execute("update run set state = 'done', failure = null")
    run, _ = await desk.begin("till")
    with pytest.raises(SourceBusy):
        await Runner(mender.pool, Vault([b"k" * 32]), owner="test").replay(run.source.id)


async def test_a_till_s_own_rows_are_read_again_by_its_connector(pool: Pool, own: Desk) -> None:
    """Through the registry, its settings opened, and nobody asked: the row's price is readable now."""
    venue_id = await own.venue()
    settings = {"base_url": "https://till.example.org", "siret": "12345678200010", "token": "secret"}
    new = NewSource(
        connector="stocks_api",
        account="12345678200010",
        label="Caisse",
        licence="etalab-2.0",
        settings=settings,
        venue_id=venue_id,
    )
    own.sources["till"] = await register(own.conn, vault := Vault([b"k" * 32]), new)
    row = {"ref": EANS[0], "available": 4, "price": 6.9}
    good = Reject("une faute de jadis", json.dumps(row).encode(), Kind.STOCK)
    bad = Reject("une faute de jadis", json.dumps(row | {"available": -4}).encode(), Kind.STOCK)
    cut = Reject("une faute de jadis", b'{"ref": ', Kind.STOCK)
    await own.delta("till", good, bad, cut)
    done = await Runner(pool, vault, owner="test").replay(own.sources["till"])
    assert (done.mended, done.still) == (1, 2)
    assert await own.all("select available, price_cents from supply") == [(4, 690)]
    assert {row.why for row in await listed(own.conn)} == {"une faute de jadis", "available est négatif : -4"}
    assert done.run_id is not None
    assert (await report(own.conn, done.run_id)).message == "rejeu : 1 lignes reprises, 2 encore refusées"


async def test_what_partners_pushed_is_replayed_too(pool: Pool, own: Desk) -> None:
    """A stock of a session that came later; and an item whose key is known by now."""
    venue_id = await own.venue()
    vendor_id = await Offerers(pool).vendor("till")

    async def push(*stocks: Any) -> int:
        ticket = await take_in(
            pool,
            stocks_of(stocks),
            vendor_id=vendor_id,
            venue_id=venue_id,
            venue_ids={venue_id},
            key=None,
            request=b"",
        )
        await merge_waiting(pool, "test", ticket.source_id)
        return ticket.source_id

    source_id = await push({"key": "a", "available": 3}, {"ean": "978", "available": 3})
    assert len(await listed(own.conn)) == 2
    runner = Runner(pool, Vault([b"k" * 32]), owner="test")
    assert (await runner.replay(source_id)).still == 2
    # Another stock is known under that key by now: the row is an older word on it.
    await push({"key": "a", "ean": EANS[0], "available": 5})
    assert (await runner.replay(source_id)).still == 1
    assert await own.one("select available from supply") == 5
