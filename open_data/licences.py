"""The licences we know, and whether data under them may leave in the open data. What is not known does not leave.

Identifiers are SPDX's (list 3.27) where it has them. Open means the Open Definition 2.1: anybody may use,
change and share for any purpose, at most naming the source and sharing alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

OWN = "etalab-2.0"
"""What we add ourselves (ids, links between things) is under it."""


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence, and what it asks for."""

    id: str
    title: str
    url: str | None
    is_open: bool
    is_share_alike: bool = False
    """What is made of the data must be under this licence too."""


_KNOWN = (
    Licence(
        "etalab-2.0",
        "Licence Ouverte 2.0",
        "https://www.etalab.gouv.fr/wp-content/uploads/2017/04/ETALAB-Licence-Ouverte-v2.0.pdf",
        is_open=True,
    ),
    Licence("CC0-1.0", "Creative Commons Zéro 1.0", "https://creativecommons.org/publicdomain/zero/1.0/", is_open=True),
    Licence(
        "PDDL-1.0",
        "Open Data Commons Public Domain Dedication and License 1.0",
        "https://opendatacommons.org/licenses/pddl/1-0/",
        is_open=True,
    ),
    Licence(
        "CC-BY-4.0",
        "Creative Commons Attribution 4.0 International",
        "https://creativecommons.org/licenses/by/4.0/",
        is_open=True,
    ),
    Licence(
        "ODC-By-1.0",
        "Open Data Commons Attribution License 1.0",
        "https://opendatacommons.org/licenses/by/1-0/",
        is_open=True,
    ),
    Licence(
        "ODbL-1.0",
        "Open Data Commons Open Database License 1.0",
        "https://opendatacommons.org/licenses/odbl/1-0/",
        is_open=True,
        is_share_alike=True,
    ),
    Licence(
        "CC-BY-SA-4.0",
        "Creative Commons Attribution - Partage dans les mêmes conditions 4.0 International",
        "https://creativecommons.org/licenses/by-sa/4.0/",
        is_open=True,
        is_share_alike=True,
    ),
    Licence(
        "CC-BY-NC-4.0",
        "Creative Commons Attribution - Pas d'utilisation commerciale 4.0 International",
        "https://creativecommons.org/licenses/by-nc/4.0/",
        is_open=False,
    ),
    Licence(
        "CC-BY-ND-4.0",
        "Creative Commons Attribution - Pas de modification 4.0 International",
        "https://creativecommons.org/licenses/by-nd/4.0/",
        is_open=False,
    ),
    Licence("tous-droits-reserves", "Tous droits réservés", None, is_open=False),
)
LICENCES: Mapping[str, Licence] = MappingProxyType({licence.id: licence for licence in _KNOWN})
OPEN: frozenset[str] = frozenset(licence.id for licence in _KNOWN if licence.is_open)


def joined(expression: str) -> list[str]:
    """The licences of an offer's `licence`: one, or several that AND joins."""
    return expression.split(" AND ")


def may_leave(licences: Iterable[str]) -> bool:
    """True where data of sources under these licences may leave joined together.

    Each must be known and open, and two different share-alike licences cannot both be obeyed by one whole.
    """
    known = [LICENCES.get(licence) for licence in set(licences)]
    alike = [licence for licence in known if licence is not None and licence.is_share_alike]
    return bool(known) and len(alike) <= 1 and all(licence is not None and licence.is_open for licence in known)
