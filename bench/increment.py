"""`make bench NAME=increment`: changed records matched as they land, into a référentiel of a million works.

What is timed is the product's own way, `catalogue.matched.merge_matched` in a transaction a batch: candidates by the
keys that PostgreSQL keeps, scored, entities written, filed and logged. Beside it PostgreSQL's own answer to "what is
like this title", the trigram `%`, on the same table, and Splink scoring the same records (it writes nothing). A cold
start costs nothing but PostgreSQL's: the keys are rows. `PASSERELLE_BENCH_WORKS` says how many works.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import statistics
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import asyncpg
import msgspec

from bench.increment_peers import Spent, splink_increment
from bench.measures import Measure, publish
from bench.processor import Processor
from catalogue.changes import log
from catalogue.database import Connection
from catalogue.kinds import KindCode
from catalogue.matched import merge_matched
from catalogue.merging import Merge, source_info
from catalogue.rarity import count
from matching.blocking import block_keys
from matching.features import features
from matching.normalise import fold
from sandbox.facts.reading import books
from schemas.records import Contributor, SourceRef, Work
from service.engines.databases import drop_database
from service.engines.lifetime import EngineUrls, engines
from service.house import open_house
from service.settings import Settings

WORKS = int(os.environ.get("PASSERELLE_BENCH_WORKS", "1000000"))
NEW = 10_000
BATCH = 2_000
ALONE = 300
SPLINK_ALONE = 10
CHUNK = 20_000


def words() -> list[str]:
    """Words of real titles, and of syllables of theirs: some common, most rare, as titles are."""
    seen = sorted({word for book in books() for word in fold(book.title).split() if len(word) > 2})
    syllables = sorted({word[:3] for word in seen} | {word[-3:] for word in seen})
    made = random.Random(7)  # noqa: S311 - the same corpus at each run
    return seen + ["".join(made.choices(syllables, k=made.choice((2, 3)))) for _ in range(60_000)]


def corpus(number: int, seed: int) -> Iterator[Work]:
    """Works with one to six words in the title, an author, a year."""
    vocabulary = words()
    chance = random.Random(seed)  # noqa: S311
    for n in range(number):
        title = " ".join(vocabulary[int(len(vocabulary) * chance.random() ** 2)] for _ in range(chance.randint(1, 6)))
        author = f"{chance.choice(vocabulary).title()} {chance.choice(vocabulary).title()}"
        yield Work(
            ref=SourceRef(connector="bench", account="bench", key=f"w{n}"),
            title=title.capitalize(),
            type="book",
            contributors=[Contributor(name=author)],
            year=chance.randint(1900, 2026),
        )


def told_otherwise(work: Work, n: int, chance: random.Random) -> Work:
    """The same work as another source writes it."""
    title = chance.choice((str.upper, str.title, lambda text: f"{text} (roman)", lambda text: text))(work.title)
    return msgspec.structs.replace(work, ref=SourceRef(connector="new", account="new", key=f"n{n}"), title=title)


async def fill(conn: Connection, source_id: int) -> list[Work]:
    """The référentiel as a million works make it; returns some of them."""
    kept: list[Work] = []
    chunk: list[Work] = []
    filed = 0
    for work in corpus(WORKS, 1):
        chunk.append(work)
        if len(chunk) == CHUNK:
            kept += chunk[:: max(1, WORKS // 10_000)]
            filed += await _file(conn, source_id, filed, chunk)
            chunk = []
    await _file(conn, source_id, filed, chunk)
    await conn.execute("select setval(pg_get_serial_sequence('work', 'id'), $1)", WORKS + 1)
    for table in ("work", "source_record", "match_key"):
        await conn.execute(f"vacuum analyze {table}")
    return kept


async def _file(conn: Connection, source_id: int, after: int, chunk: list[Work]) -> int:
    now = datetime.now(UTC)
    rows, said, keys = [], [], []
    for id_, work in enumerate(chunk, after + 1):
        document = msgspec.to_builtins(work)
        shown = {name: value for name, value in document.items() if name not in ("kind", "ref")}
        folded = " ".join([fold(work.title), *(fold(one.name) for one in work.contributors)])
        rows.append((id_, "book", work.title, folded, shown, {"title": source_id}))
        said.append((source_id, 1, work.ref.key, "", bytes(16), id_, 1, now, document))
        keys += [(1, key, id_) for key in block_keys(features(work))]
    await conn.copy_records_to_table(
        "work", columns=("id", "type", "title", "folded", "fields", "provenance"), records=rows
    )
    await conn.copy_records_to_table(
        "source_record",
        columns=("source_id", "kind", "key", "part", "hash", "entity_id", "generation", "observed_at", "record"),
        records=said,
    )
    await conn.copy_records_to_table("match_key", columns=("kind", "key", "entity_id"), records=keys)
    return len(chunk)


async def land(conn: Connection, source_id: int, works: list[Work]) -> float:
    """Seconds in which records are matched and committed."""
    begun = time.perf_counter()
    async with conn.transaction():
        merge = Merge(conn, await source_info(conn, source_id), datetime.now(UTC), 1)
        rows = [
            (n, hashlib.blake2b(msgspec.json.encode(work), digest_size=16).digest(), work)
            for n, work in enumerate(works)
        ]
        await merge_matched(merge, KindCode.WORK, rows)
        await log(conn, merge.touched)
    return time.perf_counter() - begun


async def trigram(conn: Connection, works: list[Work]) -> float:
    """Seconds a record of PostgreSQL's trigram search for the most similar title."""
    begun = time.perf_counter()
    for work in works:
        folded = " ".join([fold(work.title), *(fold(one.name) for one in work.contributors)])
        await conn.fetch("select id from work where folded % $1 order by similarity(folded, $1) desc limit 5", folded)
    return (time.perf_counter() - begun) / len(works)


def splink(mixed: list[Work]) -> tuple[Spent, float] | None:
    """What Splink spends on a batch, and seconds for one record (median); None where it is not installed."""
    alone = [[one] for one in mixed[NEW : NEW + SPLINK_ALONE]]
    try:
        _, batch, *each = splink_increment(corpus(WORKS, 1), [mixed[NEW:], mixed[:100], mixed[:BATCH], *alone])
    except ImportError:
        print("Splink is not installed: make bench installs it")
        return None
    return batch, statistics.median(one.seconds for one in each)


async def new_source(conn: asyncpg.Connection, name: str) -> int:
    made: int = await conn.fetchval(
        "insert into source (connector, account, label, licence) values ($1, $1, $1, 'etalab-2.0') returning id", name
    )
    return made


async def measure(settings: Settings, urls: EngineUrls) -> list[Measure]:
    """The batch, first and warm; one record at a time; and the trigram query."""
    await drop_database(urls.database, str(settings.database_name))
    async with open_house(settings, urls) as house, house.pool.acquire() as conn:
        begun = time.perf_counter()
        kept = await fill(conn, await new_source(conn, "bench"))  # type: ignore[arg-type]
        filled = time.perf_counter() - begun
        begun = time.perf_counter()
        async with conn.transaction():
            await count(conn, KindCode.WORK)
        counted = time.perf_counter() - begun
        chance = random.Random(3)  # noqa: S311
        fresh = list(corpus(2 * NEW, 2))
        known = [told_otherwise(chance.choice(kept), n, chance) for n in range(2 * NEW)]
        mixed = [known[n] if n % 2 else msgspec.structs.replace(one, ref=known[n].ref) for n, one in enumerate(fresh)]
        source_id = await new_source(conn, "new")  # type: ignore[arg-type]
        processor = await Processor.of(house.database_url)
        first = [await land(conn, source_id, mixed[n : n + BATCH]) for n in range(0, NEW, BATCH)]
        busy = processor.seconds
        alone = [await land(conn, source_id, [one]) for one in mixed[NEW : NEW + ALONE]]
        warm = [await land(conn, source_id, mixed[n : n + BATCH]) for n in range(NEW + ALONE, 2 * NEW, BATCH)]
        by_trigram = await trigram(conn, mixed[:20])
    p95, median = statistics.quantiles(alone, n=20)[-1], statistics.median(alone)
    share = NEW / (NEW - ALONE)
    peer = splink(mixed)
    beside = [] if peer is None else [
        Measure(f"{BATCH} records (s)", sum(first) * BATCH / NEW, peer[0].seconds, "Splink", 1.0, at_most=True),
        Measure(f"{BATCH} records, processor (s)", busy * BATCH / NEW, peer[0].processor, "Splink", 1.0, at_most=True),
        Measure("one record, median (ms)", median * 1000, peer[1] * 1000, "Splink, scoring only", 1.0, at_most=True),
    ]  # fmt: skip
    return [
        Measure(f"{NEW} records into {WORKS}, first (s)", sum(first), 5.0, "limit", 1.0, at_most=True),
        Measure(f"{NEW} records into {WORKS}, warm (s)", sum(warm) * share, 1.5, "limit", 1.0, at_most=True),
        Measure(f"{NEW} records into {WORKS}, processor (s)", busy, 5.0, "the limit by the clock", 1.0, at_most=True),
        Measure("one record, p95 (ms)", p95 * 1000, 10.0, "limit", 1.0, at_most=True),
        Measure("one record, median (ms)", median * 1000, by_trigram * 1000, "trigram %", 1.0, at_most=True),
        *beside,
        Measure("counting words (s)", counted, float(WORKS) / 100_000, "1 s for 100,000 works"),
        Measure("filling (s)", filled, float(WORKS) / 1000, "1 ms a work"),
    ]


def main() -> None:
    """Runs it on an embedded engine and a database of its own."""
    settings = Settings.from_environment(profile="bench", sandbox=True)
    with engines(settings) as urls:
        publish("increment", asyncio.run(measure(settings, urls)))


if __name__ == "__main__":
    main()
