"""A figure: ours beside another's in the same run, their ratio, and the bound it was to meet."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Measure:
    """`ratio` is ours over the other's; `goal` is its bound, a floor unless `at_most`."""

    measure: str
    ours: float
    other: float
    other_name: str
    goal: float | None = None
    at_most: bool = False

    @property
    def ratio(self) -> float:
        return self.ours / self.other

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.ratio <= self.goal if self.at_most else self.ratio >= self.goal


def publish(name: str, measures: list[Measure]) -> None:
    """Writes `bench/results/NAME.json` and prints the same as a table."""
    rows = [{**asdict(one), "ratio": round(one.ratio, 3), "met": one.met} for one in measures]
    machine = {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
    RESULTS.mkdir(exist_ok=True)
    document = {"machine": machine, "measures": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
    table = Table(title=name, box=None, pad_edge=False, title_justify="left")
    for title in ("measure", "ours", "other", "ratio", "goal", "met"):
        table.add_column(title)
    for one in measures:
        sign = "≤" if one.at_most else "≥"
        table.add_row(
            one.measure,
            f"{one.ours:,.2f}",
            f"{one.other:,.2f} ({one.other_name})",
            f"{one.ratio:.2f}",
            "" if one.goal is None else f"{sign} {one.goal:g}",
            {True: "[green]yes[/]", False: "[red]no[/]", None: ""}[one.met],
        )
    Console().print(table)
