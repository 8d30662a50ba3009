"""What is registered: a venue that uses a known software is a row, not code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from catalogue.database import Connection, Pool
from connectors.registry import entry
from sync.cron import parse
from sync.providers import provider_of
from sync.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSource:
    """What registering needs. `settings` may hold secrets; they are sealed."""

    connector: str
    account: str
    label: str
    licence: str
    settings: Mapping[str, Any]
    venue_id: int | None = None
    trust: int = 50
    sales_seen: str = "never"
    allow_private: bool = False
    every_minutes: int = 1440
    cron: str | None = None
    """Five fields, by the venue's clock (`sync/cron.py`); wins over the interval."""
    expected: tuple[int, int] | None = None
    """How many records a whole reading should name; None: the connector's own range."""
    guard_share: float | None = None
    """Share of its records that may go in one run without a person; None: the connector's own."""


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source as lists show it, with its last run."""

    id: int
    connector: str
    account: str
    label: str
    licence: str
    venue: str | None
    paused_why: str | None
    stale_since: datetime | None
    due_at: datetime | None
    state: str | None
    mode: str | None
    started_at: datetime | None
    ended_at: datetime | None
    records: int | None
    created: int | None
    changed: int | None
    unchanged: int | None
    rejected: int | None
    withdrawn: int | None
    message: str | None
    is_partial: bool | None
    rows_read: int | None
    rows_expected: int | None


async def register(conn: Connection, vault: Vault, new: NewSource) -> int:
    """The source's id; registering it again updates how it is read.

    It is due at once. `SettingsRefused` names a bad setting, `CronRefused` an expression that cannot be read.
    """
    connector = entry(new.connector)
    provider = provider_of(new.connector, new.settings)
    if new.cron is not None:
        parse(new.cron)
    least, most = new.expected or connector.manifest.expected
    plain, secrets = connector.split_secrets(new.settings)
    async with conn.transaction():
        source_id: int = await conn.fetchval(
            """
            insert into source (connector, account, label, venue_id, licence, trust, sales_seen)
            values ($1, $2, $3, $4, $5, $6, $7)
            on conflict (connector, account) do update
            set label = $3, venue_id = $4, licence = $5, trust = $6, sales_seen = $7
            returning id
            """,
            new.connector,
            new.account,
            new.label,
            new.venue_id,
            new.licence,
            new.trust,
            new.sales_seen,
        )
        await conn.execute("insert into provider (name) values ($1) on conflict do nothing", provider)
        await conn.execute(
            """
            insert into feed (source_id, settings, secrets, allow_private, every_minutes, guard_share, cron, provider,
                expected_min, expected_max)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            on conflict (source_id) do update set settings = $2, secrets = $3, allow_private = $4,
                every_minutes = $5, guard_share = $6, cron = $7, provider = $8, expected_min = $9, expected_max = $10,
                paused_why = null, failures = 0, attempts = 0, due_at = now(),
                -- A place midway is good for the settings it was reached with.
                cursor = case when feed.is_midway and feed.settings <> $2 then null else feed.cursor end,
                is_midway = feed.is_midway and feed.settings = $2
            """,
            source_id,
            plain,
            vault.seal({name: str(value) for name, value in secrets.items()}, owner=owner(new.connector, new.account)),
            new.allow_private,
            new.every_minutes,
            new.guard_share if new.guard_share is not None else connector.manifest.guard,
            new.cron,
            provider,
            least,
            most,
        )
    return source_id


def owner(connector: str, account: str) -> str:
    """What a source's sealed secrets are bound to."""
    return f"{connector}:{account}"


async def listed(conn: Connection, source_id: int | None = None) -> Sequence[SourceRow]:
    """All sources, or one, each with its last run."""
    rows = await conn.fetch(
        """
        select s.id, s.connector, s.account, s.label, s.licence, v.name as venue, f.paused_why, s.stale_since,
               nullif(f.due_at, 'infinity') as due_at,
               r.state, r.mode, r.started_at, r.ended_at, r.records, r.created, r.changed, r.unchanged,
               r.rejected, r.withdrawn, r.message, r.is_partial, r.rows_read, r.rows_expected
        from source s join feed f on f.source_id = s.id
        left join venue v on v.id = s.venue_id
        left join lateral (select * from run where source_id = s.id order by id desc limit 1) r on true
        where $1::bigint is null or s.id = $1 order by s.id
        """,
        source_id,
    )
    return [SourceRow(**row) for row in rows]


@dataclass(frozen=True, slots=True)
class FeedState:
    """How a source is set up, without its secrets. `version` changes with any of its settings."""

    connector: str
    settings: Mapping[str, Any]
    has_secrets: bool
    version: str


async def feed_state(conn: Connection | Pool, source_id: int) -> FeedState | None:
    """The set-up of a source, or None where nothing is read from it."""
    row = await conn.fetchrow(
        """
        select s.connector, f.settings, f.secrets is not null as has_secrets,
               md5(f.settings::text || coalesce(encode(f.secrets, 'hex'), '')) as version
        from source s join feed f on f.source_id = s.id where s.id = $1
        """,
        source_id,
    )
    return None if row is None else FeedState(**row)
