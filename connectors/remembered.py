"""What a pure reading of a short text gave, kept for the next row that says the same."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

MOST = 10_000
LONGEST = 64
"""Characters. Longer texts are read anew each time: a provider must not fill the memory with them."""

P = ParamSpec("P")
T = TypeVar("T")


def remembered(read: Callable[Concatenate[str, P], T]) -> Callable[Concatenate[str, P], T]:
    """`read` with a bounded memory. What it returns must be immutable, and depend on its arguments alone."""
    kept = functools.lru_cache(maxsize=MOST)(read)

    @functools.wraps(read)
    def reading(text: str, /, *args: P.args, **kwargs: P.kwargs) -> T:
        if len(text) > LONGEST:
            return read(text, *args, **kwargs)
        return kept(text, *args, **kwargs)  # type: ignore[arg-type]

    return reading
