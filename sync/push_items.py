"""What partners push, piece by piece: flattened when it comes, read into changes when it is merged.

A pushed thing is a record of the open format without `kind` and `ref`: `key` is its own key at the vendor,
and what it belongs to is said by where it stands. `deleted: true` says that it is gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from connectors.base import Delete, Upsert
from connectors.rows import MAX_RAW, key_of
from schemas.faults import Fault, explain
from schemas.records import Kind, SourceRef
from schemas.validation import InvalidRecord, read
from sync.quarantine import can_be_named

CONNECTOR = "push"
"""The connector's name of all push sources; it is in no registry, for there is nothing to ask."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """One thing of a batch, and where it stood in the body."""

    kind: Kind
    path: str
    document: Any

    @property
    def key(self) -> str | None:
        """What the receipt names it by."""
        return key_of(own_key(self.document))

    @property
    def raw(self) -> bytes:
        """As kept; what is endless keeps its beginning."""
        return msgspec.json.encode(self.document)[:MAX_RAW]


@dataclass(frozen=True, slots=True)
class Unread:
    """A pushed thing that cannot be read into a change. `ref` where it names itself."""

    why: str
    ref: SourceRef | None = None
    faults: Sequence[Fault] = field(default_factory=list)
    is_unknown: bool = False
    """It names something that this vendor has not pushed here."""


def stocks_of(items: Sequence[object]) -> list[Pushed]:
    """The items of a body `{"stocks": […]}`."""
    return [Pushed(Kind.STOCK, f"$.stocks[{n}]", item) for n, item in enumerate(items)]


def events_of(items: Sequence[object]) -> list[Pushed]:
    """The items of a body `{"events": […]}`: each event, then its own stocks, then its sessions with theirs."""
    return [pushed for n, item in enumerate(items) for pushed in _event(item, f"$.events[{n}]")]


def _event(item: object, path: str) -> Iterator[Pushed]:
    event, key, inside = _opened(item, ("stocks", "sessions"))
    yield Pushed(Kind.EVENT, path, event)
    yield from _children(Kind.STOCK, f"{path}.stocks", inside["stocks"], "eventKey", key)
    for n, child in enumerate(inside["sessions"]):
        at = f"{path}.sessions[{n}]"
        session, session_key, below = _opened(child, ("stocks",))
        yield Pushed(Kind.SESSION, at, _belonging(session, "eventKey", key))
        yield from _children(Kind.STOCK, f"{at}.stocks", below["stocks"], "sessionKey", session_key)


def _opened(item: object, names: Sequence[str]) -> tuple[object, object, dict[str, list[Any]]]:
    """A thing without what stands in it, its key, and that; what is no list stays, and is refused with the thing."""
    if not isinstance(item, dict):
        return item, None, {name: [] for name in names}
    inside = {name: found if isinstance(found := item.get(name), list) else [] for name in names}
    kept = {name: value for name, value in item.items() if name not in names or not isinstance(value, list)}
    return kept, item.get("key"), inside


def _children(kind: Kind, path: str, items: Sequence[object], relation: str, key: object) -> Iterator[Pushed]:
    for n, item in enumerate(items):
        yield Pushed(kind, f"{path}[{n}]", _belonging(item, relation, key))


def _belonging(item: object, relation: str, key: object) -> object:
    return {**item, relation: key} if isinstance(item, dict) else item


def own_key(document: object) -> str | None:
    """The key under which a pushed thing is remembered: its own, else the EAN of what is sold."""
    if not isinstance(document, dict):
        return None
    key = document.get("key", document.get("ean"))
    return key if isinstance(key, str) else None


def change_of(
    kind: Kind, document: Any, account: str, remembered: Mapping[str, Mapping[str, Any]]
) -> Upsert | Delete | Unread:
    """What a pushed thing says. `remembered`: for keys of stocks pushed before, what else is known of them."""
    if not isinstance(document, dict):
        return _faulty([Fault("$", "il faut un objet")])
    key = own_key(document)
    ref = SourceRef(connector=CONNECTOR, account=account, key=key) if key else None
    if ref is not None and not can_be_named(ref):
        return _faulty([Fault("$.key", "clé trop longue ou impossible")])
    faults = [Fault(f"$.{name}", "il faut une liste") for name in ("sessions", "stocks") if name in document]
    deleted = document.get("deleted", False)
    if not isinstance(deleted, bool):
        faults.append(Fault("$.deleted", "il faut vrai ou faux"))
    if ref is None:
        faults.append(Fault("$.key", "champ obligatoire absent, ou pas un texte"))
    if faults or ref is None:
        return _faulty(faults, ref)
    if deleted:
        return Delete(kind, ref)
    said = {name: value for name, value in document.items() if name not in ("key", "deleted")}
    if kind is Kind.STOCK and not {"ean", "productKey", "sessionKey", "eventKey"}.intersection(said):
        known = remembered.get(ref.key)
        if known is None:
            return Unread(
                f"stock inconnu : {ref.key} ; il faut son ean, ou son événement d'abord", ref, is_unknown=True
            )
        # Only what is told changes: a till that counts seats need not repeat their price.
        said = {**known, **said}
    if forbidden := sorted({"kind", "ref"}.intersection(said)):
        return _faulty([Fault(f"$.{name}", "champ inconnu") for name in forbidden], ref)
    try:
        return Upsert(read(kind, {"kind": kind.value, "ref": msgspec.to_builtins(ref), **said}))
    except InvalidRecord as invalid:
        return _faulty([Fault(fault.path.replace("$.ref.", "$.", 1), fault.why) for fault in invalid.faults], ref)


def _faulty(faults: Sequence[Fault], ref: SourceRef | None = None) -> Unread:
    return Unread(explain(faults), ref, faults)
