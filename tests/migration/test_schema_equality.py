"""A database built by all migrations is the database the models declare."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import asyncpg
import pytest
from sqlalchemy.ext.asyncio import create_async_engine

from migrations.models import EXTENSIONS, METADATA
from migrations.run import sqlalchemy_url, upgrade
from service.engines.databases import drop_database, ensure_database
from service.engines.lifetime import EngineUrls

IN_PUBLIC = "n.nspname = 'public' and c.relname <> 'alembic_version'"
ASPECTS = {
    "tables": f"""
        select c.relname, c.relkind::text, c.relpersistence::text, c.reloptions::text
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where {IN_PUBLIC} and c.relkind in ('r', 'p', 'v', 'm', 'f')""",
    "columns": f"""
        select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
               a.attgenerated::text, pg_get_expr(d.adbin, d.adrelid), a.attcollation::regcollation::text
        from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where {IN_PUBLIC} and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped""",
    "constraints": f"""
        select c.relname, k.conname, k.contype::text, pg_get_constraintdef(k.oid), k.condeferrable, k.condeferred,
               k.convalidated
        from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_namespace n on n.oid = c.relnamespace
        where {IN_PUBLIC}""",
    "indexes": f"""
        select c.relname, pg_get_indexdef(i.indexrelid), i.indisunique, i.indisvalid, i.indnullsnotdistinct
        from pg_index i join pg_class c on c.oid = i.indrelid join pg_namespace n on n.oid = c.relnamespace
        where {IN_PUBLIC}""",
    "triggers": f"""
        select c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled::text
        from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace
        where {IN_PUBLIC} and not t.tgisinternal""",
    "functions": """
        select p.proname, pg_get_functiondef(p.oid) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'public' and p.prokind in ('f', 'p')
          and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')""",
    "sequences": """
        select sequencename::text, data_type::text, start_value, min_value, max_value, increment_by, cycle, cache_size
        from pg_sequences where schemaname = 'public'""",
    "extensions": "select extname::text from pg_extension",
}

Schema = dict[str, set[tuple[object, ...]]]
Make = Callable[[str], str]


@pytest.fixture
def make(engine_urls: EngineUrls, session_name: str) -> Iterator[Make]:
    """Makes empty databases and drops them afterwards."""
    made = []

    def one(suffix: str) -> str:
        name = f"{session_name}_{suffix}"
        made.append(name)
        return asyncio.run(ensure_database(engine_urls.database, name))

    yield one
    for name in made:
        asyncio.run(drop_database(engine_urls.database, name))


def test_the_migrations_build_what_the_models_declare(make: Make) -> None:
    """No table, column, default, constraint, index, trigger, function or sequence differs; and one that did
    would be seen."""
    declared, migrated = make("declared"), make("migrated")
    asyncio.run(_create_all(declared))
    asyncio.run(upgrade(migrated))
    wanted = asyncio.run(_schema(declared))

    assert _differences(wanted, asyncio.run(_schema(migrated))) == {}
    assert len(wanted["tables"]) > 30
    assert all(wanted[aspect] for aspect in ASPECTS)

    for aspect, change in {
        "columns": "alter table supply alter column seen set default 1",
        "constraints": "alter table session drop constraint session_order",
        "indexes": "drop index offer_event; create index offer_event on offer (event_id, venue_id)",
        "triggers": "drop trigger booking_stays on booking",
        "functions": "create function more() returns int language sql as 'select 1'",
        "sequences": "alter sequence change_position cache 32",
        "tables": "alter table supply set (fillfactor = 70)",
        "extensions": "drop extension pg_trgm cascade",
    }.items():
        seen = asyncio.run(_schema(migrated, after=change))
        assert aspect in _differences(wanted, seen), change


def test_migrating_twice_or_at_once_is_migrating_once(make: Make) -> None:
    """Several processes that start together leave one schema, and a later one finds nothing to do."""
    url = make("at_once")

    async def together() -> None:
        await asyncio.gather(*(upgrade(url) for _ in range(3)))
        await upgrade(url)

    asyncio.run(together())
    assert len(asyncio.run(_schema(url))["tables"]) > 30


async def _create_all(url: str) -> None:
    engine = create_async_engine(sqlalchemy_url(url))
    async with engine.begin() as connection:
        for extension in EXTENSIONS:
            await connection.exec_driver_sql(f"create extension {extension}")
        await connection.run_sync(METADATA.create_all)
    await engine.dispose()


async def _schema(url: str, after: str = "select") -> Schema:
    connection = await asyncpg.connect(url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(after)
        found = {aspect: {tuple(row) for row in await connection.fetch(query)} for aspect, query in ASPECTS.items()}
        await transaction.rollback()
    finally:
        await connection.close()
    return found


def _differences(wanted: Schema, seen: Schema) -> Schema:
    return {aspect: wanted[aspect] ^ seen[aspect] for aspect in ASPECTS if wanted[aspect] != seen[aspect]}
