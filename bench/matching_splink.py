"""Splink on a table of all kinds: a model a kind, records linked between sources, clusters by its own closure.

`python -m bench.matching_splink TABLE TARGET CUTS` reads a CSV and writes id, cluster: what `passerelle match dedupe`
does. Reading, folding and the rarest words are SQL in the same DuckDB, which is how it is fastest.
"""

from __future__ import annotations

import csv
import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import splink.comparison_library as cl
from splink import Linker, SettingsCreator, block_on
from splink.internals.duckdb.database_api import DuckDBAPI

_FOLDED = ("title", "contributors", "publisher", "venue", "address", "city")
_COMPARISONS: dict[str, Callable[[], list[Any]]] = {
    "event": lambda: [*_titles(), *_names("venue", "city", "contributors"), cl.ExactMatch("time")],
    "product": lambda: [
        *_titles(),
        *_names("contributors", "publisher"),
        *map(cl.ExactMatch, ("year", "volume", "ean")),
    ],
    "work": lambda: [*_titles(), *_names("contributors"), *map(cl.ExactMatch, ("year", "visa"))],
    "venue": lambda: [
        *_titles(),
        *_names("address", "city"),
        cl.ExactMatch("postal_code"),
        cl.DistanceInKMAtThresholds("lat", "lon", [0.1, 0.5, 2]),
    ],
}
_BLOCKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "event": (("date", "words"), ("date", "venue"), ("date", "contributors")),
    "product": (("ean",), ("contributors", "words"), ("publisher", "words"), ("year", "words")),
    "work": (("visa",), ("contributors", "words"), ("year", "words")),
    "venue": (("city", "words"), ("postal_code", "words"), ("address", "city")),
}
_TRAINING = {
    "event": (("date", "venue"), ("date", "rarest")),
    "product": (("contributors", "rarest"), ("year", "publisher")),
    "work": (("contributors", "rarest"), ("year", "rarest")),
    "venue": (("city", "rarest"), ("postal_code",)),
}


def _titles() -> list[Any]:
    levels = cl.JaroWinklerAtThresholds("title", [0.95, 0.88, 0.8])
    return [levels.configure(term_frequency_adjustments=True), cl.ArrayIntersectAtSizes("words", [3, 2, 1])]


def _names(*names: str) -> list[Any]:
    return [cl.JaroWinklerAtThresholds(name, [0.92, 0.8]) for name in names]


Clusters = Callable[[float], dict[str, str]]


def scored(table: Path) -> dict[str, tuple[list[str], Clusters]]:
    """Return each kind's ids, and its clusters at a threshold."""
    return {kind: (ids, clusters_at) for kind, ids, clusters_at in _kinds(table)}


def _kinds(table: Path) -> Iterator[tuple[str, list[str], Clusters]]:
    logging.disable(logging.WARNING)
    con = duckdb.connect()
    _read(con, table)
    for kind, comparisons in _COMPARISONS.items():
        ids = [row[0] for row in con.execute("select unique_id from told where kind = ?", [kind]).fetchall()]
        if ids:
            yield kind, ids, _clusters(con, kind, comparisons())


def _read(con: duckdb.DuckDBPyConnection, table: Path) -> None:
    folded = ", ".join(
        f"nullif(trim(regexp_replace(lower(strip_accents({name})), '[^a-z0-9]+', ' ', 'g')), '') as {name}"
        for name in _FOLDED
    )
    con.execute(
        f"""
        create table plain as
        select id as unique_id, kind, source, {folded}, nullif(postal_code, '') as postal_code,
            nullif(date, '') as date, nullif(left(time, 5), '') as time, nullif(year, '') as year,
            nullif(ean, '') as ean, nullif(visa, '') as visa,
            try_cast(lat as double) as lat, try_cast(lon as double) as lon,
            nullif(regexp_extract(lower(title), '(?:tome |t\\.|#|\\()\\s*(\\d+)', 1), '') as volume
        from read_csv(?, header = true, all_varchar = true)
        """,  # noqa: S608 - names of our own
        [str(table)],
    )
    con.execute(
        """
        create table told as
        with words as (select unique_id, unnest(list_distinct(string_split(title, ' '))) as word from plain),
            times as (select word, count(*) as n from words group by word),
            rarest as (
                select unique_id, arg_min(word, n, 2) as words from words join times using (word)
                where length(word) > 1 group by unique_id
            )
        select plain.*, rarest.words, rarest.words[1] as rarest from plain left join rarest using (unique_id)
        """
    )


def _clusters(con: duckdb.DuckDBPyConnection, kind: str, comparisons: list[Any]) -> Clusters:
    api = DuckDBAPI(connection=con)
    sources = [
        row[0] for row in con.execute("select distinct source from told where kind = ? order by 1", [kind]).fetchall()
    ]
    tables = []
    for number, source in enumerate(sources):
        name = f"{kind}_{number}"
        con.execute(f"create table {name} as select * from told where kind = ? and source = ?", [kind, source])  # noqa: S608
        tables.append(api.register(name, dataset_display_name=f"s{name}"))
    rules = [
        block_on(*keys, arrays_to_explode=["words"]) if "words" in keys else block_on(*keys) for keys in _BLOCKS[kind]
    ]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=rules,
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )
    linker = Linker(tables, settings)
    linker.training.estimate_probability_two_random_records_match([block_on(*_TRAINING[kind][0])], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    for keys in _TRAINING[kind]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*keys))
    told = linker.inference.predict(threshold_match_probability=0.3)

    def clusters_at(cut: float) -> dict[str, str]:
        found = linker.clustering.cluster_pairwise_predictions_at_threshold(told, threshold_match_probability=cut)
        rows = found.as_pandas_dataframe()
        return dict(zip(rows.unique_id, rows.cluster_id, strict=True))

    return clusters_at


def main(table: Path, target: Path, cuts: dict[str, float]) -> None:
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id", "cluster"))
        for kind, _, clusters_at in _kinds(table):
            writer.writerows(clusters_at(cuts.get(kind, 0.5)).items())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
