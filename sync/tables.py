"""How sources are read: their feeds, runs, what was seen, what was refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from catalogue.columns import BYTEWISE, EMPTY_JSON, UPDATED_IN_PLACE, moment, reference, surrogate

EMPTY_LIST = text("'[]'::jsonb")
COUNT = {"server_default": text("0")}


class Feed(SQLModel, table=True):
    """How one source is read, up to where, and who is reading it now."""

    __table_args__: ClassVar[Any] = (
        CheckConstraint("guard_share between 0 and 1", name="feed_guard_share"),
        CheckConstraint("expected_min <= expected_max", name="feed_expected"),
        CheckConstraint("guard_bookings >= 0", name="feed_guard_bookings"),
        CheckConstraint("failures >= 0 and attempts >= 0", name="feed_counts"),
        # What is due, provider by provider; and who is at work there.
        Index("feed_due", "provider", "due_at", postgresql_where=text("paused_why is null")),
        Index("feed_leased", "provider", postgresql_where=text("lease_until is not null")),
        Index("feed_fresh_until", "fresh_until", postgresql_where=text("fresh_until is not null")),
        UPDATED_IN_PLACE,
    )

    source_id: int = Field(sa_column=Column(BigInteger, ForeignKey("source.id"), primary_key=True))
    settings: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    secrets: bytes | None = Field(sa_column=Column(LargeBinary))
    """The settings that are secrets, encrypted."""
    allow_private: bool = Field(sa_column_kwargs={"server_default": text("false")})
    """Its addresses may be private ones: the sandbox's, or a till on the venue's own network."""
    provider: str | None = Field(sa_column=Column(Text, ForeignKey("provider.name")))
    """Who answers: its limits and its kill switch hold for all its sources together. None: no limit."""
    every_minutes: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("1440")))
    cron: str | None = Field(sa_type=Text)
    """When it is read, by its venue's clock; wins over the interval."""
    guard_share: float = Field(sa_column_kwargs={"server_default": text("0.3")})
    """A sweep that would take more than this share of what the source had stops and asks."""
    guard_bookings: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("5")))
    """A run that would cancel more bookings than this handful stops and asks."""
    expected_min: int | None = Field(sa_column=Column(Integer))
    expected_max: int | None = Field(sa_column=Column(Integer))
    cursor: str | None = Field(sa_type=Text)
    generation: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    snapshot_open: bool = Field(sa_column_kwargs={"server_default": text("false")})
    """A generation was begun and is not complete: what it names is noted until its sweep."""
    is_midway: bool = Field(sa_column_kwargs={"server_default": text("false")})
    """`cursor` is a place within a reading that has not come to its end: the next run goes on there."""
    due_at: datetime = moment(required=True)
    attempts: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    """Runs begun by the clock since one last came to an end: those whose worker died."""
    failures: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    """How often in a row it failed; the next try waits the longer."""
    answered_at: datetime | None = moment()
    """The last good answer."""
    fresh_until: datetime | None = moment()
    """Without a good answer until then, what it sells is hidden; null where nothing was promised."""
    zeroed_at: datetime | None = moment()
    """It stayed without an answer so long that its stocks were emptied; the next reading reads all."""
    paused_why: str | None = Field(sa_type=Text)
    lease_owner: str | None = Field(sa_type=Text)
    lease_until: datetime | None = moment()
    fence: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    """Rises with each lease: a worker that lost its lease cannot commit."""


class Ticketing(SQLModel, table=True):
    """The ticketing that sells a source's seats, where it is another system than the one its programme is read from."""

    source_id: int = Field(sa_column=Column(BigInteger, ForeignKey("source.id"), primary_key=True, autoincrement=False))
    seller: str = Field(sa_type=Text)
    """A name of `connectors/sellers.py`."""
    settings: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    secrets: bytes | None = Field(sa_column=Column(LargeBinary))
    """The settings that are secrets, encrypted."""
    allow_private: bool = Field(sa_column_kwargs={"server_default": text("false")})


class Provider(SQLModel, table=True):
    """Who answers for some sources (a protocol at a host): what all workers on all machines respect together."""

    __table_args__: ClassVar[Any] = (
        CheckConstraint("most_runs > 0", name="provider_most_runs"),
        CheckConstraint("per_second > 0", name="provider_per_second"),
    )

    name: str = Field(sa_column=Column(Text, primary_key=True))
    most_runs: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("4")))
    """So many of its sources are read at once; those at work are the feeds under lease."""
    per_second: float | None = None
    """So many requests are made in a second, by all runs together; null: no limit."""
    next_request_at: datetime | None = moment()
    """The moment the next request may be made, when all that were granted before are over."""
    failures: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    """Runs that found it unavailable since one last did not."""
    failing: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")))
    """The ids of those runs' sources."""
    opened_at: datetime | None = moment()
    """The circuit is open since then: it is held to be down, and only a probe is sent now and then."""
    probe_at: datetime | None = moment()
    probes: int = Field(sa_column=Column(Integer, nullable=False, server_default=text("0")))
    stopped_at: datetime | None = moment()
    """A person pulled the kill switch: nothing of it is read."""


class Alert(SQLModel, table=True):
    """What somebody must be told, once: a change of state, never the state."""

    __table_args__: ClassVar[Any] = (Index("alert_untold", "id", postgresql_where=text("told_at is null")),)

    id: int = surrogate()
    kind: str = Field(sa_type=Text)
    subject: str = Field(sa_type=Text)
    """`provider:…`, `source:…` or `run:…`."""
    at: datetime = moment(required=True)
    message: str = Field(sa_type=Text)
    told_at: datetime | None = moment()


class Run(SQLModel, table=True):
    """One reading of one source, and its report."""

    __table_args__: ClassVar[Any] = (
        CheckConstraint("state in ('running', 'done', 'failed', 'guarded', 'lost')", name="run_state"),
        CheckConstraint("mode in ('full', 'incremental')", name="run_mode"),
        Index("run_source", "source_id", "id"),
        Index("run_ended", "ended_at"),
        Index("run_asked", "id", postgresql_where=text("release_asked_at is not null and state = 'guarded'")),
        UPDATED_IN_PLACE,
    )

    id: int = surrogate()
    source_id: int = reference("source.id", required=True)
    mode: str = Field(sa_type=Text)
    generation: int
    fence: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False, server_default=text("'running'")))
    started_at: datetime = moment(required=True)
    ended_at: datetime | None = moment()
    records: int = Field(sa_column_kwargs=COUNT)
    created: int = Field(sa_column_kwargs=COUNT)
    changed: int = Field(sa_column_kwargs=COUNT)
    unchanged: int = Field(sa_column_kwargs=COUNT)
    repeated: int = Field(sa_column_kwargs=COUNT)
    """Named twice in one batch; the last word counts."""
    rejected: int = Field(sa_column_kwargs=COUNT)
    withdrawn: int = Field(sa_column_kwargs=COUNT)
    zeroed: int = Field(sa_column_kwargs=COUNT)
    """Stocks of which there were some and of which there are none now."""
    kept_sold: int = Field(sa_column_kwargs=COUNT)
    """Gone at the provider but already sold by us: taken off sale, not cancelled."""
    cancelled_bookings: int = Field(sa_column_kwargs=COUNT)
    """Of sessions that this run cancelled."""
    moved_bookings: int = Field(sa_column_kwargs=COUNT)
    """Of sessions that begin at another time since this run."""
    reading: int | None = Field(sa_column=Column(BigInteger))
    """The first run of the reading that this one went on with; null where it began one."""
    is_partial: bool = Field(sa_column_kwargs={"server_default": text("false")})
    """It stopped midway to let others be read, and the next run goes on."""
    is_released: bool = Field(sa_column_kwargs={"server_default": text("false")})
    """A person had looked: its reading is not guarded."""
    pages: int = Field(sa_column_kwargs=COUNT)
    """Answers of the provider."""
    bytes_read: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    rows_read: int | None = Field(sa_column=Column(Integer))
    """Rows of the provider's own that the reading has come to, earlier slices included."""
    rows_expected: int | None = Field(sa_column=Column(Integer))
    """Rows that the provider says there are."""
    seconds: dict[str, float] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_JSON))
    """By stage: fetch, parse, merge, commit, sweep."""
    first_errors: list[Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_LIST))
    """The first rows refused, five at most: why, kind, key, page."""
    moved: int = Field(sa_column_kwargs=COUNT)
    """Sessions that begin at another time than before."""
    first_moves: list[Any] = Field(sa_column=Column(JSONB, nullable=False, server_default=EMPTY_LIST))
    """The first of them, twenty at most: key, title, from, to."""
    failure: str | None = Field(sa_type=Text)
    """unavailable, denied, changed, settings, guarded, lost or bug, where it did not end well."""
    message: str | None = Field(sa_type=Text)
    release_asked_at: datetime | None = moment()
    """When somebody of the venue let pass what a guard held back; a worker does it."""


class Seen(SQLModel, table=True):
    """What the slices of a full snapshot have named so far; the sweep takes what is not here.

    Kind 0 stands for rejected rows without a name, by their digest: they could be any of the missing ones.
    """

    __table_args__: ClassVar[Any] = ()

    source_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    generation: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    kind: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    part: str = Field(sa_column=Column(Text, primary_key=True))


class StockPage(SQLModel, table=True):
    """A page of a till's last whole reading: the keys it named, and the digest it is known by."""

    __tablename__ = "stock_page"
    __table_args__: ClassVar[Any] = ()

    source_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    place: str = Field(sa_column=Column(Text, primary_key=True))
    """The key after which it begins; empty for the first."""
    digest: bytes | None = Field(sa_column=Column(LargeBinary))
    """None: it must be read again."""
    reading: int = Field(sa_column=Column(BigInteger, nullable=False))
    """The first run of the reading that showed it last."""
    rows: int
    announced: int
    """Rows that it said there are in all; 0 where it did not."""
    first: str = Field(sa_column=Column(Text(collation=BYTEWISE), nullable=False))
    last: str = Field(sa_column=Column(Text(collation=BYTEWISE), nullable=False))
    keys: list[str] = Field(sa_column=Column(ARRAY(Text(collation=BYTEWISE)), nullable=False))


class SessionMiss(SQLModel, table=True):
    """A booked session that its source no longer had, once: a second word cancels it, a sight of it clears this."""

    __tablename__ = "session_miss"
    __table_args__: ClassVar[Any] = ()

    source_id: int = Field(sa_column=Column(BigInteger, ForeignKey("source.id"), primary_key=True))
    key: str = Field(sa_column=Column(Text, primary_key=True))
    part: str = Field(sa_column=Column(Text, primary_key=True))
    run_id: int = Field(sa_column=Column(BigInteger, nullable=False))
    """The run that missed it first."""
    missed_at: datetime = moment(required=True)


class Quarantine(SQLModel, table=True):
    """A row that was refused: as received, why, by which run, how often. Nothing is lost silently."""

    __table_args__: ClassVar[Any] = (
        UniqueConstraint("source_id", "digest"),
        Index("quarantine_waiting", "source_id", "key", postgresql_where=text("resolved_at is null")),
    )

    id: int = surrogate()
    source_id: int = reference("source.id", required=True)
    run_id: int = reference("run.id", required=True)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    kind: int | None = Field(sa_column=Column(SmallInteger))
    key: str | None = Field(sa_type=Text)
    part: str | None = Field(sa_type=Text)
    why: str = Field(sa_type=Text)
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    times_seen: int = Field(sa_column_kwargs={"server_default": text("1")})
    first_seen_at: datetime = moment(required=True)
    last_seen_at: datetime = moment(required=True)
    resolved_at: datetime | None = moment()
