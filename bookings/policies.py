"""Grant policies: how much, when, with which caps, until when. A version is data, and never changes.

Sources: decree and code of each period, restated in cents. A deposit is bound to its version and keeps the caps it was
granted with. Caps count only goods of subcategories flagged for them (`schemas.taxonomy`). Credits of a town or a
region are rows, not versions (`local_credits.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from types import MappingProxyType
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
"""Ages and birthdays are counted in legal time of the capital, for overseas departments too."""
NATIONAL_ORDER = 100
"""Where the national credit stands in the order of spending; local ones stand before or after it."""

OVERSEAS: Mapping[str, int | None] = MappingProxyType({"975": 200_00, "976": 150_00, "986": None})
"""Departments with a digital cap of their own; None is no cap. They have few venues, or none."""


@dataclass(frozen=True, slots=True)
class Step:
    """Credit due at an age: the first one of a person is the grant, later ones are recredits."""

    at: datetime
    """Midnight in Paris that begins the birthday (UTC)."""
    age: int
    cents: int

    @property
    def kind(self) -> str:
        """How the register calls it."""
        return f"recredit_{self.age}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantPolicy:
    """One version of the rules. Exactly one of `valid_years` and `until_age` says when the credit ends."""

    version: str
    amount_cents: int | None = None
    """Granted at once, whatever the age; or else `steps`."""
    steps: Mapping[int, int] | None = None
    """By age, in cents: of the steps a person has reached the last one is granted, the later ones follow."""
    physical_cap_cents: int | None = None
    digital_cap_cents: int | None = None
    digital_cap_overseas: Mapping[str, int | None] = field(default_factory=dict)
    valid_years: int | None = None
    until_age: int | None = None
    ends: tuple[str, ...] = ()
    """Versions whose deposit ends when this one is granted."""
    takes_over: bool = False
    """What is left of those is moved into the new deposit; else it goes back to the state."""

    def grant_cents(self, granted_at: datetime, birth_date: date | None) -> int:
        """What is granted first. ValueError where the age is not one of the policy's."""
        if self.steps is None:
            assert self.amount_cents is not None
            return self.amount_cents
        age = age_at(self._born(birth_date), granted_at)
        if age not in self.steps:
            ages = " ou ".join(str(one) for one in sorted(self.steps))
            raise ValueError(f"le crédit {self.version} s'accorde à {ages} ans, pas à {age}")
        return self.steps[age]

    def next_step(self, after: datetime, birth_date: date | None) -> Step | None:
        """The recredit that comes after this moment; None where there is none."""
        if self.steps is None:
            return None
        born = self._born(birth_date)
        for age, cents in sorted(self.steps.items()):
            if (at := birthday(born, age)) > after:
                return Step(at, age, cents)
        return None

    def digital_cap(self, department: str | None) -> int | None:
        """The cap on digital goods of somebody who lives there; None is no cap."""
        return self.digital_cap_overseas.get(department or "", self.digital_cap_cents)

    def expires_at(self, granted_at: datetime, birth_date: date | None) -> datetime:
        """When a credit granted then ends (UTC). Raises ValueError where the policy needs a birth date."""
        if self.until_age is not None:
            return birthday(self._born(birth_date), self.until_age)
        local = granted_at.astimezone(PARIS)
        return datetime.combine(_later(local.date(), self.valid_years or 0), local.timetz(), PARIS).astimezone(UTC)

    def _born(self, birth_date: date | None) -> date:
        if birth_date is None:
            raise ValueError(f"le crédit {self.version} demande une date de naissance")
        return birth_date


# The pilot of 2018 stated no end; it gets the two years written down in January 2019.
_VERSIONS = (
    GrantPolicy(
        version="2018",
        amount_cents=500_00,
        physical_cap_cents=100_00,
        digital_cap_cents=200_00,
        valid_years=2,
    ),
    GrantPolicy(
        version="2019",
        amount_cents=500_00,
        physical_cap_cents=200_00,
        digital_cap_cents=200_00,
        valid_years=2,
    ),
    GrantPolicy(
        version="2021",
        amount_cents=300_00,
        digital_cap_cents=100_00,
        digital_cap_overseas=OVERSEAS,
        valid_years=2,
        ends=("2022",),
    ),
    GrantPolicy(version="2022", steps=MappingProxyType({15: 20_00, 16: 30_00, 17: 30_00}), until_age=18),
    GrantPolicy(
        version="2025",
        steps=MappingProxyType({17: 50_00, 18: 150_00}),
        digital_cap_cents=100_00,
        digital_cap_overseas=OVERSEAS,
        until_age=21,
        ends=("2022",),
        takes_over=True,
    ),
)
POLICIES: Mapping[str, GrantPolicy] = MappingProxyType({policy.version: policy for policy in _VERSIONS})


def age_at(birth_date: date, now: datetime) -> int:
    """Full years, by the date in Paris."""
    today = now.astimezone(PARIS).date()
    return today.year - birth_date.year - (_later(birth_date, today.year - birth_date.year) > today)


def birthday(birth_date: date, age: int) -> datetime:
    """When the person becomes so old: midnight in Paris (UTC)."""
    return datetime.combine(_later(birth_date, age), time.min, PARIS).astimezone(UTC)


def _later(day: date, years: int) -> date:
    """The same day years later; the day after where 29 February does not exist."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
