"""Titles of ONIX: of the product, of the collection or series it belongs to, and its number there."""

from __future__ import annotations

from connectors.onix_elements import Element, all_of, of_type, text

_TITLES = ("01", None, "00", "13", "10", "05", "11", "14")
"""Types of title in the order of preference (list 15); None is a title that does not say its type."""


def title_of(block: Element) -> tuple[str, str | None, str | None]:
    """(title, subtitle, volume). Raises ValueError without a title."""
    detail = of_type(block, "TitleDetail", "TitleType", _TITLES)
    if detail is not None:
        by_level = {text(one, "TitleElementLevel"): one for one in reversed(list(all_of(detail, "TitleElement")))}
        product, collection = by_level.get("01"), by_level.get("02")
        for element in (product, collection, *by_level.values()):
            if element is not None and (title := _name(element)) is not None:
                volume = None if product is None else text(product, "PartNumber")
                return title, text(element, "Subtitle"), _volume(volume)
    old = of_type(block, "Title", "TitleType", _TITLES)
    if old is not None and (title := _name(old)) is not None:
        return title, text(old, "Subtitle"), None
    if (title := text(block, "DistinctiveTitle") or _name(block)) is not None:
        return title, text(block, "Subtitle"), None
    raise ValueError("titre manquant")


def _name(element: Element) -> str | None:
    """A title whole, or its prefix and the rest: « L' » needs no space, « Le » does."""
    whole = text(element, "TitleText")
    if whole is not None:
        return whole
    rest = text(element, "TitleWithoutPrefix")
    prefix = text(element, "TitlePrefix")
    if rest is None or prefix is None:
        return rest
    return f"{prefix}{'' if prefix.endswith((chr(39), '’')) else ' '}{rest}"[:1000]


def collection_of(block: Element) -> tuple[str | None, str | None]:
    """(collection or series, number in it)."""
    for collection in sorted(all_of(block, "Collection"), key=_not_of_the_publisher):
        detail = of_type(collection, "TitleDetail", "TitleType", _TITLES)
        elements = [] if detail is None else list(all_of(detail, "TitleElement"))
        names = [name for one in elements if (name := _name(one)) is not None]
        parts = [part for one in elements if (part := text(one, "PartNumber")) is not None]
        if names:
            return names[0][:300], _volume(parts[-1] if parts else None)
    for series, title, number in (
        ("Series", "TitleOfSeries", "NumberWithinSeries"),
        ("Set", "TitleOfSet", "ItemNumberWithinSet"),
    ):
        for one in all_of(block, series):
            composite = of_type(one, "Title", "TitleType", _TITLES)
            name = text(one, title) or (None if composite is None else _name(composite))
            if name is not None:
                return name[:300], _volume(text(one, number))
    return None, None


def _not_of_the_publisher(collection: Element) -> bool:
    return text(collection, "CollectionType") == "20"


def _volume(number: str | None) -> str | None:
    return None if number is None else number[:100]
