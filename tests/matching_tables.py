"""Small tables for the tests of matching by columns."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from matching.corpus import Corpus, corpus
from matching.whole import Judged, judge_all
from schemas.records import Kind

CASES = Path(__file__).parent / "matching" / "cases"


def of_titles(titles: Sequence[str], sources: Sequence[int] | None = None, kind: Kind = Kind.WORK) -> Corpus:
    source = np.array(range(len(titles)) if sources is None else sources, np.int64)
    return corpus({"title": titles}, kind, source)


class Gold:
    """The labelled tables: two catalogues' words on the same things, and the neighbours they must not be taken for."""

    def __init__(self) -> None:
        texts = [(CASES / f"gold_{name}.csv").read_text(encoding="utf-8") for name in "ab"]
        tables = [list(csv.DictReader(text.splitlines())) for text in texts]
        self.rows = [row for table in tables for row in table]
        self.source = np.repeat([0, 1], [len(table) for table in tables])
        self.kinds = [Kind(row["kind"]) for row in self.rows]
        self.columns = {
            name: [row[name] for row in self.rows] for name in self.rows[0] if name not in ("id", "kind", "entity")
        }

    def same(self, left: int, right: int) -> bool:
        return self.rows[left]["entity"] == self.rows[right]["entity"]

    def judged(self, **options: bool) -> list[Judged]:
        return list(judge_all(self.columns, self.kinds, self.source, **options))
