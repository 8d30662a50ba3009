"""Databases are created, cloned and dropped on a real server, and only those that are ours."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from service.engines.databases import (
    clone_database,
    database_names,
    drop_database,
    ensure_database,
    prepare_database,
    with_database,
)
from service.engines.errors import EngineError
from service.engines.lifetime import EngineUrls
from service.settings import Settings


async def test_a_database_is_created_once_by_many(engine_urls: EngineUrls, session_name: str) -> None:
    """Ten processes that want the same new database at once all get it, with French letters lowered."""
    name = f"{session_name}_many"
    urls = await asyncio.gather(*(ensure_database(engine_urls.database, name) for _ in range(10)))
    assert {with_database(engine_urls.database, name)} == set(urls)
    connection = await asyncpg.connect(urls[0])
    try:
        assert (name, "été") == tuple(await connection.fetchrow("SELECT current_database(), lower('ÉTÉ')"))
    finally:
        await connection.close()
    await drop_database(engine_urls.database, name)
    assert await database_names(engine_urls.database, name) == []


async def test_a_clone_holds_what_its_template_held(engine_urls: EngineUrls, session_name: str) -> None:
    """A clone starts with the template's rows and lives its own life."""
    url = await ensure_database(engine_urls.database, f"{session_name}_origin")
    connection = await asyncpg.connect(url)
    await connection.execute("CREATE TABLE towns AS SELECT 'Brest' AS name")
    await connection.close()
    copy = await clone_database(engine_urls.database, f"{session_name}_origin", f"{session_name}_copy")
    connection = await asyncpg.connect(copy)
    try:
        assert await connection.fetchval("SELECT name FROM towns") == "Brest"
    finally:
        await connection.close()


@pytest.mark.parametrize("name", ["postgres", "passerelle", "template1", 'passerelle_";x', "passerelle_", "autre"])
async def test_a_database_that_is_not_ours_is_left_alone(engine_urls: EngineUrls, name: str) -> None:
    """Neither created nor dropped, whatever the server allows."""
    with pytest.raises(EngineError, match="n'est pas à nous"):
        await drop_database(engine_urls.database, name)
    with pytest.raises(EngineError, match="n'est pas à nous"):
        await ensure_database(engine_urls.database, name)


async def test_a_given_database_is_used_as_it_is(engine_urls: EngineUrls) -> None:
    """Profile main with a DATABASE_URL neither creates nor renames anything; a server that is not there is said so."""
    url = engine_urls.database
    assert url == await prepare_database(Settings(database_url=url), EngineUrls(url, "redis://nowhere", False))
    nowhere = "postgresql://somebody@nowhere.invalid/theirs"
    with pytest.raises(EngineError, match=r"nowhere\.invalid"):
        await prepare_database(Settings(database_url=nowhere), EngineUrls(nowhere, "redis://nowhere", False))


async def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    """The message says where and why, never the password."""
    with pytest.raises(EngineError, match=r"postgresql://me@127\.0\.0\.1:1/x") as caught:
        await ensure_database("postgresql://me:s3cret@127.0.0.1:1/x", "passerelle_test_x")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u:p@h:5433/a?sslmode=require", "postgresql://u:p@h:5433/b?sslmode=require"),
        ("postgresql://u@/a?host=%2Ftmp%2Fx&port=5432", "postgresql://u@/b?host=%2Ftmp%2Fx&port=5432"),
        ("postgres://h", "postgres://h/b"),
        ("postgresql:///a", "postgresql://localhost/b"),
    ],
)
def test_only_the_database_of_an_address_changes(url: str, expected: str) -> None:
    assert expected == with_database(url, "b")
