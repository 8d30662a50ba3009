"""iCalendar: repetitions, exceptions, zones of all spellings, and rules that nobody may follow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Change, Checkpoint, Reject, Upsert
from connectors.icalendar_zones import zone_named
from connectors.registry import build
from net.errors import FeedChanged
from schemas.records import Event, Session, Venue

PARIS = "DTSTART;TZID=Europe/Paris:20261023T203000"


def ics(*events: str, head: str = "", end: str = "END:VCALENDAR") -> bytes:
    told = "".join(f"BEGIN:VEVENT\n{one}\nEND:VEVENT\n" for one in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{told}{end}\n".encode()


def event(*lines: str, uid: str = "1") -> str:
    return "\n".join([f"UID:{uid}", "SUMMARY:Le Tartuffe", *lines])


@pytest.fixture
def told(tmp_path: Path, gather) -> Any:
    """What a calendar's text gives."""

    async def gathered(body: bytes, **settings: Any) -> list[Change]:
        file = tmp_path / "a.ics"
        file.write_bytes(body)
        return await gather("icalendar", file, **settings)

    return gathered


def sessions(changes: list[Change]) -> list[Session]:
    return [one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, Session)]


def begins(changes: list[Change]) -> list[str]:
    return [f"{one.begins_at:%m-%d %H:%M}" for one in sessions(changes)]


async def test_a_rule_keeps_the_clock_of_the_hall(told) -> None:
    """A weekly evening stays at half past eight when the clocks change, and so is an hour later in UTC."""
    changes = await told(ics(event(PARIS, "RRULE:FREQ=WEEKLY;COUNT=2")))
    assert begins(changes) == ["10-23 18:30", "10-30 19:30"]


async def test_exceptions_moves_and_cancellations_are_dates_of_the_series(told) -> None:
    """EXDATE takes one away, in whatever zone it is written; a moved one keeps its part; a cancelled one is told so."""
    changes = await told(
        ics(
            event(PARIS, "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE:20261030T193000Z"),
            event("RECURRENCE-ID:20261106T193000Z", "DTSTART;TZID=Europe/Paris:20261107T150000", "SEQUENCE:1"),
            event(
                "RECURRENCE-ID;TZID=Europe/Paris:20261113T203000",
                "DTSTART;TZID=Europe/Paris:20261113T203000",
                "STATUS:CANCELLED",
            ),
        )
    )
    assert [(one.ref.part, one.cancelled) for one in sessions(changes)] == [
        ("2026-10-23T18:30:00Z", False),
        ("2026-11-06T19:30:00Z", False),
        ("2026-11-13T19:30:00Z", True),
    ]
    assert begins(changes) == ["10-23 18:30", "11-07 14:00", "11-13 19:30"]


async def test_a_floating_series_and_an_exception_in_utc(told) -> None:
    """Moments without zone are the hall's: an exception written in UTC still takes its date away."""
    changes = await told(ics(event("DTSTART:20261023T203000", "RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE:20261030T193000Z")))
    assert begins(changes) == ["10-23 18:30"]


async def test_this_and_future_moves_all_that_follow(told) -> None:
    """RANGE=THISANDFUTURE: the rest of a run an hour earlier, each date under a part of its own."""
    changes = await told(
        ics(
            event("DTSTART:20261201T200000Z", "RRULE:FREQ=DAILY;COUNT=4"),
            event("RECURRENCE-ID;RANGE=THISANDFUTURE:20261203T200000Z", "DTSTART:20261203T190000Z", "SEQUENCE:1"),
        )
    )
    assert begins(changes) == ["12-01 20:00", "12-02 20:00", "12-03 19:00", "12-04 19:00"]
    assert len({one.ref.part for one in sessions(changes)}) == 4


async def test_a_series_without_end_is_told_within_its_window(told, now) -> None:
    """From yesterday to so many days ahead; the years before are past and told by nobody."""
    changes = await told(ics(event("DTSTART:20200101T100000Z", "RRULE:FREQ=DAILY")), days_ahead="10")
    dates = [one.begins_at for one in sessions(changes)]
    assert len(dates) == 11
    assert now - timedelta(days=1) <= dates[0] <= dates[-1] <= now + timedelta(days=10)


@pytest.mark.parametrize(
    ("start", "begin"),
    [
        ("DTSTART;TZID=Romance Standard Time:20260701T200000", "07-01 18:00"),
        ('DTSTART;TZID="(UTC+01:00) Brussels, Copenhagen, Madrid, Paris":20260701T200000', "07-01 18:00"),
        ("DTSTART;TZID=/softwarestudio.org/Olson_20011030_5/Europe/Paris:20260701T200000", "07-01 18:00"),
        ("DTSTART;TZID=america/cayenne:20260701T200000", "07-01 23:00"),
        ("DTSTART;TZID=SA Eastern Standard Time:20260701T200000", "07-01 23:00"),
        ("DTSTART;TZID=La nôtre:20260701T200000", "07-01 10:00"),
        ("DTSTART:20260701T200000", "07-01 16:00"),
        ("DTSTART:20260701T200000Z", "07-01 20:00"),
    ],
)
async def test_zones_as_they_are_written(start: str, begin: str, told) -> None:
    """Names of IANA, Windows and Outlook, vendors' paths, a calendar's own zone, and moments without any."""
    own = "BEGIN:VTIMEZONE\nTZID:La nôtre\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+1000\nTZOFFSETTO:+1000\nEND:STANDARD\nEND:VTIMEZONE\n"  # noqa: E501
    changes = await told(ics(event(start), head=f"X-WR-TIMEZONE:Indian/Reunion\n{own}"))
    assert begins(changes) == [begin]


def test_a_word_is_no_zone() -> None:
    """What names no zone gets none: a guess would move a session by hours."""
    assert [zone_named(name) for name in ("Mars/Phobos", "Heure de la salle", "")] == [None, None, None]


async def test_a_day_without_hours_is_said_to_be_one(told) -> None:
    """VALUE=DATE, told or not: the whole local day, its exclusive end as the calendar has it, and no midnight."""
    changes = await told(ics(event("DTSTART:20261206"), event("DTSTART;VALUE=DATE:20261206\nDTEND:20261209", uid="2")))
    first, second = sessions(changes)
    assert (first.begins_at, first.ends_at) == (
        datetime(2026, 12, 5, 23, tzinfo=UTC),
        datetime(2026, 12, 6, 23, tzinfo=UTC),
    )
    assert first.features == ["journée entière"]
    assert second.features == ["période"]


BROKEN = {
    "RRULE:FREQ=SECONDLY": "fréquence",
    "RRULE:FREQ=DAILY;INTERVAL=0": "INTERVAL",
    "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30": "aucun mois",
    "RRULE:FREQ=DAILY;BYSETPOS=2;BYDAY=MO": "BYSETPOS",
    "RRULE:FREQ=YEARLY;BYWEEKNO=99": "BYWEEKNO",
    "RRULE:FREQ=WEEKLY;UNTL=20270101": "UNTL",
    "RRULE:FREQ=WEEKLY;UNTIL=20250101": "finit avant",
    "RRULE:FREQ=WEEKLY;BYDAY=XX": "RRULE illisible",
    "RRULE:FREQ=DAILY;BYHOUR=1,2,3,4,5;BYMINUTE=0,10,20,30,40,50": "fois par jour",
    "RRULE:FREQ=DAILY;BYHOUR=8,12,18;UNTIL=20310101": "plus de 2000 dates",
    "RDATE:hier": "RDATE illisible",
    "DTEND:20251023T000000Z": "DTEND précède",
    "DURATION:P99999999D": "dates illisibles",
    "RECURRENCE-ID:la deuxième": "RECURRENCE-ID illisible",
}


@pytest.mark.parametrize("line", BROKEN)
async def test_a_broken_rule_rejects_its_event_and_no_other(line: str, told) -> None:
    """The neighbours are told, the refusal names what is wrong, and its key counts as named."""
    changes = await told(ics(event(PARIS, line), event(PARIS, uid="2")))
    [why] = [one for one in changes if isinstance(one, Reject)]
    assert BROKEN[line] in why.why
    assert why.ref is not None
    assert why.ref.key == "1"
    assert b"UID:1" in why.raw
    assert [one.ref.key for one in sessions(changes)] == ["2"]


async def test_what_cannot_be_known_is_refused(told) -> None:
    """No beginning, a zone nobody knows: each by its name."""
    changes = await told(ics(event(), event("DTSTART;TZID=Mars/Phobos:20260101T100000", uid="2")))
    whys = [one.why for one in changes if isinstance(one, Reject)]
    assert whys == ["DTSTART manque", "fuseau inconnu : « Mars/Phobos »"]


@pytest.mark.parametrize(("head", "title"), [("", "Événement sans titre"), ("X-WR-CALNAME:Ateliers\n", "Ateliers")])
async def test_what_has_no_title_is_called_by_its_calendar(head: str, title: str, told) -> None:
    """SUMMARY is nobody's duty: the event is told, with a note that it has none."""
    changes = await told(ics(f"UID:3\n{PARIS}", head=head))
    [only] = [one for one in changes if isinstance(one, Upsert) and isinstance(one.record, Event)]
    assert (only.record.title, only.notes) == (title, ("l'événement n'a pas de titre (SUMMARY)",))


async def test_private_events_are_not_read(told) -> None:
    """CLASS:PRIVATE and CONFIDENTIAL are nobody's business; TENTATIVE is told with a note."""
    changes = await told(
        ics(
            event(PARIS, "CLASS:PRIVATE"),
            event(PARIS, "CLASS:CONFIDENTIAL", uid="2"),
            event(PARIS, "STATUS:TENTATIVE", uid="3"),
        )
    )
    [only] = [one for one in changes if isinstance(one, Upsert) and isinstance(one.record, Event)]
    assert only.record.ref.key == "3"
    assert only.notes == ("date à confirmer par l'organisateur",)


async def test_a_location_is_a_place_or_a_hall(told) -> None:
    """One line of text becomes a venue with its town, or a hall of the venue that the source is bound to."""
    body = ics(event(PARIS, "LOCATION:Théâtre du Parc\\, 2 rue du Parc\\, 29000 Quimper\\, France", "GEO:47.99;-4.1"))
    [venue] = [one.record for one in await told(body) if isinstance(one, Upsert) and isinstance(one.record, Venue)]
    assert (venue.name, venue.time_zone) == ("Théâtre du Parc", "Europe/Paris")
    assert venue.address is not None
    assert (venue.address.street, venue.address.city) == ("2 rue du Parc", "Quimper")
    changes = await told(body, locations="salles")
    assert not [one for one in changes if isinstance(one, Upsert) and isinstance(one.record, Venue)]
    assert sessions(changes)[0].hall == "Théâtre du Parc"


async def test_a_cut_calendar_tells_what_was_whole_then_says_where_it_broke(told, tmp_path: Path) -> None:
    """The event under way is rejected, the reading fails by its line, and there is no checkpoint to sweep by."""
    file = tmp_path / "coupe.ics"
    file.write_bytes(ics(event(PARIS), event(PARIS, uid="2"))[:-40])
    connector = build("icalendar", {"path": str(file)}, None, clock=lambda: datetime(2026, 11, 23, tzinfo=UTC))
    changes: list[Change] = []

    async def reading() -> None:
        async for one in connector.pull(None):
            changes.append(one)

    with pytest.raises(FeedChanged, match="coupé dans l'événement de la ligne 8"):
        await reading()
    assert [one.ref.key for one in sessions(changes)] == ["1"]
    assert [one.why for one in changes if isinstance(one, Reject)] == ["événement sans fin, ligne 8"]
    assert not [one for one in changes if isinstance(one, Checkpoint)]


async def test_what_is_no_calendar_is_refused(told) -> None:
    """A page of an error is told as what it is not."""
    with pytest.raises(FeedChanged, match="pas un calendrier"):
        await told(b"<html>404</html>")


async def test_folds_inside_characters_and_all_line_ends(told) -> None:
    """A fold may cut a character in two; CR alone ends a line; UTF-16 and marks of byte order are read."""
    text = ics("UID:é\nSUMMARY:Été\nDTSTART:20261206T100000Z").decode().replace("\n", "\r\n")
    folded = text.encode().replace(b"\xc3\x89t", b"\xc3\r\n \x89t")
    for body in (folded, text.replace("\r\n", "\r").encode(), text.encode("utf-16"), b"\xef\xbb\xbf" + text.encode()):
        changes = await told(body)
        [found] = [one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, Event)]
        assert (found.title, found.ref.key) == ("Été", "é")
