"""The picture of a measurement of matching: F1 by set and tool, and what a corpus costs by its size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

_COLOURS = {
    "Passerelle": "#0b5563",
    "Splink": "#d9822b",
    "recordlinkage": "#8a9ba8",
    "rapidfuzz token_set": "#c5b783",
    "dedupe": "#a678b0",
}


def plot(sets: list[dict[str, Any]], corpora: list[dict[str, Any]], target: Path) -> None:
    """Write a PNG. A set's bar is the default verdict without labels, its dash tuned, or with labels."""
    figure = plt.figure(figsize=(13, 8))
    grid = figure.add_gridspec(2, 3, height_ratios=(1.4, 1))
    _by_set(figure.add_subplot(grid[0, :]), sets)
    for place, (name, unit) in enumerate((("f1", "F1 of clusters"), ("seconds", "seconds"), ("peak_mb", "peak, MB"))):
        _by_size(figure.add_subplot(grid[1, place]), corpora, name, unit)
    figure.tight_layout()
    figure.savefig(target, dpi=120)
    plt.close(figure)


def _by_set(axes: Any, rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(row["set"] for row in rows))
    tools = list(dict.fromkeys(row["tool"] for row in rows))
    width = 0.84 / max(1, len(tools))
    for place, tool in enumerate(tools):
        found = {row["set"]: row for row in rows if row["tool"] == tool and "failed" not in row}
        left = [at + (place - (len(tools) - 1) / 2) * width for at in range(len(names))]
        heights = [found[name]["default"]["f1"] if name in found else 0 for name in names]
        axes.bar(left, heights, width, label=tool, color=_COLOURS.get(tool))
        marks = [(at, found[name]["labels"]["f1"]) for at, name in zip(left, names, strict=True) if name in found]
        axes.plot(*zip(*marks, strict=True), "k_", markersize=8) if marks else None
    axes.set_xticks(range(len(names)), names, rotation=12, ha="right")
    axes.set_ylim(0, 1.02)
    axes.set_ylabel("F1, default settings\n(dash: tuned, or with labels)")
    axes.spines[["top", "right"]].set_visible(False)
    if tools:
        axes.legend(ncols=len(tools), loc="upper center", bbox_to_anchor=(0.5, 1.13), frameon=False)


def _by_size(axes: Any, rows: list[dict[str, Any]], name: str, unit: str) -> None:
    for tool in dict.fromkeys(row["tool"] for row in rows):
        for own, style in ((True, "o-"), (False, "s--")):
            found = [
                row
                for row in rows
                if row["tool"] == tool and "failed" not in row and row["set"].startswith("own") is own
            ]
            points = sorted((row["records"], row["default"][name] if name == "f1" else row[name]) for row in found)
            if points:
                label = f"{tool}, {'our generator' if own else 'given corpora'}"
                axes.plot(*zip(*points, strict=True), style, label=label, color=_COLOURS.get(tool), markersize=4)
    axes.set_xscale("log")
    if name != "f1":
        axes.set_yscale("log")
    axes.set_xlabel("records")
    axes.set_title(unit, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    if name == "f1" and rows:
        axes.legend(fontsize=7, frameon=False)
