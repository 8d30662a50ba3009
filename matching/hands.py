"""Several processes of this machine for work on pairs. They inherit the records, so nothing large is sent to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from multiprocessing import get_context
from typing import Any

from matching.linking import Spread

_WORTH = 2
_held: list[Callable[[Any], Any]] = []


def hands(processes: int) -> Spread:
    """Return a `map` over so many processes; of one, or for few parts, the builtin one."""

    def spread(function: Callable[[Any], Any], parts: Sequence[Any]) -> Iterable[Any]:
        if processes < _WORTH or len(parts) < _WORTH:
            return [function(part) for part in parts]
        _held.append(function)
        try:
            with get_context("fork").Pool(min(processes, len(parts))) as pool:
                return pool.map(_call, parts, chunksize=1)
        finally:
            _held.pop()

    return spread


def _call(part: Any) -> Any:
    return _held[-1](part)
