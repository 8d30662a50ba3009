"""A library's catalogue in exchange files: ISO 2709, MARCXML, MARC-in-JSON; UNIMARC or MARC 21.

Document: ISO 2709:2008; IFLA, UNIMARC Bibliographic; Library of Congress, MARC 21 and MARCXML; BnF, marcxchange.
Files come from any library system's export (Koha, PMB, Orphée, Decalog, Syracuse…), in a folder or at an address.

- Cursor: the moment before the reading. Files know no changes: each reading is whole. Every 500 notices there is a
  place to go on from, good while the folder's files are the same, or the answer's beginning is.
- Order: the files' names, then that of the records. A later file overwrites an earlier one.
- It can repeat: exports restate records at will; the last word counts.
- Deletions: a record whose leader says `d`; what a whole export no longer names is gone too, unless the source says
  that its files hold changes only (`whole`).
- Edits appear with the next export.
- Copies listed in the notice (995, Koha's 952) become a stock of free loans.
- Quirks read: any 8-bit charset and the leader's lies about it (`marc_charsets`), directories out of order or with
  false lengths, missing indicators, records without 001, leaders left blank, prefixes and undeclared namespaces,
  notices that are MARC 21 where the library is French. A broken record is rejected alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import ClassVar, Literal

from pydantic import Field

from connectors.base import Change, Cursor, Reject
from connectors.drop_settings import DropSettings
from connectors.drops import read
from connectors.manifest import Manifest
from connectors.marc_reading import NoticeReader
from connectors.rows import MAX_RAW
from connectors.times import Clock
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Notices MARC (ISO 2709, MARCXML ; UNIMARC, MARC 21)",
    document="ISO 2709:2008 ; IFLA, UNIMARC ; LoC, MARC 21 et MARCXML",
    kinds=frozenset({Kind.PRODUCT, Kind.STOCK}),
    incremental=False,
    deletions=True,
    sells=False,
    expected=(1, 5_000_000),
    guard=0.1,
)
Charset = Literal["utf-8", "marc-8", "iso-5426", "cp1252", "iso-8859-1", "cp1251", "cp850"]


class MarcSettings(DropSettings):
    """Where the records are, and what cannot be asked of them."""

    charset: Charset | None = Field(
        default=None, title="Jeu de caractères", description="Seulement si les notices ne se laissent pas reconnaître."
    )
    dialect: Literal["unimarc", "marc21"] | None = Field(default=None, title="Format, s'il ne se reconnaît pas")
    lends: bool = Field(
        default=True,
        title="Les exemplaires se prêtent",
        description="Les exemplaires des notices (995, 952) deviennent des stocks gratuits.",
    )
    prices: bool = Field(
        default=False,
        title="Lire les prix des notices",
        description="Prix en euros des zones d'ISBN : ceux du jour de la notice, non d'aujourd'hui.",
    )


class Marc:
    """Reads one library's export. See the module for what it promises."""

    name: ClassVar[str] = "marc"

    def __init__(self, settings: MarcSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All records. Raises the failures of `net.errors`; of files, only after every file was read."""
        changes = read(self._settings, self._http, self._reader, since, started=self._clock())
        async with aclosing(changes):
            async for change in changes:
                yield change

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A record by itself; one that was cut for the quarantine cannot be read."""
        if kept.kind is Kind.PRODUCT and len(kept.raw) < MAX_RAW:
            yield from (change for change in reread(self._reader("quarantaine"), kept.raw))

    def _reader(self, place: str) -> NoticeReader:
        one = self._settings
        return NoticeReader(
            self.name,
            self.account,
            place=place,
            charset=one.charset,
            dialect=one.dialect,
            lends=one.lends,
            prices=one.prices,
        )


def reread(reader: NoticeReader, kept: bytes) -> Iterator[Change]:
    """The changes of one record's bytes; nothing where they are none."""
    try:
        for item in [*reader.feed(kept), *reader.finish()]:
            yield from reader.changes(item)
    except FeedChanged:
        return
