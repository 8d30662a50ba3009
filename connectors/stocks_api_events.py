"""Rows of `/events/{siret}` into events and their sessions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from connectors.base import Change, Reject, Upsert
from connectors.rows import raw
from connectors.stocks_api_pages import fields_of, ref_of
from connectors.texts import in_french, line, plain
from connectors.times import instant
from schemas.records import Contributor, Event, Kind, Session, SourceRef
from schemas.taxonomy import of_event_2018

MAX_TIMINGS = 2000
_ROLES = {
    "author": "author",
    "actor": "performer",
    "performer": "performer",
    "director": "director",
    "composer": "composer",
    "choreographer": "choreographer",
    "speaker": "speaker",
}


def event_changes(rows: Iterable[Any], connector: str, account: str, *, is_duo: bool) -> Iterator[Change]:
    """Each event, then its sessions. A rejected event rejects its sessions by name: none counts as gone."""
    for row in rows:
        key = ref_of(row, "events")
        if key is None:
            yield Reject("uid manque", raw(row), Kind.EVENT)
            continue
        ref = SourceRef(connector=connector, account=account, key=key)
        fields = fields_of(row)
        timings = fields.get("timings")
        timings = timings if isinstance(timings, list) else []
        try:
            if len(timings) > MAX_TIMINGS:
                raise ValueError(f"plus de {MAX_TIMINGS} dates")
            yield Upsert(_event(fields, ref, is_duo=is_duo))
        except ValueError as error:
            yield Reject(str(error), raw(row), Kind.EVENT, ref)
            for timing in timings[:MAX_TIMINGS]:
                if (session := _session_ref(timing, ref)) is not None:
                    yield Reject("son événement est refusé", raw(timing), Kind.SESSION, session)
            continue
        for timing in timings:
            session = _session_ref(timing, ref)
            try:
                yield Upsert(_session(timing, session, key))
            except ValueError as error:
                yield Reject(str(error), raw(timing), Kind.SESSION, session)


def _event(fields: dict[str, Any], ref: SourceRef, *, is_duo: bool) -> Event:
    title = line(in_french(fields.get("title")), longest=1000)
    if title is None:
        raise ValueError("title manque")
    category = fields.get("category")
    if not isinstance(category, str):
        raise ValueError("category manque")
    edd = fields.get("eddcode")
    subcategory = of_event_2018(category.strip(), str(edd) if edd is not None else None)
    return Event(
        ref=ref,
        title=title,
        subcategory=subcategory.id,
        contributors=list(_contributors(fields.get("tags"))),
        description=plain(in_french(fields.get("description")), longest=5000),
        is_duo=is_duo and subcategory.can_be_duo,
    )


def _contributors(tags: Any) -> Iterator[Contributor]:
    """Of tags such as `author:Molière`; other tags are not ours to read."""
    for tag in tags if isinstance(tags, list) else []:
        prefix, colon, name = tag.partition(":") if isinstance(tag, str) else ("", "", "")
        role = _ROLES.get(prefix.strip().lower())
        found = line(name, longest=300)
        if colon and role and found:
            yield Contributor(name=found, role=role)


def _session_ref(timing: Any, event: SourceRef) -> SourceRef | None:
    uid = ref_of(timing, "events")
    if uid is None:
        return None
    return SourceRef(connector=event.connector, account=event.account, key=uid)


def _session(timing: Any, ref: SourceRef | None, event_key: str) -> Session:
    if ref is None:
        raise ValueError("timings.uid manque")
    told = fields_of(timing)
    begins_at = instant(told.get("start"))
    ends_at = None if told.get("end") is None else instant(told["end"])
    if ends_at is not None and ends_at < begins_at:
        raise ValueError("la séance finit avant de commencer")
    return Session(ref=ref, event_key=event_key, begins_at=begins_at, ends_at=ends_at)
