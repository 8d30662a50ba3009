"""`make bench NAME=crash`: a hundred workers killed with `kill -9` at random moments of a 20,000-row run.

Afterwards one run that nobody kills must leave what clean runs leave, table by table, by content hash. The measure is
how many of the tables do; beside it, what the last run costs after a hundred deaths against a clean one.
"""

from __future__ import annotations

import asyncio
import sys

from bench.content import fingerprint
from bench.crashing import SECRET, Crashes, Shelves, Works, clean, crash, served, till
from bench.measures import Measure, publish
from catalogue.database import open_pool
from migrations.run import upgrade
from service.engines.databases import drop_database, ensure_database
from service.engines.lifetime import EngineUrls, engines
from service.settings import Settings
from sync.vault import Vault

ROWS = 20_000
KILLS = 100
SEED = 3


async def measure(urls: EngineUrls) -> list[Measure]:
    """Two deployments side by side: one that nobody harms, one whose workers die. Raises where they differ."""
    shelves = Shelves(ROWS)
    said: dict[str, dict[str, str]] = {}
    seconds: dict[str, float] = {}
    crashes = Crashes(0, 0, 0.0)
    async with served(shelves) as address:
        for profile in ("test_bench_clean", "test_bench_crash"):
            name = f"passerelle_{profile}"
            await drop_database(urls.database, name)
            url = await ensure_database(urls.database, name)
            await upgrade(url)
            async with await open_pool(url, application="passerelle-bench") as pool:
                source_id = await till(pool, address, Vault([SECRET]))
                works = Works(pool, url, urls.redis, profile, source_id, shelves)
                if profile == "test_bench_clean":
                    seconds[profile] = await clean(works)
                else:
                    crashes = await crash(works, kills=KILLS, seed=SEED)
                    seconds[profile] = crashes.seconds
                async with pool.acquire() as conn:
                    said[profile] = await fingerprint(conn)
            await drop_database(urls.database, name)
    wanted, found = said["test_bench_clean"], said["test_bench_crash"]
    same = [part for part in wanted if wanted[part] == found[part]]
    if len(same) < len(wanted):
        print("différents :", ", ".join(sorted(set(wanted) - set(same))), file=sys.stderr)
    return [
        Measure("parts of the content that are equal", len(same), len(wanted), "clean runs", goal=1.0),
        Measure("kills in the middle of a run", crashes.in_a_run, crashes.kills, "kills", goal=0.5),
        Measure(
            "last run, s",
            seconds["test_bench_crash"],
            seconds["test_bench_clean"],
            "a clean run",
        ),
    ]


def main() -> None:
    """Runs it; 1 where anything was lost or doubled."""
    settings = Settings.from_environment(profile="bench", sandbox=True)
    with engines(settings) as urls:
        measures = asyncio.run(measure(urls))
    publish("crash", measures)
    if measures[0].met is not True:
        sys.exit(1)


if __name__ == "__main__":
    main()
