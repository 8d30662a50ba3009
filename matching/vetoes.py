"""What is never one thing however alike it looks: such pairs are not compared, and teach the model nothing.

Two volumes or seasons are told apart by their level, which weighs as much as a veto (`estimate.py`), and so is a
version where a record is one showing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from matching.corpus import Corpus
from matching.words import Ints
from schemas.records import Kind

YEARS_APART_OF_REMAKES: Final = 4
"""Sources differ by up to three years on one film: shooting, festival, release, visa."""
ANY_FORM: Final = frozenset(["", "other"])
_WHERE: Final = ("city", "postal_code", "address", "phone")
FILM: Final = "film"


def possible(one: Corpus, left: Ints, right: Ints) -> NDArray[np.bool_]:
    """Return which pairs may be one thing.

    Of events only those of one date, where both tell one: a show played on two evenings is otherwise the likeliest
    double of all. It costs the few whose source is a day off. Of venues only those of which something says where both
    are: a name is borne in many towns. Of films no remakes; in a table the works that bear a visa are films. Where a
    catalogue knows more: of events only those at one venue, of works and products only those of one form (book or film,
    paper or file).
    """
    kept = np.ones(len(left), bool)
    if one.kind is Kind.EVENT:
        for name in ("day", "hall"):
            if name in one.numbers:
                kept &= ~(np.abs(one.numbers[name][left] - one.numbers[name][right]) > 0)
    elif one.kind is Kind.VENUE:
        places = [one.texts[name].told for name in _WHERE if name in one.texts]
        places += [~np.isnan(one.numbers["latitude"])] if "latitude" in one.numbers else []
        if places:
            kept = np.any([told[left] & told[right] for told in places], axis=0)
    else:
        is_film = np.zeros(len(left), bool)
        if "visa" in one.identifiers:
            bears = one.identifiers["visa"].of > 0
            is_film = bears[left] | bears[right]
        if "family" in one.texts:
            form = one.texts["family"]
            any_form = np.array([value in ANY_FORM for value in form.values])
            ours, theirs = form.of[left], form.of[right]
            kept &= (ours == theirs) | any_form[ours] | any_form[theirs]
            film = np.array([value == FILM for value in form.values])
            is_film |= film[ours] | film[theirs]
        if "year" in one.numbers:
            years = np.abs(one.numbers["year"][left] - one.numbers["year"][right])
            kept &= ~(is_film & (years >= YEARS_APART_OF_REMAKES))
    return kept
