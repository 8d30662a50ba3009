"""A brass band's dates, one a line: `2026-12-05T20:30:00+01:00 Title`. A package of somebody else's.

Its pyproject also names what must be refused: a name that is ours, a module that is missing, a thing that is no entry.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from connectors.base import Change, Checkpoint, Cursor, Reject, Upsert
from connectors.documents import answers
from connectors.entries import Entry
from connectors.manifest import Manifest
from connectors.settings import Settings
from connectors.times import instant
from schemas.records import Event, Kind, Session, SourceRef


class Fanfare:
    name: ClassVar[str] = "fanfare"

    def __init__(self, settings: Settings, account: str, now: datetime) -> None:
        self._settings, self.account, self._now = settings, account, now

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        assert self._settings.path is not None
        for _, answer in answers(self._settings.path, now=self._now):
            for line in answer.decode().text.splitlines():
                begins, _, title = line.partition(" ")
                try:
                    ref = SourceRef(connector=self.name, account=self.account, key=begins)
                    session = Session(ref=ref, event_key=begins, begins_at=instant(begins))
                except ValueError as error:
                    yield Reject(str(error), line.encode(), Kind.EVENT)
                    continue
                yield Upsert(Event(ref=ref, title=title, subcategory="CONCERT"))
                yield Upsert(session)
        yield Checkpoint(Cursor("fin"), complete=True)


ENTRY = Entry(
    name="fanfare",
    manifest=Manifest(
        title="Fanfare",
        document="ce fichier",
        kinds=frozenset({Kind.EVENT, Kind.SESSION}),
        incremental=False,
        deletions=False,
        sells=False,
        expected=(1, 100),
        guard=0.5,
    ),
    settings=Settings,
    make=lambda settings, http, account, clock: Fanfare(settings, account, clock()),
)

BOOST = replace(ENTRY, name="boost")
"""What a package may not do: take a name of ours."""
