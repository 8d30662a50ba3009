"""The ladder says what is so: each claim has its evidence, each exception its reason, and no lie passes."""

from __future__ import annotations

import importlib.util
import tomllib
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from connectors.quality import FILE, LADDER, RULES, State, qualities
from connectors.registry import OURS

SCRIPT = Path(__file__).parents[2] / "scripts" / "check_quality.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_quality", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def reasons(script: ModuleType) -> dict[str, Any]:
    return tomllib.loads(script.REASONS.read_text("utf-8"))


def test_the_ladder_is_as_the_repository_is(script: ModuleType, reasons: dict[str, Any]) -> None:
    """`python scripts/check_quality.py --write` was run after the last change, and every reason is needed."""
    found, wrong = script.graded(OURS, reasons)
    assert wrong == []
    assert script.written(found) == FILE.read_bytes()
    assert set(qualities()) == set(OURS)


def test_every_rule_is_checked(script: ModuleType) -> None:
    assert set(script.CHECKS) == set(RULES)
    assert len(RULES) == len(set(RULES))


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"personne": {}}, "personne : connecteur inconnu"),
        ({"onix": {"beauté": {"todo": "x"}}}, "onix.beauté : règle inconnue"),
        ({"boost": {"midway": {"exempt": ""}}}, "boost.midway : exempt ou todo sans raison"),
        (
            {"onix": {"rereads": {"exempt": "trop de travail"}}},
            "onix.rereads : une raison, alors que la règle est tenue",
        ),
    ],
)
def test_reasons_that_say_nothing_or_too_much(script: ModuleType, reasons, told, why: str) -> None:
    """Of a connector or rule that is not, without words, or of what is kept anyway."""
    assert why in script.graded(OURS, reasons | told)[1]


def test_a_connector_without_evidence_reaches_nothing(script: ModuleType) -> None:
    """A new module that is registered, and nothing else: every rule of bronze says what is missing."""
    bare = replace(OURS["onix"], name="tout_neuf", manifest=replace(OURS["onix"].manifest, incremental=False))
    [quality] = script.graded({"tout_neuf": bare}, {})[0].values()
    assert quality.level is None
    assert {rule for rule, one in quality.rules.items() if one.state is State.DONE} <= {"settings", "removals"}
    assert all(one.why for one in quality.rules.values() if one.state is not State.DONE)


def test_levels_stand_on_each_other() -> None:
    """Gold needs silver and bronze: one rule missing at the bottom takes the level away."""
    whole = qualities()["onix"]
    assert whole.level == "gold"
    for level, below in (("bronze", None), ("silver", "bronze"), ("gold", "silver")):
        rule = next(iter(LADDER[level]))
        verdict = type(whole.rules[rule])(State.TODO, "à faire")
        assert type(whole)({**whole.rules, rule: verdict}).level == below
