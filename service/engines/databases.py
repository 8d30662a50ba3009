"""Databases on a server: named, created, cloned and dropped.

On a server that is not ours, only databases whose names begin with `passerelle_` are ever created or dropped.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from service.engines.errors import EngineError
from service.engines.lifetime import EngineUrls
from service.settings import Settings

_OURS: Final = re.compile(r"passerelle_[a-z0-9_]{1,50}")
_LOCALES: Final = (
    "ENCODING 'UTF8' LOCALE 'C.UTF-8'",
    "ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'",
    "ENCODING 'UTF8'",
)
"""In order of wish. The second is for PostgreSQL 17 and newer on systems that lack C.UTF-8."""


def with_database(url: str, name: str) -> str:
    """The same server's URL, with this database."""
    parts = urlsplit(url)
    # urlunsplit drops an empty authority, and `postgresql:/name` means another thing.
    return urlunsplit((parts.scheme, parts.netloc or "localhost", f"/{name}", parts.query, ""))


async def prepare_database(settings: Settings, urls: EngineUrls) -> str:
    """The URL of the database this profile works in, created where it is ours to create. Not migrated.

    Profile main with a DATABASE_URL uses that very database, as it is. Raises EngineError.
    """
    name = settings.database_name
    if name is None:
        await (await _connect(urls.database)).close()
        return urls.database
    return await ensure_database(urls.database, name, is_embedded=urls.is_embedded_database)


async def ensure_database(url: str, name: str, *, is_embedded: bool = False) -> str:
    """Creates the database where absent and returns its URL; two processes at once both succeed.

    `url` names any database of the server. Raises EngineError for a name that is not ours or a missing right.
    """
    _refuse_foreign(name, is_embedded=is_embedded)
    connection = await _connect(url)
    try:
        if not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name):
            await _create(connection, name)
    finally:
        await connection.close()
    return with_database(url, name)


async def clone_database(url: str, template: str, name: str) -> str:
    """Creates the database as a copy of `template`, which nobody may be connected to, and returns its URL."""
    _refuse_foreign(name)
    connection = await _connect(url)
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()
    return with_database(url, name)


async def drop_database(url: str, name: str) -> None:
    """Drops the database where it exists, whoever is connected. Raises EngineError for a foreign name."""
    _refuse_foreign(name)
    connection = await _connect(url)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


@asynccontextmanager
async def held(url: str, name: str, refusal: str) -> AsyncIterator[None]:
    """While the block lasts no other process holds this name on this server, however either ends.

    Raises EngineError, with `refusal`, where one does. `url` is the same database for all who ask.
    """
    connection = await _connect(url)
    try:
        if not await connection.fetchval("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", name):
            raise EngineError(refusal)
        yield
    finally:
        await connection.close()


async def database_names(url: str, prefix: str) -> list[str]:
    """The names of the server's databases that begin with `prefix`, sorted."""
    connection = await _connect(url)
    try:
        query = "SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY datname"
        return [row["datname"] for row in await connection.fetch(query, prefix)]
    finally:
        await connection.close()


def _refuse_foreign(name: str, *, is_embedded: bool = False) -> None:
    if not (_OURS.fullmatch(name) or (is_embedded and name == "passerelle")):
        raise EngineError(
            f"La base « {name} » n'est pas à nous : seules les bases passerelle_… se créent ou se suppriment."
        )


async def _connect(url: str) -> asyncpg.Connection[asyncpg.Record]:
    try:
        return await asyncpg.connect(url, timeout=30)
    except (OSError, asyncpg.PostgresError, TimeoutError) as error:
        raise EngineError(f"PostgreSQL ne répond pas à {_without_password(url)} : {error}") from error


async def _create(connection: asyncpg.Connection[asyncpg.Record], name: str) -> None:
    for locale in _LOCALES:
        try:
            await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE template0 {locale}')
        except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
            return
        except asyncpg.InsufficientPrivilegeError as error:
            raise EngineError(
                f"Le compte de DATABASE_URL ne peut pas créer la base « {name} » : donnez-lui CREATEDB, "
                "ou créez la base vous-même."
            ) from error
        except (
            asyncpg.PostgresSyntaxError,
            asyncpg.WrongObjectTypeError,
            asyncpg.InvalidParameterValueError,
        ):
            if locale == _LOCALES[-1]:
                raise
        else:
            return


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    user, at, place = parts.netloc.rpartition("@")
    return urlunsplit((parts.scheme, f"{user.partition(':')[0]}{at}{place}", parts.path, "", ""))
