"""One event of OpenAgenda into its venue, itself and its sessions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from connectors.base import Change, Delete, Reject, Upsert
from connectors.filing import Subcategories
from connectors.openagenda_venues import Venues
from connectors.remembered import remembered
from connectors.rows import key_of, raw
from connectors.texts import in_french, line, plain, web_address
from connectors.times import instant, zulu
from schemas.identifiers import InvalidIdentifier, identifier
from schemas.records import Event, Identifier, Kind, Session, SourceRef
from schemas.taxonomy import SUBCATEGORIES

MAX_TIMINGS = 2000
_PUBLISHED = 2
_OFF = (4, 6)
"""Postponed to nobody knows when, cancelled: no session takes place at the dates given."""


def event_changes(
    row: Any,
    connector: str,
    account: str,
    *,
    venues: Venues,
    restated: bool,
    filing: Subcategories,
) -> Iterator[Change]:
    """The venue unless it was told, the event, its sessions; rejected together when one cannot be.

    An event online has no venue and its address. `restated`: dates stored before and no longer among its own
    are told as gone.
    """
    ref = _ref(row, connector, account)
    if ref is None:
        yield Reject("uid manque", raw(row), Kind.EVENT)
        return
    if row.get("state", _PUBLISHED) != _PUBLISHED or row.get("draft") or row.get("private"):
        yield from _delete(ref)
        return
    timings, all_told = _timings(row)
    try:
        if len(timings) > MAX_TIMINGS:
            raise ValueError(f"plus de {MAX_TIMINGS} dates")
        venue = venues.of(row)
        event = _event(row, ref, filing, venue_key=None if venue is None else venue.ref.key)
    except ValueError as error:
        yield Reject(str(error), raw(row), Kind.EVENT, ref)
        for timing in timings[:MAX_TIMINGS]:
            yield Reject("son événement est refusé", raw(timing), Kind.SESSION, _dated(ref, timing))
        return
    if venue is not None and venues.first(venue):
        yield Upsert(venue)
    yield Upsert(event)
    parts: set[str] = set()
    cancelled = row.get("status") in _OFF
    for timing in timings:
        try:
            session = _session(timing, ref, cancelled=cancelled)
        except ValueError as error:
            all_told = False
            yield Reject(str(error), raw(timing), Kind.SESSION, _dated(ref, timing))
            continue
        if session.ref.part not in parts:
            parts.add(session.ref.part)
            yield Upsert(session)
    if restated and all_told:
        yield Delete(Kind.SESSION, ref, parts_kept=frozenset(parts))


def gone(row: Any, connector: str, account: str) -> Iterator[Change]:
    """The event of a row of `removed=1`, and all its dates."""
    ref = _ref(row, connector, account)
    if ref is None:
        yield Reject("uid manque", raw(row), Kind.EVENT)
    else:
        yield from _delete(ref)


def _delete(ref: SourceRef) -> Iterator[Change]:
    yield Delete(Kind.SESSION, ref, parts_kept=frozenset())
    yield Delete(Kind.EVENT, ref)


def _ref(row: Any, connector: str, account: str) -> SourceRef | None:
    uid = key_of(row.get("uid")) if isinstance(row, dict) else None
    return None if uid is None else SourceRef(connector=connector, account=account, key=uid)


def _event(row: dict[str, Any], ref: SourceRef, filing: Subcategories, *, venue_key: str | None) -> Event:
    title = plain(in_french(row.get("title")), longest=1000)
    if title is None:
        raise ValueError("title manque")
    keywords = list(_keywords(row))
    prepared = _prepared_for_us(row)
    subcategory = _subcategory(keywords, prepared, filing)
    return Event(
        ref=ref,
        title=title,
        subcategory=subcategory,
        venue_key=venue_key,
        identifiers=list(_identifiers(ref.key)),
        description=plain(in_french(row.get("description")), longest=5000),
        genres=keywords,
        is_duo=prepared.get("duo") is True and SUBCATEGORIES[subcategory].can_be_duo,
        url=web_address(row.get("onlineAccessLink")),
    )


def _keywords(row: dict[str, Any]) -> Iterator[str]:
    """At most 20 key words, French ones before others."""
    words = row.get("keywords")
    if isinstance(words, dict):
        words = words.get("fr") or next((found for found in words.values() if found), [])
    seen: set[str] = set()
    for word in words if isinstance(words, list) else []:
        found = line(word, longest=100)
        if found and found.lower() not in seen and len(seen) < 20:
            seen.add(found.lower())
            yield found


def _prepared_for_us(row: dict[str, Any]) -> dict[str, Any]:
    """What the organiser filled in for the pass Culture in OpenAgenda's own form, where he did."""
    items = row.get("registration")
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and item.get("service") == "passCulture":
            data = item.get("data")
            return data if isinstance(data, dict) else {}
    return {}


def _subcategory(keywords: list[str], prepared: dict[str, Any], filing: Subcategories) -> str:
    """Raises ValueError for a category prepared for us that is none of ours."""
    category = prepared.get("category")
    if category is not None:
        known = SUBCATEGORIES.get(str(category))
        if known is None or not known.is_event:
            raise ValueError(f"catégorie inconnue : « {str(category)[:60]} »")
        return known.id
    return filing.of(keywords) or filing.default


def _identifiers(uid: str) -> Iterator[Identifier]:
    try:
        yield identifier("openagenda", uid)
    except InvalidIdentifier:
        return


def _timings(row: dict[str, Any]) -> tuple[list[Any], bool]:
    """The event's dates, and whether these are all: without `detailed=1` only first, next and last are told."""
    timings = row.get("timings")
    if isinstance(timings, list):
        return timings, True
    some = (row.get(name) for name in ("firstTiming", "nextTiming", "lastTiming"))
    return [timing for timing in some if isinstance(timing, dict)], False


def _session(timing: Any, event: SourceRef, *, cancelled: bool) -> Session:
    if not isinstance(timing, dict):
        raise ValueError("une date est un objet avec begin et end")
    begin, end = timing.get("begin"), timing.get("end")
    begins_at = instant(begin)
    ends_at = None if end is None else instant(end)
    if ends_at is not None and ends_at < begins_at:
        raise ValueError("la séance finit avant de commencer")
    return Session(
        ref=_at(event, _part(str(begin))),
        event_key=event.key,
        begins_at=begins_at,
        ends_at=ends_at,
        cancelled=cancelled,
    )


@remembered
def _part(begin: str) -> str:
    """What tells a date apart: its beginning. Raises ValueError as `instant` does."""
    return zulu(instant(begin), timespec="seconds")


def _at(event: SourceRef, part: str) -> SourceRef:
    return SourceRef(connector=event.connector, account=event.account, key=event.key, part=part)


def _dated(event: SourceRef, timing: Any) -> SourceRef | None:
    """The ref of a rejected date, where its beginning can be read."""
    try:
        begin = timing.get("begin") if isinstance(timing, dict) else None
        return _at(event, _part(begin)) if isinstance(begin, str) else None
    except ValueError:
        return None
