"""The order in which all cinema protocols tell: a film, its run at a cinema, each session with its stock.

What is told twice is told once. What hangs on a row that is refused is refused by name with it, so that none of it
counts as gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from msgspec import Struct

from connectors.base import Change, Reject, Upsert
from connectors.films import film_identifiers
from connectors.rows import raw
from schemas.records import Event, Kind, Session, SourceRef, Stock, Venue, Work

ReadWork = Callable[[SourceRef], Work]
ReadSession = Callable[[SourceRef, str], Session]
"""Of the session's name and its event's key. Raises ValueError, in French."""
ReadStock = Callable[[SourceRef], Stock | None]


class Showing(Struct, frozen=True, kw_only=True):
    """One session as a connector found it, not read yet."""

    key: str
    row: Any
    """What is kept where it is refused: enough to read it again by itself."""
    film: str
    """Key of its film."""
    session: ReadSession
    stock: ReadStock | None = None
    part: str = ""
    """The stock's part, its price category; the stock has the session's key."""
    site: str | None = None
    """Key of its cinema, where the source tells of several as venues."""
    run: str | None = None
    """Key of the film's run there; by default the film's, after the site's where there is one."""


class Screenings:
    """One reading's films, runs and sessions, in the order they must be told."""

    def __init__(self, connector: str, account: str, *, is_duo: bool, subcategory: str = "SEANCE_CINE") -> None:
        self._connector, self._account = connector, account
        self._is_duo, self._subcategory = is_duo, subcategory
        self._films: dict[str, Work | str] = {}
        self._runs: set[str] = set()
        self._sessions: set[str] = set()
        self._sites: set[str] = set()

    def ref(self, key: str, part: str = "") -> SourceRef:
        return SourceRef(connector=self._connector, account=self._account, key=key, part=part)

    def site(self, key: str, row: Any, read: Callable[[SourceRef], Venue]) -> Iterator[Change]:
        """The cinema, once."""
        if key in self._sites:
            return
        self._sites.add(key)
        ref = self.ref(key)
        try:
            yield Upsert(read(ref))
        except ValueError as error:
            yield Reject(str(error), raw(row), Kind.VENUE, ref)

    def film(self, key: str, row: Any, read: ReadWork) -> Iterator[Change]:
        """The work, once."""
        if key in self._films:
            return
        ref = self.ref(key)
        try:
            work = read(ref)
        except ValueError as error:
            self._films[key] = str(error)
            yield Reject(str(error), raw(row), Kind.WORK, ref)
            return
        self._films[key] = work
        yield Upsert(work)

    def unnamed_film(self, key: str, **numbers: object) -> Iterator[Change]:
        """A film that a recorded programme only numbers: what it is called stands in an answer that was not kept."""
        if key not in self._films:
            title = f"Film n° {key}"
            work = Work(ref=self.ref(key), title=title, type="film", identifiers=film_identifiers(**numbers))
            self._films[key] = work
            yield Upsert(work, notes=("titre absent de l'enregistrement",))

    def showing(self, one: Showing, *, is_duo: bool | None = None, subcategory: str | None = None) -> Iterator[Change]:
        """The run before its first session, the session, its stock. `is_duo` of this run, the source's if None.

        The film was given to `film` before; one that never was is refused by name.
        """
        if one.key in self._sessions:
            return
        self._sessions.add(one.key)
        film = self._films.get(one.film, f"film inconnu : {one.film[:60]}")
        run = one.run or (one.film if one.site is None else f"{one.site} {one.film}")
        if run not in self._runs:
            self._runs.add(run)
            if isinstance(film, str):
                if one.film not in self._films:
                    yield Reject(film, raw(one.row), Kind.WORK, self.ref(one.film))
                yield Reject(film, raw(one.row), Kind.EVENT, self.ref(run))
            else:
                duo = self._is_duo if is_duo is None else self._is_duo and is_duo
                yield Upsert(self._event(film, run, one.site, subcategory or self._subcategory, is_duo=duo))
        ref, stock = self.ref(one.key), self.ref(one.key, one.part)
        try:
            if isinstance(film, str):
                raise ValueError(film)
            yield Upsert(one.session(ref, run))
        except ValueError as error:
            yield Reject(str(error), raw(one.row), Kind.SESSION, ref)
            if one.stock is not None:
                yield Reject("sa séance est refusée", raw(one.row), Kind.STOCK, stock)
            return
        if one.stock is None:
            return
        try:
            found = one.stock(stock)
        except ValueError as error:
            yield Reject(str(error), raw(one.row), Kind.STOCK, stock)
            return
        if found is not None:
            yield Upsert(found)

    def _event(self, film: Work, run: str, site: str | None, subcategory: str, *, is_duo: bool) -> Event:
        return Event(
            ref=self.ref(run),
            title=film.title,
            subcategory=subcategory,
            venue_key=site,
            work_key=film.ref.key,
            contributors=film.contributors,
            description=film.description,
            duration_minutes=film.duration_minutes,
            genres=film.genres,
            is_duo=is_duo,
        )
