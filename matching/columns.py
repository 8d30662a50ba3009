"""Records as the catalogue knows them, as columns: `features.py` folded each once, here its words are numbered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from matching.corpus import Corpus, digit_words
from matching.features import Features
from matching.normalise import STOP_WORDS
from matching.places import own_words, sorts
from matching.rarity import Rarity
from matching.titles import digits_for_roman, without_article
from matching.words import Floats, Texts, in_order, intern, of_folded
from schemas.records import Kind

_TEXTS: Final[Mapping[str, Callable[[Features], str]]] = {
    "contributors": lambda one: in_order(" ".join(one.contributors)),
    "publisher": lambda one: in_order(one.publisher),
    "address": lambda one: in_order(one.street),
    "house": lambda one: one.house_number,
    "postal_code": lambda one: one.postal_code,
    "country": lambda one: one.country,
    "phone": lambda one: one.phone,
    "language": lambda one: one.language,
    "family": lambda one: one.family.lower(),
    "sort": lambda one: in_order(" ".join(sorts(one.title))) if one.kind is Kind.VENUE else "",
}
_NUMBERS: Final[Mapping[str, Callable[[Features], float | None]]] = {
    "year": lambda one: one.year,
    "duration": lambda one: one.duration_minutes or None,
    "latitude": lambda one: one.position[0] if one.position else None,
    "longitude": lambda one: one.position[1] if one.position else None,
    "work": lambda one: one.work_id,
    "hall": lambda one: one.venue_id,
}


def columns(kind: Kind, records: Sequence[Features], titles: Sequence[str], rarity: Rarity) -> Corpus:
    """Return records of one kind as a corpus, each under the title given for it; identifiers are left to
    `identify.py`, since an entity may have several of one scheme.
    """
    title = _column(titles, rarity)
    texts = {name: _column([read(one) for one in records], rarity) for name, read in _TEXTS.items()}
    texts["city"] = _column(_towns(records), rarity)
    numbers = {name: _numbers([read(one) for one in records]) for name, read in _NUMBERS.items()}
    digits = digit_words(title)
    volumes = (f"{one.volume}{'' if one.season is None else f's{one.season}'}" for one in records)
    return Corpus(
        kind=kind,
        size=len(records),
        source=np.zeros(len(records), np.int64),
        texts={"title": title, **{name: column for name, column in texts.items() if column.told.any()}},
        numbers={name: column for name, column in numbers.items() if not np.isnan(column).all()},
        identifiers={},
        volume=intern(volumes)[0],
        version=np.zeros(len(records), np.int64),
        digits=np.diff(digits.indptr).astype(np.int64),
        digit_bags=digits,
        runs=[one.begins for one in records] if kind is Kind.EVENT else (),
    )


def titles_of(one: Features) -> list[str]:
    """Return the titles a record goes by, as they are compared: its own first. A sequel is told by its number, Roman
    or not; a venue by what is its own in its name, if anything is.
    """
    if one.kind is Kind.VENUE:
        return [in_order(" ".join(own_words(one.title, one.city) or _besides(one.title, one.city)))]
    return [in_order(digits_for_roman(without_article(title))) for title in (one.title, *one.other_titles)]


def _besides(name: str, city: str) -> list[str]:
    around = STOP_WORDS.union(city.split())
    return [word for word in name.split() if word not in around] or name.split()


def _column(values: Iterable[str], rarity: Rarity) -> Texts:
    of, distinct = intern(values)
    return rarity.weigh(of_folded(of, distinct))


def _towns(records: Sequence[Features]) -> list[str]:
    """Each record's town, under one name where the commune's code is one."""
    names: dict[str, str] = {}
    for one in records:
        if one.insee_code and one.city:
            names.setdefault(one.insee_code, one.city)
    return [in_order(names.get(one.insee_code, one.city)) for one in records]


def _numbers(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else float(value) for value in values])
