"""`make bench NAME=sync`: a bookshop's stock from its till's pages to the catalogue, beside others and the limits.

Ours is the whole way: HTTP, parse, validate, stage, resolve, merge, change log, cursor. Every measurement is
made in the same run, on the same server, of the same rows.
"""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bench.measures import RESULTS, Measure, publish
from bench.processor import Processor
from bench.sync_peers import bare_limit, dlt_load, model_limit, row_by_row
from bench.till import PAGE, SIRET, ean, served
from catalogue.venues import register_venue, registered
from schemas.records import Address, Identifier, Venue
from service.engines.databases import drop_database
from service.engines.lifetime import EngineUrls, engines
from service.house import House, open_house
from service.settings import Settings
from sync.sources import NewSource, register

ROWS = int(os.environ.get("PASSERELLE_BENCH_ROWS", "200000"))
SMALL = 20_000
DESCRIBED = min(ROWS, 100_000)
"""Rows of the load whose books are all described: each makes an offer, and is told in the change log."""
ROW_BY_ROW = 20_000
"""So many rows tell the speed of one row at a time; all of them would take minutes and say the same."""


@dataclass(frozen=True, slots=True)
class Load:
    """Seconds of a first load and of an unchanged one, and the bytes a stock takes with its indexes."""

    first: float
    again: float
    bytes_each: int
    worked: float
    """Processor seconds of the first one, ours and the server's."""


async def source(house: House, address: str, siret: str = SIRET) -> int:
    """The till's source, at a venue of its own."""
    venue = Venue(
        ref=registered(siret),
        name="Librairie de mesure",
        time_zone="Europe/Paris",
        identifiers=[Identifier(scheme="siret", value=siret)],
        address=Address(postal_code="67000", city="Strasbourg", insee_code="67482"),
    )
    async with house.pool.acquire() as conn:
        new = NewSource(
            connector="stocks_api",
            account=siret,
            label="mesure",
            licence="etalab-2.0",
            settings={"base_url": address, "siret": siret, "page_size": str(PAGE)},
            venue_id=await register_venue(conn, venue, at=datetime.now(UTC)),
            allow_private=True,
        )
        return await register(conn, house.vault, new)


async def timed(house: House, source_id: int, rows: int) -> float:
    """Seconds of one whole reading."""
    begun = time.perf_counter()
    report = await house.runner.run(source_id, full=True)
    if report.state != "done" or report.records != rows:
        raise RuntimeError(f"{report.state} : {report.message}, {report.records} lues")
    return time.perf_counter() - begun


async def load(settings: Settings, urls: EngineUrls, rows: int, *, described: bool = False) -> Load:
    """A first load into an empty database and an unchanged one; `described`: somebody knows every book already."""
    await drop_database(urls.database, str(settings.database_name))
    with served(rows) as address:
        async with open_house(settings, urls) as house:
            id_ = await source(house, address)
            if described:
                await describe(house, rows)
            processor = await Processor.of(house.database_url)
            first = await timed(house, id_, rows)
            worked = processor.seconds
            again = await timed(house, id_, rows)
            size: int = await house.pool.fetchval(
                "select sum(pg_total_relation_size(t))::bigint from unnest($1::regclass[]) as t",
                ["stock", "supply", "allotment", "stock_page"],
            )
            offers: int = await house.pool.fetchval("select count(*) from offer")
    if offers != (rows if described else 0):
        raise RuntimeError(f"{offers} offres")
    return Load(first, again, size // rows, worked)


async def describe(house: House, rows: int) -> None:
    """Every book's product, as a publisher's feed would have made it, without the feed."""
    async with house.pool.acquire() as conn, conn.transaction():
        await conn.execute("create temp table named (ean text) on commit drop")
        await conn.copy_records_to_table("named", records=[(ean(n),) for n in range(rows)])
        await conn.execute(
            "insert into product (ean, title, folded, subcategory)"
            " select ean, 'Livre ' || ean, 'livre', 'LIVRE_PAPIER' from named"
        )


async def measure(settings: Settings, urls: EngineUrls) -> list[Measure]:
    """Ours at two sizes, the peers and the limits."""
    small, whole = await load(settings, urls, SMALL), await load(settings, urls, ROWS)
    known = await load(settings, urls, DESCRIBED, described=True)
    with served(ROWS) as address:
        async with open_house(settings, urls) as house:
            url = house.database_url
            processor = await Processor.of(url)
            bare = await bare_limit(url, ROWS)
            bare_worked = processor.seconds
            model = await model_limit(url, ROWS)
            rowwise = await asyncio.to_thread(row_by_row, url, ROW_BY_ROW)
            processor = await Processor.of(url)
            dlt = await asyncio.to_thread(dlt_load, url, address, SIRET)
            dlt_worked = processor.seconds
    sizes = {"first load": (small.first, whole.first), "unchanged": (small.again, whole.again)}
    plot("sync", {name: {SMALL: few, ROWS: many} for name, (few, many) in sizes.items()})
    speed = ROWS / whole.first
    described, a_second = "first load of described books, rows/s", "described books a processor second"
    return [
        Measure("first load, rows/s", speed, ROWS / dlt, "dlt, merge disposition", goal=5),
        Measure("first load, rows/s", speed, ROW_BY_ROW / rowwise, "row-by-row SQLAlchemy upsert", goal=5),
        Measure("first load, rows/s", speed, ROWS / bare, "limit: COPY + merge, one table", goal=0.4),
        Measure("first load, rows/s", speed, ROWS / model, "limit: COPY + insert, our table and its indexes"),
        Measure("rows a processor second", ROWS / whole.worked, ROWS / dlt_worked, "dlt, merge disposition"),
        Measure("rows a processor second", ROWS / whole.worked, ROWS / bare_worked, "limit: COPY + merge, one table"),
        Measure("unchanged resync, rows/s", ROWS / whole.again, speed, "our first load", goal=2),
        Measure("20,000 unchanged stocks, s", small.again, 1.0, "one second", goal=1, at_most=True),
        Measure("seconds a row, first load", whole.first / ROWS, small.first / SMALL, f"at {SMALL:,} rows"),
        Measure(described, DESCRIBED / known.first, ROWS / dlt, "dlt, merge disposition", goal=2),
        Measure(a_second, DESCRIBED / known.worked, ROWS / dlt_worked, "dlt, merge disposition", goal=2),
        Measure(a_second, DESCRIBED / known.worked, ROWS / whole.worked, "undescribed"),
        Measure("bytes a stock nobody has described", whole.bytes_each, 450, "the goal", goal=1, at_most=True),
        Measure("bytes a stock with its offer", known.bytes_each, 450, "the goal", goal=1, at_most=True),
    ]


def plot(stem: str, series: dict[str, dict[int, float]]) -> Path:
    """Cost against size, as a picture beside the figures."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, points in series.items():
        axes.plot(list(points), [1e6 * seconds / rows for rows, seconds in points.items()], marker="o", label=name)
    axes.set(xscale="log", xlabel="rows", ylabel="microseconds a row", ylim=(0, None), title="Sync: cost against size")
    axes.legend()
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{stem}.png"
    figure.savefig(path, dpi=120)
    return path


def main() -> None:
    """Runs it."""
    settings = Settings.from_environment(profile="bench", sandbox=True)
    with engines(settings) as urls:
        publish("sync", asyncio.run(measure(settings, urls)))


if __name__ == "__main__":
    main()
