"""Connectors that can, read a kept row again as they read it in its page, and ask nobody for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Change, Reject, Rereading, Upsert
from connectors.registry import REGISTRY, build
from connectors.rows import MAX_RAW
from schemas.records import Kind, SourceRef

Clock = Callable[[], datetime]


def reread(name: str, kept: Reject, clock: Clock, tmp_path: Path) -> list[Change]:
    """What the connector says of the row; its settings name an empty folder."""
    connector = build(name, {"path": str(tmp_path)}, None, clock=clock, account="account")
    assert isinstance(connector, Rereading)
    return list(connector.reread(kept))


def upserts(changes: list[Change]) -> list[tuple[str, str, str]]:
    return [(type(c.record).__name__, c.record.ref.key, c.record.ref.part) for c in changes if isinstance(c, Upsert)]


def test_each_connector_can(tmp_path: Path, clock: Clock) -> None:
    for name in REGISTRY:
        assert reread(name, Reject("?", b"\xff", Kind.WORK), clock, tmp_path) == []


@pytest.mark.parametrize("part", ["", "690"])
def test_a_stock_keeps_the_part_it_was_known_by(part: str, clock: Clock, tmp_path: Path) -> None:
    row = json.dumps({"ref": "9782070360024", "available": 4, "price": 6.9}).encode()
    ref = SourceRef(connector="stocks_api", account="account", key="9782070360024", part=part)
    changes = reread("stocks_api", Reject("?", row, Kind.STOCK, ref), clock, tmp_path)
    assert upserts(changes) == [("Stock", "9782070360024", part)]


def test_an_event_comes_with_its_dates_and_a_date_alone_says_nothing(
    fixtures: Path, clock: Clock, tmp_path: Path
) -> None:
    rows = json.loads((fixtures / "stocks_api" / "events.json").read_bytes())["events"]
    raw = json.dumps(rows[0]).encode()
    kinds = [kind for kind, _, _ in upserts(reread("stocks_api", Reject("?", raw, Kind.EVENT), clock, tmp_path))]
    assert (kinds[0], set(kinds[1:])) == ("Event", {"Session"})
    assert reread("stocks_api", Reject("?", raw, Kind.SESSION), clock, tmp_path) == []


def test_an_agenda_s_event_comes_with_its_place(fixtures: Path, clock: Clock, tmp_path: Path) -> None:
    rows: list[Any] = json.loads((fixtures / "openagenda" / "page-1.json").read_bytes())["events"]
    found = reread("openagenda", Reject("?", json.dumps(rows[0]).encode(), Kind.EVENT), clock, tmp_path)
    assert {"Venue", "Event", "Session"} == {kind for kind, _, _ in upserts(found)}


def test_a_showtime_comes_with_its_film_and_seats(fixtures: Path, clock: Clock, tmp_path: Path) -> None:
    rows = json.loads((fixtures / "boost" / "programme.json").read_bytes())["data"]
    found = reread("boost", Reject("?", json.dumps(rows[0]).encode(), Kind.SESSION), clock, tmp_path)
    assert {"Work", "Event", "Session", "Stock"} == {kind for kind, _, _ in upserts(found)}


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("pos_csv", b"9782070360025", b"9782070360024"),
        ("woocommerce", b"quinze", b"15"),
        ("prestashop", b'<language id="1"/>', b'<language id="1">Noces</language>'),
        ("shopify", b'"dix"', b'"10.00"'),
        ("titelive_flat", b"9782070360025", b"9782070360024"),
        ("titelive", b"9782070360025", b"9782070360024"),
    ],
)
async def test_a_rejected_row_is_read_once_it_is_right(name, wrong, right, fixtures, gather, clock, tmp_path) -> None:
    """What was kept of a row is enough to read it by itself: mended, it becomes the record it should have been."""
    mended = [
        upserts(reread(name, Reject("?", one.raw.replace(wrong, right), one.kind, one.ref), clock, tmp_path))
        for one in await gather(name, fixtures / name)
        if isinstance(one, Reject) and wrong in one.raw
    ]
    assert mended
    assert all(mended), mended


def test_a_product_is_read_without_its_message_and_a_cut_one_is_not(
    fixtures: Path, clock: Clock, tmp_path: Path
) -> None:
    message = (fixtures / "onix" / "a-full-3.0.xml").read_bytes().partition(b"-->")[2]
    product = message[message.index(b"<Product>") : message.index(b"</Product>") + len(b"</Product>")]
    [(kind, _, _)] = upserts(reread("onix", Reject("?", product, Kind.PRODUCT), clock, tmp_path))
    assert kind == "Product"
    long = b"<Product>" + b" " * MAX_RAW
    assert reread("onix", Reject("?", long, Kind.PRODUCT), clock, tmp_path) == []
