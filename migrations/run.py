"""Applies the migrations, or says that they are applied."""

from __future__ import annotations

from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

HERE = Path(__file__).parent
LOCK = 0x7061_7373
"""Advisory lock: of several processes that start at once, one migrates and the others wait."""


def config() -> Config:
    """Alembic's configuration, without an ini file: there is one place and one history."""
    made = Config()
    # ConfigParser reads % as its own; a path may hold one.
    made.set_main_option("script_location", str(HERE).replace("%", "%%"))
    return made


async def upgrade(database_url: str) -> None:
    """Brings the database to the newest revision, in one transaction, once at a time."""
    engine = create_async_engine(sqlalchemy_url(database_url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"select pg_advisory_xact_lock({LOCK})")
            await connection.exec_driver_sql("set local lock_timeout = '4s'")
            await connection.run_sync(_upgrade)
    finally:
        await engine.dispose()


async def is_current(pool: asyncpg.Pool) -> bool:
    """Whether the database stands at this code's newest revision."""
    if not await pool.fetchval("select to_regclass('alembic_version') is not null"):
        return False
    at: str | None = await pool.fetchval("select version_num from alembic_version")
    return at == ScriptDirectory.from_config(config()).get_current_head()


def sqlalchemy_url(database_url: str) -> str:
    """The same address in SQLAlchemy's words."""
    scheme, rest = database_url.split("://", 1)
    if scheme not in ("postgres", "postgresql"):
        raise ValueError(f"adresse de base de données inconnue : {scheme}://")
    return f"postgresql+asyncpg://{rest}"


def _upgrade(connection: Connection) -> None:
    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, "head")
