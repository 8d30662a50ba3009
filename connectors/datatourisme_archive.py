"""The archive of a DATAtourisme flux: `index.json`, `context.jsonld`, `objects/x/xx/{producer}-{uuid}.json`.

The index names every object with the day DATAtourisme last touched it: what has changed is read without opening the
rest, and what it no longer names is gone.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from connectors.documents import MAX_BYTES, json_of
from connectors.times import instant
from net.answers import Answer
from net.errors import FeedChanged

MAX_OBJECTS = 1_000_000
_LARGEST_OBJECT = 8 * 1024 * 1024
_NEVER = datetime.min.replace(tzinfo=UTC)
"""Recorded: nobody was asked."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One object that the index names."""

    file: str
    updated_at: str | None
    """As written: ISO 8601 in UTC, whose order is the texts' own."""


class Archive:
    """A zip file or an unpacked folder of it. Raises FeedChanged for what is neither."""

    def __init__(self, place: str, *, zipped: IO[bytes] | None = None, folder: Path | None = None) -> None:
        self._place, self._folder = place, folder
        self._zip: zipfile.ZipFile | None = None
        if zipped is not None:
            try:
                self._zip = zipfile.ZipFile(zipped)
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
                raise FeedChanged("archive zip illisible ou coupée", place=place) from None
        names = self._zip.namelist() if self._zip is not None else []
        if len(names) > MAX_OBJECTS:
            raise FeedChanged(f"plus de {MAX_OBJECTS} fichiers dans l'archive", place=place)
        self._names = frozenset(names)
        self._root = next((name[: -len("index.json")] for name in names if name.endswith("index.json")), "")

    def index(self) -> list[Entry]:
        """What the index names. Raises FeedChanged where there is none, or another thing under its name."""
        rows = self._json("index.json")
        if not isinstance(rows, list):
            raise FeedChanged("index.json n'est pas une liste", place=self._place)
        found: dict[str, Entry] = {}
        for row in rows:
            if not isinstance(row, dict) or not isinstance(row.get("file"), str):
                raise FeedChanged("index.json : une ligne sans file", place=self._place)
            told = row.get("lastUpdateDatatourisme")
            found.setdefault(row["file"], Entry(row["file"], told if isinstance(told, str) else None))
        return list(found.values())

    def objects(self, entries: list[Entry]) -> Iterator[tuple[Entry, Any]]:
        """Each entry with its object; an error of ours in its place where it cannot be read."""
        for entry in entries:
            try:
                yield entry, self._json(f"objects/{entry.file}")
            except FeedChanged as failure:
                yield entry, failure

    def _json(self, name: str) -> Any:
        place = f"{self._place}, {name}"
        body = self._read(name, place)
        return json_of(Answer(status=200, headers={}, body=body, url=name, requested_at=_NEVER), place=place)

    def _read(self, name: str, place: str) -> bytes:
        most = MAX_BYTES if name == "index.json" else _LARGEST_OBJECT
        if self._folder is not None:
            file = self._folder / name
            if not file.resolve().is_relative_to(self._folder.resolve()) or not file.is_file():
                raise FeedChanged("fichier absent de l'archive", place=place)
            with file.open("rb") as opened:
                body = opened.read(most + 1)
        else:
            assert self._zip is not None
            if self._root + name not in self._names:
                raise FeedChanged("fichier absent de l'archive", place=place)
            try:
                with self._zip.open(self._root + name) as packed:
                    body = packed.read(most + 1)
            except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError, ValueError, zlib.error):
                raise FeedChanged("fichier illisible dans l'archive", place=place) from None
        if len(body) > most:
            raise FeedChanged(f"fichier de plus de {most} octets", place=place)
        return body


def fingerprint(entries: list[Entry]) -> str:
    """Equal for the same names, in whatever order: an object that came or went shows."""
    names = sorted(entry.file for entry in entries)
    return hashlib.blake2b("\n".join(names).encode("utf-8", "replace"), digest_size=16).hexdigest()


def newest(entries: list[Entry]) -> str | None:
    """The last moment the index tells; None where no line does."""
    told = [entry.updated_at for entry in entries if entry.updated_at]
    return max(told, default=None)


def is_since(entry: Entry, moment: str) -> bool:
    """Whether the object was touched at that moment or later; yes where nobody can tell."""
    try:
        return entry.updated_at is None or instant(entry.updated_at) >= instant(moment)
    except ValueError:
        return True


def unpacked(body: bytes, place: str) -> bytes:
    """What a gzip holds, at most `MAX_BYTES`. Raises FeedChanged."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as packed:
            found = packed.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise FeedChanged("gzip illisible ou coupé", place=place) from None
    if len(found) > MAX_BYTES:
        raise FeedChanged(f"plus de {MAX_BYTES} octets une fois décompressé", place=place)
    return found
