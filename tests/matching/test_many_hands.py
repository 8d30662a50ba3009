"""Beyond one process: a Dask cluster's map gives what the builtin one gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from matching_tables import Gold

from matching.linking import PART, compared, match
from schemas.records import Kind

distributed = pytest.importorskip("distributed")


@pytest.mark.filterwarnings("ignore")
def test_two_worker_processes_give_what_one_does(tmp_path: Any) -> None:
    """Work on pairs, mapped over two worker processes of a cluster, ends in the same pairs and probabilities."""
    gold = Gold()
    judged = next(one for one in gold.judged() if one.kind is Kind.PRODUCT)
    here = match(judged.corpus)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "local_directory": str(tmp_path)}
    with distributed.LocalCluster(processes=True, **options) as cluster, distributed.Client(cluster) as client:
        seen: set[int] = set()

        def spread(function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
            # Cut finer than in earnest, so that both workers have something to do.
            left, right = (np.concatenate(side) for side in zip(*parts, strict=True))
            finer = [(left[at::4], right[at::4]) for at in range(4)]
            futures = client.map(function, finer)
            done = client.gather(futures)
            seen.update(len(who) for who in client.who_has(futures).values())
            whole = np.zeros((len(left), done[0].shape[1]), np.uint8)
            for at, part in enumerate(done):
                whole[at::4] = part
            return [whole]

        there = match(judged.corpus, spread=spread)
        assert len(client.scheduler_info()["workers"]) == 2
    assert seen
    assert np.array_equal(here.left, there.left)
    assert np.array_equal(here.probability, there.probability)
    assert len(compared(judged.corpus, here.left, here.right)) == len(here.left) < PART
