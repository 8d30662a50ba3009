"""Books of Titelive's daily files: `QuotidienJJ.tit`, one product a line.

Document: Titelive, « Fichier quotidien livres », 46 fields apart by `~`, ISO-8859-1, decimal comma, dd/mm/yyyy; some
26 files are kept, named by the day of the month only.

- Cursor: the moment before the reading. The files overlap: each reading reads all that is there. Every 500 lines
  there is a place to go on from, good while the folder's files are the same.
- Order: days after today's first, since they are last month's, then up to today's; so that a line of yesterday never
  overwrites one of today.
- It can repeat: a product comes with each of its changes; the last line counts.
- Deletions are not told. School books, press and books that have no title yet are not offered: they become not
  sellable, or are rejected.
- Edits come with the next day's file.
- Quirks read: more or fewer fields than 46 where the first 28 are sound, UTF-8, prices of 0, 01/01/2070 for a date
  that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import date
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

from pydantic import Field

from connectors.base import Change, Cursor, Reject, Upsert
from connectors.drop_settings import DropSettings
from connectors.drops import read
from connectors.lines import LineReader
from connectors.manifest import Manifest
from connectors.marc_words import pages_of, tidy
from connectors.money import cents
from connectors.rows import MAX_RAW
from connectors.times import Clock
from connectors.titelive_words import book_of, day_of, is_unnamed, people, sold
from net.charsets import decode
from net.client import Http
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Identifier, Kind, Product, SourceRef

MANIFEST = Manifest(
    title="Titelive, fichiers quotidiens (.tit)",
    document="Titelive, fichier quotidien livres, 46 champs",
    kinds=frozenset({Kind.PRODUCT}),
    incremental=False,
    deletions=False,
    sells=False,
    expected=(1, 3_000_000),
    guard=0.1,
)
_PARIS = ZoneInfo("Europe/Paris")
_SOUND, _MOST = 28, 80
"""Fields that must be there, and those beyond which it is another file."""
_DAY_OF_MONTH = re.compile(r"(\d{1,2})(?=\.[^.]*$|$)")


class TiteliveFlatSettings(DropSettings):
    """Where the files are."""

    whole: bool = Field(
        default=False,
        title="Tout le catalogue",
        description="Les fichiers contiennent tout le catalogue : ce qui n'y est plus est retiré.",
    )


class TiteliveFlat:
    """Reads a folder of daily files. See the module for what they promise."""

    name: ClassVar[str] = "titelive_flat"

    def __init__(self, settings: TiteliveFlatSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All lines. Raises the failures of `net.errors`; of files, only after every file was read."""
        changes = read(
            self._settings,
            self._http,
            self._reader,
            since,
            started=self._clock(),
            order=lambda file: by_day(file, self._today),
        )
        async with aclosing(changes):
            async for change in changes:
                yield change

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A line by itself."""
        if kept.kind is Kind.PRODUCT:
            yield self._change(kept.raw, "quarantaine")

    @property
    def _today(self) -> date:
        return self._clock().astimezone(_PARIS).date()

    def _reader(self, place: str) -> LineReader:
        return LineReader(
            place,
            lambda line, where: [self._change(line, where)],
            sounds=lambda line: b"~" in line,
            width=lambda line: line.count(b"~"),
        )

    def _change(self, line: bytes, place: str) -> Change:
        fields = decode(line, "iso-8859-1").text.rstrip("\r\n").split("~")
        key = fields[0].strip() or (fields[1].strip() if len(fields) > 1 else "")
        ref = SourceRef(connector=self.name, account=self.account, key=key[:500]) if key else None
        notes: list[str] = []
        try:
            if ref is None:
                raise ValueError("ligne sans EAN")
            if not _SOUND <= len(fields) <= _MOST:
                raise ValueError(f"{len(fields)} champs au lieu de 46")
            record = _product(fields + [""] * 46, ref, self._today, notes)
        except ValueError as error:
            return Reject(f"{error} ({place})", line[:MAX_RAW] or b"?", Kind.PRODUCT, ref)
        return Upsert(record, tuple(notes))


def by_day(file: Path, today: date) -> tuple[int, int, str]:
    """The order of `QuotidienJJ.tit`; files of other names stand before, by name."""
    found = _DAY_OF_MONTH.search(file.name)
    day = int(found[1]) if found and 1 <= int(found[1]) <= 31 else 0
    return (0 if not day else 1 if day > today.day else 2, day, str(file))


def _product(fields: list[str], ref: SourceRef, today: date, notes: list[str]) -> Product:
    title = tidy(fields[2]) or tidy(fields[3])
    if title is None:
        raise ValueError("titre manquant")
    if is_unnamed(title, fields[23]):
        raise ValueError("livre annoncé sans titre (« xxx »)")
    if fields[13].strip() == "R" and fields[26].replace(",", ".").rstrip("0") == "2.1":
        raise ValueError("presse (TVA à 2,10 %)")
    published = day_of(fields[12])
    sellable, opens = sold(fields[5], published, today)
    if fields[39].strip() == "1":
        sellable, opens = False, None
        notes.append("livre scolaire : n'est pas proposé")
    if fields[12].strip() and published is None:
        notes.append(f"date de parution inconnue : « {fields[12][:20]} »")
    price = cents(fields[9].replace(" ", "")) if fields[9].strip() else 0
    return Product(
        ref=ref,
        title=title,
        subcategory=book_of(fields[13]),
        identifiers=_names(fields, notes),
        contributors=[*people(fields[23].split("/")), *people(fields[28].split("/"), "translator")],
        publisher=tidy(fields[10], longest=300),
        collection=tidy(fields[35], longest=300) or tidy(fields[6], longest=300),
        volume=None if fields[7].strip() in ("", "0") else tidy(fields[7], longest=100),
        published_on=None if published is None else published.isoformat(),
        price_cents=price or None,
        page_count=pages_of(fields[15].strip()),
        genres=[
            *([rayon] if (rayon := tidy(fields[27], longest=100)) else []),
            *([f"dewey:{fields[43].strip()}"[:100]] if fields[43].strip() else []),
        ],
        description=tidy(fields[31], longest=2000),
        sellable=sellable,
        sellable_from=opens,
    )


def _names(fields: list[str], notes: list[str]) -> list[Identifier]:
    """The EAN, else the ISBN. Raises ValueError where the EAN itself is false."""
    if (ean := fields[0].strip()) and ean.strip("0"):
        return [identifier("ean", ean)]
    try:
        return [identifier("isbn", fields[1].strip())]
    except InvalidIdentifier as fault:
        notes.append(str(fault))
        return []
