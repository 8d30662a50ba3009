"""Opaque public ids: what the outside world calls our rows, instead of their bigint.

`public_id("offer", 42)` is a letter, an underscore and 13 characters; `internal_id` goes back. The number is
stirred by a bijection of 64 bits salted by kind, so ids neither tell how many rows there are nor follow one
another, and two kinds never share a tail. This hides, it does not protect: ids are not secrets.

Published ids live for ever in other people's systems. The constants and the alphabet below are FROZEN: a
test holds known pairs, and no change of them is a small one.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PREFIXES: Mapping[str, str] = MappingProxyType(
    {
        "work": "w",
        "product": "p",
        "venue": "v",
        "event": "e",
        "session": "s",
        "offer": "o",
        "stock": "k",
        "booking": "b",
        "source": "src",
        "run": "r",
        "beneficiary": "u",
        "offerer": "org",
        "vendor": "ven",
        "reject": "rej",
        "key": "key",
        "webhook": "hook",
        "delivery": "msg",
        "job": "job",
        "question": "q",
    }
)
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no i, l, o, u."""
LENGTH = 13
HIGHEST = 2**63 - 1
"""The largest bigint PostgreSQL holds."""

_MASK = 2**64 - 1
# The finaliser of splitmix64 (Steele, Lea, Flood 2014; variant 13 of Stafford): odd factors, so invertible.
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_FIRST_BACK, _SECOND_BACK = pow(_FIRST, -1, 2**64), pow(_SECOND, -1, 2**64)
_GOLDEN = 0x9E3779B97F4A7C15
_VALUE = MappingProxyType({character: place for place, character in enumerate(ALPHABET)})


class UnknownId(LookupError):
    """No row can have this id: it is malformed, or of another kind."""

    def __init__(self, kind: str, text: str) -> None:
        shown = "".join(character if character.isprintable() else "?" for character in text[:40])
        form = f"« {PREFIXES[kind]}_ » suivi de treize lettres ou chiffres"
        super().__init__(f"Identifiant inconnu : « {shown} ». Attendu : {form}.")
        self.kind = kind
        self.text = text


def public_id(kind: str, number: int) -> str:
    """The public id of row `number` (1 to 2⁶³ - 1) of a kind of `PREFIXES`; KeyError for another kind."""
    prefix = PREFIXES[kind]
    if not 1 <= number <= HIGHEST:
        raise ValueError(f"not a row's number: {number}")
    mixed = _mix(number ^ _salt(prefix))
    tail = "".join(ALPHABET[(mixed >> shift) & 31] for shift in range(5 * (LENGTH - 1), -1, -5))
    return f"{prefix}_{tail}"


def internal_id(kind: str, text: str) -> int:
    """The row number of a public id. Raises `UnknownId` for whatever `public_id` would never answer."""
    prefix = PREFIXES[kind]
    head, underscore, tail = text.partition("_")
    if head != prefix or not underscore or len(tail) != LENGTH:
        raise UnknownId(kind, text)
    mixed = 0
    for character in tail:
        value = _VALUE.get(character)
        if value is None:
            raise UnknownId(kind, text)
        mixed = mixed << 5 | value
    if mixed > _MASK:
        raise UnknownId(kind, text)
    number = _unmix(mixed) ^ _salt(prefix)
    if not 1 <= number <= HIGHEST:
        raise UnknownId(kind, text)
    return number


def _salt(prefix: str) -> int:
    return int.from_bytes(prefix.encode("ascii"), "big") * _GOLDEN & _MASK


def _mix(x: int) -> int:
    x = (x ^ x >> 30) * _FIRST & _MASK
    x = (x ^ x >> 27) * _SECOND & _MASK
    return x ^ x >> 31


def _unmix(x: int) -> int:
    x = (x ^ x >> 31 ^ x >> 62) * _SECOND_BACK & _MASK
    x = (x ^ x >> 27 ^ x >> 54) * _FIRST_BACK & _MASK
    return x ^ x >> 30 ^ x >> 60
