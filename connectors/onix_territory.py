"""Whether a territory of ONIX holds France."""

from __future__ import annotations

from connectors.onix_elements import Element, all_of, first

_WIDE = frozenset({"WORLD", "ROW", "ECZ"})
"""Regions of list 49 with all of France in them; ECZ is the euro zone."""


def covers_france(parent: Element) -> bool:
    """Whether the territory of `parent` (a price, a market) holds France; without one, it holds the world."""
    return rank(parent) is not None


def rank(parent: Element) -> int | None:
    """0 when France is named, 1 when a region around it is, 2 when nothing is said; None when it is out."""
    if "FR" in _codes(parent, "CountryExcluded"):
        return None
    countries = _codes(parent, "CountryCode") | _codes(parent, "SupplyToCountry")
    regions = _codes(parent, "SupplyToTerritory")
    territory = first(parent, "Territory")
    if territory is not None and territory.children:
        if "FR" in _codes(territory, "CountriesExcluded"):
            return None
        countries |= _codes(territory, "CountriesIncluded")
        regions |= _codes(territory, "RegionsIncluded")
    elif territory is not None:
        # 2.1 writes countries and regions into one text.
        told = _codes(parent, "Territory")
        countries |= {code for code in told if len(code) == 2}
        regions |= told - countries
    if "FR" in countries:
        return 0
    if regions & _WIDE:
        return 1
    return None if countries or regions else 2


def _codes(parent: Element, name: str) -> set[str]:
    """Codes apart by white space, over all children of that name."""
    group = all_of(parent, name)
    return set().union(*(one.raw.upper().split() for one in group)) if group else set()
