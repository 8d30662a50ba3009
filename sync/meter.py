"""What a run costs and has reached, measured as it goes and written with its report."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.base import Checkpoint
from net.traffic import Traffic

STAGES = ("fetch", "parse", "merge", "commit", "sweep")
"""Waiting for the provider; reading and checking its rows; working them in; writing them down; what is gone.

The first two go on beside the next two: together they may be longer than the run.
"""


@dataclass(slots=True)
class Meter:
    """One run's seconds by stage."""

    traffic: Traffic = field(default_factory=Traffic)
    read: int | None = None
    """Rows of its own that the provider has told of, in the whole reading."""
    expected: int | None = None
    """Rows that it says there are."""
    refused_on: dict[int, int] = field(default_factory=dict)
    """On which answer the batch's first refused rows stood, by the identity of the `Reject`."""
    _spent: dict[str, float] = field(default_factory=dict)
    _began: float = field(default_factory=time.perf_counter)

    @classmethod
    def again(
        cls, answers: int, bytes_read: int, read: int | None, expected: int | None, seconds: Mapping[str, float]
    ) -> Meter:
        """The meter of a run that is taken up again, from its report."""
        spent = {"sweep": seconds.get("sweep", 0.0), "commit": seconds.get("commit", 0.0)}
        spent["apply"] = spent["held"] = spent["commit"] + seconds.get("merge", 0.0)
        began = time.perf_counter() - sum(seconds.values())
        traffic = Traffic(answers, bytes_read, seconds.get("fetch", 0.0))
        return cls(traffic, read, expected, _spent=spent, _began=began)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the block's time as that stage's."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.add(name, time.perf_counter() - began)

    def add(self, name: str, seconds: float) -> None:
        """Counts so much more for a stage."""
        self._spent[name] = self._spent.get(name, 0.0) + seconds

    def reached(self, point: Checkpoint) -> None:
        """Notes how far the provider says that the reading is."""
        self.read = self.read if point.read is None else point.read
        self.expected = point.expected or self.expected

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds by stage, to the millisecond. While it neither waited nor swept, it parsed and validated."""
        elapsed = time.perf_counter() - self._began
        committed = self._spent.get("commit", 0.0)
        spent = {
            "fetch": self.traffic.seconds,
            "merge": max(self._spent.get("apply", 0.0) - committed, 0.0),
            "commit": committed,
            "sweep": self._spent.get("sweep", 0.0),
        }
        waited = spent["fetch"] + spent["sweep"] + self._spent.get("held", 0.0)
        spent["parse"] = max(elapsed - waited, 0.0)
        return {name: round(spent[name], 3) for name in STAGES}
