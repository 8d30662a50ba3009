"""The lists of a CDS account, asked for or recorded, and how a recorded one is known.

Two spellings are read: the wire's (`internetremainingplace`, `canceled`) and the one of recordings that went through
pass Culture's models (`internet_remaining_place`, `is_cancelled`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from connectors.rows import key_of
from net.errors import FeedChanged

_SIGNS = {
    "shows": ("showtime", "showsTariffPostypeCollection"),
    "cinemas": ("internetsalegaugeactive", "is_internet_sale_gauge_active", "cinemaParameters", "cinema_parameters"),
    "screens": ("seatmapfronttoback", "seatmaplefttoright"),
    "media": ("title", "visanumber", "storyline"),
    "paiementtype": ("internalcode",),
    "tariffs": ("labeltariff",),
    "vouchertype": ("tariffid", "code"),
    "mediaoptions": ("ticketlabel", "label"),
}
"""By what a recorded list is known, in this order."""


@dataclass(slots=True)
class Tables:
    """The lists of an account, as far as they were read."""

    cinema: str | None
    shows: list[Any] = field(default_factory=list)
    media: list[Any] = field(default_factory=list)
    vouchertype: list[Any] = field(default_factory=list)
    mediaoptions: list[Any] = field(default_factory=list)
    cinemas: list[Any] = field(default_factory=list)
    strange: list[Any] = field(default_factory=list)
    """Rows of no list that is known."""

    def put(self, resource: str, rows: list[Any]) -> None:
        if resource in self.__dataclass_fields__:
            getattr(self, resource).extend(rows)

    def add(self, document: Any) -> None:
        """A recorded list, known by its rows, or an object of lists by their names; others are `strange`."""
        if isinstance(document, dict) and (named := {name: document[name] for name in _SIGNS if name in document}):
            for resource, found in named.items():
                self.put(resource, found if isinstance(found, list) else [found])
            return
        rows = document if isinstance(document, list) else [document]
        names = [_list_of(row) for row in rows]
        # Among rows that are known, one that is not is a broken one of them.
        among = next((name for name in names if name is not None), None)
        for row, name in zip(rows, names, strict=True):
            if among is None:
                self.strange.append(row)
            else:
                self.put(name or among, [row])

    def check_cinema(self) -> None:
        """FeedChanged where the account does not know the cinema."""
        if self.gauge_row() is None:
            raise FeedChanged(f"cinéma inconnu de ce compte : {self.cinema}", place="cinemas")

    def gauge_row(self) -> dict[str, Any] | None:
        rows = [row for row in self.cinemas if isinstance(row, dict)]
        mine = [row for row in rows if self.cinema is not None and key_of(row.get("id")) == self.cinema]
        return mine[0] if mine else (rows[0] if len(rows) == 1 and self.cinema is None else None)


def is_list_of_shows(document: Any) -> bool:
    """Whether a recorded list is one of shows, by its first row."""
    return isinstance(document, list) and bool(document) and _list_of(document[0]) == "shows"


def _list_of(row: Any) -> str | None:
    """The list that a row is of; None for what is of none."""
    told = row if isinstance(row, dict) else {}
    return next((name for name, signs in _SIGNS.items() if any(sign in told for sign in signs)), None)


def id_of(thing: Any) -> str | None:
    """The key of a row, or of a reference to one: `{"id": 4}`, or 4."""
    key = key_of(thing.get("id")) if isinstance(thing, dict) else key_of(thing)
    return key if key is not None and len(key) <= 200 else None


def told_of(row: dict[str, Any], *names: str) -> Any:
    return next((row[name] for name in names if name in row), None)
