"""Pages read as columns say what the same pages say row by row, and their rows keep the published format."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from stdnum import ean as stdnum_ean

from connectors.base import Change, Upsert
from connectors.pages import KnownPage, SamePage, StockPage
from connectors.stocks_api import StocksApi
from connectors.stocks_api_columns import is_ean
from connectors.stocks_api_refs import MOST, ReadRefs
from connectors.stocks_api_settings import StocksApiSettings
from net.answers import Answer
from net.errors import FeedChanged
from schemas.numbers import Refused, ean
from schemas.validation import check

SIRET = "99900001100018"
NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def valid(head: str) -> str:
    return head + stdnum_ean.calc_check_digit(head)


BOOKS = [valid(f"978{n:09d}") for n in range(12)]
refs = st.one_of(
    st.sampled_from(BOOKS),
    st.sampled_from(["2070360024", "978-2-07-036002-4", "9782070360025", valid("201234567890"), "0" * 13, "carte", ""]),
    st.integers(0, 10**13),
)
prices = st.one_of(
    st.integers(-1, 100_000),
    st.decimals(0, 99, places=2).map(float),
    st.sampled_from([17.905, "18,99", "9.5 €", None, True, 1e300, "x"]),
)
rows = st.fixed_dictionaries(
    {"ref": refs, "available": st.one_of(st.integers(0, 9), st.sampled_from([-1, "3", 2.0, 2.5, None, 10_000_001]))},
    optional={
        "price": prices,
        "validUntil": st.sampled_from(
            ["2026-12-05T20:30:00+01:00", "2026-12-05T20:30:00", "1900-01-01T00:00:00Z", None]
        ),
        "title": st.just("Été"),
    },
)
documented = st.fixed_dictionaries(
    {"ref": st.sampled_from(BOOKS), "available": st.integers(0, 9)},
    optional={"price": st.decimals(0, 99, places=2).map(float)},
)


class Pages:
    """A till's answers, whatever they hold, in memory."""

    def __init__(self, rows: list[dict[str, Any]], size: int) -> None:
        self.rows, self.size = rows, size

    async def get(self, url: str, *, params: dict[str, str], headers: Any, ok: Any) -> Answer:
        start = 0
        if "after" in params:
            start = max(n for n, row in enumerate(self.rows) if str(row["ref"]) == params["after"]) + 1
        page = {"total": len(self.rows), "limit": self.size, "stocks": self.rows[start : start + self.size]}
        return Answer(200, {}, json.dumps(page, ensure_ascii=False).encode(), url, NOW)


def till(rows: list[dict[str, Any]], size: int, **settings: Any) -> StocksApi:
    checked = StocksApiSettings(base_url="http://till.example", siret=SIRET, page_size=size, **settings)
    return StocksApi(checked, Pages(rows, size), account=SIRET, clock=lambda: NOW)  # type: ignore[arg-type]


async def told(stream: Any) -> tuple[list[Any], str | None]:
    said: list[Any] = []
    try:
        async for one in stream:
            said.append(one)
    except FeedChanged as failure:
        return said, failure.message
    return said, None


def row_by_row(said: list[Change | StockPage | SamePage]) -> Counter[str]:
    changes = [change for one in said for change in (one.changes() if isinstance(one, StockPage) else [one])]
    return Counter(map(repr, changes))


@given(
    st.lists(rows, max_size=12), st.integers(2, 5), st.booleans(), st.sampled_from([None, "2026-11-22T05:00:00.000Z"])
)
@example([{"ref": BOOKS[0], "available": 1, "price": 5}, {"ref": "carte", "available": 2}], 4, False, None)
async def test_columns_say_what_rows_say(rows, size, is_sorted, since) -> None:
    """Whatever a till answers, in order or not, whole or in part: the same changes, and the same end."""
    if is_sorted:
        rows = sorted(rows, key=lambda row: str(row["ref"]))
    by_row, why = await told(till(rows, size).pull(since))
    by_page, why_page = await told(till(rows, size).pull_pages(since, {}))
    assert why_page == why
    pages, single = row_by_row(by_page), row_by_row(by_row)
    assert single - pages == Counter()
    # Where a ref comes again its whole page restates; that a key just told has no parts takes nothing from it.
    assert all(one.startswith("Delete") and "parts_kept=frozenset({''})" in one for one in pages - single)
    if is_sorted and len({str(row["ref"]) for row in rows}) == len(rows):
        assert pages == single
    for page in by_page:
        if isinstance(page, StockPage):
            told_by_columns = [c.record for c in page.changes() if isinstance(c, Upsert) and c not in page.odd]
            assert [fault for record in told_by_columns for fault in check(record)] == []


@given(st.lists(documented, min_size=1, max_size=12, unique_by=lambda row: row["ref"]), st.integers(2, 5))
async def test_a_documented_page_is_read_by_columns_and_known_again(rows, size) -> None:
    """A page in order needs no second way; with what was noted of it, it is told as the same, until it differs."""
    rows.sort(key=lambda row: row["ref"])
    pages = [one for one in (await told(till(rows, size).pull_pages(None, {})))[0] if isinstance(one, StockPage)]
    assert sum(map(len, pages)) == len(rows)
    known = {
        page.place: KnownPage(page.digest, page.first, page.last, len(page), page.announced)
        for page in pages
        if page.place is not None and page.digest is not None
    }
    again, _ = await told(till(rows, size).pull_pages(None, known))
    assert sum(len(one) for one in again if isinstance(one, SamePage)) == len(rows)
    assert not any(isinstance(one, StockPage) for one in again)
    end, first_end = again[-1], (await told(till(rows, size).pull(None)))[0][-1]
    assert (end.complete, end.read) == (first_end.complete, first_end.read)
    other = await told(till(rows, size, prices_in_cents=True).pull_pages(None, known))
    assert not any(isinstance(one, SamePage) for one in other[0]), "other settings read the bytes otherwise"
    rows[-1] = rows[-1] | {"available": 10}
    changed, _ = await told(till(rows, size).pull_pages(None, known))
    # A row may stand at the edge of two pages' answers.
    assert pages[-1].keys in [one.keys for one in changed if isinstance(one, StockPage)]
    assert sum(isinstance(one, StockPage) for one in changed) <= 2


@given(st.one_of(st.from_regex(r"[0-9]{13}", fullmatch=True), st.sampled_from(BOOKS), st.text(max_size=14)))
@example("٠١٢٣٤٥٦٧٨٩٠١٢")
@example("0" * 13)
def test_an_ean_is_one_by_the_same_rules(text) -> None:
    """Digits, check digit and the shops' own ranges."""
    try:
        expected = ean(text) == text
    except Refused:
        expected = False
    assert is_ean(text) == expected


def test_refs_in_order_are_not_remembered_and_a_break_in_a_long_order_is_told() -> None:
    """Memory is that of some pages; a feed that was in order for so long and no longer is makes no sense."""
    read = ReadRefs()
    for page in range(MOST // 1000 + 2):
        refs = [f"{page:05d}-{n:05d}" for n in range(1000)]
        assert read.again(refs) == set()
        read.add(refs)
    assert read._refs is None
    with pytest.raises(FeedChanged):
        read.again(["00001-00000"])


def test_refs_out_of_order_are_remembered_one_by_one() -> None:
    """Free but stable: which refs come again is exact."""
    read = ReadRefs()
    read.add(["b", "c"])
    read.add(["a"])
    assert read.again(["a", "b", "d"]) == {"a", "b"}
