"""Zones of French venues, and moments that know theirs."""

from __future__ import annotations

import zoneinfo
from datetime import UTC, datetime, timedelta, timezone

import pytest

from schemas.zones import OVERSEAS, NaiveMoment, aware, is_zone, zone_of_commune, zone_of_department


@pytest.mark.parametrize(
    ("insee", "zone"),
    [
        ("67482", "Europe/Paris"),
        ("2A004", "Europe/Paris"),
        ("97302", "America/Cayenne"),
        ("97411", "Indian/Reunion"),
        ("98818", "Pacific/Noumea"),
        ("98735", "Pacific/Tahiti"),
        ("98731", "Pacific/Marquesas"),
        ("98719", "Pacific/Gambier"),
    ],
)
def test_a_commune_has_its_clock(insee: str, zone: str) -> None:
    """A venue's zone follows from its commune, overseas and in the three clocks of Polynesia."""
    assert zone == zone_of_commune(insee)


@pytest.mark.parametrize("code", ["", "20", "00", "96", "979", "99", "1", "abc", "973 "])
def test_no_clock_without_a_department(code: str) -> None:
    """A code that is no département has no zone rather than that of Paris."""
    with pytest.raises(KeyError):
        zone_of_department(code)


def test_every_zone_exists() -> None:
    """The table names zones that the installed database knows."""
    assert not [name for name in OVERSEAS.values() if not is_zone(name)]
    assert zoneinfo.ZoneInfo("America/Cayenne").utcoffset(datetime(2026, 7, 1, tzinfo=UTC)) == timedelta(hours=-3)


@pytest.mark.parametrize("name", ["", "Paris", "europe/paris", "localtime", "Factory", "CEST", "../etc/passwd"])
def test_what_is_not_a_zone(name: str) -> None:
    """Names that look like zones, and files beside them, are none."""
    assert not is_zone(name)


def test_aware_moments_become_utc() -> None:
    """A moment with an offset is the same instant in UTC; without one it is refused."""
    local = datetime(2026, 12, 5, 20, 30, tzinfo=timezone(timedelta(hours=-3)))
    assert datetime(2026, 12, 5, 23, 30, tzinfo=UTC) == aware(local)
    assert aware(local).tzinfo is UTC
    with pytest.raises(NaiveMoment, match="2026-12-05T20:30:00"):
        aware(local.replace(tzinfo=None))
