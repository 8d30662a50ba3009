"""`make bench NAME=sync_size`: what a row costs, and how much memory a run takes, as a till grows to five million rows.

Each size is loaded in a process of its own, into an empty database, whose peak memory is the kernel's own figure.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from bench.measures import Measure, publish
from bench.sync import load, plot
from service.engines.lifetime import engines
from service.settings import Settings

SIZES = tuple(int(size) for size in os.environ.get("PASSERELLE_BENCH_SIZES", "200000,1000000,5000000").split(","))


def load_one(rows: int) -> dict[str, float]:
    """Seconds of the first load and of an unchanged one, and the process's peak memory in MB."""
    settings = Settings.from_environment(profile="bench", sandbox=True)
    with engines(settings) as urls:
        loaded = asyncio.run(load(settings, urls, rows))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "first": loaded.first,
        "again": loaded.again,
        "worked": loaded.worked,
        "bytes": loaded.bytes_each,
        "megabytes": peak,
    }


def measured(rows: int) -> dict[str, float]:
    """The same, in a process of its own."""
    root = Path(__file__).parent.parent
    command = [sys.executable, "-m", "bench.sync_size", str(rows)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    figures: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return figures


def main() -> None:
    """Runs it; with a number, that size alone, its figures as JSON."""
    if len(sys.argv) > 1:
        print(json.dumps(load_one(int(sys.argv[1]))))
        return
    found = {rows: measured(rows) for rows in SIZES}
    least, most = min(SIZES), max(SIZES)
    few, many = found[least], found[most]
    plot("sync_size", {name: {rows: one[name] for rows, one in found.items()} for name in ("first", "again")})
    publish(
        "sync_size",
        [
            Measure(
                f"µs a row at {most:,}, first load",
                1e6 * many["first"] / most,
                1e6 * few["first"] / least,
                f"at {least:,}",
                goal=1.3,
                at_most=True,
            ),
            Measure(
                f"processor µs a row at {most:,}, first load",
                1e6 * many["worked"] / most,
                1e6 * few["worked"] / least,
                f"at {least:,}",
                goal=1.3,
                at_most=True,
            ),
            Measure(
                f"µs a row at {most:,}, unchanged",
                1e6 * many["again"] / most,
                1e6 * few["again"] / least,
                f"at {least:,}",
                goal=1.3,
                at_most=True,
            ),
            Measure(
                f"peak MB at {most:,} rows",
                many["megabytes"],
                few["megabytes"],
                f"at {least:,}",
                goal=1.15,
                at_most=True,
            ),
            Measure(f"bytes a stock at {most:,}", many["bytes"], 450, "the goal", goal=1, at_most=True),
        ],
    )


if __name__ == "__main__":
    main()
