"""What is wrong with a document as a tree, for people: the reference implementation's words at each place.

`schemas.validation` decides, compiled and fast; this is asked of what it refused. A property test holds the two to one
verdict.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import jsonschema
from jsonschema.exceptions import ErrorTree

from schemas.validation import bundle

FORMATS = jsonschema.FormatChecker(formats=())
"""What the calendar has; the form stands in the schemas' patterns."""
_LONGEST = 200


@FORMATS.checks("date-time", raises=ValueError)
def _is_moment(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("date", raises=ValueError)
def _is_day(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@functools.cache
def reference(kind: str) -> jsonschema.Draft202012Validator:
    """The reference implementation's validator of a kind. KeyError: no such kind."""
    return jsonschema.Draft202012Validator(bundle(kind), format_checker=FORMATS)


def tree(kind: str, document: Any) -> ErrorTree:
    """Every error by its place; empty (`total_errors` 0) for a valid document."""
    return ErrorTree(reference(kind).iter_errors(document))


def lines(found: ErrorTree, name: str = "$", depth: int = 0) -> Iterator[str]:
    """The tree as indented lines: a place, then what is wrong there, in the reference's English."""
    yield "  " * depth + name
    for error in found.errors.values():
        message = error.message
        yield "  " * (depth + 1) + "- " + (message if len(message) <= _LONGEST else message[: _LONGEST - 1] + "…")
    for step in sorted(found, key=str):
        yield from lines(found[step], str(step), depth + 1)
