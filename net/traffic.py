"""How much was asked of a provider and came back: answers, bytes after decompression, seconds of waiting."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Traffic:
    """Counted up by every `Http` that is given it."""

    answers: int = 0
    bytes: int = 0
    seconds: float = 0.0
    """From asking to the last byte, tries that failed and waits between tries included."""

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Counts the block's time."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - began
