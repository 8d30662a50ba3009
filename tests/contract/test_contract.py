"""The contract suite: every connector keeps it on its own recordings, and each check catches a broken one."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import pytest

import sandbox.world
from connectors.base import Change, Checkpoint, Connector, Cursor, Delete, Reject, Upsert
from connectors.contract import CHECKS, faults
from connectors.registry import REGISTRY, build, entry
from net.client import open_http
from net.errors import FeedChanged
from sandbox.directory import SourceSpec, sources
from sandbox.serving import serve_world
from schemas.records import Event, Kind, Session, SourceRef, Stock

RECORDED = Path(__file__).parent.parent / "connectors" / "fixtures"
END = Checkpoint(Cursor("fin"), complete=True)


@pytest.mark.parametrize("name", REGISTRY)
async def test_every_connector_keeps_the_contract(name) -> None:
    """On its recorded answers each connector keeps every promise."""
    settings = {"path": str(RECORDED / name)}
    now = datetime(2026, 11, 23, 5, tzinfo=UTC)
    assert await faults(lambda: build(name, settings, None, clock=lambda: now, account="essai")) == []


@pytest.fixture
async def providers() -> AsyncIterator[dict[str, SourceSpec]]:
    """Simulated providers over HTTP, by the account of each source."""
    now = datetime(2026, 11, 23, 5, tzinfo=UTC)
    world = sandbox.world.build(now.date(), lambda: now)
    async with serve_world(world) as addresses:
        yield {spec.account: spec for spec in sources(world, addresses)}


async def test_every_connector_keeps_the_contract_page_by_page(providers) -> None:
    """Over HTTP, in small pages, stopped midway and taken up again; each pull at another time."""
    tried = set()
    async with open_http(allow_private=True) as http:
        for spec in providers.values():
            if spec.connector in tried and spec.name != "theatre":
                continue
            tried.add(spec.connector)
            paged = {"page_size": "10"} if "page_size" in entry(spec.connector).settings.model_fields else {}
            settings = {**spec.settings, **paged}
            hours = itertools.count()

            def make(spec=spec, settings=settings, hours=hours) -> Connector:
                began = datetime(2026, 11, 23, 5, tzinfo=UTC) + timedelta(hours=next(hours))
                return build(spec.connector, settings, http, clock=lambda: began, account=spec.account)

            assert await faults(make) == [], spec.label
    # The others have simulated providers of their own, tried beside this file.
    assert tried >= {"stocks_api", "onix", "boost", "openagenda"}


async def test_readings_stop_midway_where_they_should(providers) -> None:
    """The check of slices has something to check: tills, ticketings and agendas stop after each page."""
    async with open_http(allow_private=True) as http:
        for connector in ("stocks_api", "openagenda"):
            spec = next(spec for spec in providers.values() if spec.connector == connector)
            now = datetime(2026, 11, 23, 5, tzinfo=UTC)
            made = build(connector, {**spec.settings, "page_size": "10"}, http, clock=lambda now=now: now)
            points = [one async for one in made.pull(None) if isinstance(one, Checkpoint)]
            assert len([one for one in points if one.midway]) > 2
            assert all(one.read is not None for one in points)


class Scripted:
    """A connector that tells what it is given: the same each time, or the next script each time."""

    name: ClassVar[str] = "scripted"
    account = "essai"

    def __init__(self, *scripts: Sequence[Change | Exception]) -> None:
        self._scripts = itertools.cycle(scripts)

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        for change in next(self._scripts):
            if isinstance(change, Exception):
                raise change
            yield change


def ref(key: str = "1", part: str = "", *, account: str = "essai") -> SourceRef:
    return SourceRef(connector="scripted", account=account, key=key, part=part)


def stock(key: str = "1", available: int = 1, **fields) -> Upsert:
    return Upsert(Stock(ref=ref(key, **fields), available=available, ean="9782070360024"))


def session(event_key: str) -> Upsert:
    return Upsert(Session(ref=ref(), event_key=event_key, begins_at=datetime(2026, 12, 1, tzinfo=UTC)))


def event(key: str) -> Upsert:
    return Upsert(Event(ref=ref(key), title="Le Tartuffe", subcategory="SPECTACLE_REPRESENTATION"))


MIDWAY = Checkpoint(Cursor("1"), midway=True)
SLICED: Sequence[Change] = [stock("1"), MIDWAY, stock("2"), END]
BROKEN: dict[str, Callable[[], Scripted]] = {
    "ends: no checkpoint": lambda: Scripted([stock()]),
    "ends: nothing at all": lambda: Scripted([]),
    "ends: never": lambda: Scripted([stock(str(number)) for number in range(200)]),
    "ends: an error instead": lambda: Scripted([stock(), FeedChanged("page déjà lue")]),
    "resumes: an endless cursor": lambda: Scripted([stock(), Checkpoint(Cursor("x" * 2000))]),
    "resumes: other names": lambda: Scripted([stock(), END], [stock(), END], [stock("01"), END]),
    "ends: midway": lambda: Scripted([stock(), MIDWAY]),
    "slices: forgets": lambda: Scripted(SLICED, SLICED, [END], [END]),
    "slices: other names": lambda: Scripted(SLICED, SLICED, [END], [stock("02"), stock("2"), END]),
    "slices: another watermark": lambda: Scripted(SLICED, SLICED, [END], [stock("2"), Checkpoint(Cursor("9"), True)]),
    "slices: no snapshot": lambda: Scripted(SLICED, SLICED, [END], [stock("2"), Checkpoint(Cursor("fin"))]),
    "repeats: another day, another row": lambda: Scripted([stock(), END], [stock(available=2), END], [END]),
    "keys_unique: twice": lambda: Scripted([stock(), stock(available=2), END]),
    "refs: another account": lambda: Scripted([stock(account="autre"), END]),
    "refs: no key": lambda: Scripted([Delete(Kind.STOCK, ref("")), END]),
    "valid: a negative quantity": lambda: Scripted([stock(available=-1), END]),
    "related: a session of no event": lambda: Scripted([session("inconnu"), END]),
    "rejects: without a reason": lambda: Scripted([Reject(" ", b"{}"), END]),
    "rejects: without the row": lambda: Scripted([Reject("parce que", b""), END]),
    "rejects: raises": lambda: Scripted([stock(), KeyError("ref")]),
    "written: not JSON": lambda: Scripted([Upsert(stock().record, ({1},)), END]),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("broken", BROKEN)
async def test_each_check_catches_a_broken_connector(broken) -> None:
    """Each way of breaking the contract is found by the check it breaks."""
    check = broken.partition(":")[0]
    connector = BROKEN[broken]()
    found = await faults(lambda: connector, limit=100)
    assert check in {fault.check for fault in found}, found


def test_every_check_has_a_broken_connector() -> None:
    """A check without a connector that fails it proves nothing."""
    assert set(CHECKS) == {broken.partition(":")[0] for broken in BROKEN}


async def test_a_sound_connector_has_no_faults() -> None:
    """What is told right, accepted or rejected, passes."""
    rejected = Reject("sans titre", b"{}", Kind.EVENT, ref("e2"))
    told = [event("e1"), rejected, session("e1"), stock(), Delete(Kind.STOCK, ref("9")), END]
    assert await faults(lambda: Scripted(told)) == []
    assert await faults(lambda: Scripted(SLICED)) == []
    unnamed = Upsert(Session(ref=ref("s2"), event_key="e2", begins_at=datetime(2026, 12, 1, tzinfo=UTC)))
    assert await faults(lambda: Scripted([rejected, unnamed, END])) == []
