"""How far a reading of the form of 2018 has come: what a checkpoint remembers of it."""

from __future__ import annotations

from msgspec.structs import replace

from connectors.places import Place


class StocksPlace(Place, frozen=True, kw_only=True, omit_defaults=True):
    """After which ref of the events or the stocks."""

    what: str
    after: str | None = None
    pages: int = 0
    rows: int = 0
    """Of this phase."""
    announced: int = 0
    """Of this phase, by its first page; 0 where it does not say."""
    told: int = 0
    """Rows of earlier phases."""
    is_short: bool = False
    """An earlier phase gave fewer rows than it had announced."""
    is_resumed: bool = False
    """It was taken up again midway: what earlier slices counted is not known row by row any more."""
    is_unordered: bool = False
    """Some page did not follow the one before it in the order of refs: rows may have been counted twice."""


def reached(place: StocksPlace, after: str, rows: int, total: int | None) -> StocksPlace:
    """The place after a page: `rows` new ones, its last ref `after`; `total` as the page announces it."""
    return replace(
        place,
        after=after,
        pages=place.pages + 1,
        rows=place.rows + rows,
        announced=place.announced or total or 0,
    )
