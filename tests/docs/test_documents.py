"""The documents are true where a program can tell: settings, drawings, links, commands, paths, names."""

from __future__ import annotations

import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import typer
from sqlalchemy import Column, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql

from accounts.ddl import TRIGGERS as PARTY_TRIGGERS
from bookings.ddl import TRIGGERS as MONEY_TRIGGERS
from migrations.models import METADATA
from service.cli import app
from service.settings import CHECKOUT, Settings

ENTITY = re.compile(r"^ {4}(\w+) \{\n(.*?)^ {4}\}$", re.MULTILINE | re.DOTALL)
ATTRIBUTE = re.compile(r'^ {8}(?P<type>\S+) (?P<name>\w+)(?P<marks>(?:,? (?:PK|FK|UK))*)(?: "[^"]*")?$')
RELATION = re.compile(r"^ {4}(\w+) (\|\||\|o)--(o\{|o\|) (\w+) : ", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"```\w*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
SNAKE = re.compile(r"`([a-z]+(?:_[a-z]+)+)`")
SHORT_TYPES = {
    "timestamp with time zone": "timestamptz",
    "double precision": "float8",
    "integer": "int",
    "boolean": "bool",
}
MAPPED_ROOMS = (
    "accounts", "app_api", "bookings", "catalogue", "edge", "matching", "net", "open_data", "partner_api", "schemas",
    "sync",
)  # fmt: skip
# Written so that this file does not match itself.
HOSTS = re.compile(r"(?:py[p]i|python[h]osted|npm[j]s)\.(?:org|com)|cra[t]es\.io|deb\.de[b]ian\.org")
HOMES = re.compile(r"(?<![\w.])/(?:root|home/\w+|Users/\w+)/")


class Recorded(dict[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    """What is in the repository, or is about to be."""
    listing = subprocess.run(
        ["git", "-C", str(CHECKOUT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("ce dossier n'est pas un dépôt git : les fichiers suivis ne peuvent pas être listés")
    found = {CHECKOUT / name for name in listing.stdout.split("\0") if name}
    return sorted(path for path in found if path.is_file())


@pytest.fixture(scope="module")
def documents() -> dict[Path, str]:
    """Every Markdown document of the house."""
    paths = [*CHECKOUT.glob("*.md"), *(CHECKOUT / "docs").rglob("*.md")]
    return {path: path.read_text("utf-8") for path in sorted(paths)}


def test_every_setting_is_described_and_every_description_is_a_setting() -> None:
    """What `Settings.from_environment` asks the environment for is the table of docs/settings.md, both ways."""
    environment = Recorded()
    settings = Settings.from_environment(environment)
    described = {row[0].strip("`"): row[1] for row in _rows(_read("docs/settings.md"), "The product")}

    assert environment.asked == set(described)
    for key, told in described.items():
        default = getattr(settings, key.removeprefix("PASSERELLE_").lower(), None)
        if isinstance(default, str | int) and not isinstance(default, bool):
            assert told == f"`{default}`", key
        elif default is None and not key.endswith("SECRET_KEY"):
            assert told.startswith("none"), key


def test_the_drawings_show_every_table_with_its_keys() -> None:
    """Each table is drawn once; its keys are all there and marked; what is drawn has the column's type."""
    drawing = _read("docs/data-model.md")
    drawn = [(name, body) for name, body in ENTITY.findall(drawing)]

    assert sorted(METADATA.tables) == sorted(name for name, _ in drawn)
    for name, body in drawn:
        table = METADATA.tables[name]
        attributes = [_attribute(name, line) for line in body.splitlines()]
        shown = {attribute["name"] for attribute in attributes}
        assert len(shown) == len(attributes), f"{name} shows a column twice"
        assert {column.name for column in table.columns if _is_key(column)} <= shown, name
        for attribute in attributes:
            column = table.columns[attribute["name"]]
            assert _type(column) == attribute["type"], f"{name}.{column.name}"
            assert _marks(column) == attribute["marks"].strip(), f"{name}.{column.name}"


def test_the_drawings_relations_are_the_foreign_keys() -> None:
    """Each foreign key is a line between its tables with its cardinality, and each full line is one."""
    drawn = sorted((parent, left, right, child) for parent, left, right, child in RELATION.findall(_read_model()))
    declared = sorted(_relation(table, key) for table in METADATA.tables.values() for key in _foreign_keys(table))

    assert declared == drawn


def test_links_lead_somewhere(documents: dict[Path, str]) -> None:
    """A link between documents leads to a file that is there, and to a heading of it where it names one."""
    links = [(path, target) for path, text in documents.items() for target in LINK.findall(text)]
    local = [(path, target) for path, target in links if "://" not in target]
    broken = [f"{path.relative_to(CHECKOUT)}: {target}" for path, target in local if not _leads(path, target)]

    assert len(local) > 40
    assert broken == []


def test_every_document_is_on_the_list(documents: dict[Path, str]) -> None:
    """docs/README.md leads to each document and each contract; decisions have a list of their own."""
    folder = CHECKOUT / "docs"
    listed = {(folder / target.partition("#")[0]).resolve() for target in LINK.findall(_read("docs/README.md"))}
    there = {path for path in documents if folder in path.parents and "decisions" not in path.parts}

    assert {*there, *(folder / "apib").glob("*.apib")} - {folder / "README.md"} == {
        path for path in listed if "decisions" not in path.parts
    }


def test_make_commands_are_targets(documents: dict[Path, str]) -> None:
    """What documents tell people to `make` is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", _read("Makefile"), re.MULTILINE))
    codes = [code for text in documents.values() for code in _code(text)]
    told = {name for code in codes for name in re.findall(r"\bmake ([a-z-]+)", code)}

    assert {"demo", "test", "check", "serve"} <= told
    assert told <= targets


def test_passerelle_commands_are_commands(documents: dict[Path, str]) -> None:
    """A command or option that documents name is one, and the README names every command."""
    commands = _commands()
    named: set[str] = set()
    for path, text in documents.items():
        for line in (line for code in _code(text) for line in code.splitlines()):
            for words in re.findall(r"(?:^|\s)passerelle ((?:[a-z][\w-]*)(?: [a-z][\w-]*)?)", line):
                name = words if words in commands else words.partition(" ")[0]
                assert name in commands, f"{path.name}: passerelle {words}"
                assert set(re.findall(r"--[a-z][a-z-]*", line)) <= commands[name], f"{path.name}: {line}"
                if path.name == "README.md":
                    named.add(name)

    assert named == set(commands)


def test_every_room_is_on_the_map() -> None:
    """The README's map names each package and folder of the house, and nothing else."""
    project = tomllib.loads(_read("pyproject.toml"))
    rooms = {*project["tool"]["importlinter"]["root_packages"], "docs", "bench", "tests"}
    mapped = [re.sub(r"\[(\w+)/\]\(\1\)", r"\1", row[0]) for row in _rows(_read("README.md"), "The map of the house")]

    assert rooms == set(mapped)
    assert len(mapped) == len(rooms)
    assert rooms == {path.parent.name for path in CHECKOUT.glob("*/__init__.py")} | {"docs", "bench", "tests"}


@pytest.mark.parametrize("room", MAPPED_ROOMS)
def test_a_room_says_what_each_of_its_files_is_for(room: str) -> None:
    """The first lines of a room name every file of it, or its family (`rebuild*.py`), and no other."""
    named = set(re.findall(r"`([\w*]+\.py)`", _read(f"{room}/__init__.py").split('"""')[1]))
    there = {path.name for path in (CHECKOUT / room).glob("*.py")} - {"__init__.py"}

    assert {name for name in there if not any(fnmatch(name, one) for one in named)} == set()
    assert {one for one in named if not any(fnmatch(name, one) for name in there)} == set()


def test_the_floors_are_those_the_linter_holds() -> None:
    """ARCHITECTURE draws the layers in import-linter's order."""
    contracts = tomllib.loads(_read("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    drawn = re.findall(r"^(\w+(?: \| \w+)*) +\d ", _read("ARCHITECTURE.md"), re.MULTILINE)

    assert layers == drawn


def test_paths_that_documents_name_are_there(documents: dict[Path, str]) -> None:
    """A file or folder of a room named in a document exists."""
    rooms = "|".join(path.name for path in CHECKOUT.iterdir() if path.is_dir() and path.name[0].isalpha())
    path_form = re.compile(rf"(?:{rooms})/[\w./-]*[\w/]")
    spans = {(path.name, span) for path, text in documents.items() for _, span in CODE.findall(text)}
    named = {(document, span) for document, span in spans if path_form.fullmatch(span)}
    missing = [f"{document}: {span}" for document, span in sorted(named) if not (CHECKOUT / span).exists()]

    assert len(named) > 60
    assert missing == []


def test_constraints_that_documents_name_are_there() -> None:
    """A constraint, index or trigger of ARCHITECTURE's table is the database's own, and so is, with tables and
    columns, every name in the data model's text."""
    tables = METADATA.tables.values()
    names = {str(thing.name) for table in tables for thing in (*table.constraints, *table.indexes)}
    names |= set(re.findall(r"create (?:constraint )?trigger (\w+)", "\n".join([*PARTY_TRIGGERS, *MONEY_TRIGGERS])))
    held = " ".join(row[1] for row in _rows(_read("ARCHITECTURE.md"), "What is never true"))
    rows = {*METADATA.tables, *(column.name for table in tables for column in table.columns)}

    assert len(set(SNAKE.findall(held))) > 15
    assert set(SNAKE.findall(held)) - names == set()
    assert set(SNAKE.findall(_read_model())) - names - rows == set()


def test_the_glossary_s_names_are_in_the_code(tracked: list[Path]) -> None:
    """A code name of the glossary is a word of the rooms' code."""
    code = [path for path in tracked if path.suffix == ".py" and "tests" not in path.relative_to(CHECKOUT).parts]
    words = {word for path in code for word in re.findall(r"\w+", path.read_text("utf-8"))}
    rows = [cells for cells in _table_rows(_read("docs/glossaire.md")) if cells[1] != "dans le code"]
    names = {name for cells in rows for name in re.findall(r"`([\w.]+)`", cells[1])}

    assert len(names) > 40
    assert {name for name in names if not set(name.split(".")) <= words} == set()


def test_decisions_have_their_form_and_are_listed() -> None:
    """Decisions are numbered without a gap, say context, choice and consequences in a few lines, and are listed."""
    folder = CHECKOUT / "docs" / "decisions"
    files = sorted(folder.glob("[0-9]*.md"))

    assert [f"{n:03}" for n in range(1, len(files) + 1)] == [file.name[:3] for file in files]
    for file in files:
        text = file.read_text("utf-8")
        assert text.startswith(f"# {file.name[:3]}. "), file.name
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Choice", "Consequences"], file.name
        assert len(text.splitlines()) <= 15, file.name
    assert [file.name for file in files] == LINK.findall((folder / "README.md").read_text("utf-8"))


def test_nothing_names_a_machine_or_a_registry(tracked: list[Path]) -> None:
    """No file of the repository holds a path of the machine it was written on, or the host of a package registry."""
    own = re.compile(rf"(?<![\w.]){re.escape(str(CHECKOUT))}\b" if len(CHECKOUT.parts) > 2 else r"(?!)")
    found = []
    for path in tracked:
        text = path.read_bytes().decode("utf-8", "replace")
        for form in (own, HOMES, HOSTS):
            found += [f"{path.relative_to(CHECKOUT)}: {hit[0]}" for hit in form.finditer(text)]

    assert len(tracked) > 100
    assert found == []


def _read(name: str) -> str:
    return (CHECKOUT / name).read_text("utf-8")


def _read_model() -> str:
    return _read("docs/data-model.md")


def _code(text: str) -> Iterator[str]:
    for block, span in CODE.findall(text):
        yield block or span


def _table_rows(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _rows(text: str, heading: str) -> list[list[str]]:
    """The rows, without the head, of the table under a heading."""
    section = re.split(r"^#+ ", text, flags=re.MULTILINE)
    [found] = [part for part in section if part.splitlines()[:1] == [heading]]
    rows = _table_rows(found)[1:]
    assert rows, heading
    return rows


def _leads(path: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    there = (path.parent / name) if name else path
    if not there.exists():
        return False
    if not anchor:
        return True
    headings = re.findall(r"^#+ (.+)$", there.read_text("utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _commands() -> Mapping[str, set[str]]:
    """Every command by its words, with its options."""
    top: Any = typer.main.get_command(app)
    found: dict[str, set[str]] = {}
    for name, command in top.commands.items():
        leaves = {f"{name} {sub}": one for sub, one in getattr(command, "commands", {}).items()} or {name: command}
        for words, leaf in leaves.items():
            found[words] = {option for parameter in leaf.params for option in parameter.opts if option[:2] == "--"}
    return found


def _attribute(table: str, line: str) -> dict[str, str]:
    found = ATTRIBUTE.fullmatch(line)
    assert found, f"{table}: {line}"
    return found.groupdict()


def _type(column: Column[Any]) -> str:
    # How texts are ordered is no part of a drawing.
    told = column.type.compile(dialect=postgresql.dialect()).lower().replace(' collate "c"', "")
    return SHORT_TYPES.get(told, told)


def _foreign_keys(table: Table) -> set[ForeignKeyConstraint]:
    return table.foreign_key_constraints


def _is_key(column: Column[Any]) -> bool:
    return column.primary_key or bool(column.foreign_keys)


def _uniques(table: Table) -> list[set[str]]:
    declared = [constraint for constraint in table.constraints if isinstance(constraint, UniqueConstraint)]
    return [{column.name for column in constraint.columns} for constraint in declared]


def _marks(column: Column[Any]) -> str:
    is_unique = {column.name} in _uniques(column.table) or column.unique
    marks = {"PK": column.primary_key, "FK": bool(column.foreign_keys), "UK": is_unique}
    return ", ".join(mark for mark, holds in marks.items() if holds)


def _relation(table: Table, key: ForeignKeyConstraint) -> tuple[str, str, str, str]:
    columns = {column.name for column in key.columns}
    left = "|o" if any(column.nullable for column in key.columns) else "||"
    alone = [*_uniques(table), {column.name for column in table.primary_key}]
    return key.referred_table.name, left, "o|" if columns in alone else "o{", table.name
