"""The demo's second act: what happens at the providers between two readings.

Each function alters the world, marks what it touched as changed at the clock's present, and returns a French
sentence saying what it did.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from sandbox.listings import CANCELLED
from sandbox.programme import Showtime
from sandbox.stock_paging import euros
from sandbox.till import Row, Till
from sandbox.world import World

MOVED_BY = timedelta(minutes=45)
RAISED_BY = Decimal("0.6")


def raise_price(world: World) -> str:
    """A bookshop raises the price of a book."""
    till = world.till("kleber")
    row = _volume(world, till, "Astérix", copies=2)
    old, row.price, row.modified_at = row.price, (row.price or Decimal(0)) + RAISED_BY, world.clock()
    return f"{till.place.name} : {_title(world, row.ref)} passe de {_price(old)} à {_price(row.price)}."


def sell_copies(world: World) -> str:
    """A customer at the counter takes copies of a book."""
    till = world.till("dialogues")
    row = _volume(world, till, "Gaston", copies=3)
    row.available, row.modified_at = row.available - 2, world.clock()
    return f"{till.place.name} : deux exemplaires de {_title(world, row.ref)} vendus, il en reste {row.available}."


def sell_out(world: World) -> str:
    """A bookshop has no copy of a book left."""
    till = world.till("ajc")
    row = _volume(world, till, "Les Aventures de Tintin", copies=1)
    row.available, row.modified_at = 0, world.clock()
    return f"{till.place.name} : {_title(world, row.ref)} est épuisé en magasin."


def withdraw_book(world: World) -> str:
    """The publisher withdraws an edition from its catalogue."""
    entry = next(
        entry for entry in world.imprint.whole() if entry.book.series == "Chevalier Ardent" and not entry.embargo
    )
    entry.withdrawn, entry.modified_at = True, world.clock()
    return f"Éditeur : {_title(world, entry.book.ean)} ({entry.book.ean}) est retiré du catalogue."


def reprice_edition(world: World) -> str:
    """The publisher gives an edition a new legal price."""
    entry = next(entry for entry in world.imprint.whole() if entry.book.series == "Naruto")
    old, entry.price_cents, entry.modified_at = entry.price_cents, entry.price_cents + 25, world.clock()
    new = _price(euros(entry.price_cents))
    return f"Éditeur : {_title(world, entry.book.ean)} passe de {_price(euros(old))} à {new}."


def move_showtime(world: World) -> str:
    """A cinema shows a film later: the same showing, another hour."""
    programme = world.programmes["star"]
    show = _later_show(list(programme.showtimes.values()), world)
    show.starts_at += MOVED_BY
    return f"{programme.place.name} : {show.film.title} commence à {show.starts_at:%H:%M} le {show.starts_at:%d/%m}."


def move_performance(world: World) -> str:
    """A theatre plays later in the evening: the same performance, another hour."""
    season = world.season("quartz")
    show = season.shows[1]
    timing = show.timings[0]
    timing.starts_at += MOVED_BY
    timing.ends_at += MOVED_BY
    show.updated_at = world.clock()
    return f"{season.place.name} : {show.title} commence à {timing.starts_at:%H:%M} le {timing.starts_at:%d/%m}."


def cancel_listing(world: World) -> str:
    """An organiser cancels an event of the agenda."""
    [listing] = world.agenda.titled("Fest-noz d'automne")
    listing.status, listing.updated_at = CANCELLED, world.clock()
    return "Agenda : « Fest-noz d'automne » est annulé."


def remove_listing(world: World) -> str:
    """An organiser removes an event from the agenda altogether."""
    [listing] = world.agenda.titled("Atelier de gravure")
    listing.removed, listing.updated_at = True, world.clock()
    return "Agenda : « Atelier de gravure » est supprimé."


SECOND_ACT: tuple[Callable[[World], str], ...] = (
    raise_price,
    sell_copies,
    sell_out,
    withdraw_book,
    reprice_edition,
    move_showtime,
    move_performance,
    cancel_listing,
    remove_listing,
)


def second_act(world: World) -> list[str]:
    """Makes all the changes once and returns what was done, in French."""
    return [change(world) for change in SECOND_ACT]


def _volume(world: World, till: Till, series: str, *, copies: int) -> Row:
    """A volume of a series sold at one stated price, with at least so many copies."""
    return next(
        row
        for row in till.rows
        if row.ref in world.imprint.entries
        and world.imprint.entries[row.ref].book.series == series
        and row.price is not None
        and row.available >= copies
        and len(till.rows_of(row.ref)) == 1
    )


def _later_show(shows: list[Showtime], world: World) -> Showtime:
    """A showing of the last week: nobody of the demo's first act is concerned."""
    return next(show for show in reversed(shows) if show.starts_at.date() > world.today and show.online > 0)


def _title(world: World, ean: str) -> str:
    book = world.imprint.entries[ean].book
    return f"« {book.series}, t. {book.volume} : {book.title} »" if book.series else f"« {book.title} »"


def _price(amount: Decimal | None) -> str:
    return f"{amount:.2f} €".replace(".", ",")
