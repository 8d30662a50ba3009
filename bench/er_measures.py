"""How good clusters are, and what a command and its children cost."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def cluster_scores(found: Sequence[Any], truth: Sequence[Any]) -> dict[str, float]:
    """Precision, recall and F1 over all pairs of records that clusters hold together."""
    both, told, true = (_pairs(of) for of in (list(zip(found, truth, strict=True)), found, truth))
    return {"precision": both / max(1, told), "recall": both / max(1, true), "f1": 2 * both / max(1, told + true)}


def _pairs(values: Sequence[Any]) -> int:
    return sum(times * (times - 1) // 2 for times in Counter(values).values())


def measured(command: list[str], records: int) -> dict[str, float]:
    """Run a command. Seconds, those of processors too; the most memory that it and its children held together."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    peak = 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - ours
        while process.poll() is None:
            peak = max(peak, sum(map(_proportional_kb, _with_children(process.pid))))
            time.sleep(0.2)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    seconds, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": seconds,
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "records_per_second": records / seconds,
        "peak_mb": peak // 1024,
        "load": os.getloadavg()[0],
    }


def _proportional_kb(pid: int) -> int:
    """What a process holds, memory that several share being divided among them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _with_children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        children = [int(child) for task in tasks for child in (task / "children").read_text("ascii").split()]
    except OSError:
        return [pid]
    return [pid, *(one for child in children for one in _with_children(child))]
