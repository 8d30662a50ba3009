"""What the same stock feed costs others: the database's own limits, a row-by-row upsert, dlt."""

from __future__ import annotations

import getpass
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import asyncpg
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from bench.till import available, ean, price_cents
from migrations.run import sqlalchemy_url


async def bare_limit(database_url: str, rows: int) -> float:
    """Seconds of a bare COPY and one merge statement of the same rows into one table with one key."""
    conn = await asyncpg.connect(database_url)
    await conn.execute("create table bare (ean text primary key, available int, price int)")
    await conn.execute("create temp table came (ean text, available int, price int)")
    records = [(ean(n), available(n), price_cents(n)) for n in range(rows)]
    begun = time.perf_counter()
    async with conn.transaction():
        await conn.copy_records_to_table("came", records=records)
        await conn.execute(
            "insert into bare select * from came order by ean"
            " on conflict (ean) do update set available = excluded.available, price = excluded.price"
        )
    seconds = time.perf_counter() - begun
    await conn.close()
    return seconds


async def model_limit(database_url: str, rows: int) -> float:
    """Seconds of a bare COPY and one statement that writes the same rows into a table like ours.

    The same columns, checks and indexes; nothing to look up or compare: what this data model costs the database alone.
    """
    conn = await asyncpg.connect(database_url)
    await conn.execute("create schema shadow")
    await conn.execute("create table shadow.supply (like public.supply including all)")
    await conn.execute("create temp table arrived (ean text, available int, price int)")
    records = [(ean(n), available(n), price_cents(n)) for n in range(rows)]
    begun = time.perf_counter()
    async with conn.transaction():
        await conn.copy_records_to_table("arrived", records=records)
        await conn.execute(
            """
            insert into shadow.supply (source_id, venue_id, key, ean, available, price_cents, observed_at, generation)
            select 1, 1, ean, ean, available, price, now(), 1 from arrived order by ean
            """
        )
    seconds = time.perf_counter() - begun
    await conn.close()
    return seconds


def row_by_row(database_url: str, rows: int) -> float:
    """Seconds of one SQLAlchemy upsert a row, one transaction a thousand rows, as the original did it."""
    url = sqlalchemy_url(database_url).replace("+asyncpg", "+psycopg2")
    engine = create_engine(url, poolclass=NullPool)
    upsert = text(
        "insert into rowwise values (:ean, :available, :price) on conflict (ean)"
        " do update set available = excluded.available, price = excluded.price"
    )
    with engine.connect() as conn:
        conn.execute(text("create table rowwise (ean text primary key, available int, price int)"))
        conn.commit()
        begun = time.perf_counter()
        for n in range(rows):
            conn.execute(upsert, {"ean": ean(n), "available": available(n), "price": price_cents(n)})
            if n % 1000 == 999:
                conn.commit()
        conn.commit()
        return time.perf_counter() - begun


DLT = """
import json, sys, time
import dlt, requests

address, siret = sys.argv[1:3]

@dlt.resource(name="stocks", write_disposition="merge", primary_key="ref")
def stocks():
    after = None
    while True:
        page = requests.get(f"{address}/stocks/{siret}", params={"after": after} if after else {}).json()["stocks"]
        if not page:
            return
        yield page
        after = page[-1]["ref"]

pipeline = dlt.pipeline("bench", destination="postgres", dataset_name="dlt_bench")
begun = time.perf_counter()
pipeline.run(stocks())
print(json.dumps(time.perf_counter() - begun))
"""


def dlt_load(database_url: str, address: str, siret: str) -> float:
    """Seconds of dlt reading the same pages and merging them by key into the same server."""
    with tempfile.TemporaryDirectory() as home:
        script = Path(home) / "load.py"
        script.write_text(DLT)
        environment = {**os.environ, "HOME": home, "DLT_DATA_DIR": home, **_dlt_settings(database_url)}
        done = subprocess.run(  # noqa: S603 - our own script
            [sys.executable, str(script), address, siret],
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    seconds: float = json.loads(done.stdout.strip().splitlines()[-1])
    return seconds


def _dlt_settings(database_url: str) -> dict[str, str]:
    """The server's address in dlt's words, a Unix socket's folder included."""
    parts = urlsplit(database_url)
    host = parse_qs(parts.query).get("host", [parts.hostname or "localhost"])[0]
    credentials = {
        # dlt writes it into an address as it is.
        "HOST": quote(host, safe=""),
        "PORT": str(parts.port or 5432),
        "USERNAME": parts.username or getpass.getuser(),
        "PASSWORD": parts.password or "none",
        "DATABASE": parts.path.lstrip("/"),
    }
    told = {f"DESTINATION__POSTGRES__CREDENTIALS__{name}": value for name, value in credentials.items()}
    return told | {"RUNTIME__DLTHUB_TELEMETRY": "false"}
