"""Matching measured: the public labelled sets with peers in the same run, and synthetic corpora up to a million.

    python -m bench.matching [--sets DIR] [--records 100000,1000000]

On a set, "default" is the verdict without labels; "tuned" (peers) chooses threshold and one-to-one on three in ten of
the first table's records and "labels" (ours) learns from them; all figures are on the others. Corpora are our own
(`er_corpus.py`) and, of the folder, its `synth_*`. Results go to bench/results.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from bench.er_corpus import HEADER, write_corpus
from bench.er_measures import cluster_scores, measured
from bench.matching_peers import PEERS, Scored
from bench.matching_sets import MAPS, LabelledSet, Pair, labelled_set
from matching.hands import hands
from matching.whole import Judged, judge_all

RESULTS = Path(__file__).parent / "results"
_SEED = 11


def ours(one: LabelledSet, *, labels: bool) -> set[Pair]:
    """The pairs called the same."""
    (a, b), size = one.ids, len(one.ids[0]) + len(one.ids[1])
    source = np.repeat([0, 1], [len(a), len(b)])
    answers = None
    if labels:
        row_a, row_b = {id_: row for row, id_ in enumerate(a)}, {id_: row + len(a) for row, id_ in enumerate(b)}
        answers = {
            (row_a[left], row_b[right]): same for (left, right), same in one.judged.items() if one.is_training(left)
        }
    judged = judge_all(one.columns, [one.kind] * size, source, answers=answers, spread=hands(os.cpu_count() or 1))
    return {pair for part in judged for pair in _same(part, a, b)}


def _same(judged: Judged, a: list[str], b: list[str]) -> set[Pair]:
    pairs = [pair for pair in np.flatnonzero(judged.scores >= 50).tolist() if judged.outcome(pair) == "same"]
    matched = judged.matched
    return {(a[matched.left[pair]], b[matched.right[pair] - len(a)]) for pair in pairs}


def tuned(one: LabelledSet, scored: Scored) -> set[Pair]:
    """A peer's pairs at the threshold, and with or without one-to-one, that do best on the training side."""
    once = _one_to_one(scored)
    choices = [
        {pair for pair, score in pairs.items() if score >= cut}
        for pairs in (scored, once)
        for cut in np.unique(np.quantile(list(pairs.values()) or [0], np.linspace(0, 1, 60)))
    ]
    return max(choices, key=lambda found: one.f1(found, training=True))


def _one_to_one(scored: Scored) -> Scored:
    kept: Scored = {}
    seen: set[tuple[int, str]] = set()
    for pair in sorted(scored, key=lambda pair: (-scored[pair], pair)):
        ends = {(0, pair[0]), (1, pair[1])}
        if not ends & seen:
            kept[pair] = scored[pair]
            seen |= ends
    return kept


def on_set(folder: Path) -> list[dict[str, Any]]:
    """Every tool on one set."""
    one = labelled_set(folder)
    rows = []
    begun = time.perf_counter()
    default = one.f1(ours(one, labels=False), training=False)
    seconds = time.perf_counter() - begun
    labelled = one.f1(ours(one, labels=True), training=False)
    rows.append({"set": one.name, "tool": "Passerelle", "default": default, "tuned": labelled, "seconds": seconds})
    for name, find in PEERS.items():
        begun = time.perf_counter()
        try:
            scored, cut = find(one)
        except Exception as error:  # noqa: BLE001 - a peer that fails on a set is a result
            rows.append({"set": one.name, "tool": name, "failed": f"{type(error).__name__}: {error}"[:200]})
            continue
        seconds = time.perf_counter() - begun
        own = one.f1({pair for pair, score in scored.items() if score >= cut}, training=False)
        best = one.f1(tuned(one, scored), training=False)
        rows.append({"set": one.name, "tool": name, "default": own, "tuned": best, "seconds": seconds})
    return rows


def on_corpus(table: Path, truth: list[int]) -> dict[str, Any]:
    """Clusters of one table by the command line, as a user runs it: seconds and memory of the whole process."""
    with TemporaryDirectory() as place:
        target = Path(place) / "clusters.csv"
        command = [sys.executable, "-m", "service.cli", "match", "dedupe", str(table), "--out", str(target)]
        cost = measured(command, len(truth))
        with target.open(encoding="utf-8", newline="") as file:
            found = [row["cluster"] for row in csv.DictReader(file)]
    return {"records": len(truth), **cluster_scores(found, truth), **cost}


def given_corpus(folder: Path, target: Path) -> list[int]:
    """Write one of the folder's synthetic corpora in our columns; return the truth."""
    kinds = {"event": "event", "book": "product", "film": "work", "venue": "venue"}
    names = {"id": "rec_id", "kind": "type", "contributors": "creator", "postal_code": "postcode"}
    with gzip.open(folder / "records.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for row in rows:
            told = {name: row.get(names.get(name, name), "") for name in HEADER} | {"kind": kinds[row["type"]]}
            writer.writerow(told.values())
    with gzip.open(folder / "truth.csv.gz", "rt", encoding="utf-8", newline="") as file:
        entities = {row["rec_id"]: int(row["entity_id"]) for row in csv.DictReader(file)}
    return [entities[row["rec_id"]] for row in rows]


def plot(rows: list[dict[str, Any]], target: Path) -> None:
    """Bars: every set's F1 without labels by tool, a mark where labels or tuning bring it."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    sets = list(dict.fromkeys(row["set"] for row in rows))
    tools = list(dict.fromkeys(row["tool"] for row in rows))
    figure, axes = plt.subplots(figsize=(12, 5))
    for place, tool in enumerate(tools):
        found = {row["set"]: row for row in rows if row["tool"] == tool}
        at = np.arange(len(sets)) + (place - (len(tools) - 1) / 2) * 0.8 / len(tools)
        axes.bar(at, [found.get(name, {}).get("default", 0) for name in sets], 0.8 / len(tools), label=tool)
        axes.plot(at, [found.get(name, {}).get("tuned", 0) for name in sets], "k_", markersize=9)
    axes.set_xticks(range(len(sets)), sets, rotation=20, ha="right")
    axes.set_ylabel("F1 without labels (a dash: tuned, or with labels)")
    axes.legend(ncols=len(tools), loc="lower right")
    figure.tight_layout()
    figure.savefig(target, dpi=120)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sets", type=Path, help="folder of labelled sets")
    parser.add_argument("--records", default="20000,100000", help="sizes of our own corpus")
    given = parser.parse_args()
    RESULTS.mkdir(exist_ok=True)
    rows: list[dict[str, Any]] = []
    corpora: dict[str, dict[str, Any]] = {}
    if given.sets:
        for name in MAPS:
            found = on_set(given.sets / name)
            rows.extend(found)
            for row in found:
                print(json.dumps(row), flush=True)
        plot(rows, RESULTS / "matching.png")
    with TemporaryDirectory() as place:
        table = Path(place) / "corpus.csv"
        for folder in sorted(given.sets.glob("synth_*")) if given.sets else ():
            corpora[folder.name] = on_corpus(table, given_corpus(folder, table))
            print(folder.name, json.dumps(corpora[folder.name]), flush=True)
        for size in map(int, filter(None, given.records.split(","))):
            corpora[f"own_{size}"] = on_corpus(table, write_corpus(table, size, _SEED))
            print(f"own_{size}", json.dumps(corpora[f"own_{size}"]), flush=True)
    (RESULTS / "matching.json").write_text(json.dumps({"sets": rows, "corpora": corpora}, indent=1), "utf-8")


if __name__ == "__main__":
    main()
