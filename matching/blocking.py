"""Under which keys a record is found: two records that may be the same share at least one.

Keys are numbers of 64 bits, at most 24 a record, and each joins a context with a word (venue and word, town and word,
author and word), so that none gathers what merely has a common title. The catalogue keeps them as (kind, key, entity).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice, product
from math import cos, floor, radians
from typing import Final

from matching.features import Features
from matching.normalise import telling
from matching.places import own_words
from matching.titles import without_article
from schemas.records import Kind

MOST_KEYS: Final = 24

_IDENTIFIERS: Final = 6
_WEEK: Final = 7 * 24 * 60
_DAY: Final = 24 * 60
_CELL: Final = 0.01
"""Degrees: about 1.1 km from south to north."""
_REACH: Final = 0.0025
"""Degrees of latitude, about 280 m: two venues nearer than that share a cell."""


def block_keys(one: Features) -> frozenset[int]:
    """Return the keys of a record or entity, at most `MOST_KEYS`; none for one that says nothing."""
    return frozenset(map(number, islice(dict.fromkeys(texts(one)), MOST_KEYS)))


def texts(one: Features) -> Iterator[str]:
    """The keys in words: a letter for the sort of key, then its parts."""
    yield from (_key("i", scheme, value) for scheme, value in sorted(one.identifiers)[:_IDENTIFIERS])
    yield from _OF_KIND[one.kind](one)


def number(text: str) -> int:
    """The number that stands for a key: signed, of 64 bits, the same on every machine."""
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _of_work(one: Features) -> Iterator[str]:
    yield from _title_keys(one)
    yield from (_key("a", author, word) for author, word in product(_authors(one), _words(one.title, 3)))
    if one.family == "film" and one.year is not None:
        # A year of films is a small context, and two sources may give a year apart.
        years = (one.year, one.year + 1)
        yield from (_key("y", year, word) for word, year in product(_words(one.title, 3), years))


def _of_product(one: Features) -> Iterator[str]:
    yield from _title_keys(one)
    yield from (_key("a", author, word) for author, word in product(_authors(one), _words(one.title, 3)))
    if one.publisher:
        yield from (_key("p", one.publisher, word) for word in _words(one.title, 2))


def _of_venue(one: Features) -> Iterator[str]:
    own = own_words(one.title, one.city)[:4] or tuple(telling(one.title)[:2])
    for place in filter(None, (one.insee_code, one.postal_code, one.city)):
        yield from (_key("t", place, word) for word in own)
    if distinctive := own_words(one.title, one.city):
        yield _key("n", *sorted(distinctive))
    if one.position is not None:
        yield from (_key("g", *cell) for cell in _cells(*one.position))
    if one.phone:
        yield _key("f", one.phone)
    if one.street and (one.insee_code or one.postal_code or one.city):
        yield _key("s", one.postal_code or one.insee_code or one.city, one.house_number, one.street)


def _of_event(one: Features) -> Iterator[str]:
    words = _words(one.title, 5)
    if one.venue_id is not None:
        weeks = sorted({moment // _WEEK for moment in one.begins})
        # Sources list a run from its beginning or from today on: both ends of it are needed.
        ends = weeks if len(weeks) <= 8 else weeks[:4] + weeks[-4:]
        yield from (_key("v", one.venue_id, word) for word in words)
        yield from (_key("w", one.venue_id, week) for week in ends)
    days = sorted({moment // _DAY for moment in one.begins})[:2]
    yield from (_key("d", day, one.city, word) for day, word in product(days, words[:2]))


def _title_keys(one: Features) -> Iterator[str]:
    """The title in any order of its words, with its volume if it has one; each of its parts, its other titles, and its
    consonants.
    """
    wholes = [without_article(text) for text in dict.fromkeys((one.title, *one.parts[:2], *one.other_titles))]
    if one.volume and wholes[0]:
        # A series of a hundred volumes has a title that says nothing; with the volume it does.
        yield _key("o", one.volume, *sorted(wholes[0].split()))
    for text in filter(None, wholes):
        yield _key("k", *sorted(text.split()))
    if bones := _bones(without_article(one.title)):
        yield _key("b", bones)


def _authors(one: Features) -> list[str]:
    """The words that tell the first two names, surnames not being known: the two longest of each."""
    found = (word for name in one.contributors[:2] for word in _words(name, 2))
    return list(dict.fromkeys(found))[:3]


def _words(text: str, most: int) -> list[str]:
    """The longest telling words, the likeliest to be rare; of a title of small words, those."""
    words = telling(text) or text.split()
    return sorted(dict.fromkeys(words), key=lambda word: (-len(word), word))[:most]


def _bones(text: str) -> str:
    """First twelve consonants, doubled ones once: what is left when vowels and spaces are mistyped."""
    letters = [c for c in text if c not in "aeiouyh "]
    bones = "".join(c for at, c in enumerate(letters) if at == 0 or c != letters[at - 1])[:12]
    return bones if len(bones) >= 5 else ""


def _cells(latitude: float, longitude: float) -> Iterable[tuple[int, int]]:
    """The cells a square of `_REACH` around the position touches: one to four."""
    wide = _REACH / max(0.2, cos(radians(latitude)))
    rows = {floor((latitude + shift) / _CELL) for shift in (-_REACH, _REACH)}
    columns = {floor((longitude + shift) / _CELL) for shift in (-wide, wide)}
    return sorted(product(rows, columns))


def _key(sort: str, *parts: object) -> str:
    return ":".join((sort, *map(str, parts)))


_OF_KIND: Final = {Kind.WORK: _of_work, Kind.PRODUCT: _of_product, Kind.VENUE: _of_venue, Kind.EVENT: _of_event}
