"""Matching measured beside its peers: public labelled sets, and synthetic corpora up to a million records.

    python -m bench.matching [--sets DIR] [--records 20000,100000,1000000] [--only SET,SET] [--tools TOOL,TOOL]

The sets are looked for in the samples' folder `er` and left out, with a word, where they are not: nothing of them is in
this repository. Every tool runs in a process of its own, one after the other; one that fails or takes too long is a row
that says so. Figures go to bench/results/matching.json, every tool's to matching_tools.json, the plot to matching.png.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.er_corpus import write_corpus
from bench.matching_corpora import OURS, given_corpus, on_corpus, tuned_cuts
from bench.matching_plot import plot
from bench.matching_sets import MAPS
from bench.measures import RESULTS, Measure, publish
from bench.tool_process import run

_SEED = 11
_TOOLS = (OURS, "Splink", "recordlinkage", "rapidfuzz token_set", "dedupe")
_NEAR = 0.02
_FASTER = 2.0


def on_set(folder: Path, tools: list[str], limit: float) -> list[dict[str, Any]]:
    """Every tool on one set."""
    rows = []
    for tool in tools:
        ran = run([sys.executable, "-m", "bench.matching_tool", tool, str(folder)], limit)
        row: dict[str, Any] = {"set": folder.name, "tool": tool}
        if ran.failed:
            rows.append(row | {"failed": ran.failed})
        else:
            rows.append(row | json.loads(ran.answer.splitlines()[-1]) | {"peak_mb": ran.peak_mb})
        print(json.dumps(rows[-1]), flush=True)
    return rows


def measures(sets: list[dict[str, Any]], corpora: list[dict[str, Any]]) -> list[Measure]:
    """Ours beside the best peer: the default verdict beside the best default and the best tuned, with labels beside the
    best tuned; and on corpora F1, seconds and memory.
    """
    found = []
    done = [row for row in sets if "failed" not in row]
    for name in dict.fromkeys(row["set"] for row in done):
        ours = next((row for row in done if row["set"] == name and row["tool"] == OURS), None)
        peers = [row for row in done if row["set"] == name and row["tool"] != OURS]
        if ours is None or not peers:
            continue
        # dedupe is told answers before it finds anything: it has no verdict without labels.
        plain = max((row for row in peers if row["tool"] != "dedupe"), key=lambda row: row["default"]["f1"])
        best = max(peers, key=lambda row: row["labels"]["f1"])
        tuned = best["labels"]["f1"]
        mine, labelled = ours["default"]["f1"], ours["labels"]["f1"]
        found += [
            Measure(f"{name}: F1", mine, plain["default"]["f1"], f"{plain['tool']}, default", 1.0),
            Measure(f"{name}: F1, to the best tuned", mine, tuned, best["tool"], round((tuned - _NEAR) / tuned, 4)),
            Measure(f"{name}: F1 with labels", labelled, tuned, f"{best['tool']}, tuned", 1.0),
        ]
    done = [row for row in corpora if "failed" not in row]
    for name in dict.fromkeys(row["set"] for row in done):
        pair = {row["tool"]: row for row in done if row["set"] == name}
        if OURS not in pair or "Splink" not in pair:
            continue
        ours, theirs = pair[OURS], pair["Splink"]
        found += [
            Measure(f"{name}: F1 of clusters", ours["default"]["f1"], theirs["default"]["f1"], "Splink, tuned", 1.0),
            Measure(
                f"{name}: records/s", ours["records"] / ours["seconds"], ours["records"] / theirs["seconds"], "Splink",
                _FASTER if ours["records"] >= 1_000_000 else None,
            ),
            Measure(f"{name}: peak, MB", ours["peak_mb"], theirs["peak_mb"], "Splink"),
        ]  # fmt: skip
    return found


def show(rows: list[dict[str, Any]]) -> None:
    """Print every tool's figures, precision / recall / F1."""
    table = Table(title="every tool", box=None, pad_edge=False, title_justify="left")
    for title in ("set", "tool", "default P/R/F1", "tuned or labels P/R/F1", "seconds", "peak MB"):
        table.add_column(title)
    for row in rows:
        if "failed" in row:
            table.add_row(row["set"], row["tool"], f"[red]{row['failed']}")
            continue
        told = (_figures(row.get(side)) for side in ("default", "labels"))
        table.add_row(row["set"], row["tool"], *told, f"{row['seconds']:.1f}", str(row["peak_mb"]))
    Console(width=150).print(table)


def _figures(found: dict[str, float] | None) -> str:
    return "{precision:.3f} / {recall:.3f} / {f1:.3f}".format(**found) if found else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    samples = Path(os.environ.get("PASSERELLE_SAMPLES", "../shared"))
    parser.add_argument("--sets", type=Path, default=samples / "er", help="folder of labelled sets")
    parser.add_argument("--records", default="20000,100000", help="sizes of our own corpus, at most a million or so")
    parser.add_argument("--only", default="", help="some of the sets and given corpora, by name")
    parser.add_argument("--tools", default=",".join(_TOOLS), help="on the sets; dedupe takes most of the time")
    parser.add_argument("--limit", type=float, default=300, help="seconds a tool may take on a set")
    given = parser.parse_args()
    wanted = set(filter(None, given.only.split(",")))
    RESULTS.mkdir(exist_ok=True)
    sets: list[dict[str, Any]] = []
    corpora: list[dict[str, Any]] = []
    for name in MAPS:
        if wanted and name not in wanted:
            continue
        if (given.sets / name).is_dir():
            sets += on_set(given.sets / name, given.tools.split(","), given.limit)
        else:
            print(f"{name}: left out, there is no {given.sets / name}")
    with TemporaryDirectory() as place:
        table = Path(place) / "corpus.csv"
        folders = [one for one in sorted(given.sets.glob("synth_*")) if not wanted or one.name in wanted]
        sizes = [int(size) for size in filter(None, given.records.split(","))]
        cuts = tuned_cuts(Path(place)) if folders or sizes else {}
        for folder in folders:
            corpora += on_corpus(folder.name, table, given_corpus(folder, table), cuts)
        for size in sizes:
            corpora += on_corpus(f"own_{size}", table, write_corpus(table, size, _SEED), cuts)
    show([*sets, *corpora])
    (RESULTS / "matching_tools.json").write_text(json.dumps([*sets, *corpora], indent=1) + "\n", "utf-8")
    plot(sets, corpora, RESULTS / "matching.png")
    publish("matching", measures(sets, corpora))


if __name__ == "__main__":
    main()
