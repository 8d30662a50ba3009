"""All that sources say today of one kind, as columns for `matching.whole`: streamed, and never held as records."""

from __future__ import annotations

from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, overload

from catalogue.database import Connection
from catalogue.kinds import IMPLIED, KindCode
from schemas.identifiers import SCHEMES

_PEOPLE: Final = """
(select string_agg(c ->> 'name', ';') from jsonb_array_elements(r.record -> 'contributors') c)
"""
_GENRES: Final = "(select string_agg(g, ' ') from jsonb_array_elements_text(r.record -> 'genres') g)"
# What the format calls a field, under the name that spreadsheets and `matching` give it.
_FIELDS: Final[dict[KindCode, dict[str, str]]] = {
    KindCode.WORK: {
        "title": "r.record ->> 'title'",
        "contributors": _PEOPLE,
        "year": "r.record ->> 'year'",
        "duration_minutes": "r.record ->> 'durationMinutes'",
        "genre": _GENRES,
    },
    KindCode.PRODUCT: {
        "title": "r.record ->> 'title'",
        "subtitle": "r.record ->> 'subtitle'",
        "contributors": _PEOPLE,
        "publisher": "r.record ->> 'publisher'",
        "series": "r.record ->> 'collection'",
        "volume": "r.record ->> 'volume'",
        "year": "left(r.record ->> 'publishedOn', 4)",
        "genre": "r.record ->> 'subcategory'",
        "price": "((r.record ->> 'priceCents')::numeric / 100)::text",
    },
    KindCode.VENUE: {
        "title": "r.record ->> 'name'",
        "address": "r.record #>> '{address,street}'",
        "city": "r.record #>> '{address,city}'",
        "postal_code": "r.record #>> '{address,postalCode}'",
        "country": "r.record #>> '{address,country}'",
        "lat": "r.record #>> '{position,latitude}'",
        "lon": "r.record #>> '{position,longitude}'",
        "phone": "r.record ->> 'phone'",
    },
    KindCode.EVENT: {
        "title": "r.record ->> 'title'",
        "contributors": _PEOPLE,
        "venue": "'v' || coalesce(v.merged_into, v.id)::text",
        "duration_minutes": "r.record ->> 'durationMinutes'",
        "genre": "r.record ->> 'subcategory'",
    },
}
_AT_VENUES: Final = "join event e on e.id = r.entity_id join venue v on v.id = e.venue_id"
_EVERYTHING: Final = """
select r.source_id, r.key, r.part, r.entity_id, s.is_clean,
       (select string_agg((i ->> 'scheme') || '=' || (i ->> 'value'), E'\\n')
        from jsonb_array_elements(r.record -> 'identifiers') i) as identifiers,
       {fields}
from source_record r join source s on s.id = r.source_id {joins}
where r.kind = $1 and r.gone_at is null and r.entity_id is not null and r.record is not null
order by r.source_id, r.key, r.part
"""
_PREFETCHED: Final = 5_000


class Interned(Sequence[str]):
    """A column of texts that holds each distinct one once: eight bytes a row beside them."""

    def __init__(self) -> None:
        self._of, self._known = array("q"), {"": 0}
        self._values = [""]

    def append(self, value: str | None) -> None:
        """Adds a row's text; None is the empty one."""
        text = value or ""
        place = self._known.setdefault(text, len(self._values))
        if place == len(self._values):
            self._values.append(text)
        self._of.append(place)

    def fill(self, rows: int) -> None:
        """Makes it so many rows long, the new ones empty."""
        self._of.extend([0] * (rows - len(self._of)))

    def __len__(self) -> int:
        return len(self._of)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> Sequence[str]: ...
    def __getitem__(self, row: int | slice) -> str | Sequence[str]:
        if isinstance(row, slice):
            return [self._values[place] for place in self._of[row]]
        return self._values[self._of[row]]


@dataclass(frozen=True, slots=True)
class RecordColumns:
    """The living records of one kind. Row n of every column is one record."""

    kind: KindCode
    columns: dict[str, Interned]
    entity: array[int]
    source: array[int]
    """Whose record it is, as `matching` counts sources: one that its source may tell twice has a number of its own."""
    source_id: array[int]
    key: list[str]
    part: Interned
    venue_of: Mapping[int, int]
    """Venues that are about to be other ones, and are taken for these already."""

    def __len__(self) -> int:
        return len(self.entity)

    def name(self, row: int) -> tuple[int, str, str]:
        """The record's source, key and part."""
        return self.source_id[row], self.key[row], self.part[row]


async def record_columns(conn: Connection, kind: KindCode, venue_of: Mapping[int, int]) -> RecordColumns:
    """Reads all records of a kind, in an open transaction, some thousands at a time."""
    fields = _FIELDS[kind]
    statement = _EVERYTHING.format(
        fields=", ".join(f"{sql} as {name}" for name, sql in fields.items()),
        joins=_AT_VENUES if kind is KindCode.EVENT else "",
    )
    found = RecordColumns(
        kind, {name: Interned() for name in fields}, array("q"), array("q"), array("q"), [], Interned(), venue_of
    )
    moved = {f"v{was}": f"v{now}" for was, now in venue_of.items()}
    async for row in conn.cursor(statement, kind.value, prefetch=_PREFETCHED):
        number = len(found)
        for name in fields:
            value = row[name]
            found.columns[name].append(moved.get(value, value) if name == "venue" else value)
        _add_identifiers(found, number, row["identifiers"])
        alone = not row["is_clean"] or row["part"] == IMPLIED
        found.source.append(-1 - number if alone else row["source_id"])
        found.entity.append(row["entity_id"])
        found.source_id.append(row["source_id"])
        found.key.append(row["key"])
        found.part.append(row["part"])
    for column in found.columns.values():
        column.fill(len(found))
    return found


def _add_identifiers(found: RecordColumns, number: int, told: str | None) -> None:
    for line in (told or "").splitlines():
        scheme, _, value = line.partition("=")
        if scheme not in SCHEMES:
            continue
        column = found.columns.setdefault(scheme, Interned())
        column.fill(number)
        if len(column) == number:
            column.append(value)
