"""The kit: a package of somebody else's adds a connector, one that was just written works, and both can be checked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from connectors.contract import CHECKS
from connectors.skeleton import files
from service.cli import app
from service.commands.connectors import PROMISES

CHECKOUT = Path(__file__).parents[2]
FOREIGN = CHECKOUT / "tests" / "third_party" / "passerelle-fanfare"
RECORDED = CHECKOUT / "tests" / "connectors" / "fixtures"

THREE_COMMANDS = """
import sys
from typer.testing import CliRunner
from service.cli import app
source = f"path={sys.argv[1]}"
for words in (["list", "--json"], ["read", "fanfare", "--set", source], ["check", "fanfare", "--set", source]):
    words = words if words[0] == "read" else ["connectors", *words]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    print(done.stdout, end="----\\n" if words[-2:] != ["--set", source] or words[0] == "read" else "")
"""
"""One Python for the three of them: starting it costs more than what they do."""


def run(*words: str | Path, path: Path, cwd: Path = CHECKOUT) -> subprocess.CompletedProcess[str]:
    """Another Python, for which the package at `path` is installed beside this checkout."""
    environment = os.environ | {"PYTHONPATH": f"{CHECKOUT}{os.pathsep}{path}", "PYTHONUTF8": "1", "COLUMNS": "200"}
    return subprocess.run(
        [sys.executable, *map(str, words)], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def installed(package: Path, into: Path) -> Path:
    """Installs a package as anybody would, without asking a network."""
    words = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation", "--target"]
    done = run(*words, into, package, path=into)
    assert done.returncode == 0, done.stderr
    return into


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return installed(FOREIGN, tmp_path_factory.mktemp("site"))


def test_a_foreign_package_adds_a_connector(foreign: Path, tmp_path: Path) -> None:
    """It is listed, shown, read and checked like ours; what it must not do is refused by name, and nothing else is."""
    dates = tmp_path / "dates.txt"
    dates.write_text("2026-12-05T20:30:00+01:00 Concert d'hiver\nbientôt Bal\n", "utf-8")
    told = run("-c", THREE_COMMANDS, dates, path=foreign)
    assert told.returncode == 0, told.stderr
    listed, read, checked = told.stdout.split("----\n")
    *rows, first, second, third, fourth = listed.splitlines()
    found = {row["name"]: row for row in map(json.loads, rows)}
    assert found["fanfare"]["package"] == "passerelle-fanfare 1.2.3"
    assert found["boost"]["title"].startswith("Boost")
    assert [why.partition(" (")[0] for why in (first, second, third, fourth)] == [
        "laissé : absent",
        "laissé : boost",
        "laissé : other",
        "laissé : text",
    ]
    assert [json.loads(line).get("kind") for line in read.splitlines()] == ["event", "session", "event", None]
    assert checked.count("oui  ") == len(CHECKS)


def test_what_was_just_written_works(tmp_path: Path) -> None:
    """`connectors new` writes a package that installs, is listed, and whose own test passes as it is."""
    assert CliRunner().invoke(app, ["connectors", "new", "ma_caisse", "--out", str(tmp_path)]).exit_code == 0
    package = tmp_path / "passerelle-ma_caisse"
    site = installed(package, tmp_path / "site")
    tested = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", "tests", path=site, cwd=package)
    assert tested.returncode == 0, tested.stdout
    assert "2 passed" in tested.stdout
    listed = run("-c", "from connectors.registry import ADDED; print(*ADDED.packages.values())", path=site)
    assert "passerelle-ma_caisse 0.1.0" in listed.stdout.replace("passerelle_ma_caisse", "passerelle-ma_caisse")


@pytest.mark.parametrize("name", ["MaCaisse", "1caisse", "ma-caisse", "", "x" * 60, "../ailleurs", "boost"])
def test_names_that_cannot_be(name: str, tmp_path: Path) -> None:
    """No name leads out of the folder, and none of ours is taken."""
    done = CliRunner().invoke(app, ["connectors", "new", name, "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    """A folder that is there stays as it is."""
    words = ["connectors", "new", "ma_caisse", "--out", str(tmp_path)]
    assert [CliRunner().invoke(app, words).exit_code for _ in range(2)] == [0, 2]
    with pytest.raises(ValueError, match="minuscule"):
        files("Caisse")


def test_check_says_what_is_not_kept(tmp_path: Path) -> None:
    """A file that is cut ends the reading: that promise is not kept, of the others nobody knows."""
    (tmp_path / "a.ics").write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n", "utf-8")
    done = CliRunner().invoke(app, ["connectors", "check", "icalendar", "--set", f"path={tmp_path}"])
    assert done.exit_code == 1
    assert "non  finit par un point de reprise" in done.stdout
    assert done.stdout.count("?    ") == len(CHECKS) - 1
    assert "calendrier coupé" in done.stdout
    assert set(CHECKS) == set(PROMISES)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "icalendar"], ["RFC 5545", "token", "secret, scellé", "lieux | salles", "qualité : gold"]),
        (["show", "schema_org"], ["à faire", "ETag"]),
        (["list"], ["icalendar", "Calendrier iCalendar", "gold"]),
    ],
)
def test_what_people_read(words: list[str], said: list[str]) -> None:
    """Settings by name with what they take; levels with what is missing of the next."""
    done = CliRunner().invoke(app, ["connectors", *words])
    assert done.exit_code == 0
    assert [text for text in said if text not in done.stdout] == []


def test_an_unknown_connector_is_told_the_known_ones() -> None:
    done = CliRunner().invoke(app, ["connectors", "show", "allociné"])
    assert done.exit_code == 2
