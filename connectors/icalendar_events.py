"""The components of one UID into a listing: its texts, its place, its dates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from connectors.filing import Subcategories
from connectors.icalendar_blocks import Block, value_of
from connectors.icalendar_dates import Window, components, dates, newest
from connectors.icalendar_places import online_of, place_of
from connectors.icalendar_zones import calendar_zone, zoned
from connectors.rows import LONGEST_KEY, MAX_RAW
from connectors.told import Dated, Listing
from connectors.told_places import digest
from schemas.zones import is_zone

_PRIVATE = frozenset({"PRIVATE", "CONFIDENTIAL"})
_UNSURE = "TENTATIVE"
UNTITLED = "Événement sans titre"


@dataclass(frozen=True, slots=True)
class Group:
    """What a stream says under one UID, in its order."""

    key: str | None
    blocks: list[Block]

    @property
    def raw(self) -> bytes:
        return b"".join(block.raw for block in self.blocks)[:MAX_RAW]


def grouped(found: Iterable[Block]) -> list[Group]:
    """The blocks by UID; without one, a digest of title, beginning and place is its key, the same at each reading."""
    groups: dict[str, Group] = {}
    for block in found:
        uid = value_of(block, "UID")
        key = uid or digest(*(value_of(block, name) for name in ("SUMMARY", "DTSTART", "LOCATION")))
        groups.setdefault(key, Group(key if len(key) <= LONGEST_KEY else digest(key), [])).blocks.append(block)
    return list(groups.values())


def listing_of(group: Group, filing: Subcategories, time_zone: str, window: Window, *, halls: bool) -> Listing | None:
    """The event of a group; None for a private one. Raises ValueError saying what of it cannot be read."""
    public = [block for block in group.blocks if value_of(block, "CLASS").upper() not in _PRIVATE]
    if not public:
        return None
    if any(block.is_cut for block in public):
        raise ValueError(f"événement sans fin, ligne {next(block.line for block in public if block.is_cut)}")
    calendar = public[0].calendar
    zone = calendar_zone(calendar, time_zone)
    found = _parsed(public, zone)
    try:
        # The master leads: what it says holds for all its dates.
        found = sorted(newest(found), key=lambda one: "RECURRENCE-ID" in one)
        told = tuple(dates(found, zone, window, is_cancelled=calendar.properties.get("METHOD", "").upper() == "CANCEL"))
    except ValueError:
        raise
    except Exception as error:  # noqa: BLE001  a broken rule raises anything, from KeyError to OverflowError
        raise ValueError(f"dates illisibles : {type(error).__name__} : {str(error)[:120]}") from None
    master = found[0]
    categories = tuple(_categories(master))
    # RFC 5545 does not oblige anybody to name what takes place.
    title = _text(master, "SUMMARY") or calendar.properties.get("X-WR-CALNAME") or _text(master, "DESCRIPTION")
    notes = [] if _text(master, "SUMMARY") else ["l'événement n'a pas de titre (SUMMARY)"]
    if _text(master, "STATUS") == _UNSURE:
        notes.append("date à confirmer par l'organisateur")
    place = place_of(master, _own_zone(master) or (zone if zone != time_zone else None))
    hall = place.name if halls and place is not None else None
    if hall is not None:
        told = tuple(_in_hall(one, str(hall)) for one in told)
    return Listing(
        key=str(group.key),
        title=title or UNTITLED,
        subcategory=filing.of(categories) or filing.default,
        raw=lambda: group.raw,
        place=None if halls else place,
        dates=told,
        description=_text(master, "DESCRIPTION"),
        genres=categories,
        url=online_of(master),
        notes=tuple(notes),
    )


def _parsed(found: list[Block], zone: str) -> list[Any]:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0"]
    wanted: dict[str, list[str]] = {}
    events: list[str] = []
    for block in found:
        told, unknown = zoned(block, zone, needs_stamp=len(found) > 1)
        wanted |= {name: block.calendar.zones[name] for name in unknown}
        events += ["BEGIN:VEVENT", *told, "END:VEVENT"]
    for own in wanted.values():
        lines += ["BEGIN:VTIMEZONE", *own, "END:VTIMEZONE"]
    try:
        return components("\r\n".join([*lines, *events, "END:VCALENDAR", ""]))
    except ValueError:
        raise
    except Exception as error:  # noqa: BLE001  whatever a parser raises, it is this event's fault
        raise ValueError(f"événement illisible : {type(error).__name__} : {str(error)[:120]}") from None


def _categories(component: Any) -> list[str]:
    told = component.get("CATEGORIES", [])
    found: list[str] = []
    for one in told if isinstance(told, list) else [told]:
        found.extend(str(word) for word in getattr(one, "cats", [one]))
    return found


def _text(component: Any, name: str) -> str | None:
    value = component.get(name)
    if isinstance(value, list):
        value = value[0] if value else None
    return None if value is None else str(value)


def _own_zone(component: Any) -> str | None:
    """The zone of the event's own beginning, where it has one that is a place's."""
    zone = getattr(getattr(component["DTSTART"].dt, "tzinfo", None), "key", None)
    return zone if zone and is_zone(zone) and zone not in ("UTC", "Etc/UTC", "GMT") else None


def _in_hall(one: Dated, hall: str) -> Dated:
    return Dated(one.begins_at, one.ends_at, one.key, one.part, one.features, one.cancelled, hall, one.version)
