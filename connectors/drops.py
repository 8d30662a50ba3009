"""Files dropped in a folder, or one served at an address, read item by item in flat memory.

A connector brings a `Reader` for its format; what is the same for all of them stands here: the order of the
files, places to go on from, what a cut file means, what makes a snapshot whole.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, cast

from msgspec.structs import replace

from connectors.base import Change, Checkpoint, Cursor
from connectors.documents import files, pieces
from connectors.drop_settings import DropSettings
from connectors.places import Place, checkpoint, place_of
from connectors.times import zulu
from net.client import Http
from net.errors import FeedChanged

ITEMS = 500
"""A place to go on from after so many."""


class Reader(Protocol):
    """One file or answer. Items are told as soon as they are whole; `changes` says what one means."""

    all_named: bool
    """False once an item was rejected whose key nobody can tell: a snapshot without it proves nothing."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The items that `piece` completes."""
        ...

    def finish(self) -> Iterator[bytes]:
        """What is left. Raises FeedChanged, after all that was whole, where the file is cut or another format."""
        ...

    def changes(self, item: bytes) -> Iterable[Change]:
        """What one item says."""
        ...


Open = Callable[[str], Reader]
"""A reader for the file or address of that name."""


class DropPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """After so many items of one of a folder's files, or of the answer whose beginning has that digest."""

    mark: str
    file: int = 0
    items: int = 0
    all_named: bool = True


class _AnotherDrop(Exception):
    """What is there now is not what the place was noted in; it is read from its beginning."""


async def read(
    settings: DropSettings,
    http: Http | None,
    open_file: Open,
    since: Cursor | None,
    *,
    started: datetime,
    order: Callable[[Path], Any] | None = None,
) -> AsyncGenerator[Change]:
    """What a source's files say, wherever they are. Raises the failures of `net.errors`."""
    if settings.path is not None:
        changes = dropped(settings.path, open_file, since, started=started, whole=settings.whole, order=order)
    elif http is not None and settings.url is not None:
        token = settings.token
        headers = {} if token is None else {"Authorization": f"Bearer {token.get_secret_value()}"}
        changes = served(http, settings.url, open_file, since, started=started, whole=settings.whole, headers=headers)
    else:
        raise FeedChanged("ni adresse ni connexion pour lire la source")
    async with aclosing(changes):
        async for change in changes:
            yield change


async def dropped(
    path: Path,
    open_file: Open,
    since: Cursor | None,
    *,
    started: datetime,
    whole: bool,
    order: Callable[[Path], Any] | None = None,
) -> AsyncGenerator[Change]:
    """The changes of every file at `path`, by name or in `order`, and the last checkpoint.

    Raises the first FeedChanged of the files, after all of them were read as far as they can be.
    """
    found = files(path) if order is None else sorted(files(path), key=order)
    folder = _fingerprint(found)
    place = place_of(since, DropPlace)
    if place is None or place.mark != folder:
        # A file more or less, or an edited one: where it stopped is no place in what there is now.
        place = DropPlace(started=zulu(started), mark=folder)
    failures: list[FeedChanged] = []
    all_named = place.all_named
    for number, file in enumerate(found[place.file :], place.file):
        skip = place.items if number == place.file else 0
        reader = open_file(file.name)
        read = 0
        try:
            for item in _items(reader, pieces(file)):
                read += 1
                if read > skip:
                    for change in reader.changes(item):
                        yield change
                    # A place after a file that could not be read would let it be forgotten.
                    if read % ITEMS == 0 and not failures:
                        named = all_named and reader.all_named
                        if point := checkpoint(replace(place, file=number, items=read, all_named=named)):
                            yield point
                if read % ITEMS == 0:
                    await asyncio.sleep(0)  # leases and other tasks breathe
        except FeedChanged as failure:
            failures.append(failure)
        all_named = all_named and reader.all_named
    if failures:
        more = f" ; {len(failures) - 1} autre(s) fichier(s) illisible(s)" if len(failures) > 1 else ""
        raise FeedChanged(failures[0].message + more, place=failures[0].place)
    yield Checkpoint(Cursor(place.started), complete=whole and all_named)


async def served(
    http: Http,
    url: str,
    open_file: Open,
    since: Cursor | None,
    *,
    started: datetime,
    whole: bool,
    headers: Mapping[str, str] | None = None,
) -> AsyncGenerator[Change]:
    """The changes of the file at `url`, and the last checkpoint. Raises the failures of `net.errors`."""
    place = place_of(since, DropPlace)
    fresh = DropPlace(started=zulu(started) if place is None else place.started, mark="")
    for point in (place, fresh) if place is not None else (fresh,):
        try:
            async with aclosing(_answer(http, url, open_file(url), point, whole, headers or {})) as changes:
                async for change in changes:
                    yield change
            return
        except _AnotherDrop:
            continue


async def _answer(
    http: Http, url: str, reader: Reader, place: DropPlace, whole: bool, headers: Mapping[str, str]
) -> AsyncGenerator[Change]:
    passed = hashlib.blake2b(digest_size=16)
    read = 0
    stream = cast(AsyncGenerator[bytes], http.stream(url, headers=headers))
    async with aclosing(stream) as body:
        async for item in _items_of(reader, body):
            passed.update(item)
            read += 1
            if read == place.items and passed.hexdigest() != place.mark:
                raise _AnotherDrop
            if read <= place.items:
                continue
            for change in reader.changes(item):
                yield change
            if read % ITEMS == 0:
                named = place.all_named and reader.all_named
                reached = replace(place, items=read, mark=passed.hexdigest(), all_named=named)
                if point := checkpoint(reached, read=read):
                    yield point
    if read < place.items:
        raise _AnotherDrop
    yield Checkpoint(Cursor(place.started), complete=whole and place.all_named and reader.all_named, read=read)


def _items(reader: Reader, body: Iterable[bytes]) -> Iterator[bytes]:
    for piece in body:
        yield from reader.feed(piece)
    yield from reader.finish()


async def _items_of(reader: Reader, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in body:
        for item in reader.feed(piece):
            yield item
    for item in reader.finish():
        yield item


def _fingerprint(found: list[Path]) -> str:
    """Equal while the folder holds the same files, unedited."""
    told = [f"{file}\0{(stat := file.stat()).st_size}\0{stat.st_mtime_ns}" for file in found]
    return hashlib.blake2b("\0".join(told).encode(errors="surrogateescape"), digest_size=16).hexdigest()
