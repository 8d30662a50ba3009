"""`make bench NAME=connectors`: records a second and peak memory, beside the bare parser of the same file.

The bare parser only parses; a connector also reads every field into typed records. Where rows are short that alone
costs more than the parse, whoever does it: a second row is beside the bare parser followed by as many records of the
same kinds, built of constants and told one by one. Each is measured in a process of its own, in the same run: so many
rows, and four times as many for the memory.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.built_records import kinds_of, told
from bench.connector_inputs import INPUTS, NOW
from bench.measures import Measure, publish
from connectors.base import Upsert
from connectors.reading import read

ROWS = int(os.environ.get("PASSERELLE_BENCH_ROWS", "5000"))
THIRD = 1 / 3
FLAT = 1.5
"""Peak memory of four times the rows over that of the rows, where it does not grow with the file."""


def ours(name: str, file: Path) -> int:
    """How many records the connector reads."""

    async def reading() -> int:
        count = 0
        async for change in read(name, {"path": str(file)}, None, clock=lambda: NOW):
            count += isinstance(change, Upsert)
        return count

    return asyncio.run(reading())


def bare(name: str, file: Path) -> int:
    """What the parser counts."""
    return INPUTS[name].bare(file)


def built(name: str, file: Path) -> int:
    """The parser, and then records of the kinds that the connector tells, made of nothing that was read."""
    kinds = kinds_of(name, str(file))
    INPUTS[name].bare(file)
    return told(kinds)


def measured(work: Callable[[str, Path], int], name: str, file: Path) -> tuple[int, float, float]:
    """(count, seconds, MiB at most), in a process that does nothing else; the best of three for the seconds.

    Seconds are the processor's: on a busy machine a short parse fits between two waits, and a longer reading does not.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (work, name, str(file)))


def _measure(work: Callable[[str, Path], int], name: str, file: str) -> tuple[int, float, float]:
    best, count = float("inf"), 0
    for _ in range(3):
        began = time.process_time()
        count = work(name, Path(file))
        best = min(best, time.process_time() - began)
    return count, best, _peak()


def _peak() -> float:
    """MiB this process held at most: not `ru_maxrss`, which begins with what the parent held."""
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def main(names: list[str]) -> None:
    measures: list[Measure] = []
    for name in names or list(INPUTS):
        one = INPUTS[name]
        with tempfile.TemporaryDirectory() as folder:
            file = one.make(Path(folder), ROWS)
            records, seconds, peak = measured(ours, name, file)
            _, bare_seconds, _ = measured(bare, name, file)
            _, built_seconds, _ = measured(built, name, file)
            larger = one.make(Path(folder), ROWS * 4)
            _, _, larger_peak = measured(ours, name, larger)
        speed = records / seconds
        measures.append(Measure(f"{name}: records/s", speed, records / bare_seconds, one.parser, THIRD))
        parser = f"{one.parser}, records built"
        measures.append(Measure(f"{name}: records/s", speed, records / built_seconds, parser, THIRD))
        measures.append(Measure(f"{name}: MiB, rows ×4", larger_peak, peak, "rows ×1", FLAT, at_most=True))
    publish("connectors", measures)


if __name__ == "__main__":
    main(sys.argv[1:])
