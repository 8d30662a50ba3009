"""A synthetic référentiel matched from file to file by us and by Splink, each in a process of its own.

    python -m bench.matching_million [--records 100000,1000000] [--folder DIR]

Splink runs as its documentation advises for many sources that hold each thing once: one `link_only` model per kind on
DuckDB, folding in SQL, identifiers and (context, rare word) as blocking rules, u from random pairs, m by EM, connected
components from a probability of one half. Processor seconds are of use where the machine is shared. Peak is what the
process and its children hold together.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.er_corpus import write_corpus
from bench.er_measures import cluster_scores, measured

RESULTS = Path(__file__).parent / "results"
_SEED = 11
_THREADS = os.cpu_count() or 1
_NAMES = ("title", "contributors", "publisher", "venue", "city")
_EXACT = ("postal_code", "day", "minute", "year", "ean", "visa")
_FOLDED = ", ".join(
    f"nullif(trim(regexp_replace(lower(strip_accents(coalesce({name}, ''))), '[^a-z0-9]+', ' ', 'g')), '') as {name}"
    for name in _NAMES
)
_RULES: dict[str, tuple[tuple[str, ...], ...]] = {
    "event": (("day", "rarest"), ("day", "second"), ("day", "venue"), ("day", "city"), ("day", "maker")),
    "product": (("ean",), ("rarest", "maker"), ("rarest", "year"), ("title",)),
    "work": (("visa",), ("rarest", "maker"), ("rarest", "year"), ("title",)),
    "venue": (("city", "rarest"), ("postal_code", "rarest"), ("title", "postal_code")),
}
_TRAINING: dict[str, tuple[tuple[str, ...], ...]] = {
    "event": (("day", "venue"), ("day", "title")),
    "product": (("ean",), ("title", "maker")),
    "work": (("visa",), ("title", "year")),
    "venue": (("city", "title"), ("postal_code", "rarest")),
}
_COMPARED: dict[str, tuple[str, ...]] = {
    "event": ("title", "contributors", "venue", "city", "postal_code", "minute"),
    "product": ("title", "contributors", "publisher", "year", "ean"),
    "work": ("title", "contributors", "year", "visa"),
    "venue": ("title", "city", "postal_code"),
}


def by_splink(table: Path, target: Path) -> None:
    """Write `id,cluster` as `passerelle match dedupe` does."""
    import duckdb

    base = duckdb.connect(config={"threads": _THREADS})
    base.execute(
        f"create table told as select id as unique_id, source, kind, {_FOLDED}, postal_code, date as day, "  # noqa: S608
        f"time as minute, year, ean, visa from read_csv('{table}', all_varchar=true)"
    )
    base.execute("""
        create table word as select unique_id, kind, unnest(list_distinct(string_split(title, ' '))) as word from told;
        create table times as select kind, word, count(*) as n from word group by all;
        create table rare as select unique_id, list(word order by n, word) as words
            from word join times using (kind, word) where n > 1 group by unique_id;
        create table ready as select told.*, words[1] as rarest, words[2] as second,
            list_sort(string_split(contributors, ' '))[1] as maker from told left join rare using (unique_id)
    """)
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id", "cluster"))
        for kind in _RULES:
            writer.writerows(_clusters(base, kind))


def _clusters(base: Any, kind: str) -> list[tuple[str, str]]:
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.internals.duckdb.database_api import DuckDBAPI

    sources = [row[0] for row in base.execute("select distinct source from told order by source").fetchall()]
    for source in sources:
        base.execute(
            f"create or replace table {kind}_{source} as select * from ready where kind = '{kind}' "  # noqa: S608
            f"and source = '{source}'"
        )
    compared = [
        cl.ExactMatch(name).configure(term_frequency_adjustments=name in ("year", "postal_code"))
        if name in _EXACT
        else cl.JaroWinklerAtThresholds(name, [0.95, 0.88, 0.8]).configure(term_frequency_adjustments=True)
        for name in _COMPARED[kind]
    ]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=compared,
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in _RULES[kind]],
    )
    api = DuckDBAPI(base)
    linker = Linker([api.register(f"{kind}_{source}") for source in sources], settings)
    linker.training.estimate_probability_two_random_records_match([block_on(*_TRAINING[kind][0])], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for rule in _TRAINING[kind]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*rule))
    pairs = linker.inference.predict(threshold_match_probability=0.5)
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=0.5)
    return base.execute(f"select unique_id, cluster_id from {found.physical_name}").fetchall()  # type: ignore[no-any-return]  # noqa: S608


def on_corpus(command: list[str], target: Path, truth: list[int]) -> dict[str, Any]:
    """Run one tool; its clusters' F1 over all pairs, seconds, memory."""
    found = measured([sys.executable, *command], len(truth))
    with target.open(encoding="utf-8", newline="") as file:
        cluster = {row["id"]: row["cluster"] for row in csv.DictReader(file)}
    return cluster_scores([cluster[str(place)] for place in range(len(truth))], truth) | found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", default="100000,1000000", help="sizes of the corpus")
    parser.add_argument("--splink", type=Path, nargs=2, metavar=("TABLE", "OUT"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.splink:
        by_splink(*given.splink)
        return
    found: dict[str, dict[str, Any]] = {}
    with TemporaryDirectory() as place:
        table, target = Path(place) / "corpus.csv", Path(place) / "clusters.csv"
        for size in map(int, given.records.split(",")):
            truth = write_corpus(table, size, _SEED)
            for tool, command in (
                ("Passerelle", ["-m", "service.cli", "match", "dedupe", str(table), "--out", str(target)]),
                ("Splink", ["-m", "bench.matching_million", "--splink", str(table), str(target)]),
            ):
                found[f"{tool}_{size}"] = on_corpus(command, target, truth)
                print(tool, size, json.dumps(found[f"{tool}_{size}"]), flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "matching_million.json").write_text(json.dumps(found, indent=1), "utf-8")


if __name__ == "__main__":
    main()
