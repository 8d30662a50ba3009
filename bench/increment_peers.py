"""Splink doing what `bench/increment.py` measures: new records against a catalogue that is loaded and trained.

The catalogue lies in DuckDB's memory, its term frequencies counted, the model trained on a first batch: what it costs
to get there is not in the figures. Blocked by title, and by author with the title's longest word, as our keys do.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from matching.normalise import fold
from schemas.records import Work


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds by the clock, and of processors: DuckDB's threads are of this process."""

    seconds: float
    processor: float


def splink_increment(catalogue: Iterable[Work], batches: Sequence[Sequence[Work]]) -> list[Spent]:
    """What each batch after the first, which trains, cost. ImportError without the bench extra."""
    import pandas as pd
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.internals.duckdb.database_api import DuckDBAPI

    logging.disable(logging.WARNING)

    api = DuckDBAPI()

    def loaded(works: Iterable[Work], name: str) -> Any:
        rows = [_row(f"{name}-{number}", work) for number, work in enumerate(works)]
        frame = pd.DataFrame(rows, columns=["unique_id", "title", "author", "word", "year"])
        return api.register(frame, dataset_display_name=name)

    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("title", [0.95, 0.88]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("author", [0.92, 0.8]),
            cl.ExactMatch("year"),
        ],
        blocking_rules_to_generate_predictions=[block_on("title"), block_on("author", "word")],
    )
    known, first = loaded(catalogue, "catalogue"), loaded(batches[0], "batch0")
    linker = Linker([known, first], settings)
    linker.table_management.compute_tf_table("title")
    linker.training.estimate_probability_two_random_records_match([block_on("title")], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("author"))
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("title"))
    spent = []
    for number, batch in enumerate(batches[1:], 1):
        begun, busy = time.perf_counter(), time.process_time()
        new = loaded(batch, f"batch{number}")
        told = linker.inference.predict_between(known, new, threshold_match_probability=0.5)
        len(told.as_pandas_dataframe())
        spent.append(Spent(time.perf_counter() - begun, time.process_time() - busy))
    return spent


def _row(id_: str, work: Work) -> tuple[str, str, str, str, int | None]:
    title = fold(work.title)
    author = fold(work.contributors[0].name) if work.contributors else ""
    return id_, title, author, max(title.split(), key=len, default=""), work.year
