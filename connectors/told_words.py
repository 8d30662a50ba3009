"""Words of an event as feeds tell them, key words, people, numbers, into what the format holds."""

from __future__ import annotations

from typing import Any

from connectors.texts import line, plain
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Contributor, Identifier


def genres(words: tuple[Any, ...]) -> list[str]:
    """At most 20 key words, each once."""
    found: dict[str, str] = {}
    for word in words:
        text = line(word, longest=100)
        if text and len(found) < 20:
            found.setdefault(text.lower(), text)
    return list(found.values())


def contributors(named: tuple[tuple[Any, str], ...]) -> list[Contributor]:
    """At most 50 people with their roles, each once."""
    found: dict[tuple[str, str], Contributor] = {}
    for name, role in named:
        text = plain(name, longest=300)
        if text and len(found) < 50:
            found.setdefault((text, role), Contributor(name=text, role=role))
    return list(found.values())


def identifiers_of(told: tuple[tuple[str, str], ...]) -> list[Identifier]:
    """Of (scheme, value) those that are what their names say."""
    found: list[Identifier] = []
    for scheme, value in told:
        try:
            found.append(identifier(scheme, value))
        except InvalidIdentifier:
            continue
    return found
