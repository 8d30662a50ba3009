"""Reads our API Blueprint files (format 1A) as far as we use it, for tests that hold them to the code.

A file is groups of resources of actions (`### Nom [MÉTHODE /chemin]`), each with named pairs of one request and
one response, then the data structures. Lists are indented by four spaces, bodies and headers by twelve.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from service.settings import CHECKOUT

FOLDER = CHECKOUT / "docs" / "apib"
_ACTION = re.compile(
    r"### (?P<name>[^\[]+) \[(?P<method>[A-Z]+) (?P<path>/[^\]{]*(?:\{[a-z]+\}[^\]{]*)*)(?:\{\?.*\})?\]"
)
_MEMBER = re.compile(r"\+ (?P<name>\w+)(?:: `(?P<sample>[^`]*)`)? \((?P<attributes>[^)]+)\) - .+")


@dataclass
class Message:
    """A request or a response."""

    headers: dict[str, str] = field(default_factory=dict)
    attributes: str | None = None
    """The name of its data structure."""
    body: str = ""
    schema: str = ""
    """The JSON Schema of its body, where no data structure says its form."""
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass
class Case:
    """One documented exchange."""

    action: str
    name: str
    method: str
    path: str
    """With its {parameters}."""
    request: Message
    response: Message
    status: int

    @property
    def id(self) -> str:
        return f"{self.action} > {self.name}"


@dataclass(frozen=True)
class Member:
    """A field of a data structure."""

    name: str
    sample: str | None
    type: str
    is_required: bool
    is_nullable: bool


@dataclass
class Contract:
    """What one file says."""

    name: str
    actions: dict[tuple[str, str], dict[str, str]]
    """(method, path) → the samples of its parameters."""
    cases: list[Case]
    structures: dict[str, list[Member]]


def read(path: Path) -> Contract:
    """The contract in a file; ValueError for a line that is none of the forms we use."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if lines[0] != "FORMAT: 1A":
        raise ValueError(f"{path.name}: not API Blueprint")
    contract = Contract(path.stem, {}, [], {})
    split = lines.index("# Data Structures")
    _read_actions(contract, lines[:split])
    _read_structures(contract, lines[split + 1 :])
    return contract


def _read_actions(contract: Contract, lines: list[str]) -> None:
    action, samples = ("", "", ""), dict[str, str]()
    request: tuple[str, Message] | None = None
    message: Message | None = None
    section = ""
    for line in lines:
        if line.startswith("#"):
            message, request, section = None, None, ""
            if line.startswith("### "):
                found = _ACTION.fullmatch(line)
                if found is None:
                    raise ValueError(f"{contract.name}: {line}")
                action = (found["name"], found["method"], found["path"])
                samples = contract.actions.setdefault(action[1:], {})
        elif found := re.fullmatch(r"\+ Request ([^(]+?)(?: \((.+)\))?", line):
            message = Message(parameters=dict(samples))
            request = (found[1], message)
            if found[2]:
                message.headers["Content-Type"] = found[2]
        elif found := re.fullmatch(r"\+ Response (\d+)(?: \((.+)\))?", line):
            if request is None:
                raise ValueError(f"{contract.name}: a response without a request, in {action[0]}")
            message = Message(headers={"Content-Type": found[2]} if found[2] else {})
            contract.cases.append(Case(action[0], request[0], *action[1:], request[1], message, int(found[1])))
            request = None
        elif line == "+ Parameters":
            section = "samples"
        elif found := re.fullmatch(r"    \+ (Headers|Body|Schema|Parameters)", line):
            section = found[1]
        elif found := re.fullmatch(r"    \+ Attributes \((\w+)(?:, fixed-type)?\)", line):
            assert message is not None
            message.attributes = found[1]
        elif section == "samples" and (found := re.match(r"    \+ (\w+)(?:: `([^`]*)`)? \(", line)):
            if found[2]:
                samples[found[1]] = found[2]
        elif section == "Parameters" and (found := re.fullmatch(r"        \+ (\w+): `([^`]*)`", line)):
            assert message is not None
            message.parameters[found[1]] = found[2]
        elif section in ("Headers", "Body", "Schema") and line.startswith(" " * 12):
            assert message is not None
            if section == "Headers":
                name, _, value = line.strip().partition(": ")
                message.headers[name] = value
            elif section == "Schema":
                message.schema += line[12:] + "\n"
            else:
                message.body += line[12:] + "\n"
        elif section not in ("", "samples") and line.strip():
            raise ValueError(f"{contract.name}: {line}")


def _read_structures(contract: Contract, lines: list[str]) -> None:
    members: list[Member] = []
    for line in lines:
        if found := re.fullmatch(r"## (\w+) \(object\)", line):
            members = contract.structures.setdefault(found[1], [])
        elif found := _MEMBER.fullmatch(line):
            attributes = [one.strip() for one in found["attributes"].split(",")]
            members.append(
                Member(
                    found["name"], found["sample"], attributes[0], "required" in attributes, "nullable" in attributes
                )
            )
        elif line.strip():
            raise ValueError(f"{contract.name}: {line}")
