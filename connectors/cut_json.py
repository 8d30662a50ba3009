"""Recorded JSON that breaks off or is spoilt at one place: the records before it are read, then it is said where.

An answer over HTTP is whole or fails; a file may be half a download. Only lists that hold records are cut, each after
its last whole element, so that no record is read by half.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.documents import json_of
from net.answers import Answer, decimal_of
from net.errors import FeedChanged

Path = tuple[str, ...]
"""The keys that lead to a list: `("sites", "events")`; none for a document that is a list."""
Holds = Callable[[Path], bool]
"""Whether the list there holds records."""
_DEEPEST = 100
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\\?\Z)|[\[\]{},:]', re.DOTALL)


@dataclass(slots=True)
class _Open:
    """A list or object that has not ended."""

    bracket: str
    path: Path
    whole_until: int | None = None
    """Of a list: the end of its last whole element."""


def json_or_part(answer: Answer, *, place: str, holds: Holds) -> tuple[Any, FeedChanged | None]:
    """The document of a recorded answer, and None; or what is whole of it, and why it is not all.

    Raises FeedChanged where nothing is whole.
    """
    try:
        return json_of(answer, place=place), None
    except FeedChanged as failure:
        part = _part(answer.decode().text, holds)
        if part is None:
            raise
        return part, FeedChanged(f"fichier coupé : {failure.message}", place=place)


def _part(text: str, holds: Holds) -> Any:
    """What stands before the first fault of the text; None where no list of records has a whole element."""
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        text = text[: error.pos]
    except (ValueError, RecursionError):
        return None
    opened = _left_open(text)
    for depth in range(len(opened) - 1, -1, -1):
        last = opened[depth]
        if last.bracket == "[" and last.whole_until is not None and holds(last.path):
            closing = "".join("]" if one.bracket == "[" else "}" for one in reversed(opened[: depth + 1]))
            try:
                return json.loads(text[: last.whole_until] + closing, parse_float=decimal_of)
            except (ValueError, ArithmeticError, RecursionError):
                return None
    return None


def _left_open(text: str) -> list[_Open]:
    """The lists and objects that the text leaves open, from the outermost on; none where they are too deep."""
    opened: list[_Open] = []
    key, word = "", ""
    for token in _TOKEN.finditer(text):
        sign = token[0]
        if sign[0] == '"':
            if len(sign) < 2 or sign[-1] != '"':
                break
            word = sign[1:-1]
        elif sign == ":":
            key = word
        elif sign in "[{":
            if len(opened) >= _DEEPEST:
                return []
            path = opened[-1].path if opened else ()
            opened.append(_Open(sign, (*path, key) if opened and opened[-1].bracket == "{" else path))
        elif sign == ",":
            if opened and opened[-1].bracket == "[":
                opened[-1].whole_until = token.start()
        elif opened:
            opened.pop()
            if opened and opened[-1].bracket == "[":
                opened[-1].whole_until = token.end()
    return opened
