"""Countermarks: six characters of an alphabet without look-alikes, drawn from a cryptographic source.

30⁶ = 729 million; unique for ever by a constraint, as bookings never disappear. They are bearer secrets:
never in a log, an exception's text or an address that is logged.
"""

from __future__ import annotations

import hashlib
import re
import secrets

ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ234567"
LENGTH = 6
DRAWN = 4
"""Candidates per booking: with half of all countermarks gone, all four are taken once in sixteen, and redrawn."""
_FORM = re.compile(rf"[{ALPHABET}]{{{LENGTH}}}", re.ASCII | re.IGNORECASE)


def draw(count: int = DRAWN) -> list[str]:
    """So many new candidates."""
    return ["".join(secrets.choice(ALPHABET) for _ in range(LENGTH)) for _ in range(count)]


def normalise(text: str) -> str | None:
    """The countermark that a person typed or a till scanned, lower case and surrounding blanks accepted; None
    where it cannot be one."""
    mark = text.strip()
    # Matched first: upper() makes two letters of some.
    return mark.upper() if _FORM.fullmatch(mark) else None


def fingerprint(text: str) -> bytes:
    """What the record of attempts keeps instead of the text."""
    return hashlib.sha256(text.strip().upper().encode("utf-8", "surrogatepass")).digest()
