"""One tool on one labelled set, in this process: `python -m bench.matching_tool TOOL FOLDER` prints a line of JSON.

"default" is the verdict without labels. "tuned" (peers) chooses threshold and one-to-one on three in ten of the first
table's records, "labels" (ours) learns from them; all figures are on the others. dedupe knows nothing without labels,
so both of its figures use them.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from bench.matching_sets import LabelledSet, Pair, Scored, labelled_set

OURS = "Passerelle"


def ours(one: LabelledSet, *, labels: bool) -> set[Pair]:
    """The pairs called the same."""
    from matching.hands import hands
    from matching.whole import judge_all

    (a, b), size = one.ids, len(one.ids[0]) + len(one.ids[1])
    source = np.repeat([0, 1], [len(a), len(b)])
    answers = None
    if labels:
        row_a, row_b = {id_: row for row, id_ in enumerate(a)}, {id_: row + len(a) for row, id_ in enumerate(b)}
        answers = {(row_a[left], row_b[right]): same for (left, right), same in one.training.items()}
    found: set[Pair] = set()
    spread = hands(os.cpu_count() or 1)
    for judged in judge_all(one.columns, [one.kind] * size, source, answers=answers, spread=spread):
        left, right = judged.matched.left, judged.matched.right
        for pair in np.flatnonzero(judged.scores >= 50).tolist():
            if judged.outcome(pair) == "same":
                found.add((a[left[pair]], b[right[pair] - len(a)]))
    return found


def tuned(one: LabelledSet, scored: Scored) -> set[Pair]:
    """A peer's pairs at the threshold, and with or without one-to-one, that do best on the training side."""
    choices = [
        {pair for pair, score in pairs.items() if score >= cut}
        for pairs in (scored, _one_to_one(scored))
        for cut in np.unique(np.quantile(list(pairs.values()) or [0], np.linspace(0, 1, 60)))
    ]
    return max(choices, key=lambda found: one.judge(found, training=True).f1)


def _one_to_one(scored: Scored) -> Scored:
    kept: Scored = {}
    seen: set[tuple[int, str]] = set()
    for pair in sorted(scored, key=lambda pair: (-scored[pair], pair)):
        ends = {(0, pair[0]), (1, pair[1])}
        if not ends & seen:
            kept[pair] = scored[pair]
            seen |= ends
    return kept


def on_set(tool: str, folder: Path) -> dict[str, Any]:
    """The figures of one tool on one set."""
    one = labelled_set(folder)
    if tool == OURS:
        begun = time.perf_counter()
        found = ours(one, labels=False)
        seconds = time.perf_counter() - begun
        best = ours(one, labels=True)
    else:
        from bench.matching_peers import PEERS

        begun = time.perf_counter()
        scored, cut = PEERS[tool](one)
        seconds = time.perf_counter() - begun
        found = {pair for pair, score in scored.items() if score >= cut}
        best = tuned(one, scored)
    default, labelled = one.judge(found, training=False), one.judge(best, training=False)
    return {"default": default._asdict(), "labels": labelled._asdict(), "seconds": seconds}


if __name__ == "__main__":
    print(json.dumps(on_set(sys.argv[1], Path(sys.argv[2]))))
