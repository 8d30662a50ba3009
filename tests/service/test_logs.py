"""What the product writes into its logs: one JSON object a line, without what a row holds."""

from __future__ import annotations

import json
import logging
import sys

import asyncpg
import pytest

from service.logs import JsonLines, configure_logs
from service.settings import Settings


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


def test_what_the_journal_tells_is_not_told_twice() -> None:
    """arq's line for each ring of the bell is left to those who debug; its warnings are everybody's."""
    root, arq = logging.getLogger(), logging.getLogger("arq.worker")
    kept = root.handlers[:], root.level, arq.level
    try:
        for level, expected in (("info", False), ("debug", True)):
            arq.setLevel(logging.NOTSET)
            configure_logs(Settings.from_environment({"PASSERELLE_LOG_LEVEL": level}, profile="test"))
            assert arq.isEnabledFor(logging.INFO) is expected
            assert arq.isEnabledFor(logging.WARNING)
    finally:
        root.handlers[:], root.level = kept[0], kept[1]
        arq.setLevel(kept[2])
