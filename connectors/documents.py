"""Recorded answers in place of an address: a file, or a folder read in the order of its names.

Sizes are bounded; a charset is asked of the bytes first (`net.charsets`). What cannot be read raises
`FeedChanged` naming the file, never its content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from net.answers import Answer
from net.errors import FeedChanged

MAX_FILES = 10_000
MAX_BYTES = 128 * 1024 * 1024
_PIECE = 256 * 1024
_BARE_DECIMAL = re.compile(rb"(?<=[:\[,\s])(-?)\.(?=\d)")


def files(path: Path) -> list[Path]:
    """The files at `path`: itself, or what its folders hold, by name, hidden ones left out.

    Links that lead out of it are left out as well: who may drop files there must not have ours read.

    Raises FeedChanged when there is nothing there, or more than `MAX_FILES`.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise FeedChanged("ni fichier ni dossier à cet endroit", place=path.name)
    inside = path.resolve()
    found = sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not _hidden(file.relative_to(path)) and file.resolve().is_relative_to(inside)
    )
    if not found:
        raise FeedChanged("dossier vide", place=path.name)
    if len(found) > MAX_FILES:
        raise FeedChanged(f"plus de {MAX_FILES} fichiers", place=path.name)
    return found


def answers(path: Path, *, now: datetime) -> Iterator[tuple[str, Answer]]:
    """Each file as if a provider had answered it, with the file's name."""
    for file in files(path):
        yield file.name, answer_of(file, now=now)


def answer_of(file: Path, *, now: datetime) -> Answer:
    """One file as if a provider had answered it. Raises FeedChanged for one of more than `MAX_BYTES`."""
    if file.stat().st_size > MAX_BYTES:
        raise FeedChanged(f"fichier de plus de {MAX_BYTES} octets", place=file.name)
    return Answer(status=200, headers={}, body=file.read_bytes(), url=file.name, requested_at=now)


def pieces(file: Path) -> Iterator[bytes]:
    """The bytes of one file, piece by piece, for readers that keep memory flat."""
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece


def json_of(answer: Answer, *, place: str) -> Any:
    """The answer's JSON, fractional numbers as Decimal; numbers written `.95` are read too.

    Such numbers are not JSON, but one till writes its prices so. Raises FeedChanged naming `place`.
    """
    try:
        return answer.json()
    except FeedChanged as failure:
        mended = _BARE_DECIMAL.sub(rb"\g<1>0.", answer.body)
        if mended != answer.body:
            return json_of(replace(answer, body=mended), place=place)
        raise FeedChanged(failure.message, place=place) from None


def _hidden(inside: Path) -> bool:
    return any(part.startswith(".") for part in inside.parts)
