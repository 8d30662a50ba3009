"""`passerelle format`: what a vendor asks before sending anything."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from typer.testing import CliRunner

from schemas.validation import KINDS, schema
from service.cli import app


def format_(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["format", *words])
    return done.exit_code, done.stdout


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_in_one_document(kind: str) -> None:
    """It validates by itself, in anybody's validator."""
    code, told = format_("show", kind)
    assert code == 0
    jsonschema.Draft202012Validator(json.loads(told)).validate(schema(kind)["examples"][0])


def test_what_is_wrong_with_each_record(tmp_path: Path) -> None:
    """Its shape as a tree, its meaning in a sentence, its place in the file; exit 1 where anything is wrong."""
    good = schema("stock")["examples"][0]
    rows = [good, good | {"available": -1}, good | {"ean": "9782070360025"}, {"kind": "inconnu"}]
    file = tmp_path / "a.ndjson"
    file.write_text("\n".join(json.dumps(row) for row in rows), "utf-8")
    code, told = format_("check", str(file))
    assert code == 1
    assert "ligne 2 : stock\n  $\n    available\n      - -1 is less than the minimum of 0\n" in told
    assert "ligne 3 : stock : $.ean : " in told
    assert "ligne 4 : kind manque" in told
    assert told.endswith("4 enregistrement(s), 3 à corriger\n")
    file.write_text(json.dumps([good]), "utf-8")
    assert format_("check", str(file)) == (0, "1 enregistrement(s), 0 à corriger\n")


@pytest.mark.parametrize("words", [("show", "livre"), ("check", "absent.json")])
def test_what_cannot_be_asked(words: tuple[str, str]) -> None:
    assert format_(*words)[0] == 2
