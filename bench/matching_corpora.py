"""Synthetic corpora, ours and given ones: one table to clusters, file to file, each tool in a process of its own."""

from __future__ import annotations

import csv
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.er_corpus import HEADER, write_corpus
from bench.tool_process import run

OURS = "Passerelle"
LIMIT = 900
_KINDS = {"event": "event", "book": "product", "film": "work", "venue": "venue"}
_NAMES = {"id": "rec_id", "kind": "type", "contributors": "creator", "postal_code": "postcode"}
_TUNING_SEED = 12
_TUNING_RECORDS = 20_000
_CUTS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999, 0.99999)


def on_corpus(name: str, table: Path, truth: list[int], cuts: Mapping[str, float]) -> list[dict[str, Any]]:
    """Every tool's clusters of one table, judged. `cuts` are the peer's, one a kind."""
    target = table.with_suffix(".clusters.csv")
    ours = [sys.executable, "-m", "service.cli", "match", "dedupe", str(table), "--out", str(target)]
    theirs = [sys.executable, "-m", "bench.matching_splink", str(table), str(target), json.dumps(cuts)]
    rows = []
    for tool, command in ((OURS, ours), ("Splink", theirs)):
        target.unlink(missing_ok=True)
        ran = run(command, LIMIT)
        row: dict[str, Any] = {"set": name, "tool": tool, "records": len(truth)}
        if ran.failed:
            rows.append(row | {"failed": ran.failed})
            continue
        with target.open(encoding="utf-8", newline="") as file:
            found = {line["id"]: line["cluster"] for line in csv.DictReader(file)}
        costs = {"seconds": ran.seconds, "cpu_seconds": ran.cpu_seconds, "peak_mb": ran.peak_mb}
        rows.append(row | {"default": judge([found[str(row)] for row in range(len(truth))], truth)} | costs)
    return rows


def judge(found: Iterable[Any], truth: Iterable[int]) -> dict[str, float]:
    """Precision, recall and F1 over all pairs of records that are in one cluster."""
    found, truth = list(found), list(truth)
    both, told, true = (_pairs(of) for of in (zip(found, truth, strict=True), found, truth))
    return {
        "precision": both / max(1, told),
        "recall": both / max(1, true),
        "f1": 2 * both / max(1, told + true),
    }


def _pairs(values: Iterable[Any]) -> int:
    return sum(times * (times - 1) // 2 for times in Counter(values).values())


def tuned_cuts(place: Path) -> dict[str, float]:
    """The peer's best threshold for each kind, chosen with the truth of a corpus of another seed."""
    from bench.matching_splink import scored

    table = place / "tuning.csv"
    truth = write_corpus(table, _TUNING_RECORDS, _TUNING_SEED)
    found = {}
    for kind, (ids, clusters_at) in scored(table).items():
        true = [truth[int(id_)] for id_ in ids]
        f1 = {}
        for cut in _CUTS:
            cluster = clusters_at(cut)
            f1[cut] = judge([cluster[id_] for id_ in ids], true)["f1"]
        found[kind] = max(f1, key=lambda cut: f1[cut])
    return found


def given_corpus(folder: Path, target: Path) -> list[int]:
    """Write one of the folder's synthetic corpora in our columns; return the truth."""
    with gzip.open(folder / "records.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for row in rows:
            told = {name: row.get(_NAMES.get(name, name), "") for name in HEADER} | {"kind": _KINDS[row["type"]]}
            writer.writerow(told.values())
    with gzip.open(folder / "truth.csv.gz", "rt", encoding="utf-8", newline="") as file:
        entities = {row["rec_id"]: int(row["entity_id"]) for row in csv.DictReader(file)}
    return [entities[row["rec_id"]] for row in rows]
