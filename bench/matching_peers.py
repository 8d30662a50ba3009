"""What others find on the same columns, each in one generic configuration, blocking for itself.

Each returns scored pairs and the score from which its own documentation would call them the same.
"""

from __future__ import annotations

import io
import json
import logging
import random
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from rapidfuzz import fuzz, process

from bench.matching_sets import LabelledSet, Scored
from matching.folding import fold_value

_NAMES = ("contributors", "publisher", "series", "address", "city", "genre")
_EXACT = ("phone", "postal_code")
_NUMBERS = ("year", "price", "duration_minutes")
_LABELS = 400


def rapidfuzz_token_set(one: LabelledSet) -> tuple[Scored, float]:
    """Titles alone, all against all, each record's best: token_set_ratio from 90."""
    titles = [fold_value(title) for title in one.columns["title"]]
    ours, theirs = titles[: len(one.ids[0])], titles[len(one.ids[0]) :]
    found: Scored = {}
    for start in range(0, len(ours), 500):
        scores = process.cdist(
            ours[start : start + 500], theirs, scorer=fuzz.token_set_ratio, dtype=np.uint8, workers=2
        )
        for row, column in zip(*np.nonzero(scores >= 60), strict=True):
            if scores[row, column] >= scores[row].max() - 3:
                found[one.ids[0][start + row], one.ids[1][column]] = float(scores[row, column])
    return found, 90.0


def splink(one: LabelledSet) -> tuple[Scored, float]:
    """Jaro-Winkler and exact levels with term frequencies, EM after u from random pairs; from a probability of ½."""
    import splink.comparison_library as cl
    from splink import Linker, SettingsCreator, block_on
    from splink.internals.duckdb.database_api import DuckDBAPI

    logging.disable(logging.WARNING)
    left, right = _frames(one)
    comparisons = [cl.JaroWinklerAtThresholds("title", [0.95, 0.88, 0.8]).configure(term_frequency_adjustments=True)]
    comparisons += [cl.JaroWinklerAtThresholds(name, [0.92, 0.8]) for name in _NAMES if name in left]
    comparisons += [cl.ExactMatch(name).configure(term_frequency_adjustments=True) for name in _EXACT if name in left]
    comparisons += [cl.ExactMatch(name) for name in _NUMBERS if name in left]
    if "lat" in left:
        comparisons.append(cl.DistanceInKMAtThresholds("lat", "lon", [0.1, 0.5, 2]))
    rules = [block_on("title"), block_on("words", arrays_to_explode=["words"])]
    settings = SettingsCreator(
        link_type="link_only", comparisons=comparisons, blocking_rules_to_generate_predictions=rules
    )
    api = DuckDBAPI()
    tables = [api.register(left, dataset_display_name="a"), api.register(right, dataset_display_name="b")]
    linker = Linker(tables, settings)
    linker.training.estimate_probability_two_random_records_match([block_on("title")], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6)
    linker.training.estimate_parameters_using_expectation_maximisation(block_on("rarest"))
    # A rule under which no two records meet ends its training with an error: only a column that both tables share.
    shared = (name for name in ("city", "year", "postal_code") if name in left and _meet(left[name], right[name]))
    if other := next(shared, None):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(other))
    told = linker.inference.predict(threshold_match_probability=0.01).as_pandas_dataframe()
    pairs = zip(told.unique_id_l, told.unique_id_r, told.match_probability, strict=True)
    return {(a[1:], b[1:]) if a[0] == "a" else (b[1:], a[1:]): float(p) for a, b, p in pairs}, 0.5


def recordlinkage(one: LabelledSet) -> tuple[Scored, float]:
    """Sorted neighbourhood and shared rare words; Jaro-Winkler; its unsupervised ECM classifier, from ½."""
    import recordlinkage as rl

    left, right = (frame.set_index("unique_id") for frame in _frames(one))
    candidates = rl.index.SortedNeighbourhood("title", window=9).index(left, right)
    exploded = [frame[["words"]].explode("words").reset_index() for frame in (left, right)]
    met = exploded[0].merge(exploded[1], on="words").drop_duplicates(["unique_id_x", "unique_id_y"])
    pairs = candidates.union(pd.MultiIndex.from_arrays([met.unique_id_x, met.unique_id_y], names=candidates.names))
    compare = rl.Compare()
    for name in ("title", *_NAMES):
        if name in left:
            compare.string(name, name, method="jarowinkler", threshold=0.88, label=name)
    for name in (*_EXACT, *_NUMBERS):
        if name in left:
            compare.exact(name, name, label=name)
    if "lat" in left:
        compare.geo("lat", "lon", "lat", "lon", method="linear", scale=0.2, label="place")
    levels = (compare.compute(pairs, left.assign(**_placed(left)), right.assign(**_placed(right))) > 0.5).astype(int)
    levels = levels.loc[:, levels.nunique() > 1]
    ecm = rl.ECMClassifier()
    ecm.fit(levels)
    probability = ecm.prob(levels)
    return {(a[1:], b[1:]): float(p) for (a, b), p in probability.items() if p > 0.01}, 0.5


def dedupe(one: LabelledSet) -> tuple[Scored, float]:
    """Its active learner given up to 400 answers of the training side at once; string and price fields; from ½."""
    import dedupe as dd
    from dedupe.predicates import IndexPredicate

    logging.disable(logging.WARNING)
    left, right = _frames(one)
    names = [name for name in ("title", *_NAMES, *_EXACT, *_NUMBERS) if name in left]
    fields = [
        (dd.variables.Price if name in _NUMBERS else dd.variables.String)(name, has_missing=True) for name in names
    ]
    if "lat" in left:
        fields.append(dd.variables.LatLong("place", has_missing=True))
    for field in fields:
        # Its blocking by nearest texts asks a method of its index library that this one no longer has.
        field.predicates = [one for one in field.predicates if not isinstance(one, IndexPredicate)]
    tables = [_told(frame, names) for frame in (left, right)]
    linker = dd.RecordLink(fields, num_cores=1, in_memory=True)
    linker.prepare_training(*tables, training_file=io.StringIO(json.dumps(_answers(one, *tables))))
    linker.train(index_predicates=False)
    links = linker.join(*tables, threshold=0.01, constraint="many-to-many")
    return {(str(a)[1:], str(b)[1:]): float(score) for (a, b), score in links}, 0.5


PEERS: dict[str, Callable[[LabelledSet], tuple[Scored, float]]] = {
    "Splink": splink,
    "recordlinkage": recordlinkage,
    "rapidfuzz token_set": rapidfuzz_token_set,
    "dedupe": dedupe,
}


def _answers(one: LabelledSet, ours: dict[str, object], theirs: dict[str, object]) -> dict[str, object]:
    """Half of the answers the same, half not; where nobody told what is not, pairs drawn at random."""
    chance = random.Random(7)  # noqa: S311 - a draw that is the same every time
    told: dict[bool, list[tuple[str, str]]] = {True: [], False: []}
    for (a, b), same in sorted(one.training.items()):
        told[same].append((f"a{a}", f"b{b}"))
    if not told[False]:
        left, right = sorted(ours), sorted(theirs)
        told[False] = [(chance.choice(left), chance.choice(right)) for _ in range(_LABELS)]
    answers = {}
    for same, name in ((True, "match"), (False, "distinct")):
        chance.shuffle(told[same])
        answers[name] = [
            {"__class__": "tuple", "__value__": [ours[a], theirs[b]]} for a, b in told[same][: _LABELS // 2]
        ]
    return answers


def _told(frame: pd.DataFrame, names: list[str]) -> dict[str, object]:
    records: dict[str, object] = {}
    for row in frame.to_dict("records"):
        record = {name: None if pd.isna(row[name]) or row[name] == 0 else row[name] for name in names}
        if "lat" in row:
            record["place"] = None if pd.isna(row["lat"]) or pd.isna(row["lon"]) else (row["lat"], row["lon"])
        records[row["unique_id"]] = record
    return records


def _frames(one: LabelledSet) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both tables, folded; ids say their table; `words` are a title's three rarest."""
    warnings.simplefilter("ignore")
    cut = len(one.ids[0])
    frame = pd.DataFrame({"unique_id": [f"a{id_}" for id_ in one.ids[0]] + [f"b{id_}" for id_ in one.ids[1]]})
    for name in ("title", *_NAMES, *_EXACT):
        if name in one.columns:
            # As ours reads it: a spreadsheet's "207408.0" is the code 207408.
            frame[name] = [fold_value(value.removesuffix(".0")) or None for value in one.columns[name]]
    for name in (*_NUMBERS, "lat", "lon"):
        if name in one.columns:
            frame[name] = pd.to_numeric(pd.Series(one.columns[name]).str.extract(r"(-?\d+(?:\.\d+)?)")[0])
    words = [(title or "").split() for title in frame.title]
    times = pd.Series([word for row in words for word in set(row)]).value_counts().to_dict()
    frame["words"] = [sorted(set(row), key=lambda word: (times[word], word))[:3] for row in words]
    frame["rarest"] = [row[0] if row else None for row in frame["words"]]
    return frame.iloc[:cut].reset_index(drop=True), frame.iloc[cut:].reset_index(drop=True)


def _meet(left: pd.Series, right: pd.Series) -> bool:
    return bool(left.dropna().isin(set(right.dropna())).any())


def _placed(frame: pd.DataFrame) -> dict[str, pd.Series]:
    return {name: frame[name].fillna(0.0) for name in ("lat", "lon") if name in frame}
