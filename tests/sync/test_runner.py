"""A run from its lease to its report, with the real connectors reading simulated providers over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from feeds import content

from catalogue.database import Pool
from catalogue.kinds import KindCode
from catalogue.venues import register_venue, registered
from sandbox.changes import second_act
from sandbox.directory import SourceSpec, sources, venues
from sandbox.faults import Fault, FaultKind
from sandbox.serving import serve_world
from sandbox.world import World, build
from schemas.records import Address, Identifier, Venue
from sync.alerts import untold
from sync.leases import SECONDS
from sync.providers import limit, start, stop
from sync.providers import listed as providers
from sync.reports import sync_counts
from sync.runner import Runner, SourceBusy, now
from sync.runs import RunReport
from sync.sources import NewSource, listed, register
from sync.vault import Vault

KEY = b"k" * 32
PLAIN_TILL, OTHER_TILL, GUARDED_TILL = "99900001100018", "99900002900010", "99900004500016"


@dataclass
class Town:
    """A simulated world, and a platform that reads some of it."""

    pool: Pool
    world: World
    runner: Runner
    specs: dict[str, SourceSpec]

    async def source(self, account: str, **more: str) -> int:
        """The registered source of that account; `more` are settings that differ from the right ones."""
        spec = self.specs[account]
        async with self.pool.acquire() as conn:
            venue_id = None
            if spec.venue_siret is not None:
                [place] = [one for one in venues() if one.siret == spec.venue_siret]
                venue = Venue(
                    ref=registered(place.siret),
                    name=place.name,
                    time_zone=place.time_zone,
                    identifiers=[Identifier("siret", place.siret)],
                    address=Address(postal_code=place.postal_code, city=place.city),
                )
                venue_id = await register_venue(conn, venue, at=datetime.now(UTC))
            return await register(
                conn,
                Vault([KEY]),
                NewSource(
                    connector=spec.connector,
                    account=spec.account,
                    label=spec.label,
                    licence=spec.licence,
                    settings={**spec.settings, **more},
                    venue_id=venue_id,
                    sales_seen=spec.sales_seen,
                    allow_private=True,
                ),
            )

    def break_next(self, kind: FaultKind, **more: object) -> None:
        """The next answer of the bookshops' software is of this kind."""
        self.world.faults["bookshop"].inject(Fault(kind, **more))  # type: ignore[arg-type]

    async def says(self) -> dict[str, list[tuple[object, ...]]]:
        """What the référentiel says."""
        async with self.pool.acquire() as conn:
            return {**await content(conn), "feeds": []}

    async def running(self, source_id: int) -> None:
        """Waits until a run of the source is under way."""
        for _ in range(500):
            state = await self.pool.fetchval(
                "select state from run where source_id = $1 order by id desc limit 1", source_id
            )
            if state == "running":
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(f"source {source_id} is not being read")


@pytest.fixture
async def town(pool: Pool) -> AsyncIterator[Town]:
    world = build(datetime.now(UTC).date(), now)
    async with serve_world(world) as addresses:
        specs = {spec.account: spec for spec in sources(world, addresses)}
        yield Town(pool, world, Runner(pool, Vault([KEY]), owner="one"), specs)


def counts(report: RunReport) -> tuple[int, int, int, int, int]:
    return report.records, report.created, report.changed, report.unchanged, report.rejected


async def test_a_source_is_read_whole_then_by_what_changed(town: Town) -> None:
    """First all of it, then only news; a full reading again writes nothing; the next one is due in its time."""
    source = await town.source(PLAIN_TILL)
    first = await town.runner.run(source)
    assert (first.state, first.mode) == ("done", "full")
    assert 400 < first.created == first.records - first.rejected - first.repeated
    before = await town.says()
    again = await town.runner.run(source, full=True)
    assert (again.created, again.changed, again.withdrawn, again.unchanged) == (0, 0, 0, first.created)
    assert await town.says() == before

    row = town.world.tills[PLAIN_TILL].rows[7]
    row.available, row.modified_at = row.available + 3, now()
    news = await town.runner.run(source)
    assert (news.mode, news.changed, news.created) == ("incremental", 1, 0)
    assert news.records < 10
    due, until = await town.pool.fetchrow("select due_at - now(), lease_until from feed") or ()
    assert 1380 < due.total_seconds() / 60 <= 1440
    assert until is None


async def test_of_two_runs_at_once_one_is_busy(town: Town) -> None:
    """While one reads a source no other does, and every other source can be read."""
    slow, quick = await town.source(PLAIN_TILL), await town.source(OTHER_TILL)
    town.break_next(FaultKind.HANG, seconds=0.6, path=PLAIN_TILL)
    first = asyncio.create_task(town.runner.run(slow))
    await town.running(slow)
    other = Runner(town.pool, Vault([KEY]), owner="two")
    with pytest.raises(SourceBusy):
        await other.run(slow)
    with pytest.raises(SourceBusy):
        await other.rehearse(slow)
    assert (await other.run(quick)).state == "done"
    assert not first.done()
    assert (await first).state == "done"


async def test_a_run_that_lost_its_lease_commits_nothing(town: Town) -> None:
    """It slept, another took over and ended: when it wakes it changes nothing and says that it was lost."""
    source = await town.source(PLAIN_TILL)
    town.break_next(FaultKind.HANG, seconds=1.0)
    sleeping = asyncio.create_task(town.runner.run(source))
    await town.running(source)
    await town.pool.execute("update feed set lease_until = now() - interval '1 second'")
    taken_over = await Runner(town.pool, Vault([KEY]), owner="two").run(source)
    assert taken_over.state == "done"
    before = await town.says()
    feed = "select cursor, generation, due_at, lease_until, fence from feed"
    standing = await town.pool.fetchrow(feed)
    for row in town.world.tills[PLAIN_TILL].rows:
        row.available += 1
    lost = await sleeping
    assert (lost.state, lost.failure, lost.created, lost.changed) == ("lost", "lost", 0, 0)
    assert await town.says() == before
    assert await town.pool.fetchrow(feed) == standing


async def test_a_killed_run_is_marked_lost_by_the_next(town: Town) -> None:
    """Nobody closed its report: whoever reads the source next, once the lease has run out, does."""
    source = await town.source(PLAIN_TILL)
    town.break_next(FaultKind.HANG, seconds=5)
    killed = asyncio.create_task(town.runner.run(source))
    await town.running(source)
    killed.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await killed
    assert await town.pool.fetch("select state, message from run") == [("lost", "lecture interrompue")]
    # As if it had been killed at once, without a moment to say so.
    await town.pool.execute("update run set state = 'running', ended_at = null, message = null")
    await town.pool.execute("update feed set lease_until = now() + make_interval(secs => $1)", SECONDS)
    with pytest.raises(SourceBusy):
        await town.runner.run(source)
    await town.pool.execute("update feed set lease_until = now()")
    assert (await town.runner.run(source)).state == "done"
    assert [row["state"] for row in await town.pool.fetch("select state from run order by id")] == ["lost", "done"]


async def test_refused_credentials_pause_the_source_and_tell_why(town: Town) -> None:
    """It is not asked again until somebody has registered it anew; what is stored stays."""
    source = await town.source(GUARDED_TILL)
    assert (await town.runner.run(source)).state == "done"
    before = await town.says()
    await town.source(GUARDED_TILL, token="faux")
    denied = await town.runner.run(source)
    assert (denied.state, denied.failure) == ("failed", "denied")
    async with town.pool.acquire() as conn:
        [row] = await listed(conn, source)
    assert row.paused_why == denied.message
    async with town.pool.acquire() as conn:
        assert [(one.kind, one.subject) for one in await untold(conn)] == [("source_denied", f"source:{source}")]
    with pytest.raises(SourceBusy):
        await town.runner.run(source)
    assert await town.says() == before
    await town.source(GUARDED_TILL)
    assert (await town.runner.run(source)).state == "done"


async def test_a_provider_that_is_down_takes_nothing_down(town: Town) -> None:
    """Everything stored stays, another source's run goes on at the same time, and it is asked again when it said."""
    down, up = await town.source(PLAIN_TILL), await town.source(OTHER_TILL)
    assert (await town.runner.run(down)).state == "done"
    before = await town.says()
    town.break_next(
        FaultKind.STATUS, status=503, headers={"Retry-After": "3600"}, times=9, path=PLAIN_TILL
    )  # fmt: skip
    failed, done = await asyncio.gather(
        town.runner.run(down, full=True), Runner(town.pool, Vault([KEY]), owner="two").run(up)
    )
    assert (failed.state, failed.failure) == ("failed", "unavailable")
    assert done.state == "done"
    after = await town.says()
    assert [row for row in after["supplies"] if row[0] == PLAIN_TILL] == before["supplies"]
    due = await town.pool.fetchval("select due_at from feed where source_id = $1", down)
    assert timedelta(minutes=59) < due - now() <= timedelta(minutes=60)


async def test_a_provider_that_is_down_is_told_once_and_told_when_back(town: Town) -> None:
    """With the real protocol over HTTP: three shops find it down, the clock begins nothing more, monitoring shows
    it; the probe that is answered closes the circuit, and all are read."""
    shops = [await town.source(account) for account in (PLAIN_TILL, OTHER_TILL, GUARDED_TILL)]
    town.break_next(FaultKind.STATUS, status=503, times=99)
    reports = [await town.runner.run_next() for _ in range(4)]
    assert [report and report.failure for report in reports] == ["unavailable"] * 3 + [None]

    async def gauges() -> dict[str, float]:
        async with town.pool.acquire() as conn:
            return {name: value for name, _, _, value in await sync_counts(conn) if "provider" in name or "al" in name}

    down = await gauges()
    assert (down["passerelle_provider_down"], down["passerelle_alerts"]) == (1, 1)
    town.world.faults["bookshop"].clear()
    await town.pool.execute("update feed set due_at = now()")
    assert await town.runner.run_next() is None
    await town.pool.execute("update provider set probe_at = now()")
    states = [report.state for _ in range(4) if (report := await town.runner.run_next()) is not None]
    assert states == ["done"] * 3
    async with town.pool.acquire() as conn:
        assert [one.kind for one in await untold(conn)] == ["provider_down", "provider_up"]
    up = await gauges()
    assert (up["passerelle_provider_down"], up["passerelle_provider_due"]) == (0, 0)
    assert sorted(await town.pool.fetch("select source_id from feed where answered_at is not null")) == [
        (shop,) for shop in sorted(shops)
    ]


async def test_a_stopped_provider_s_reading_ends_and_loses_nothing(town: Town) -> None:
    """The switch is pulled while it reads: it commits nothing more and says why; started again, it reads on."""
    source = await town.source(PLAIN_TILL)
    town.break_next(FaultKind.HANG, seconds=0.5, after=1)
    reading = asyncio.create_task(town.runner.run(source))
    await town.running(source)
    async with town.pool.acquire() as conn:
        [provider] = await providers(conn)
        assert await stop(conn, provider.name, now()) == 1
    report = await reading
    assert (report.state, report.message) == ("lost", "le fournisseur a été arrêté")
    with pytest.raises(SourceBusy, match="arrêté"):
        await town.runner.run(source)
    assert await town.runner.run_next() is None
    async with town.pool.acquire() as conn:
        await start(conn, provider.name)
    again = await town.runner.run_next()
    assert again is not None
    assert again.state == "done"
    clean = await town.runner.run(source, full=True)
    assert (clean.created, clean.changed, clean.withdrawn) == (0, 0, 0)


async def test_a_reading_keeps_its_provider_s_pace(town: Town) -> None:
    """Twenty requests a second: so many pages take so long."""
    source = await town.source(PLAIN_TILL)
    async with town.pool.acquire() as conn:
        [provider] = await providers(conn)
        await limit(conn, provider.name, most_runs=None, per_second=20)
    served = town.world.faults["bookshop"].served
    begun = time.monotonic()
    assert (await town.runner.run(source)).state == "done"
    requests = town.world.faults["bookshop"].served - served
    assert requests > 1
    assert time.monotonic() - begun >= (requests - 1) / 20 - 0.01


async def test_an_answer_that_breaks_off_loses_no_row_that_came(town: Town) -> None:
    """The second page is no JSON: the run ends with an error that names it, the first page's rows are there, and
    the next run comes to what one clean run comes to."""
    source = await town.source(PLAIN_TILL)
    town.break_next(FaultKind.MALFORMED, after=1, times=9)
    broken = await town.runner.run(source)
    assert (broken.state, broken.failure) == ("failed", "changed")
    assert "/stocks/" in (broken.message or "")
    assert 150 < broken.created < 250
    town.world.faults["bookshop"].clear()
    assert (await town.runner.run(source)).state == "done"
    after = await town.says()
    clean = await town.runner.run(source, full=True)
    assert (clean.created, clean.changed, clean.withdrawn) == (0, 0, 0)
    assert await town.says() == after


async def everything(town: Town) -> list[object]:
    """What a run would change, but for the fence and the lease that a rehearsal takes too."""
    runs = await town.pool.fetch("select * from run order by id")
    feeds = await town.pool.fetch("select cursor, generation, snapshot_open, due_at, lease_until from feed")
    return [await town.says(), runs, feeds, await town.pool.fetchval("select count(*) from change_log")]


async def test_a_rehearsal_says_what_a_run_would_do_and_does_nothing(town: Town) -> None:
    """The figures and differences are those of the run that follows; but for its fence, nothing is written."""
    source = await town.source(PLAIN_TILL)
    await town.runner.run(source)
    rows = town.world.tills[PLAIN_TILL].rows
    for row in rows[:4]:
        row.available, row.modified_at = row.available + 2, now()
    rows.pop()
    before = await everything(town)
    rehearsal = await town.runner.rehearse(source, full=True)
    assert (rehearsal.report.changed, rehearsal.report.withdrawn) == (4, 1)
    assert sorted(one.what for one in rehearsal.differences) == ["changed"] * 4 + ["gone"]
    assert await everything(town) == before
    real = await town.runner.run(source, full=True)
    assert counts(real) == counts(rehearsal.report)
    assert real.withdrawn == 1


async def test_a_rehearsal_keeps_nobody_waiting_for_the_provider(town: Town) -> None:
    """While a theatre is slow to answer a rehearsal, another one's new events are merged."""
    [slow, quick, _] = [await town.source(spec.account) for spec in town.specs.values() if spec.name == "theatre"]
    town.world.faults["theatre"].inject(Fault(FaultKind.HANG, seconds=1.5, after=1))
    rehearsal = asyncio.create_task(Runner(town.pool, Vault([KEY]), owner="two", rows=5).rehearse(slow))
    await asyncio.sleep(0.3)
    assert (await town.runner.run(quick)).created > 10
    assert not rehearsal.done()
    assert (await rehearsal).report.created > 10


async def test_a_person_lets_a_guarded_sweep_pass(town: Town) -> None:
    """A till that lost half its books stops and waits; released, the same run withdraws them."""
    source = await town.source(PLAIN_TILL)
    await town.runner.run(source)
    rows = town.world.tills[PLAIN_TILL].rows
    del rows[len(rows) // 2 :]
    guarded = await town.runner.run(source, full=True)
    assert (guarded.state, guarded.failure, guarded.withdrawn) == ("guarded", "guarded", 0)
    with pytest.raises(LookupError):
        await town.runner.release(guarded.id - 1)
    released = await town.runner.release(guarded.id)
    assert (released.id, released.state) == (guarded.id, "done")
    assert released.withdrawn > 150
    assert await town.pool.fetchval("select count(*) from supply where gone_at is null") == len(rows)


async def test_a_person_lets_a_till_that_sells_out_pass(town: Town) -> None:
    """All books at zero stop the run; released, the source is read again and believed."""
    source = await town.source(PLAIN_TILL)
    await town.runner.run(source)
    for row in town.world.tills[PLAIN_TILL].rows:
        row.available, row.modified_at = 0, now()
    guarded = await town.runner.run(source)
    assert (guarded.state, guarded.failure, guarded.zeroed) == ("guarded", "emptied", 0)
    assert await town.pool.fetchval("select count(*) from supply where available > 0") > 300
    released = await town.runner.release(guarded.id)
    assert (released.state, released.id > guarded.id) == ("done", True)
    assert await town.pool.fetchval("select count(*) from supply where available > 0") == 0


async def test_secrets_that_cannot_be_opened_end_one_run_and_nothing_else(town: Town) -> None:
    """A run without its key fails with the reason; the source is neither paused nor changed."""
    source = await town.source(GUARDED_TILL)
    failed = await Runner(town.pool, Vault([b"x" * 32]), owner="two").run(source)
    assert (failed.state, failed.failure) == ("failed", "settings")
    assert "clé" in (failed.message or "")
    assert (await town.runner.run(source)).state == "done"


async def test_a_source_that_does_not_exist_is_said_so(town: Town) -> None:
    with pytest.raises(LookupError):
        await town.runner.run(404)


async def test_the_second_act_reaches_the_offers(town: Town) -> None:
    """What happens at a theatre between two readings is what changes here, and little else is written."""
    accounts = [spec.account for spec in town.specs.values() if spec.name == "theatre"]
    ids = [await town.source(account) for account in accounts]
    for source in ids:
        assert (await town.runner.run(source)).state == "done"
    second_act(town.world)
    reports = [await town.runner.run(source) for source in ids]
    assert {report.state for report in reports} == {"done"}
    assert 0 < sum(report.changed for report in reports) < 20


async def test_the_logs_say_once_that_a_source_is_down_and_once_that_it_is_back(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    """Every run has its two lines with figures; between them a fall is told when it happens, and so is the return."""
    caplog.set_level("INFO", "sync.journal")
    source = await town.source(PLAIN_TILL)
    first = await town.runner.run(source)
    town.break_next(FaultKind.MALFORMED, times=6)
    await town.runner.run(source)
    await town.runner.run(source)
    town.world.faults["bookshop"].clear()
    await town.runner.run(source)
    said = [one.message for one in caplog.records]
    ends, falls = ["run begins", "run ends"], ["source is down", "source is back"]
    assert said == [*ends, *ends, falls[0], *ends, *ends, falls[1]]
    fields = caplog.records[1].__dict__["fields"]
    assert (fields["source"], fields["run"], fields["created"]) == (source, first.id, first.created)
    assert (fields["pages"], fields["bytes"]) == (first.pages, first.bytes_read)
    assert first.bytes_read > 10_000
    assert first.pages > 2
    assert all(first.seconds[stage] > 0 for stage in ("fetch", "parse", "merge", "commit", "sweep"))
    assert caplog.records[4].__dict__["fields"]["failure"] == "changed"


async def test_stages_account_for_the_whole_run(town: Town) -> None:
    """None of its seconds is left out; what goes on beside something else is the merging and its commits alone."""
    report = await town.runner.run(await town.source(PLAIN_TILL))
    assert report.ended_at is not None
    lasted = (report.ended_at - report.started_at).total_seconds()
    reading = sum(report.seconds[stage] for stage in ("fetch", "parse", "sweep"))
    assert reading <= lasted * 1.05 + 0.005
    assert lasted * 0.8 < sum(report.seconds.values()) <= 2 * lasted


async def test_a_film_read_from_several_ticketings_is_one_work(town: Town) -> None:
    """Boost, CDS, CGR and EMS show the same films: whoever numbers a film joins the others, in venues of their own."""
    for account in ("star", "studios", "etoile", "utopia"):
        report = await town.runner.run(await town.source(account))
        assert (report.state, report.rejected) == ("done", 0), account
    numbered = {show.film.title for show in town.world.programmes["utopia"].showtimes.values() if show.film.allocine}
    assert len(numbered) > 2
    works = await town.pool.fetch(
        "select lower(w.title) as title, count(distinct w.id) as works, count(distinct r.source_id) as sources"
        " from work w join source_record r on r.kind = $1 and r.entity_id = w.id"
        " where w.merged_into is null group by 1",
        KindCode.WORK,
    )
    told = {row["title"]: (row["works"], row["sources"]) for row in works}
    assert {title.lower(): told[title.lower()][0] for title in numbered} == {title.lower(): 1 for title in numbered}
    assert {told[title.lower()][1] for title in numbered} <= {2, 3, 4}
    places = await town.pool.fetchval("select count(distinct venue_id) from event")
    assert places == 4
