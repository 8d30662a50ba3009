"""What a repetition rule may ask of us: dates, in bounded numbers, in bounded time.

A calendar is anybody's text. A rule of every second for ever, of the thirtieth of February, or of an interval of
nothing would keep the machine busy for hours; shows repeat by days.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

MAX_INSTANCES = 2000
_FREQUENCIES = frozenset({"DAILY", "WEEKLY", "MONTHLY", "YEARLY"})
_PARTS = frozenset(
    {
        "FREQ", "UNTIL", "COUNT", "INTERVAL", "BYSECOND", "BYMINUTE", "BYHOUR", "BYDAY", "BYMONTHDAY", "BYYEARDAY",
        "BYWEEKNO", "BYMONTH", "BYSETPOS", "WKST", "SKIP", "RSCALE", "BYEASTER",
    }
)  # fmt: skip
_HIGHEST = {
    "BYSETPOS": {"WEEKLY": 7, "MONTHLY": 31, "YEARLY": 366},
    "BYYEARDAY": {"YEARLY": 366},
    "BYWEEKNO": {"YEARLY": 53},
}
_LONGEST_FINITE = 6 * 366
_FIRST_YEAR = 1900


def check(rule: Any, begins: date | datetime) -> None:
    """Raises ValueError, in French, for a rule that is none, or that asks for more than shows need."""
    text = _text(rule)
    unknown = {str(name).upper() for name in rule} - _PARTS
    if unknown:
        raise ValueError(f"règle de répétition illisible, partie inconnue {', '.join(sorted(unknown))} : {text}")
    frequency = str(next(iter(rule.get("FREQ", [])), "")).upper()
    if frequency not in _FREQUENCIES:
        raise ValueError(f"règle de répétition refusée, fréquence « {frequency[:20]} » : {text}")
    for name in ("INTERVAL", "COUNT"):
        for number in rule.get(name, []):
            if not isinstance(number, int) or number < 1:
                raise ValueError(f"règle de répétition refusée, {name} « {number} » : {text}")
    times = 1
    for name in ("BYHOUR", "BYMINUTE", "BYSECOND"):
        times *= max(1, len(rule.get(name, [])))
    if times > 24:
        raise ValueError(f"règle de répétition refusée, {times} fois par jour : {text}")
    _check_numbers(rule, frequency, text)
    if _day(begins).year < _FIRST_YEAR:
        raise ValueError(f"règle de répétition refusée, elle commence en {_day(begins).year} : {text}")
    if not _has_such_days(rule.get("BYMONTH", []), rule.get("BYMONTHDAY", [])):
        raise ValueError(f"règle de répétition refusée, aucun mois n'a ce jour : {text}")
    until = next(iter(rule.get("UNTIL", [])), None)
    if until is not None and _day(until) < _day(begins):
        raise ValueError(f"règle de répétition refusée, elle finit avant de commencer : {text}")


def _check_numbers(rule: Any, frequency: str, text: str) -> None:
    """RFC 5545, section 3.3.10: which part has a sense in which frequency, and up to what number."""
    for name, most in _HIGHEST.items():
        for number in rule.get(name, []):
            highest = most.get(frequency, 0)
            if not highest:
                raise ValueError(f"règle de répétition refusée, {name} n'a pas de sens ici : {text}")
            if not 1 <= abs(int(number)) <= highest:
                raise ValueError(f"règle de répétition refusée, {name} « {number} » : {text}")


def is_finite(rule: Any, begins: date | datetime) -> bool:
    """Whether the rule ends by itself soon enough to be told whole."""
    until = next(iter(rule.get("UNTIL", [])), None)
    if until is not None:
        return (_day(until) - _day(begins)).days <= _LONGEST_FINITE
    count = next(iter(rule.get("COUNT", [])), None)
    return isinstance(count, int) and count <= MAX_INSTANCES


def _has_such_days(months: Iterable[Any], days: Iterable[Any]) -> bool:
    numbers = [int(day) for day in days]
    if not numbers:
        return True
    longest = max((calendar.monthrange(2024, month)[1] for month in map(int, months) if 1 <= month <= 12), default=31)
    return any(1 <= abs(number) <= longest for number in numbers)


def _day(moment: date | datetime) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _text(rule: Any) -> str:
    text: str = rule.to_ical().decode("utf-8", "replace")
    return text if len(text) <= 120 else text[:119] + "…"
