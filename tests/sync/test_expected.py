"""A whole reading with fewer records than expected asks; one with more is told, once."""

from __future__ import annotations

import pytest
from feeds import EANS, Desk, copies, counted

from connectors.registry import entry
from sync.alerts import tell, untold
from sync.guard import TooMuchGone
from sync.outcomes import settle
from sync.sources import NewSource, register
from sync.vault import Vault


async def test_fewer_than_expected_withdraws_nothing(desk: Desk) -> None:
    """Even where the guard would let it pass: two of six are few, but four are not the five expected."""
    await desk.source("till", venue_id=await desk.venue(), guard=1.0)
    await desk.snapshot("till", *(copies("till", ean, 1) for ean in EANS))
    await desk.conn.execute("update feed set expected_min = 5, expected_max = 5")
    with pytest.raises(TooMuchGone, match="au moins 5"):
        await desk.snapshot("till", *(copies("till", ean, 1) for ean in EANS[:4]))
    assert await counted(desk.conn, "supply where gone_at is not null") == 0
    await desk.snapshot("till", *(copies("till", ean, 1) for ean in EANS[:5]))
    assert await counted(desk.conn, "supply where gone_at is not null") == 1
    assert list(await untold(desk.conn)) == []


async def test_more_than_expected_is_applied_and_told_until_somebody_has_read_it(desk: Desk) -> None:
    """Night after night one alert, and another only after that one was read."""
    source = await desk.source("till", venue_id=await desk.venue())
    await desk.conn.execute("update feed set expected_max = 5")
    for _ in range(3):
        await desk.snapshot("till", *(copies("till", ean, 1) for ean in EANS))
    [one] = await untold(desk.conn)
    assert (one.kind, one.subject) == ("run_unexpected", f"source:{source}")
    assert await counted(desk.conn, "supply") == 6
    await tell(desk.conn, [one.id], one.at)
    await desk.snapshot("till", *(copies("till", ean, 1) for ean in EANS))
    assert len(await untold(desk.conn)) == 1


async def test_an_increment_is_not_counted(desk: Desk) -> None:
    """It names what changed, and nothing is concluded from how little that is."""
    await desk.source("till", venue_id=await desk.venue())
    await desk.snapshot("till", *(copies("till", ean, 1) for ean in EANS))
    await desk.conn.execute("update feed set expected_min = 5, expected_max = 5")
    assert (await desk.delta("till", copies("till", EANS[0], 2))).changed == 1
    assert list(await untold(desk.conn)) == []


async def test_the_range_is_the_connector_s_until_a_source_has_its_own(desk: Desk) -> None:
    """Set when it is registered, with its schedule and who its provider is; an unreadable schedule is refused."""
    vault = Vault([b"k" * 32])
    new = NewSource(
        connector="openagenda",
        account="12",
        label="Agenda",
        licence="etalab-2.0",
        settings={"agenda": "12", "key": "k"},
        cron="0 4 * * *",
    )
    columns = "select expected_min, expected_max, cron, provider from feed"
    await register(desk.conn, vault, new)
    expected = entry("openagenda").manifest.expected
    assert await desk.all(columns) == [(*expected, "0 4 * * *", "openagenda@api.openagenda.com")]
    given = {field: getattr(new, field) for field in NewSource.__slots__} | {"expected": (3, 9), "cron": None}
    await register(desk.conn, vault, NewSource(**given))
    assert await desk.all(columns) == [(3, 9, None, "openagenda@api.openagenda.com")]
    with pytest.raises(ValueError, match="cron"):
        await register(desk.conn, vault, NewSource(**given | {"cron": "4 heures"}))


async def test_a_guarded_source_is_told_when_it_begins_to_wait(desk: Desk) -> None:
    """Not again every night until somebody comes; again after it was read well."""
    await desk.source("till")
    for state in ("guarded", "guarded", "done", "guarded"):
        run, _ = await desk.begin("till")
        await desk.conn.execute("update run set state = $2 where id = $1", run.run_id, state)
        await settle(desk.conn, run, None if state == "done" else "guarded", "trop de retraits", at=run.asked_at)
        await desk.conn.execute("update feed set lease_until = null")
    assert [one.kind for one in await untold(desk.conn)] == ["run_guarded"] * 2
