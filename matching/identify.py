"""What settles a pair before any score: identifiers first, then vetoes.

Equal values of a scheme that settles make the pair the same; different values of an exclusive one make it
different; both at once is a contradiction, and a person is asked. An EAN is the edition itself: two products
whose EANs differ are never the same and nobody is asked, whatever else agrees. Then what is never merged
however alike it looks: two records of one clean source, two volumes, seasons, kinds of work or forms of
edition, remakes, an event elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from matching.features import Features
from schemas.identifiers import SCHEMES
from schemas.records import Kind

Outcome = Literal["same", "ask", "different"]

YEARS_APART_OF_REMAKES: Final = 4
"""Sources differ by up to three years on one film: shooting, festival, release, visa."""
EDITION: Final = "ean"
ANY_FAMILY: Final = frozenset(["", "other"])


@dataclass(frozen=True, slots=True)
class Settlement:
    """An outcome without a score. `by` is "identifier", "contradiction" or the name of the veto."""

    outcome: Outcome
    by: str
    scheme: str = ""
    """Of the identifier that decided."""


def settle(left: Features, right: Features) -> Settlement | None:
    """Return what identifiers or vetoes decide of two records of one kind; None: compare them. Symmetric."""
    return _by_identifiers(left, right) or _by_veto(left, right)


def _by_identifiers(left: Features, right: Features) -> Settlement | None:
    agreeing: list[str] = []
    disagreeing: list[str] = []
    for name in sorted({scheme for scheme, _ in left.identifiers} & {scheme for scheme, _ in right.identifiers}):
        scheme = SCHEMES.get(name)
        if scheme is None or left.kind not in scheme.kinds:
            continue
        ours = {value for of, value in left.identifiers if of == name}
        theirs = {value for of, value in right.identifiers if of == name}
        if ours & theirs and scheme.settles:
            agreeing.append(name)
        # An entity may hold several values of one scheme: they disagree where each has one the other lacks.
        if scheme.exclusive and not (ours <= theirs or theirs <= ours):
            disagreeing.append(name)
            if name == EDITION and not ours & theirs:
                return Settlement("different", "identifier", name)
    if agreeing and disagreeing:
        return Settlement("ask", "contradiction", disagreeing[0])
    if disagreeing:
        return Settlement("different", "identifier", disagreeing[0])
    return Settlement("same", "identifier", agreeing[0]) if agreeing else None


def _by_veto(left: Features, right: Features) -> Settlement | None:
    vetoes = {
        "source": bool(left.sources & right.sources),
        "volume": _differ(left.volume, right.volume),
        "season": _differ(left.season, right.season),
        "remake": "film" in (left.family, right.family)
        and left.year is not None
        and right.year is not None
        and abs(left.year - right.year) >= YEARS_APART_OF_REMAKES,
        # An event is one thing at one venue: where two venues turn out to be one, their events are judged
        # again.
        "venue": _differ(left.venue_id, right.venue_id),
        "form": left.kind in (Kind.WORK, Kind.PRODUCT)
        and left.family != right.family
        and not {left.family, right.family} & ANY_FAMILY,
    }
    return next((Settlement("different", name) for name, holds in vetoes.items() if holds), None)


def _differ(left: object, right: object) -> bool:
    """Whether both were told and are not the same."""
    return left not in (None, "") and right not in (None, "") and left != right
