"""What identifiers settle of two records: equal values of a scheme that settles, different ones of an exclusive scheme.

A catalogue's entity may hold several values of one scheme. An EAN is the edition itself: two products whose EANs differ
are never the same and nobody is asked, whatever else agrees.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from matching.features import Features
from matching.fields import LEVELS
from schemas.identifiers import SCHEMES

DIFFERENT, CONTRADICTORY, SAME = (
    LEVELS["identifier"].index(level) + 1 for level in ("different", "contradictory", "same")
)
EDITION: Final = "ean"


class Settled(NamedTuple):
    """A level of the field `identifier`, 0 where nothing is settled, and the scheme that did it."""

    level: int
    scheme: str


NOT_SETTLED: Final = Settled(0, "")


def settle(left: Features, right: Features) -> Settled:
    """Return what identifiers say of two records of one kind. Symmetric."""
    if not left.identifiers or not right.identifiers:
        return NOT_SETTLED
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
        # An entity's several values disagree with ours where each side has one the other lacks.
        if scheme.exclusive and not (ours <= theirs or theirs <= ours):
            disagreeing.append(name)
            if name == EDITION and not ours & theirs:
                return Settled(DIFFERENT, name)
    if agreeing and disagreeing:
        return Settled(CONTRADICTORY, disagreeing[0])
    if disagreeing:
        return Settled(DIFFERENT, disagreeing[0])
    return Settled(SAME, agreeing[0]) if agreeing else NOT_SETTLED
