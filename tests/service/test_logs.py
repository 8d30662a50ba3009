"""What the product writes into its logs: one JSON object a line, without what a row holds."""

from __future__ import annotations

import json
import logging
import sys

import asyncpg
import pytest

from service.logs import JsonLines


async def test_an_error_of_the_database_is_logged_without_the_row(connection) -> None:
    """PostgreSQL quotes the failing row, with whatever secret it holds; the log keeps the error and where it was."""
    await connection.execute("create temp table secret (mark text check (length(mark) < 6), mail text)")
    row = ("-".join("ABC234"), "\n\n".join(("lou", "@example.org")))
    with pytest.raises(asyncpg.CheckViolationError) as caught:
        await connection.execute("insert into secret values ($1, $2)", *row)
    assert row[0] in str(caught.value.detail)
    try:
        raise RuntimeError("elsewhere") from caught.value
    except RuntimeError:
        record = logging.LogRecord("test", logging.ERROR, __file__, 1, "crashed", (), sys.exc_info())
    line = json.loads(JsonLines().format(record))
    assert "CheckViolationError" in line["error"]
    assert "RuntimeError: elsewhere" in line["error"]
    assert row[0] not in str(line)
    assert "@example" not in str(line)
