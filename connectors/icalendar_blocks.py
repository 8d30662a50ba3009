"""A stream of iCalendar cut into its events, each as its own text: what breaks one leaves the others.

RFC 5545, section 3.1. Lines are unfolded before they are decoded, since a fold may stand inside a character. Alarms
and whatever else an event holds inside itself are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from net.charsets import decode
from net.errors import FeedChanged

_FOLD = re.compile(rb"\n[ \t]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_PROPERTY = re.compile(r"([A-Za-z0-9-]+)((?:;[^:\"]*(?:\"[^\"]*\"[^:\"]*)*)?):(.*)", re.DOTALL)
LONGEST_EVENT = 4 * 1024 * 1024


@dataclass(slots=True)
class Calendar:
    """One VCALENDAR: its own properties, its VTIMEZONEs by TZID."""

    properties: dict[str, str] = field(default_factory=dict)
    zones: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Block:
    """One VEVENT: its lines between BEGIN and END, and the line of the stream it begins at."""

    calendar: Calendar
    lines: list[str]
    line: int
    is_cut: bool = False

    @property
    def raw(self) -> bytes:
        return "\r\n".join(["BEGIN:VEVENT", *self.lines, "END:VEVENT", ""]).encode("utf-8", "replace")


def unfolded(body: bytes) -> list[str]:
    """The content lines of a stream, whatever ends them. A wrong charset is decoded as it can be."""
    if body.startswith(_UTF16):
        body = decode(body).text.encode("utf-8", "replace")
    body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return decode(_FOLD.sub(b"", body)).text.lstrip("\ufeff").split("\n")


def blocks(body: bytes, *, place: str) -> Iterator[Block]:
    """The events of a stream of one or more calendars, zones of a calendar wherever they stand in it.

    Raises FeedChanged naming `place`: nothing of a calendar in it; or, after all that was whole, one that is cut.
    """
    lines = unfolded(body)
    if not any(line.strip().upper() in ("BEGIN:VCALENDAR", "BEGIN:VEVENT") for line in lines):
        raise FeedChanged("ce n'est pas un calendrier iCalendar", place=place)
    calendar, is_open = Calendar(), False
    event: list[str] | None = None
    began, inside = 0, ""
    nested: list[str] = []
    zone: list[str] = []
    for number, line in enumerate(lines, 1):
        word = line.strip().upper()
        if word == "BEGIN:VCALENDAR":
            calendar, is_open = Calendar(), True
        elif word == "BEGIN:VEVENT":
            if event is not None:
                yield Block(calendar, event, began, is_cut=True)
            event, began, nested = [], number, []
        elif event is not None:
            if word.startswith("BEGIN:"):
                nested.append(word[6:])
            elif nested:
                if word == f"END:{nested[-1]}":
                    nested.pop()
                elif word == "END:VEVENT":
                    yield Block(calendar, event, began)
                    event = None
            elif word in ("END:VEVENT", "END:VCALENDAR"):
                yield Block(calendar, event, began, is_cut=word == "END:VCALENDAR")
                event = None
                is_open = is_open and word != "END:VCALENDAR"
            elif line.strip():
                event.append(line)
        elif word == "END:VCALENDAR":
            is_open, inside = False, ""
        elif inside:
            if word == f"END:{inside}":
                if inside == "VTIMEZONE":
                    calendar.zones.setdefault(_value(zone, "TZID"), zone)
                inside = ""
            else:
                zone.append(line)
        elif word.startswith("BEGIN:"):
            inside, zone = word[6:], []
        elif (parsed := split(line)) is not None:
            calendar.properties.setdefault(parsed[0], parsed[2].strip())
    if event is not None:
        yield Block(calendar, event, began, is_cut=True)
        raise FeedChanged(f"calendrier coupé dans l'événement de la ligne {began}", place=place)
    if is_open:
        raise FeedChanged(f"calendrier coupé : END:VCALENDAR manque, ligne {len(lines)}", place=place)


def split(line: str) -> tuple[str, str, str] | None:
    """(NAME, parameters with their first `;`, value) of a content line; None for what is none."""
    found = _PROPERTY.fullmatch(line)
    return None if found is None else (found[1].upper(), found[2], found[3])


def value_of(block: Block, name: str) -> str:
    """The value of an event's first property of that name, as written; empty where it has none."""
    return _value(block.lines, name)


def _value(lines: list[str], name: str) -> str:
    for line in lines:
        if line[: len(name)].upper() == name and line[len(name) : len(name) + 1] in (":", ";"):
            parsed = split(line)
            if parsed is not None:
                return parsed[2].strip()
    return ""
