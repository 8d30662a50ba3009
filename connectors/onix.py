"""Books of a publisher or distributor that sends ONIX: 2.1, 3.0 or 3.1, reference or short tags.

Document: EDItEUR, ONIX for Books 2.1 revision 03 (2006), 3.0.8 and 3.1 (2023). Read from files dropped in a
folder, or from an address that serves a whole message and, where there is one, another for what changed.

- Cursor: the message's own `SentDateTime` in UTC, or the moment before the request when that is earlier. A
  date without a zone is taken at its earliest, so that what lies in doubt comes again. Every 500 products a
  place within the reading: the products before it pass again uninterpreted, and unless they are the same, or
  the folder's files are, the reading goes on from the beginning.
- Order: none within a message. Messages of a folder are read by the date they were sent, then by name: a late
  file rolls nothing back.
- It can repeat: messages restate whole products at will.
- Deletions: notification 05. What a whole message does not name is gone too, unless the source says that it
  is of changes only (`whole`).
- Edits come with the next message, often a day late. The start is closed: `since` itself comes again.
- Quirks read: files without a message root, several charsets in one file, entities of HTML, control
  characters, markup in texts whatever their format says. A broken product is rejected with its line; a file
  cut in the middle yields what was whole, then ends the reading.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, date, datetime
from pathlib import Path
from typing import ClassVar, cast
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import files, pieces
from connectors.manifest import Manifest
from connectors.onix_header import header_of
from connectors.onix_message import MAX_PROLOGUE, splitter
from connectors.onix_reading import MessageReader
from connectors.places import Place, checkpoint, place_of
from connectors.rows import MAX_RAW
from connectors.settings import Settings, address
from connectors.times import Clock, zulu
from net.charsets import decode
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="ONIX for Books (2.1, 3.0, 3.1)",
    document="EDItEUR, ONIX for Books 2.1 rév. 03 (2006), 3.0.8 et 3.1 (2023)",
    kinds=frozenset({Kind.PRODUCT}),
    incremental=True,
    deletions=True,
    sells=False,
    expected=(1, 3_000_000),
    guard=0.1,
)
_PARIS = ZoneInfo("Europe/Paris")
_PRODUCTS = 500
"""A place to go on from after so many."""
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class OnixSettings(Settings):
    """Where the messages are."""

    url: str | None = Field(default=None, title="Adresse du message entier")
    delta_url: str | None = Field(
        default=None, title="Adresse des changements", description="Appelée avec ?since=2026-11-23T05:00:00Z."
    )
    token: SecretStr | None = Field(default=None, title="Jeton (Bearer)")
    whole: bool = Field(
        default=True,
        title="Tout le catalogue",
        description="Les fichiers contiennent tout le catalogue : ce qui n'y est plus est retiré.",
    )

    @field_validator("url", "delta_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> OnixSettings:
        self.require("url")
        return self

    def account(self) -> str:
        return self.url or super().account()


class MessagePlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """After so many products of a message whose beginning is known by its digest."""

    products: int = 0
    digest: str = ""
    all_named: bool = True


class FolderPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """After so many products of one of a folder's files, in their order."""

    folder: str
    file: int = 0
    products: int = 0
    all_named: bool = True


class _AnotherMessage(Exception):
    """The message served now is not the one whose place was noted; it is read from its beginning."""


class Onix:
    """Reads one sender. See the module for what the feed promises."""

    name: ClassVar[str] = "onix"

    def __init__(self, settings: OnixSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """All products, or those changed since where there is an address for that.

        Raises the failures of `net.errors`; of files, only after every file of the folder was read.
        """
        started = self._clock()
        today = started.astimezone(_PARIS).date()
        changes = (
            self._served(since, started, today)
            if self._settings.path is None
            else self._recorded(self._settings.path, since, started, today)
        )
        async with aclosing(changes):
            async for change in changes:
                yield change

    def reread(self, kept: Reject) -> Iterator[Change]:
        """A product by itself: what its message's header said of charset and defaults is not kept with it."""
        if kept.kind is Kind.PRODUCT and len(kept.raw) < MAX_RAW:
            today = self._clock().astimezone(_PARIS).date()
            reader = MessageReader(self.name, self.account, place="quarantaine", today=today)
            yield from (change for change in reader.feed(kept.raw) if change is not None)
            yield from reader.finish(recorded=True)

    async def _served(self, since: Cursor | None, started: datetime, today: date) -> AsyncGenerator[Change]:
        fresh = MessagePlace(started=started.isoformat(), since=since)
        place = place_of(since, MessagePlace)
        if place is not None:
            try:
                async with aclosing(self._message(place, today)) as changes:
                    async for change in changes:
                        yield change
                return
            except _AnotherMessage:
                fresh = MessagePlace(started=place.started, since=place.since)
        async with aclosing(self._message(fresh, today)) as changes:
            async for change in changes:
                yield change

    async def _message(self, place: MessagePlace, today: date) -> AsyncGenerator[Change]:
        """The message from a place on. Raises `_AnotherMessage` where what stood before the place has changed."""
        if self._http is None or self._settings.url is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        delta = self._settings.delta_url if place.since is not None else None
        url = delta or self._settings.url
        params = {"since": str(place.since)} if delta else None
        headers = {"Accept": "application/xml, text/xml"}
        if self._settings.token is not None:
            headers["Authorization"] = f"Bearer {self._settings.token.get_secret_value()}"
        reader = MessageReader(self.name, self.account, place=url, today=today, skip=place.products)
        reader.all_named = place.all_named
        stream = cast(AsyncGenerator[bytes], self._http.stream(url, params=params, headers=headers))
        async with aclosing(stream) as body:
            async for piece in body:
                for change in reader.feed(piece):
                    if reader.products == place.products and reader.digest != place.digest:
                        raise _AnotherMessage
                    if change is None:
                        continue
                    yield change
                    if reader.products % _PRODUCTS == 0:
                        reached = replace(
                            place, products=reader.products, digest=reader.digest, all_named=reader.all_named
                        )
                        if (point := checkpoint(reached, read=reader.products)) is not None:
                            yield point
        if reader.products < place.products:
            raise _AnotherMessage
        for change in reader.finish(recorded=False):
            yield change
        sent_at, started = reader.header.sent_at, datetime.fromisoformat(place.started)
        yield _checkpoint(
            started if sent_at is None else min(sent_at, started),
            complete=delta is None and self._settings.whole and reader.all_named,
        )

    async def _recorded(
        self, path: Path, since: Cursor | None, started: datetime, today: date
    ) -> AsyncGenerator[Change]:
        failures: list[FeedChanged] = []
        found = files(path)
        found = sorted(found, key=_sent_at) if len(found) > 1 else found
        folder = _fingerprint(found)
        place = place_of(since, FolderPlace)
        if place is None or place.folder != folder:
            # A file more or less, or an edited one: where it stopped is no place in what there is now.
            place = FolderPlace(started=started.isoformat(), folder=folder)
        all_named = place.all_named
        for number, file in enumerate(found[place.file :], place.file):
            skip = place.products if number == place.file else 0
            reader = MessageReader(self.name, self.account, place=file.name, today=today, skip=skip)
            reader.all_named = all_named
            try:
                for piece in pieces(file):
                    for change in reader.feed(piece):
                        if change is None:
                            continue
                        yield change
                        # A place after a file that could not be read would let it be forgotten.
                        if reader.products % _PRODUCTS == 0 and not failures:
                            reached = replace(place, file=number, products=reader.products, all_named=reader.all_named)
                            if (point := checkpoint(reached)) is not None:
                                yield point
                    await asyncio.sleep(0)  # leases and other tasks breathe between two pieces
                for change in reader.finish(recorded=True):
                    yield change
            except FeedChanged as failure:
                failures.append(failure)
            all_named = reader.all_named
        if failures:
            more = f" ; {len(failures) - 1} autre(s) fichier(s) illisible(s)" if len(failures) > 1 else ""
            raise FeedChanged(failures[0].message + more, place=failures[0].place)
        yield _checkpoint(datetime.fromisoformat(place.started), complete=self._settings.whole and all_named)


def _checkpoint(moment: datetime, *, complete: bool) -> Checkpoint:
    return Checkpoint(Cursor(zulu(moment, timespec="seconds")), complete=complete)


def _fingerprint(found: list[Path]) -> str:
    """Equal while the folder holds the same files, unedited, in the same order."""
    told = [f"{file}\0{(stat := file.stat()).st_size}\0{stat.st_mtime_ns}" for file in found]
    return hashlib.blake2b("\0".join(told).encode(errors="surrogateescape"), digest_size=16).hexdigest()


def _sent_at(file: Path) -> tuple[datetime, str]:
    """When the file's message says it was sent, then its name; a file that does not say it goes first."""
    message = splitter()
    for piece in pieces(file):
        deque(message.feed(piece), maxlen=0)
        if message.items or len(message.prologue) >= MAX_PROLOGUE:
            break
    else:
        deque(message.finish(), maxlen=0)
    sent_at = header_of(decode(message.prologue, message.declared).text).sent_at
    return sent_at or _LONG_AGO, str(file)
