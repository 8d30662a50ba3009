"""A source read without a database: its changes, and each as one line of NDJSON."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from connectors.base import Change, Checkpoint, Cursor, Delete, Reject, Upsert
from connectors.registry import build
from connectors.times import Clock
from net.charsets import decode
from net.client import Http
from schemas.records import KIND_OF, SourceRef


async def read(
    name: str,
    settings: Mapping[str, Any],
    http: Http | None,
    *,
    clock: Clock,
    since: Cursor | None = None,
    account: str | None = None,
) -> AsyncIterator[Change]:
    """The changes of one pull. `http` may be None when `path` is set.

    Raises UnknownConnector, SettingsRefused, and the failures of `net.errors`.
    """
    connector = build(name, settings, http, clock=clock, account=account)
    async for change in connector.pull(since):
        yield change


def to_line(change: Change) -> dict[str, Any]:
    """`change` as a JSON object: `change` is upsert, delete, reject or checkpoint; a reject carries `why`."""
    match change:
        case Upsert(record, notes):
            kind = str(KIND_OF[type(record)])
            line = {"change": "upsert", "kind": kind, "record": msgspec.to_builtins(record)}
            return line | ({"notes": list(notes)} if notes else {})
        case Delete(kind_, ref, parts_kept):
            line = {"change": "delete", "kind": str(kind_), "ref": _ref(ref)}
            return line | ({} if parts_kept is None else {"partsKept": sorted(parts_kept)})
        case Reject(why, raw, kind_, ref):
            line = {"change": "reject", "why": why}
            line |= {} if kind_ is None else {"kind": str(kind_)}
            line |= {} if ref is None else {"ref": _ref(ref)}
            return line | {"raw": decode(raw).text}
        case Checkpoint(cursor, complete, midway):
            line = {"change": "checkpoint", "cursor": str(cursor), "complete": complete}
            return line | ({"midway": True} if midway else {})


def _ref(ref: SourceRef) -> Any:
    return msgspec.to_builtins(ref)
