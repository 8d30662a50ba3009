"""A batch of changes that go together, as data: the last word on a record counts, pages stay whole."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

import msgspec

from catalogue.kinds import CODE, KindCode
from connectors.base import Change, Checkpoint, Delete, Reject, Upsert
from connectors.pages import SamePage, StockPage
from schemas.faults import explain
from schemas.records import KIND_OF, Record
from schemas.validation import check
from sync.quarantine import can_be_named, refuse

Name = tuple[KindCode, str, str]


@dataclass(slots=True)
class Batch:
    """Changes that go together. The last word on a record counts; `repeated` says how often there was one before."""

    upserts: dict[Name, Record] = field(default_factory=dict)
    deletes: dict[Name, Delete] = field(default_factory=dict)
    restated: list[Delete] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    records: int = 0
    repeated: int = 0
    pages: list[StockPage] = field(default_factory=list)
    same: list[SamePage] = field(default_factory=list)
    has_rows: bool = False
    """Something was told by itself, not as part of a page."""

    def has_room_for(self, change: Change | StockPage | SamePage) -> bool:
        """Pages in their order go together, or rows that are told by themselves: never both, the last word counts."""
        if not isinstance(change, StockPage | SamePage):
            return not self.pages and not self.same
        first = change.first if isinstance(change, StockPage) else change.known.first
        lasts = (self.pages[-1].last if self.pages else "", self.same[-1].known.last if self.same else "")
        return not self.has_rows and max(lasts) < first

    def add_page(self, page: StockPage | SamePage) -> None:
        """Takes a page in. Its columns hold the published format by how they were read."""
        self.records += len(page)
        if isinstance(page, SamePage):
            self.same.append(page)
            return
        self.pages.append(page)
        for change in page.odd:
            assert not isinstance(change, Checkpoint)
            self._add(change)

    def add(self, change: Upsert | Delete | Reject) -> None:
        """Takes one change in, checking a record against the published format."""
        self.has_rows = True
        self._add(change)

    def _add(self, change: Upsert | Delete | Reject) -> None:
        self.records += 1
        if isinstance(change, Reject):
            # A name the database cannot hold is no name.
            nameable = change.ref is None or can_be_named(change.ref)
            self.rejects.append(change if nameable else replace(change, ref=None))
        elif isinstance(change, Delete):
            if change.parts_kept is not None:
                self.records -= 1
                self.restated.append(change)
                return
            name = (CODE[change.kind], change.ref.key, change.ref.part)
            self.upserts.pop(name, None)
            self.deletes[name] = change
        else:
            record = change.record
            faults = check(record)
            if not can_be_named(record.ref):
                why = explain(faults) if faults else "clé trop longue pour être gardée"
                self.rejects.append(replace(refuse(record, why), ref=None))
                return
            if faults:
                self.rejects.append(refuse(record, explain(faults)))
                return
            name = (CODE[KIND_OF[type(record)]], record.ref.key, record.ref.part)
            self.repeated += name in self.upserts
            self.deletes.pop(name, None)
            self.upserts[name] = record

    def __len__(self) -> int:
        rows = len(self.upserts) + len(self.deletes) + len(self.rejects)
        return rows + sum(map(len, self.pages)) + sum(map(len, self.same))

    def row_by_row(self) -> Batch:
        """The same without pages: what is told of a row by itself can be refused by itself."""
        batch = Batch(dict(self.upserts), dict(self.deletes), list(self.restated), list(self.rejects), self.records)
        batch.repeated, batch.same = self.repeated, self.same
        for page in self.pages:
            batch.records -= len(page)
            for change in replace(page, odd=()).changes():
                assert not isinstance(change, Checkpoint)
                batch.add(change)
        return batch

    def halves(self) -> tuple[Batch, Batch]:
        """Two batches that together say the same."""
        names = list(self.upserts)
        first, second = Batch(), Batch(deletes=self.deletes, restated=self.restated, rejects=self.rejects)
        first.same = self.same
        first.upserts = {name: self.upserts[name] for name in names[: len(names) // 2]}
        second.upserts = {name: self.upserts[name] for name in names[len(names) // 2 :]}
        first.records = len(first.upserts)
        second.records, second.repeated = self.records - first.records, self.repeated
        return first, second

    def refusing(self, why: str) -> Batch:
        """The same, its only record being refused."""
        (record,) = self.upserts.values()
        return Batch(
            deletes=self.deletes,
            restated=self.restated,
            rejects=[*self.rejects, refuse(record, why)],
            records=self.records,
            repeated=self.repeated,
            same=self.same,
        )


def digest(record: Record) -> bytes:
    """16 bytes that are equal when the record is: fields are encoded in their declared order."""
    return hashlib.blake2b(msgspec.json.encode(record), digest_size=16).digest()
