"""What partners push goes the way of a reading, and each thing gets a receipt."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from feeds import EANS, TOMORROW, Desk, book, copies, show

from accounts.offerers import Offerers
from catalogue.database import Pool
from catalogue.offers import read_offers
from sync import leases
from sync.push_items import events_of, stocks_of
from sync.push_merge import merge_waiting, waiting_sources
from sync.pushing import Job, JobUnknown, PushKeyReused, Receipt, Ticket, VenueUnknown, job_of, purge, take_in
from sync.quarantine import listed
from sync.runner import Runner, SourceBusy
from sync.runs import report
from sync.vault import Vault


@dataclass
class Counter:
    """A venue, and vendors that push to it."""

    pool: Pool
    desk: Desk
    venue_id: int
    vendors: dict[str, int] = field(default_factory=dict)

    async def push(
        self, *stocks: Any, events: list[Any] | None = None, vendor: str = "till", key: str | None = None
    ) -> Ticket:
        """A batch stored."""
        if vendor not in self.vendors:
            self.vendors[vendor] = await Offerers(self.pool).vendor(vendor)
        items = events_of(events) if events is not None else stocks_of(stocks)
        return await take_in(
            self.pool,
            items,
            vendor_id=self.vendors[vendor],
            venue_id=self.venue_id,
            venue_ids={self.venue_id},
            key=key,
            request=repr((stocks, events)).encode(),
        )

    async def job(self, ticket: Ticket, vendor: str = "till") -> Job:
        """The job as its vendor reads it."""
        async with self.pool.acquire() as conn:
            return await job_of(conn, ticket.job_id, self.vendors[vendor], {self.venue_id}, limit=2000)

    async def says(self, *stocks: Any, events: list[Any] | None = None, vendor: str = "till") -> list[Receipt]:
        """A batch pushed and merged; its receipts."""
        ticket = await self.push(*stocks, events=events, vendor=vendor)
        assert await merge_waiting(self.pool, "test", ticket.source_id) == 1
        job = await self.job(ticket, vendor)
        assert job.state == "done", job.message
        return list(job.receipts)

    async def shelf(self) -> list[tuple[Any, ...]]:
        """All stocks that stand: who says it, the EAN, how many, at what price."""
        return await self.desk.all(
            """
            select v.name, u.ean, u.available, u.price_cents from supply u join source s on s.id = u.source_id
            left join vendor v on s.label = 'Envois de ' || v.name
            where u.gone_at is null order by 1 nulls first, 2, 3
            """
        )


@pytest.fixture
async def counter(pool: Pool, own: Desk) -> Counter:
    return Counter(pool, own, await own.venue())


def stock(ean: str, available: int | None = 3, **more: Any) -> dict[str, Any]:
    """A stock of a book as a till pushes it."""
    return {"ean": ean, "available": available, **more}


def brief(receipts: list[Receipt]) -> list[tuple[str | None, str | None]]:
    return [(one.outcome, one.effect) for one in receipts]


def gala(**more: Any) -> dict[str, Any]:
    """An event with a session and two prices."""
    seats = [
        {"key": "g1-full", "available": 40, "priceCents": 2000, "priceLabel": "Plein tarif"},
        {"key": "g1-young", "available": 10, "priceCents": 900},
    ]
    return {
        "key": "gala",
        "title": "Gala des jeunes",
        "subcategory": "SPECTACLE_REPRESENTATION",
        "sessions": [{"key": "g1", "beginsAt": TOMORROW.isoformat(), "stocks": seats}],
        **more,
    }


async def test_each_stock_gets_its_receipt(counter: Counter) -> None:
    """Created, then unchanged, then changed; and what became of each is said by its offer."""
    await counter.desk.described(*EANS[:2])
    assert brief(await counter.says(stock(EANS[0]), stock(EANS[1]))) == [("accepted", "created")] * 2
    receipts = await counter.says(stock(EANS[0]), stock(EANS[1], 9))
    assert brief(receipts) == [("unchanged", None), ("accepted", "changed")]
    offers = await counter.desk.all("select id from offer order by id")
    assert [(one.offer_id,) for one in receipts] == offers
    assert await counter.shelf() == [("till", EANS[0], 3, None), ("till", EANS[1], 9, None)]


async def test_what_is_wrong_with_an_item_is_told_by_path_and_the_others_go_on(counter: Counter) -> None:
    """Shape, check digits, names and unknown fields; the refused ones wait in the quarantine."""
    receipts = await counter.says(
        stock("9782070360025"),
        stock(EANS[0], -1),
        stock(EANS[1], priceCents="six"),
        stock(EANS[2], prix=3),
        {"available": 3},
        7,
        stock(EANS[3], deleted="oui"),
        stock(EANS[4]),
    )
    assert [one.outcome for one in receipts] == ["refused"] * 7 + ["accepted"]
    assert [[fault["path"] for fault in one.faults or []] for one in receipts] == [
        ["$.ean"],
        ["$.available"],
        ["$.priceCents"],
        ["$.prix"],
        ["$.key"],
        ["$"],
        ["$.deleted"],
        [],
    ]
    assert len(await listed(counter.desk.conn)) == 7
    assert await counter.shelf() == [("till", EANS[4], 3, None)]


async def test_events_come_whole_with_sessions_and_seats(counter: Counter) -> None:
    """In one batch, in any depth; the offer is bookable and shows what was pushed."""
    receipts = await counter.says(events=[gala()])
    assert [(one.kind, one.key, one.path, one.outcome) for one in receipts] == [
        ("event", "gala", "$.events[0]", "accepted"),
        ("session", "g1", "$.events[0].sessions[0]", "accepted"),
        ("stock", "g1-full", "$.events[0].sessions[0].stocks[0]", "accepted"),
        ("stock", "g1-young", "$.events[0].sessions[0].stocks[1]", "accepted"),
    ]
    assert len({one.offer_id for one in receipts}) == 1
    assert receipts[0].offer_id is not None
    [offer] = await read_offers(counter.desk.conn, [receipts[0].offer_id], at=datetime.now(UTC))
    assert offer.event is not None
    assert (offer.event.title, [one.price_cents for one in offer.stocks]) == ("Gala des jeunes", [900, 2000])


async def test_a_till_counts_seats_by_key_alone(counter: Counter) -> None:
    """What it does not repeat stays: price, label, session; a key nobody pushed is an unknown reference."""
    await counter.says(events=[gala()])
    receipts = await counter.says({"key": "g1-full", "available": 38}, {"key": "elsewhere", "available": 1})
    assert brief(receipts) == [("accepted", "changed"), ("unknown_reference", None)]
    assert await counter.desk.all(
        "select available, k.price_cents, k.price_label, session_id is not null from stock k"
        " join supply u on u.stock_id = k.id order by 1"
    ) == [(10, 900, None, True), (38, 2000, "Plein tarif", True)]


async def test_seats_of_a_session_whose_event_is_refused_are_unknown_references(counter: Counter) -> None:
    """They wait in the quarantine by name, and come in with the next whole push."""
    receipts = await counter.says(events=[gala(title="")])
    assert [one.outcome for one in receipts] == ["refused", *["unknown_reference"] * 3]
    assert [fault["path"] for fault in receipts[0].faults or []] == ["$.title"]
    assert [one.outcome for one in await counter.says(events=[gala()])] == ["accepted"] * 4
    assert await listed(counter.desk.conn) == []


async def test_the_last_word_in_a_batch_counts(counter: Counter) -> None:
    """The first is told that it was superseded."""
    assert brief(await counter.says(stock(EANS[0], 1), stock(EANS[0], 2))) == [
        ("superseded", None),
        ("accepted", "created"),
    ]
    assert await counter.shelf() == [("till", EANS[0], 2, None)]


async def test_deletions_are_said_never_guessed(counter: Counter) -> None:
    """What a batch does not name stays; what it says is gone goes, once; what was never there is unknown."""
    await counter.says(stock(EANS[0]), stock(EANS[1]))
    await counter.says(stock(EANS[0], 2))
    gone = {"key": EANS[1], "deleted": True}
    assert brief(await counter.says(gone)) == [("accepted", "withdrawn")]
    assert brief(await counter.says(gone, {"key": "x", "deleted": True})) == [
        ("unchanged", None),
        ("unknown_reference", None),
    ]
    assert await counter.shelf() == [("till", EANS[0], 2, None)]
    assert brief(await counter.says(stock(EANS[1], 5))) == [("accepted", "changed")]


async def test_several_providers_at_one_venue_do_not_overwrite_one_another(counter: Counter) -> None:
    """Two vendors and a till that is read speak of one book: one offer, three stocks, each its own."""
    await counter.desk.source("read", venue_id=counter.venue_id)
    await counter.desk.snapshot("read", copies("read", EANS[0], 1))
    await counter.says(stock(EANS[0], 2))
    await counter.says(stock(EANS[0], 3), vendor="other")
    await counter.says(stock(EANS[0], 4))
    await counter.desk.snapshot("read", copies("read", EANS[0], 1))
    assert await counter.shelf() == [
        (None, EANS[0], 1, 790),
        ("other", EANS[0], 3, None),
        ("till", EANS[0], 4, None),
    ]
    await counter.desk.described(EANS[0])
    assert await counter.desk.one("select count(*) from offer") == 1
    assert await counter.desk.one("select count(*) from stock") == 3


async def test_what_joins_another_source_is_said_so_and_a_price_that_differs_from_the_legal_one(
    counter: Counter,
) -> None:
    """A book a publisher describes is joined; its price is told where it is another."""
    await counter.desk.source("publisher", trust=80)
    await counter.desk.snapshot("publisher", book("publisher", EANS[0], "L'Étranger", price_cents=690))
    known, unknown = await counter.says(stock(EANS[0], priceCents=700), stock(EANS[1], priceCents=700))
    assert (known.joined, known.legal_price_cents) == (True, 690)
    assert (unknown.joined, unknown.legal_price_cents) == (False, None)
    [same] = await counter.says(stock(EANS[0], priceCents=690))
    assert same.legal_price_cents is None


async def test_an_event_that_another_source_tells_is_joined(counter: Counter) -> None:
    """The same show at the same place and time is one event and one session, and the receipts say it."""
    await counter.desk.source("agenda", venue_id=counter.venue_id)
    await counter.desk.snapshot("agenda", *show("agenda", "cid", "Le Cid de Corneille", [0]))
    said = gala(title="Le Cid de Corneille")
    said["sessions"][0]["hall"] = "Grande salle"
    receipts = await counter.says(events=[said])
    assert [one.joined for one in receipts[:2]] == [True, True]
    assert receipts[0].entity_id == await counter.desk.entity("agenda", 4, "cid")


async def test_the_same_key_is_the_same_job_and_another_batch_is_refused(counter: Counter) -> None:
    """Also for requests at once; without a key each is a job of its own."""
    first, second = await asyncio.gather(*(counter.push(stock(EANS[0]), key="7") for _ in range(2)))
    assert first == second
    with pytest.raises(PushKeyReused):
        await counter.push(stock(EANS[1]), key="7")
    assert (await counter.push(stock(EANS[1]), key="7", vendor="other")).job_id != first.job_id
    assert (await counter.push(stock(EANS[0]))).job_id != (await counter.push(stock(EANS[0]))).job_id


async def test_a_till_that_empties_itself_is_asked_about(counter: Counter) -> None:
    """Zeroing most of the shelf stops before it is applied, whole or in slices; a person lets it pass."""
    eans = many(60)
    await counter.says(*(stock(ean, 3) for ean in eans))
    await counter.says(*(stock(ean, 0) for ean in eans[:15]))
    ticket = await counter.push(*(stock(ean, 0) for ean in eans[15:30]))
    await merge_waiting(counter.pool, "test", ticket.source_id)
    job = await counter.job(ticket)
    assert (job.state, {one.outcome for one in job.receipts}) == ("guarded", {None})
    assert await counter.desk.one("select count(*) from supply where available = 0") == 15
    assert brief(await counter.says(stock(eans[0], 5))) == [("accepted", "changed")], "later batches go on"
    runner = Runner(counter.pool, Vault([b"k" * 32]), owner="test")
    assert job.run_id is not None
    assert (await runner.release(job.run_id)).state == "done"
    assert (await counter.job(ticket)).state == "done"
    assert await counter.desk.one("select count(*) from supply where available = 0") == 29
    with pytest.raises(LookupError):
        await runner.release(job.run_id)
    assert brief(await counter.says(stock(eans[40], 0))) == [("accepted", "changed")], "what was let pass is past"


async def test_a_batch_released_late_overwrites_nothing_newer(counter: Counter) -> None:
    """What it says is as of when it came: a stock told since stays as told since, and the receipt says it."""
    eans = many(60)
    await counter.says(*(stock(ean, 3) for ean in eans))
    ticket = await counter.push(*(stock(ean, 0) for ean in eans[:40]))
    await merge_waiting(counter.pool, "test", ticket.source_id)
    await counter.says(stock(eans[0], 8))
    run_id = (await counter.job(ticket)).run_id
    assert run_id is not None
    await Runner(counter.pool, Vault([b"k" * 32]), owner="test").release(run_id)
    job = await counter.job(ticket)
    assert job.receipts[0].outcome == "superseded"
    assert job.counts == {"superseded": 1, "accepted": 39}
    assert await counter.desk.one("select max(available) from supply where available <> 3") == 8


async def test_a_batch_is_merged_by_one_worker_and_found_again_when_that_one_dies(counter: Counter) -> None:
    """Who comes while the source is held leaves; what nobody took up stands in PostgreSQL."""
    ticket = await counter.push(stock(EANS[0]))
    assert await waiting_sources(counter.pool) == [ticket.source_id]
    async with counter.pool.acquire() as conn:
        assert await leases.take(conn, ticket.source_id, "dead") is not None
    assert await merge_waiting(counter.pool, "test", ticket.source_id) is None
    assert await waiting_sources(counter.pool) == []
    await counter.pool.execute("update feed set lease_until = now() - interval '1 second'")
    assert await waiting_sources(counter.pool) == [ticket.source_id]
    assert (
        sum(
            filter(
                None, await asyncio.gather(*(merge_waiting(counter.pool, f"w{n}", ticket.source_id) for n in range(3)))
            )
        )
        == 1
    )
    assert (await counter.job(ticket)).counts == {"accepted": 1}
    assert await merge_waiting(counter.pool, "test", ticket.source_id) == 0


async def test_a_push_source_is_never_read(counter: Counter) -> None:
    """No clock is due for it, and asking for a run says why there is none."""
    ticket = await counter.push(stock(EANS[0]))
    with pytest.raises(LookupError, match="envoie"):
        await Runner(counter.pool, Vault([b"k" * 32]), owner="test").run(ticket.source_id)
    assert await counter.desk.one("select due_at = 'infinity' from feed where source_id = $1", ticket.source_id)
    with pytest.raises(LookupError):
        await Runner(counter.pool, Vault([b"k" * 32]), owner="test").release(10**6)
    async with counter.pool.acquire() as conn:
        assert await leases.take(conn, ticket.source_id, "another") is not None
    await counter.pool.execute("update push_job set state = 'guarded', run_id = null")
    assert await merge_waiting(counter.pool, "test", ticket.source_id) == 0


async def test_a_held_source_cannot_be_released(counter: Counter) -> None:
    """Whoever holds it goes first."""
    eans = many(40)
    await counter.says(*(stock(ean, 3) for ean in eans))
    ticket = await counter.push(*(stock(ean, 0) for ean in eans))
    await merge_waiting(counter.pool, "test", ticket.source_id)
    run_id = (await counter.job(ticket)).run_id
    assert run_id is not None
    assert (await report(counter.desk.conn, run_id)).failure == "emptied"
    async with counter.pool.acquire() as conn:
        assert await leases.take(conn, ticket.source_id, "another") is not None
    with pytest.raises(SourceBusy):
        await Runner(counter.pool, Vault([b"k" * 32]), owner="test").release(run_id)


async def test_jobs_are_their_vendors_and_are_forgotten_after_some_days(counter: Counter) -> None:
    """Nobody else reads them; what waits is kept however old."""
    done = await counter.push(stock(EANS[0]))
    await merge_waiting(counter.pool, "test", done.source_id)
    waiting = await counter.push(stock(EANS[1]))
    await counter.push(stock(EANS[1]), vendor="other")
    with pytest.raises(JobUnknown):
        await counter.job(done, "other")
    later = datetime.now(UTC) + timedelta(days=8)
    assert await purge(counter.pool, later) == 1
    with pytest.raises(JobUnknown):
        await counter.job(done)
    assert (await counter.job(waiting)).state == "waiting"
    assert await counter.desk.one("select count(*) from push_item where job_id = $1", done.job_id) == 0


async def test_a_vendor_pushes_only_where_it_acts(counter: Counter) -> None:
    with pytest.raises(VenueUnknown):
        await take_in(counter.pool, [], vendor_id=1, venue_id=counter.venue_id, venue_ids=set(), key=None, request=b"")


async def test_a_batch_that_we_cannot_merge_ends_as_failed(counter: Counter) -> None:
    """It does not stand in the way of those after it."""
    ticket = await counter.push(stock(EANS[0]))
    await counter.pool.execute("alter table push_item add constraint broken check (outcome is null)")
    with pytest.raises(Exception, match="broken"):
        await merge_waiting(counter.pool, "test", ticket.source_id)
    assert (await counter.job(ticket)).state == "failed"
    assert await counter.desk.one("select count(*) from stock") == 0, "nothing of it is half there"
    await counter.pool.execute("alter table push_item drop constraint broken")
    assert brief(await counter.says(stock(EANS[0]))) == [("accepted", "created")]


def many(count: int) -> list[str]:
    """Valid EAN, one after the other."""
    made = []
    for n in range(count):
        body = f"979{n:09d}"
        weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
        made.append(f"{body}{-weighted % 10}")
    return made
