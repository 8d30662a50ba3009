"""Events and places of culture in a flux of DATAtourisme, the national platform of tourism offices.

Document: DATAtourisme, ontology 2 and 3, formats of the « diffuseur » (archive of JSON objects, JSON-LD, pages of the
API), read in 2026. `GET` of the flux's own address gives a zip, or JSON, packed by gzip or not.

- Cursor: the last moment the archive's index tells, and a fingerprint of the names in it. With the same names, only
  what was touched at that moment or later is opened (a closed start); with other names, everything is, since what
  went is told by its absence only. The provider's own clock: edits made while the archive is built come again.
- Order: none. A place within the reading is not told: the archive is one file.
- It can repeat: an object is named once by the index; of a JSON-LD graph, the first of two of one `@id` is read.
- Deletions are not told: an object absent from a complete archive is gone. An event restates its periods.
- Edits appear with the next nightly archive.
- What it is stands in `@type`, an unordered list of two vocabularies. Sales and matches are rejected by their type.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import IO, Any, ClassVar, cast

import msgspec
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.datatourisme_archive import Archive, Entry, fingerprint, is_since, newest, unpacked
from connectors.datatourisme_events import object_changes
from connectors.datatourisme_objects import Graph, document_nodes
from connectors.documents import MAX_BYTES, files, json_of
from connectors.failures import Failures
from connectors.filing import FilingSettings
from connectors.manifest import Manifest
from connectors.rows import row_of
from connectors.settings import address
from connectors.times import Clock
from connectors.told import Teller
from net.answers import Answer
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Flux DATAtourisme",
    document="DATAtourisme, ontologie 2 et 3, archive JSON et JSON-LD, lues en 2026",
    kinds=frozenset({Kind.VENUE, Kind.EVENT, Kind.SESSION}),
    incremental=True,
    deletions=False,
    sells=False,
    expected=(1, 500_000),
    guard=0.5,
)
_ZIP, _GZIP = b"PK\x03\x04", b"\x1f\x8b"


class DatatourismeSettings(FilingSettings):
    """One flux, and how its events are filed where their type does not say."""

    url: str | None = Field(default=None, title="Adresse du flux")
    key: SecretStr | None = Field(default=None, title="Clé du flux", description="La fin de l'adresse, après /flux/.")

    @field_validator("url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> DatatourismeSettings:
        self.require("url")
        return self

    def account(self) -> str:
        return self.url or super().account()


class FluxCursor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Up to when the index had told, and of which names."""

    newest: str | None = None
    names: str | None = None


class Datatourisme:
    """Reads one flux. See the module for what it promises."""

    name: ClassVar[str] = "datatourisme"

    def __init__(self, settings: DatatourismeSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """Events with their venues before them. Raises the failures of `net.errors`."""
        reading = _Reading(self._settings, self.name, self.account)
        before = _before(since)
        path = self._settings.path
        if path is None:
            async with aclosing(self._served(reading, before)) as changes:
                async for change in changes:
                    yield change
        elif path.is_dir() and (path / "index.json").is_file() and (path / "objects").is_dir():
            for change in reading.archive(Archive(path.name, folder=path), before):
                yield change
        else:
            for change in _recorded(reading, path, before, self._clock()):
                yield change
        yield Checkpoint(reading.cursor(), complete=reading.is_whole and reading.all_named, read=reading.objects)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """An object by itself, whose nodes stand inside it."""
        node = row_of(kept.raw)
        if isinstance(node, dict) and kept.kind is not Kind.SESSION:
            yield from _Reading(self._settings, self.name, self.account).nodes([node])

    async def _served(self, reading: _Reading, before: FluxCursor | None) -> AsyncGenerator[Change]:
        if self._http is None or self._settings.url is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        key = self._settings.key
        url = self._settings.url + (f"/{key.get_secret_value()}" if key else "")
        with tempfile.TemporaryFile() as body:
            stream = cast(AsyncGenerator[bytes], self._http.stream(url))
            async with aclosing(stream) as pieces:
                async for piece in pieces:
                    body.write(piece)
            body.seek(0)
            for change in reading.file(body, self._settings.url, before, self._clock()):
                yield change


class _Reading:
    """One reading: what was told of it, and where the next one begins."""

    def __init__(self, settings: DatatourismeSettings, connector: str, account: str) -> None:
        self._filing = settings.filing()
        self._teller = Teller(connector, account, settings.time_zone)
        self._cursor = FluxCursor()
        self._ids: set[str] = set()
        self.objects = 0
        self.is_whole = True
        self.all_named = True

    def cursor(self) -> Cursor:
        return Cursor(msgspec.json.encode(self._cursor).decode())

    def file(self, body: IO[bytes], place: str, before: FluxCursor | None, now: datetime) -> Iterator[Change]:
        """A zip, a gzip or JSON, by its first bytes."""
        start = body.read(4)
        body.seek(0)
        if start == _ZIP:
            yield from self.archive(Archive(place, zipped=body), before)
            return
        content = body.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise FeedChanged(f"fichier de plus de {MAX_BYTES} octets", place=place)
        content = unpacked(content, place) if start[:2] == _GZIP else content
        yield from self.document(Answer(200, {}, content, place, now), place)

    def archive(self, archive: Archive, before: FluxCursor | None) -> Iterator[Change]:
        """What the index names, or of it what was touched since."""
        entries = archive.index()
        names, latest = fingerprint(entries), newest(entries)
        self._cursor = FluxCursor(newest=latest, names=names)
        if before is not None and before.names == names and before.newest is not None:
            since = before.newest
            entries = [entry for entry in entries if is_since(entry, since)]
            self.is_whole = False
        for entry, node in archive.objects(entries):
            if isinstance(node, FeedChanged):
                self.all_named = False
                yield Reject(node.message, _kept(entry), Kind.EVENT)
            else:
                yield from self.nodes([node])

    def document(self, answer: Answer, place: str) -> Iterator[Change]:
        """The objects of one JSON document. Raises FeedChanged where it is none of DATAtourisme's."""
        nodes, is_known = document_nodes(json_of(answer, place=place))
        if not is_known:
            raise FeedChanged("ni objet, ni graphe, ni index DATAtourisme", place=place)
        yield from self.nodes(nodes)

    def nodes(self, nodes: list[Any]) -> Iterator[Change]:
        graph = Graph(nodes if len(nodes) > 1 else None)
        for node in nodes:
            key = str(graph.get(node, "@id") or graph.get(node, "uri") or "")
            if key and key in self._ids:
                continue
            self._ids.add(key)
            self.objects += 1
            for change in object_changes(node, graph, self._teller, self._filing, restated=not self.is_whole):
                if isinstance(change, Reject) and change.ref is None and change.kind is Kind.EVENT:
                    self.all_named = False
                yield change


def _recorded(reading: _Reading, path: Path, before: FluxCursor | None, now: datetime) -> Iterator[Change]:
    failures = Failures()
    for file in files(path):
        with failures.kept(), file.open("rb") as body:
            yield from reading.file(body, file.name, before, now)
    failures.end()


def _before(since: Cursor | None) -> FluxCursor | None:
    if since is None:
        return None
    try:
        return msgspec.json.decode(since, type=FluxCursor)
    except msgspec.DecodeError:
        raise FeedChanged("point de reprise illisible") from None


def _kept(entry: Entry) -> bytes:
    return f"objects/{entry.file}".encode("utf-8", "replace")
