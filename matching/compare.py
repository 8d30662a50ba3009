"""One named level per field, from an ordered list: the reasons of a verdict, before anything is weighed.

Each comparison takes two `Features` and answers a level of its field in `weights.POINTS`, "missing" where
either side did not tell. All are symmetric. What titles and names cost is bounded: at most 300 characters, a
few parts and names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping
from itertools import product
from typing import Final

from rapidfuzz import fuzz

from matching.compare_places import name, phone, place, street, town, town_of_unknown_venue
from matching.features import Features
from matching.likeness import ratio
from matching.names import best_likeness
from matching.normalise import telling
from matching.titles import without_article
from matching.weights import Profile

Comparison = Callable[[Features, Features], str]

_CLOSE: Final = 92
_SIMILAR: Final = 85
_FAINT: Final = 70
_CUT_SHORT_FROM: Final = 20
_TELLING_LETTERS: Final = 14
_SHORTEST_NAME: Final = 4
_SAME_MOMENT: Final = 20
_SAME_DAY: Final = 6 * 60
_DAY: Final = 24 * 60
_ANOTHER_RUN: Final = 14 * _DAY


def title(left: Features, right: Features) -> str:
    """Exact beats part beats nearly: titles without article, and without the names either side gives as its
    makers.
    """
    if not left.title or not right.title:
        return "missing"
    names = tuple(sorted({*left.contributors, *right.contributors}, key=lambda name: (-len(name), name)))
    ours, theirs = _whole(left, names), _whole(right, names)
    if shared := ours & theirs:
        return "exact" if any(_is_telling(text) for text in shared) else "exact_short"
    our_parts, their_parts = _parts(left, names), _parts(right, names)
    if _is_part(ours, their_parts) or _is_part(theirs, our_parts) or _is_cut_short(ours, theirs):
        return "part"
    best = max(max(ratio(a, b), _unspaced(a, b)) for a, b in product(ours, theirs))
    if best >= _CLOSE:
        return "close"
    if best >= _SIMILAR:
        return "similar"
    if any(_is_telling(part) for part in our_parts & their_parts):
        return "shared_part"
    if _is_within(left.title, right.title) or _is_within(right.title, left.title):
        return "within"
    return "faint" if best >= _FAINT else "different"


def contributors(left: Features, right: Features) -> str:
    """The best likeness of any two names: sources name different ones of a crew."""
    if not left.contributors or not right.contributors:
        return "missing"
    return best_likeness(left.contributors, right.contributors)


def year(left: Features, right: Features) -> str:
    if left.year is None or right.year is None:
        return "missing"
    apart = abs(left.year - right.year)
    return ("same", "next", "near", "near")[apart] if apart < 4 else "different"


def duration(left: Features, right: Features) -> str:
    ours, theirs = left.duration_minutes, right.duration_minutes
    if not ours or not theirs:
        return "missing"
    apart = abs(ours - theirs)
    return "same" if apart <= 3 else "near" if apart * 8 <= max(ours, theirs) else "different"


def numbers(left: Features, right: Features) -> str:
    if left.numbers == right.numbers:
        return "same" if left.numbers else "missing"
    return "different" if left.numbers and right.numbers else "one_side"


def volume(left: Features, right: Features) -> str:
    if left.volume == right.volume:
        return "same" if left.volume else "missing"
    return "one_side"


def publisher(left: Features, right: Features) -> str:
    if not left.publisher or not right.publisher:
        return "missing"
    alike = ratio(left.publisher, right.publisher) >= _CLOSE or _opens(left.publisher, right.publisher)
    return "same" if alike else "different"


def language(left: Features, right: Features) -> str:
    if not left.language or not right.language:
        return "missing"
    return "same" if left.language == right.language else "different"


def venue(left: Features, right: Features) -> str:
    return "same" if left.venue_id is not None and left.venue_id == right.venue_id else "missing"


def work(left: Features, right: Features) -> str:
    if left.work_id is None or right.work_id is None:
        return "missing"
    return "same" if left.work_id == right.work_id else "different"


def family(left: Features, right: Features) -> str:
    if not left.family or not right.family:
        return "missing"
    if left.family == right.family:
        return "same"
    return "cinema_or_not" if "CINEMA" in (left.family, right.family) else "different"


def sessions(left: Features, right: Features) -> str:
    """How two runs lie in time: same moments, same day, among each other, days or weeks apart.

    An event is a run: weeks apart it is another one, of the same work, and nobody is asked about each rerun.
    """
    if not left.begins or not right.begins:
        return "missing"
    few, many = sorted((left.begins, right.begins), key=lambda begins: (len(begins), begins))
    gaps = [_gap(moment, many) for moment in few]
    if met := sum(gap <= _SAME_MOMENT for gap in gaps):
        return "shared" if met * 2 >= len(gaps) else "some"
    if min(gaps) <= _SAME_DAY:
        return "same_day"
    between = max(few[0], many[0]) - min(few[-1], many[-1])
    if between <= 0:
        return "interleaved"
    return "near" if between <= _ANOTHER_RUN else "apart"


FIELDS: Final[Mapping[Profile, Mapping[str, Comparison]]] = {
    "film": {
        "title": title,
        "contributors": contributors,
        "year": year,
        "duration": duration,
        "numbers": numbers,
        "volume": volume,
    },
    "work": {"title": title, "contributors": contributors, "numbers": numbers, "volume": volume},
    "product": {
        "title": title,
        "contributors": contributors,
        "publisher": publisher,
        "year": year,
        "language": language,
        "numbers": numbers,
        "volume": volume,
    },
    "event": {
        "title": title,
        "venue": venue,
        "town": town_of_unknown_venue,
        "sessions": sessions,
        "contributors": contributors,
        "work": work,
        "family": family,
        "numbers": numbers,
        "volume": volume,
    },
    "venue": {
        "name": name,
        "place": place,
        "town": town,
        "street": street,
        "phone": phone,
        "numbers": numbers,
    },
}


def _whole(one: Features, names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(_without_names(without_article(text), names) for text in (one.title, *one.other_titles))


def _parts(one: Features, names: tuple[str, ...]) -> frozenset[str]:
    """The parts of a title that has several, without its makers' names."""
    people = {" ".join(sorted(maker.split())) for maker in names}
    kept = [part for part in one.parts if " ".join(sorted(part.split())) not in people]
    return frozenset(without_article(part) for part in kept) if len(one.parts) > 1 else frozenset()


def _without_names(text: str, names: tuple[str, ...]) -> str:
    for maker in names:
        if len(maker) < _SHORTEST_NAME:
            continue
        for tail in (f" par {maker}", f" de {maker}", f" avec {maker}", f" d {maker}", f" {maker}"):
            if text.endswith(tail):
                return text.removesuffix(tail)
        if text.startswith(f"{maker} "):
            return text.removeprefix(f"{maker} ")
    return text


def _is_part(whole: frozenset[str], parts: frozenset[str]) -> bool:
    return bool(whole & parts) or any(
        _is_telling(text) and ratio(text, part) >= _CLOSE for text, part in product(whole, parts)
    )


def _is_cut_short(ours: frozenset[str], theirs: frozenset[str]) -> bool:
    return any(
        min(len(a), len(b)) >= _CUT_SHORT_FROM and (a.startswith(b) or b.startswith(a))
        for a, b in product(ours, theirs)
    )


def _is_within(less: str, more: str) -> bool:
    """Whether all telling words of the one are words of the other."""
    words = telling(less)
    return bool(words) and set(words) <= set(more.split())


def _unspaced(left: str, right: str) -> float:
    """Likeness without spaces, which tills lose and insert."""
    return fuzz.ratio(left.replace(" ", ""), right.replace(" ", ""))


def _is_telling(text: str) -> bool:
    return len(telling(text)) >= 3 or len(text) >= _TELLING_LETTERS


def _opens(left: str, right: str) -> bool:
    """Whether one name begins with the other: "gallimard", "gallimard jeunesse"."""
    return f"{left} ".startswith(f"{right} ") or f"{right} ".startswith(f"{left} ")


def _gap(moment: int, moments: tuple[int, ...]) -> int:
    at = bisect_left(moments, moment)
    return min(abs(moment - other) for other in moments[max(0, at - 1) : at + 1])
