"""Events of an agenda published on an Opendatasoft portal: OpenAgenda's export, or a town's own.

Document: Opendatasoft, Explore API v2.1 and Search API v1.0, read in 2026. Read by
`GET /api/explore/v2.1/catalog/datasets/{dataset}/exports/jsonl`, one streamed answer without the 10,000 rows that
paging ends at, or by `/api/records/1.0/download` of portals that know v1 only.

- Cursor: the moment before the request, UTC; the next reading asks `where updatedat >= …`, a closed start, where the
  dataset has such a field. Without one (`updated_field` empty), or by v1, every reading is whole.
- Order: none.
- It can repeat: a portal re-publishes a dataset while it is exported; a key told twice is told once.
- Deletions are not told: what a whole reading does not name is gone. A reading of changes restates an event's dates.
- Edits appear when the portal harvests its source, often a night later: the source's `updatedat` is older than its
  appearance here, so each reading goes back two days before the one before.
- An agenda has no category of ours: settings say what its events are.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import Any, ClassVar, Literal, cast

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.base import Change, Checkpoint, Cursor, Reject
from connectors.documents import files
from connectors.failures import Failures
from connectors.filing import FilingSettings
from connectors.manifest import Manifest
from connectors.openagenda_events import event_changes
from connectors.openagenda_venues import Venues
from connectors.opendatasoft_events import event_of, is_openagenda
from connectors.opendatasoft_fields import key_in, listing_of
from connectors.opendatasoft_rows import line_of, recorded_rows, rows_of
from connectors.rows import key_of, raw, row_of
from connectors.settings import address
from connectors.times import Clock, instant, zulu
from connectors.told import Teller
from net.client import Http
from net.errors import FeedChanged
from schemas.records import Kind

MANIFEST = Manifest(
    title="Agenda sur un portail Opendatasoft",
    document="Opendatasoft, Explore API v2.1 et Search API v1.0, lues en 2026",
    kinds=frozenset({Kind.VENUE, Kind.EVENT, Kind.SESSION}),
    incremental=True,
    deletions=False,
    sells=False,
    expected=(1, 500_000),
    guard=0.7,
)
_OVERLAP = timedelta(days=2)
_LONGEST_LINE = 32 * 1024 * 1024


class OpendatasoftSettings(FilingSettings):
    """One dataset of one portal, and how its events are filed."""

    base_url: str | None = Field(
        default=None, title="Adresse du portail", description="Par exemple https://public.opendatasoft.com"
    )
    dataset: str | None = Field(
        default=None, pattern=r"^[A-Za-z0-9_.@-]{1,200}$", title="Identifiant du jeu de données"
    )
    api: Literal["v2.1", "v1"] = Field(default="v2.1", title="Version de l'API du portail")
    key: SecretStr | None = Field(default=None, title="Clé d'API")
    where: str | None = Field(
        default=None, max_length=500, title="Filtre ODSQL", description='Par exemple location_city="Brest"'
    )
    updated_field: Literal["updatedat", "updated_at", "record_timestamp", "aucun"] = Field(
        default="updatedat",
        title="Champ de la date de modification",
        description="aucun : le jeu n'en a pas, chaque lecture est entière.",
    )

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> OpendatasoftSettings:
        self.require("base_url", "dataset")
        return self

    def account(self) -> str:
        return self.dataset or super().account()


class Opendatasoft:
    """Reads one dataset. See the module for what the feed promises."""

    name: ClassVar[str] = "opendatasoft"

    def __init__(self, settings: OpendatasoftSettings, http: Http | None, *, account: str, clock: Clock) -> None:
        self._settings, self._http, self.account, self._clock = settings, http, account, clock

    async def pull(self, since: Cursor | None) -> AsyncIterator[Change]:
        """Events with their venues before them. Raises the failures of `net.errors`."""
        now = self._clock()  # before the request, so that later edits come again
        is_delta = since is not None and self._is_incremental
        reader = _Reader(self._settings, self.name, self.account, restated=is_delta)
        if self._settings.path is not None:
            failures = Failures()
            for file in files(self._settings.path):
                with failures.kept():
                    for row in recorded_rows(file, now=now):
                        for change in reader.changes(row):
                            yield change
            failures.end()
        else:
            rows = self._lines(since if is_delta else None) if self._settings.api == "v2.1" else self._download()
            async with aclosing(rows) as told:
                async for row in told:
                    for change in reader.changes(row):
                        yield change
        yield Checkpoint(Cursor(zulu(now)), complete=not is_delta and reader.all_named, read=reader.rows)

    def reread(self, kept: Reject) -> Iterator[Change]:
        """An event with its place and dates; a date alone does not say of which event it is."""
        row = row_of(kept.raw)
        if row is not None and kept.kind is Kind.EVENT:
            yield from _Reader(self._settings, self.name, self.account, restated=False).changes(row)

    @property
    def _is_incremental(self) -> bool:
        settings = self._settings
        return settings.path is None and settings.api == "v2.1" and settings.updated_field != "aucun"

    async def _lines(self, since: Cursor | None) -> AsyncGenerator[Any]:
        settings = self._settings
        url = f"{settings.base_url}/api/explore/v2.1/catalog/datasets/{settings.dataset}/exports/jsonl"
        clauses = [f"({settings.where})"] if settings.where else []
        if since is not None:
            clauses.append(f"{settings.updated_field} >= date'{_earlier(since)}'")
        params = {"where": " and ".join(clauses)} if clauses else {}
        stream = cast(AsyncGenerator[bytes], self._asked().stream(url, params=params, headers=self._headers()))
        rest = b""
        async with aclosing(stream) as body:
            async for piece in body:
                *lines, rest = (rest + piece).split(b"\n")
                for line in lines:
                    if line.strip():
                        yield line_of(line, place=url)
                if len(rest) > _LONGEST_LINE:
                    raise FeedChanged("ligne sans fin", place=url)
        if rest.strip():
            yield line_of(rest, place=url)

    async def _download(self) -> AsyncGenerator[Any]:
        settings = self._settings
        url = f"{settings.base_url}/api/records/1.0/download/"
        params = {"dataset": str(settings.dataset), "format": "json"}
        params |= {"q": settings.where} if settings.where else {}
        answer = await self._asked().get(url, params=params, headers=self._headers())
        for row in rows_of(answer, place=url):
            yield row

    def _asked(self) -> Http:
        if self._http is None:
            raise FeedChanged("ni adresse ni connexion pour lire la source")
        return self._http

    def _headers(self) -> dict[str, str]:
        key = self._settings.key
        # The key travels in a header: addresses end up in logs.
        return {"Accept": "application/json"} | ({"Authorization": f"Apikey {key.get_secret_value()}"} if key else {})


class _Reader:
    """One reading's rows into changes, whichever of the two shapes each has."""

    def __init__(self, settings: OpendatasoftSettings, connector: str, account: str, *, restated: bool) -> None:
        self._connector, self._account, self._restated = connector, account, restated
        self._filing, self._zone = settings.filing(), settings.time_zone
        self._teller = Teller(connector, account, settings.time_zone)
        self._venues = Venues(connector, account, settings.time_zone)
        self._uids: set[str] = set()
        self.rows = 0
        self.all_named = True
        """False once a row was rejected whose key nobody can tell: it must not count as gone."""

    def changes(self, row: Any) -> Iterator[Change]:
        self.rows += 1
        for change in self._openagenda(row) if is_openagenda(row) else self._agenda(row):
            if isinstance(change, Reject) and change.ref is None and change.kind is Kind.EVENT:
                self.all_named = False
            yield change

    def _openagenda(self, row: dict[str, Any]) -> Iterator[Change]:
        uid = key_of(row.get("uid"))
        if uid is not None and uid in self._uids:
            return
        try:
            event = event_of(row, self._zone)
        except ValueError as error:
            yield self._teller.reject(str(error), raw(row), uid)
            return
        if uid is not None:
            self._uids.add(uid)
        for change in event_changes(
            event,
            self._connector,
            self._account,
            venues=self._venues,
            restated=self._restated,
            filing=self._filing,
        ):
            # What is kept for replay is the portal's own row.
            if isinstance(change, Reject) and change.kind is Kind.EVENT:
                change = Reject(change.why, raw(row), Kind.EVENT, change.ref)
            yield change

    def _agenda(self, row: Any) -> Iterator[Change]:
        try:
            listing = listing_of(row, self._filing, self._zone, restated=self._restated)
        except ValueError as error:
            yield self._teller.reject(str(error), raw(row), key_in(row))
            return
        if listing.key not in self._uids:
            self._uids.add(listing.key)
            yield from self._teller.changes(listing)
        else:
            # Many a dataset has a row for each date of an event.
            yield from self._teller.more_dates(listing)


def _earlier(since: Cursor) -> str:
    try:
        moment: datetime = instant(since)
    except ValueError:
        raise FeedChanged("point de reprise illisible") from None
    return zulu(moment - _OVERLAP, timespec="seconds")
