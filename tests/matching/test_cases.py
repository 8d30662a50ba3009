"""Labelled pairs: what must be joined, asked or kept apart, and the levels that decide it."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from matching_pairs import judge

from matching.blocking import block_keys
from matching.features import Features, features
from schemas.records import Event, Product, Venue, Work

RECORDS: dict[str, type[Work] | type[Product] | type[Venue] | type[Event]] = {
    "work": Work,
    "product": Product,
    "venue": Venue,
    "event": Event,
}
FILES = sorted((Path(__file__).parent / "cases").glob("*.toml"))
CASES = [case for file in FILES for case in tomllib.loads(file.read_text(encoding="utf-8"))["case"]]
SETTLED = {"same": "identifier", "different": "identifier", "ask": "contradiction"}


def side(kind: str, told: dict[str, Any]) -> Features:
    ref = {"connector": "case", "account": "case", "key": "case"}
    record = msgspec.convert(told["record"] | {"kind": kind, "ref": ref}, RECORDS[kind])
    return features(
        record,
        sources=told.get("sources", ()),
        work_id=told.get("work_id"),
        venue_id=told.get("venue_id"),
        begins=[datetime.fromisoformat(moment) for moment in told.get("begins", ())],
    )


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    """Each labelled pair gets its verdict, whichever record came first, by the levels or the veto it is about."""
    ours, theirs = side(case["kind"], case["left"]), side(case["kind"], case["right"])
    verdict = judge(ours, theirs)
    assert case["expected"] == verdict.outcome == judge(theirs, ours).outcome, f"{case['reason']} {verdict.levels}"
    expected = case.get("levels", {})
    assert expected == {field: verdict.levels.get(field, "missing") for field in expected}
    assert verdict.is_compared == (case.get("veto", "source") == "source")
    if scheme := case.get("settled_by"):
        level = {"same": "same", "different": "different", "ask": "contradictory"}[case["expected"]]
        assert level == verdict.levels["identifier"]
        assert scheme.startswith(SETTLED[case["expected"]])


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case["id"]) for case in CASES if case["expected"] != "different"]
)
def test_blocking_finds_the_pair(case: dict[str, Any]) -> None:
    """Two records that are the same, or that a person should see, share a key."""
    left, right = side(case["kind"], case["left"]), side(case["kind"], case["right"])
    assert block_keys(left) & block_keys(right)


def test_cases_have_names_of_their_own() -> None:
    """A failing case is found by its name."""
    assert len(CASES) == len({case["id"] for case in CASES})
    assert FILES, "the cases stand beside this file"
