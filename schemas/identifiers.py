"""The identifiers that mean the same thing for everybody: what each names and how far it is trusted.

A record carries `Identifier(scheme, value)` with the normal form of the value. Connectors make one with
`identifier("isbn", "2-07-036002-4")`, which answers `ean 9782070360024`: an ISBN or ISMN is carried as the
EAN-13 it is, so that a till and a publisher name an edition alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from schemas import numbers
from schemas.numbers import Refused
from schemas.records import Identifier, Kind


class InvalidIdentifier(ValueError):
    """A provider's value is not what its name says. The text is French and cut to a bearable length."""

    def __init__(self, scheme: str, value: str, why: str) -> None:
        shown = value if len(value) <= 60 else value[:59] + "…"
        super().__init__(f"{scheme} « {shown} » refusé : {why}")
        self.scheme = scheme
        self.value = value
        self.why = why


@dataclass(frozen=True, slots=True)
class Scheme:
    """One kind of identifier."""

    name: str
    title: str
    """What people call it, in French."""
    read: Callable[[str], str]
    """The bare function of `schemas.numbers`; use `normalise`, which names the scheme when it refuses."""
    kinds: frozenset[Kind]
    """The kinds of record that may carry it."""
    settles: bool
    """Two records with the same value are the same thing (not so for a SIREN: one company, many venues)."""
    exclusive: bool
    """Two records with different values are never the same thing: a veto on merging them."""
    carried_as: str
    """The scheme under which records carry it: itself, or `ean` for ISBN and ISMN."""

    def normalise(self, raw: str) -> str:
        """The normal form; raises `InvalidIdentifier`. Applied twice it changes nothing."""
        try:
            return self.read(raw)
        except Refused as refusal:
            raise InvalidIdentifier(self.name, raw, str(refusal)) from refusal


def _scheme(
    name: str,
    title: str,
    read: Callable[[str], str],
    *kinds: Kind,
    settles: bool = True,
    exclusive: bool = False,
    carried_as: str | None = None,
) -> Scheme:
    return Scheme(name, title, read, frozenset(kinds), settles, exclusive, carried_as or name)


SCHEMES: Mapping[str, Scheme] = MappingProxyType(
    {
        scheme.name: scheme
        for scheme in (
            _scheme("ean", "EAN-13", numbers.ean, Kind.PRODUCT, exclusive=True),
            _scheme("isbn", "ISBN", numbers.isbn, Kind.PRODUCT, exclusive=True, carried_as="ean"),
            _scheme("ismn", "ISMN", numbers.ismn, Kind.PRODUCT, exclusive=True, carried_as="ean"),
            # An ISSN names the title, not the issue: every number of a review has the same.
            _scheme("issn", "ISSN", numbers.issn, Kind.WORK, Kind.PRODUCT, settles=False),
            _scheme("visa", "visa d'exploitation", numbers.visa, Kind.WORK, exclusive=True),
            _scheme("allocine", "numéro Allociné", numbers.allocine_film, Kind.WORK, exclusive=True),
            # Registered twice, or once per cut: a difference proves nothing.
            _scheme("isan", "ISAN", numbers.isan, Kind.WORK),
            _scheme("eidr", "EIDR", numbers.eidr, Kind.WORK),
            _scheme("iswc", "ISWC", numbers.iswc, Kind.WORK),
            # The BnF gives an ARK to works, to editions, and to each digital copy.
            _scheme("ark", "ARK", numbers.ark, Kind.WORK, Kind.PRODUCT),
            _scheme("siret", "SIRET", numbers.siret, Kind.VENUE, exclusive=True),
            _scheme("siren", "SIREN", numbers.siren, Kind.VENUE, settles=False),
            _scheme("isni", "ISNI", numbers.isni, Kind.VENUE, settles=False),
            _scheme(
                "allocine_theater",
                "code de cinéma Allociné",
                numbers.allocine_theater,
                Kind.VENUE,
                exclusive=True,
            ),
            _scheme("cnc_cinema", "numéro CNC du cinéma", numbers.cnc_cinema, Kind.VENUE, exclusive=True),
            # Two organisers enter the same evening twice: equal uids settle, different ones say nothing.
            _scheme("openagenda", "uid OpenAgenda", numbers.openagenda, Kind.EVENT),
            _scheme("openagenda_location", "uid de lieu OpenAgenda", numbers.openagenda, Kind.VENUE),
            _scheme("datatourisme", "identifiant DATAtourisme", numbers.datatourisme, Kind.EVENT, Kind.VENUE),
        )
    }
)
CARRIED: frozenset[str] = frozenset(scheme.carried_as for scheme in SCHEMES.values())
"""The schemes that appear in records (the enum of the published schema)."""


def normalise(scheme: str, raw: str) -> str:
    """The normal form of `raw`. Raises `InvalidIdentifier`, for an unknown scheme too."""
    return _known(scheme, raw).normalise(raw)


def identifier(scheme: str, raw: str) -> Identifier:
    """What a record carries for `raw`: verified, normal, under the scheme it is carried as."""
    known = _known(scheme, raw)
    return Identifier(scheme=known.carried_as, value=known.normalise(raw))


def _known(scheme: str, raw: str) -> Scheme:
    known = SCHEMES.get(scheme)
    if known is None:
        raise InvalidIdentifier(scheme, raw, "ce type d'identifiant est inconnu")
    return known


def insee_code(raw: str) -> str:
    """A commune's INSEE code for `Address.insee_code`, verified. Raises `InvalidIdentifier`."""
    try:
        return numbers.insee(raw)
    except Refused as refusal:
        raise InvalidIdentifier("insee", raw, str(refusal)) from refusal
