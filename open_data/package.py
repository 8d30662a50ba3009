"""Writes one Data Package (specs.frictionlessdata.io, version 1) into a folder, as it comes.

The whole offers stand in `offers.ndjson`, one a line, described by `offer.schema.json`; the flat tables of
`flat.py` say the same in CSV. `datapackage.json` is written last: a folder without it is not a package.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from open_data.flat import TABLES, Table, schema
from open_data.licences import LICENCES, OWN, joined
from open_data.rows import written
from schemas.offers import Offer
from schemas.validation import bundle

DESCRIPTOR = "datapackage.json"
NDJSON = "offers.ndjson"
SCHEMA = "offer.schema.json"


@dataclass(frozen=True, slots=True)
class Resource:
    """One file of the package."""

    path: str
    rows: int | None
    """None for a file that is not rows."""
    bytes: int
    sha256: str


class Package:
    """A package being written. `folder` exists and is empty; `finish` closes it, `abandon` gives up."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lines = _File(folder / NDJSON)
        self._tables = [(table, _File(folder / table.path), set[str]()) for table in TABLES]
        self._licences: set[str] = {OWN}
        self._connectors: set[str] = set()
        for table, file, _ in self._tables:
            file.write(_csv([[column.name for column in table.columns]]), rows=0)

    def add(self, offers: Sequence[Offer]) -> None:
        """Writes these offers."""
        self._lines.write(b"".join(msgspec.json.encode(offer) + b"\n" for offer in offers), rows=len(offers))
        for table, file, seen in self._tables:
            rows = _unseen(table, offers, seen)
            file.write(_csv(rows), rows=len(rows))
        for offer in offers:
            self._licences.update(joined(offer.licence))
            self._connectors.update(source.connector for source in offer.sources)

    def finish(self, at: datetime, position: int) -> tuple[list[Resource], list[str]]:
        """Writes the descriptor; the resources and the licences that are in force.

        `position`: from where on the change feed tells what these files do not.
        """
        lines = self._lines.finish()
        tables = [(table, file.finish()) for table, file, _ in self._tables]
        described = _File(self._folder / SCHEMA)
        described.write(msgspec.json.format(msgspec.json.encode(bundle("offer"))), rows=0)
        shape = described.finish(counted=False)
        licences = sorted(self._licences)
        descriptor = {
            "profile": "data-package",
            "name": "passerelle-offres",
            "id": "passerelle-offres",
            "title": "Offres culturelles ouvertes de la passerelle du pass Culture",
            "description": (
                "Ce que proposent les lieux culturels, lu chez leurs logiciels et leurs agendas, réuni en un seul"
                " format ; seules les sources sous licence ouverte y figurent. Chaque offre dit ses sources et sa"
                " licence. Dans les tables, un texte qu'un tableur calculerait est précédé d'une apostrophe."
            ),
            "created": at.isoformat(timespec="seconds"),
            "changesAfter": position,
            "licenses": [_licence(licence) for licence in licences],
            "sources": [{"title": connector} for connector in sorted(self._connectors)],
            "resources": [
                _described(lines, "offers-ndjson", "Offres complètes, une par ligne", "ndjson", "application/x-ndjson")
                | {"jsonSchema": SCHEMA},
                _described(shape, "offer-schema", "Schéma JSON d'une offre", "json", "application/schema+json"),
                *(
                    _described(resource, table.name, table.title, "csv", "text/csv")
                    | {"profile": "tabular-data-resource", "schema": schema(table)}
                    for table, resource in tables
                ),
            ],
        }
        last = _File(self._folder / DESCRIPTOR)
        last.write(msgspec.json.format(msgspec.json.encode(descriptor)) + b"\n", rows=0)
        last.finish(counted=False)
        return [lines, shape, *(resource for _, resource in tables)], licences

    def abandon(self) -> None:
        """Closes the files without a descriptor."""
        for file in (self._lines, *(file for _, file, _ in self._tables)):
            file.close()


class _File:
    """A file that knows its size and hash as it is written."""

    def __init__(self, path: Path) -> None:
        self._path, self._hash, self._rows, self._bytes = path, hashlib.sha256(), 0, 0
        self._file: BinaryIO = path.open("xb")

    def write(self, data: bytes, *, rows: int) -> None:
        self._file.write(data)
        self._hash.update(data)
        self._bytes += len(data)
        self._rows += rows

    def finish(self, *, counted: bool = True) -> Resource:
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()
        return Resource(self._path.name, self._rows if counted else None, self._bytes, self._hash.hexdigest())

    def close(self) -> None:
        self._file.close()


def _unseen(table: Table, offers: Sequence[Offer], seen: set[str]) -> list[list[str]]:
    rows = []
    for offer in offers:
        for row in table.rows(offer):
            key = str(row[0])
            if key not in seen:
                seen.add(key)
                rows.append(written(row))
    return rows


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _licence(licence: str) -> dict[str, str]:
    known = LICENCES[licence]
    return {"name": known.id, "title": known.title} | ({"path": known.url} if known.url else {})


def _described(resource: Resource, name: str, title: str, format_: str, mediatype: str) -> dict[str, Any]:
    # Nested documents are no table: "file" is what validators check by size and hash alone.
    return {
        "name": name,
        "type": "table" if format_ == "csv" else "file",
        "title": title,
        "path": resource.path,
        "format": format_,
        "mediatype": mediatype,
        "encoding": "utf-8",
        "bytes": resource.bytes,
        "hash": f"sha256:{resource.sha256}",
    }
