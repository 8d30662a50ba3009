"""Where each connector stands on the ladder of `connectors/quality.py`, by what the repository holds.

`python scripts/check_quality.py` prints the table and fails where `connectors/quality.json` says something else, or
where a reason of `connectors/quality.toml` is missing or no longer needed; `--write` writes the file anew.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

import msgspec  # noqa: E402

from connectors.entries import Entry  # noqa: E402
from connectors.quality import FILE, LADDER, RULES, Quality, State, Verdict  # noqa: E402
from connectors.registry import OURS  # noqa: E402

REASONS = ROOT / "connectors" / "quality.toml"
QUESTIONS = ("Cursor", "Order", "repeat", "eletions", "dits")
"""What a connector's docstring answers: cursor, order, repetition, deletions, how late edits appear."""


@cache
def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.is_file() else ""


def _tests_naming(name: str, *folders: str) -> list[Path]:
    found = re.compile(rf"""["']{name}["']""")
    return [
        file
        for folder in folders
        for file in sorted((ROOT / "tests" / folder).glob("test_*.py"))
        if found.search(_text(file))
    ]


def _documented(one: Entry) -> str:
    said = _text(ROOT / "connectors" / f"{one.name}.py")
    unanswered = [question for question in QUESTIONS if question not in said]
    if unanswered:
        return "son en-tête ne répond pas à : " + ", ".join(unanswered)
    row = re.search(rf"^\|\s*`{one.name}`", _text(ROOT / "docs" / "connectors.md"), re.MULTILINE)
    return "" if row else "pas de ligne dans docs/connectors.md"


def _recorded(one: Entry) -> str:
    folder = ROOT / "tests" / "connectors" / "fixtures" / one.name
    return "" if folder.is_dir() and any(folder.iterdir()) else "pas de réponses enregistrées"


def _settings(one: Entry) -> str:
    untitled = [name for name, field in one.settings.model_fields.items() if not field.title]
    bare = [
        name
        for name in one.settings.model_fields
        if re.search(r"token|password|secret|(?:^|_)key$", name) and name not in one.secret_fields
    ]
    return ", ".join([*(f"{name} sans titre" for name in untitled), *(f"{name} en clair" for name in bare)])


def _simulated(one: Entry) -> str:
    world = _text(ROOT / "sandbox" / "directory.py")
    named = f'connector="{one.name}"' in world or _tests_naming(one.name, "contract")
    return "" if named else "pas de fournisseur simulé"


def _damaged(one: Entry) -> str:
    files = [ROOT / "tests" / "connectors" / "test_damaged.py", *_tests_naming(one.name, "connectors")]
    named = [file for file in files if "amaged" in _text(file) and f'"{one.name}"' in _text(file)]
    return "" if named else "ses réponses ne sont pas abîmées par un test"


def _real_files(one: Entry) -> str:
    table = json.loads(_text(ROOT / "tests" / "connectors" / "samples.json"))
    return "" if table.get(one.name) else "aucun vrai fichier dans tests/connectors/samples.json"


def _rereads(one: Entry) -> str:
    return "" if re.search(r"def reread\(", _text(ROOT / "connectors" / f"{one.name}.py")) else "ne relit pas"


def _incremental(one: Entry) -> str:
    return "" if one.manifest.incremental else "chaque lecture est entière"


def _removals(one: Entry) -> str:
    whole = "complete=" in _text(ROOT / "connectors" / f"{one.name}.py")
    return "" if one.manifest.deletions or whole else "ce qui disparaît ne se voit pas"


def _midway(one: Entry) -> str:
    modules = sorted((ROOT / "connectors").glob(f"{one.name}*.py"))
    return "" if any("checkpoint(" in _text(file) for file in modules) else "une lecture se fait d'un trait"


CHECKS: Mapping[str, Callable[[Entry], str]] = {
    "documented": _documented,
    "recorded": _recorded,
    "settings": _settings,
    "simulated": _simulated,
    "damaged": _damaged,
    "real_files": _real_files,
    "rereads": _rereads,
    "incremental": _incremental,
    "removals": _removals,
    "midway": _midway,
}
"""By rule: what is missing, in French; empty when it is kept."""


def graded(entries: Mapping[str, Entry], reasons: Mapping[str, Any]) -> tuple[dict[str, Quality], list[str]]:
    """Each connector's verdicts, and what is wrong with the reasons."""
    wrong = [f"{name} : connecteur inconnu" for name in reasons if name not in entries]
    found: dict[str, Quality] = {}
    for name, one in entries.items():
        told = reasons.get(name, {})
        wrong += [f"{name}.{rule} : règle inconnue" for rule in told if rule not in RULES]
        rules: dict[str, Verdict] = {}
        for rule in RULES:
            missing = CHECKS[rule](one)
            state, why = _reason(told.get(rule))
            if state is not None and not why:
                wrong.append(f"{name}.{rule} : exempt ou todo sans raison")
            if state is not None and not missing:
                wrong.append(f"{name}.{rule} : une raison, alors que la règle est tenue")
            if not missing:
                rules[rule] = Verdict(State.DONE)
            else:
                rules[rule] = Verdict(state or State.TODO, why or missing)
        found[name] = Quality(rules)
    return found, wrong


def _reason(told: Any) -> tuple[State | None, str]:
    if not isinstance(told, dict) or len(told) != 1:
        return None, ""
    [(state, why)] = told.items()
    return State(state), str(why).strip()


def written(found: Mapping[str, Quality]) -> bytes:
    """The file's bytes, one connector after the other by name."""
    plain = {name: msgspec.to_builtins(found[name]) for name in sorted(found)}
    return (json.dumps(plain, ensure_ascii=False, indent=2) + "\n").encode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="écrit connectors/quality.json")
    asked = parser.parse_args()
    found, wrong = graded(OURS, tomllib.loads(_text(REASONS)))
    for name in sorted(found):
        rules = " ".join(f"{rule}:{found[name].rules[rule].state}" for rule in RULES)
        print(f"{name:16} {found[name].level or '—':7} {rules}")
    if asked.write:
        FILE.write_bytes(written(found))
    elif FILE.read_bytes() != written(found):
        wrong.append("connectors/quality.json ne dit plus ce qui est : python scripts/check_quality.py --write")
    for one in wrong:
        print(one, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())


__all__ = ["CHECKS", "LADDER", "graded", "written"]
