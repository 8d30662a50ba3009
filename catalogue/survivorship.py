"""Which source's value is shown, field by field: what a person set, else the more trusted source, then the fresher one.

Trust may differ by field: a cinema knows its halls better than its films. Empty values never win over filled ones.
Identifiers are united: all of them are true of the thing.
Relations between records (`workKey`, `venueKey`) are not fields; they are resolved, not shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

BY_HAND = 0
"""In the provenance: nobody's feed, a person of ours set it."""
NOT_FIELDS = frozenset({"kind", "ref", "workKey", "venueKey", "eventKey"})


@dataclass(frozen=True, slots=True)
class Statement:
    """What one source says of an entity, in the published format's JSON."""

    source_id: int
    trust: int
    observed_at: datetime
    record: dict[str, Any]
    trust_by_field: Mapping[str, int] = field(default_factory=dict)
    """Where it differs: by field name, or by `kind.field`."""

    def trust_in(self, name: str) -> int:
        """How far the source is believed about this field; the higher wins."""
        by_kind = f"{self.record.get('kind')}.{name}"
        return self.trust_by_field.get(by_kind, self.trust_by_field.get(name, self.trust))


@dataclass(frozen=True, slots=True)
class Survivor:
    """The entity as shown, and per field the source whose value it is."""

    fields: dict[str, Any]
    provenance: dict[str, int]


@dataclass(frozen=True, slots=True)
class Said:
    """A value somebody gave for a field, best first, and why it stands where it does."""

    source_id: int
    value: Any
    trust: int
    observed_at: datetime | None


def survive(statements: Iterable[Statement], locked: Mapping[str, Any] | None = None) -> Survivor:
    """The entity as its sources together say it is; the same statements in any order give the same answer.

    `locked` are fields as people set them: no source's word changes these.
    """
    fields: dict[str, Any] = {}
    provenance: dict[str, int] = {}
    for name, ranked in _by_field(statements).items():
        if name == "identifiers":
            found = {(one["scheme"], one["value"]): one for said in reversed(ranked) for one in said.value}
            fields[name] = [found[key] for key in sorted(found)]
        else:
            fields[name] = ranked[0].value
        provenance[name] = ranked[0].source_id
    for name, value in (locked or {}).items():
        fields[name], provenance[name] = value, BY_HAND
    return Survivor(fields, provenance)


def contenders(statements: Iterable[Statement], locked: Mapping[str, Any] | None = None) -> dict[str, list[Said]]:
    """Per field, every value that was given, the one that is shown first."""
    found = _by_field(statements)
    for name, value in (locked or {}).items():
        found[name] = [Said(BY_HAND, value, 0, None), *found.get(name, [])]
    return found


def _by_field(statements: Iterable[Statement]) -> dict[str, list[Said]]:
    said: dict[str, list[tuple[tuple[Any, ...], Said]]] = {}
    for statement in sorted(statements, key=_rank):
        for name, value in statement.record.items():
            if name in NOT_FIELDS or value in (None, "", [], {}):
                continue
            trust = statement.trust_in(name)
            order = (-trust, *_rank(statement)[1:])
            said.setdefault(name, []).append((order, Said(statement.source_id, value, trust, statement.observed_at)))
    return {name: _best_first(values) for name, values in said.items()}


def _best_first(values: Sequence[tuple[tuple[Any, ...], Said]]) -> list[Said]:
    return [said for _, said in sorted(values, key=lambda one: one[0])]


def _rank(statement: Statement) -> tuple[int, float, int, str, str]:
    # The name last: one source may speak of a thing in several records of one reading.
    ref = statement.record["ref"]
    return (
        -statement.trust, -statement.observed_at.timestamp(), statement.source_id, ref["key"], ref.get("part", "")
    )  # fmt: skip
