"""The small numbers that stand for kinds in the volume tables. They are written to disk: never renumber."""

from __future__ import annotations

import enum

from schemas.records import Kind


class KindCode(enum.IntEnum):
    """Smallint of a kind, as stored."""

    WORK = 1
    PRODUCT = 2
    VENUE = 3
    EVENT = 4
    SESSION = 5
    STOCK = 6
    OFFER = 7


CODE: dict[Kind, KindCode] = {kind: KindCode[kind.name] for kind in Kind}
NAME: dict[int, str] = {code.value: code.name.lower() for code in KindCode}
MATCHED = (KindCode.VENUE, KindCode.WORK, KindCode.PRODUCT, KindCode.EVENT)
"""The kinds a source's records are matched in, in the order they depend on one another."""
IMPLIED = "product"
"""`part` of the work that a book's record implies. It comes and goes with the book, and a source that lists
each edition once may well imply one work many times."""
