"""Whom each newcomer of a batch is compared with: those it shares most with, weighed by how few share it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Final

MOST_CANDIDATES: Final = 16
"""So many a newcomer is compared with, whatever the size of the catalogue."""
COMMON_KEY: Final = 60
"""A key that this many share says nothing; candidates come from rarer ones."""


def meetings(
    keys: Sequence[Collection[int]], entities: Mapping[int, Sequence[int]], named: Sequence[Collection[int]]
) -> tuple[list[list[int]], list[list[int]]]:
    """Return for each newcomer its candidates: ids of entities, and places of newcomers before it in the batch.

    `keys` are the newcomers', `entities` says who in the catalogue has each of them, `named` which entities bear one of
    the newcomer's identifiers: these always count. Of a key that many in one batch have, the first `COMMON_KEY` are
    met: in a batch that tells one thing many times the rest finds the first.
    """
    here: dict[int, list[int]] = defaultdict(list)
    known: list[list[int]] = []
    earlier: list[list[int]] = []
    for place, its_keys in enumerate(keys):
        by_entity: dict[int, float] = {}
        by_place: dict[int, float] = {}
        for key in its_keys:
            if ids := entities.get(key):
                weight = 1 / len(ids)
                for id_ in ids:
                    by_entity[id_] = by_entity.get(id_, 0.0) + weight
            before = here[key]
            if before:
                weight = 1 / len(before)
                for other in before:
                    by_place[other] = by_place.get(other, 0.0) + weight
            if len(before) < COMMON_KEY:
                before.append(place)
        certain = named[place]
        known.append([*certain, *_best({id_: w for id_, w in by_entity.items() if id_ not in certain})])
        earlier.append(_best(by_place))
    return known, earlier


def _best(weights: Mapping[int, float]) -> list[int]:
    if len(weights) <= MOST_CANDIDATES:
        return list(weights)
    return sorted(weights, key=lambda one: (-weights[one], one))[:MOST_CANDIDATES]
