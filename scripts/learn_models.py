"""Learns the weights that ship with the product, on a world whose truth is known (`bench/tellings.py`).

Weights are counted first, ln(m/u), pairs being those that share a blocking key, as in the catalogue; then a logistic
regression held near them corrects what fields say twice, so that scores are probabilities. `python
scripts/learn_models.py` prints how well they judge another world; `--write` writes `matching/models.json`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations, pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402
from scipy.optimize import brentq, minimize  # noqa: E402
from scipy.sparse import csr_matrix  # noqa: E402

from bench.tellings import Telling, World  # noqa: E402
from matching.agreement import FIELDS, Levels, agreement  # noqa: E402
from matching.blocking import block_keys  # noqa: E402
from matching.columns import columns, titles_of  # noqa: E402
from matching.estimate import FIXED, rising  # noqa: E402
from matching.fields import LEVELS  # noqa: E402
from matching.models import FILE  # noqa: E402
from matching.rarity import LEAST_COUNTED, Rarity  # noqa: E402
from matching.vetoes import possible  # noqa: E402
from matching.words import Floats  # noqa: E402

WORLDS: dict[str, Callable[[World, int], Iterator[Telling]]] = {
    "film": World.films,
    "work": World.works,
    "product": World.products,
    "venue": World.venues,
    "event": World.events,
}
THINGS = 4000
COMMON_KEY = 60
STIFF = 1.0
HEAVIEST = 7.0
FEW = 20
AGAINST = frozenset({"different", "one_side", "far", "weeks_apart", "beyond_5_km", "screened_or_not"})
FOR = frozenset({"same", "exact", "exact_rare", "same_year", "within_30_m", "same_moments"})
VETO = -14.0
STARTS = np.cumsum([0, *(len(LEVELS[name]) + 1 for name in FIELDS)])
VOLUME = int(STARTS[FIELDS.index("volume")]) + 1
"""Two volumes are never one."""


def pairs(told: Sequence[Telling]) -> tuple[Levels, NDArray[np.bool_]]:
    """The levels of the pairs that meet, and which of them are one thing."""
    held: dict[str, list[int]] = defaultdict(list)
    for place, one in enumerate(told):
        for key in block_keys(one.says):
            held[key].append(place)
    met = {
        pair
        for members in held.values()
        if len(members) <= COMMON_KEY
        for pair in combinations(members, 2)
        if told[pair[0]].source != told[pair[1]].source
    }
    left, right = (np.array(side, np.int64) for side in zip(*sorted(met), strict=True))
    words: Counter[str] = Counter()
    for first in {one.thing: one.says for one in told}.values():
        words.update({*first.title.split(), *(word for name in first.contributors for word in name.split())})
    counted = {word: times for word, times in words.items() if times >= LEAST_COUNTED}
    # Half of the pairs as in a catalogue that was counted, half as in one that was not.
    levels, same = [], []
    for rarity, side in ((Rarity(100_000, counted), 0), (Rarity(), 1)):
        corpus = columns(
            told[0].says.kind, [one.says for one in told], [titles_of(one.says)[0] for one in told], rarity
        )
        some = np.arange(len(left)) % 2 == side
        some &= possible(corpus, left, right)
        levels.append(agreement(corpus, left[some], right[some]))
        things = np.array([one.thing for one in told])
        same.append(things[left[some]] == things[right[some]])
    return np.concatenate(levels), np.concatenate(same)


def counted_weights(levels: Levels, same: NDArray[np.bool_]) -> Floats:
    """ln(m/u) of every level, one after the other; fixed ones as they are, "missing" nothing."""
    found = np.zeros(STARTS[-1])
    for column, name in enumerate(FIELDS):
        size = len(LEVELS[name])
        begin = STARTS[column]
        if name in FIXED:
            found[begin : begin + size + 1] = FIXED[name]
            continue
        m = np.bincount(levels[same, column], minlength=size + 1)[1:] + 0.5
        u = np.bincount(levels[~same, column], minlength=size + 1)[1:] + 0.5
        seen = m + u - 1
        ratio = np.log(m / m.sum()) - np.log(u / u.sum())
        found[begin + 1 : begin + size + 1] = np.where(seen > 0, np.clip(ratio, -HEAVIEST, HEAVIEST), 0.0)
    found[VOLUME] = VETO
    return found


def calibrated(levels: Levels, same: NDArray[np.bool_], start: Floats) -> Floats:
    """The weights under which the pairs are likeliest, held near `start`."""
    rows = np.repeat(np.arange(len(levels)), len(FIELDS))
    told = levels.ravel() > 0
    where = (levels.astype(np.int64) + STARTS[:-1]).ravel()
    design = csr_matrix((np.ones(told.sum()), (rows[told], where[told])), shape=(len(levels), len(start)))
    truth = same.astype(np.float64)
    stiff = np.full(len(start), STIFF)
    stiff[VOLUME] = 1e6
    before = float(np.log(truth.mean() / (1 - truth.mean())))

    def loss(found: Floats) -> tuple[float, Floats]:
        odds = design @ found[:-1] + found[-1]
        away = found[:-1] - start
        wrong = 1 / (1 + np.exp(-np.clip(odds, -60, 60))) - truth
        cost = float((np.logaddexp(0, odds) - truth * odds).sum() + 0.5 * (stiff * away**2).sum())
        return cost, np.append(design.T @ wrong + stiff * away, wrong.sum())

    found = minimize(loss, np.append(start, before), jac=True, method="L-BFGS-B", options={"maxiter": 300}).x
    return np.asarray(found[:-1])


def reasonable(levels: Levels, weights: Floats) -> Floats:
    """The nearest weights that can be defended: more agreement never weighs less, disagreement never speaks for a
    pair nor full agreement against it, and a level that was hardly seen weighs as the one below it.
    """
    found = weights.copy()
    for column, name in enumerate(FIELDS):
        if name in FIXED:
            continue
        begin = STARTS[column] + 1
        seen = np.bincount(levels[:, column], minlength=len(LEVELS[name]) + 1)[1:].astype(np.float64)
        if not seen.any():
            continue
        ranks = ranked(name)
        for ladder in ranks:
            for below, level in pairwise(ladder):
                if seen[level] < FEW:
                    found[begin + level] = found[begin + below]
        # Ladders share rungs: a few turns are enough for all of them to rise.
        for _ in range(50):
            for ladder in ranks:
                places = begin + np.array(ladder)
                found[places] = rising(found[places], seen[list(ladder)] + 1)
        for level, said in enumerate(LEVELS[name]):
            if said in AGAINST:
                found[begin + level] = min(0.0, found[begin + level])
            if said in FOR:
                found[begin + level] = max(0.0, found[begin + level])
    found[VOLUME] = VETO
    return found


def ranked(name: str) -> list[tuple[int, ...]]:
    """The levels of a field in ladders, each of rising agreement, as places in `LEVELS`."""
    levels = [level for level in LEVELS[name] if level != "one_side"]
    if name != "title":
        ladders = [levels]
        rare = [(level, f"{level}_rare") for level in levels if f"{level}_rare" in levels]
        if rare:
            ladders = [["different", *(pair[side] for pair in rare)] for side in (0, 1)] + [list(pair) for pair in rare]
    else:
        likes = ("faint", "partial", "similar", "close", "exact")
        ends = ("_common", "", "_rare")
        ladders = [["different", *(like + end for like in likes)] for end in ends]
        ladders += [[like + end for end in ends] for like in likes]
    return [tuple(LEVELS[name].index(level) for level in ladder) for ladder in ladders]


def balanced(levels: Levels, same: NDArray[np.bool_], weights: Floats) -> float:
    """The log prior odds under which as many pairs are expected to be one thing as are."""
    sums = weights[levels.astype(np.int64) + STARTS[:-1]].sum(axis=1)
    return float(brentq(lambda odds: (1 / (1 + np.exp(-np.clip(sums + odds, -60, 60)))).sum() - same.sum(), -20, 20))


def learned(name: str, seed: int = 1) -> tuple[Floats, float]:
    levels, same = pairs(list(WORLDS[name](World(seed), THINGS)))
    weights = reasonable(levels, calibrated(levels, same, counted_weights(levels, same)))
    return weights, balanced(levels, same, weights)


def judged(name: str, weights: Floats, odds: float, seed: int = 2) -> str:
    """How the weights judge another world, pair by pair."""
    levels, same = pairs(list(WORLDS[name](World(seed), THINGS)))
    sums = weights[levels.astype(np.int64) + STARTS[:-1]].sum(axis=1) + odds
    likely = 1 / (1 + np.exp(-sums))
    text = f"{len(same)} pairs, {same.sum()} same"
    for least in (0.5, 0.9, 0.95):
        called = likely >= least
        text += f" | {least}: precision {same[called].mean():.4f} recall {called[same].mean():.3f}"
    return text


def document(weights: Floats, odds: float) -> dict[str, Any]:
    """A model as it is shipped: only what weighs something."""
    told = {}
    for column, name in enumerate(FIELDS):
        levels = weights[STARTS[column] + 1 : STARTS[column + 1]]
        if name not in FIXED and levels.any():
            told[name] = {level: round(float(w), 2) for level, w in zip(LEVELS[name], levels, strict=True)}
    return {"prior": round(1 / (1 + float(np.exp(-odds))), 4), "weights": told}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write matching/models.json")
    options = parser.parse_args()
    models = {}
    for name in WORLDS:
        weights, odds = learned(name)
        models[name] = document(weights, odds)
        print(f"{name}: {judged(name, weights, odds)}")
    if options.write:
        FILE.write_text(json.dumps({"version": 1, "models": models}, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
