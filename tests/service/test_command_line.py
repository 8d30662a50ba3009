"""The command line as people type it: exit codes, a sentence for every mistake, never a traceback."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import asyncpg
import pytest
from typer.testing import CliRunner

from schemas.ids import public_id
from service.cli import app
from service.engines.databases import held
from service.engines.lifetime import EngineUrls
from service.settings import CHECKOUT

SECONDS = 60


def passerelle(
    *arguments: str, environment: Mapping[str, str] | None = None, output: int = subprocess.PIPE
) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    return subprocess.run(
        [sys.executable, "-m", "service.cli", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONUTF8": "1", "COLUMNS": "80", **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@contextlib.contextmanager
def started(*arguments: str, environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """One command, running in the block; signals come to it as to a terminal's."""
    with subprocess.Popen(
        [sys.executable, "-m", "service.cli", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def given(engine_urls: EngineUrls, database_url: str, tmp_path: Path) -> Mapping[str, str]:
    """An installation of the test's own: a migrated database, a secret, a folder."""
    return {
        "DATABASE_URL": database_url,
        "REDIS_URL": engine_urls.redis,
        "PASSERELLE_SECRET_KEY": base64.b64encode(bytes(32)).decode(),
        "PASSERELLE_HOME": str(tmp_path),
        "PASSERELLE_PROFILE": "main",
    }


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("read", "[/nowhere]"), "connecteur inconnu : « [/nowhere] »"),
        (("read", "onix", "--set", "[bold]"), "réglage illisible : « [bold] »"),
        (("read", "onix", "--set", "path=/nowhere/a[b]c.xml"), "a[b]c.xml"),
        (("read", "onix", "--set", "couleur=bleue"), "couleur : réglage inconnu"),
        (("sync", "run", "un"), "source"),
        (("sync", "release", "99999999999999999999999"), "RUN"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(arguments: tuple[str, ...], said: str) -> None:
    """Exit 2, the words as they were typed (brackets are no markup), no traceback."""
    done = CliRunner().invoke(app, arguments)
    assert (2, "") == (done.exit_code, done.stdout)
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert re.search(r"[A-Z][a-z]+(?:Error|Refused|Connector)\b", done.stderr) is None, "a class's name is no sentence"


@pytest.mark.parametrize(
    ("setting", "value", "command"),
    [
        ("PASSERELLE_PORT", "beaucoup", "serve"),
        ("PASSERELLE_PROFILE", "ailleurs", "audit"),
        ("PASSERELLE_SECRET_KEY", "court", "worker"),
        ("DATABASE_URL", "postgresql://u:motdepasse@127.0.0.1:1/x", "audit"),
        ("DATABASE_URL", "mysql://u:motdepasse@h/x", "migrate"),
        ("REDIS_URL", "redis://127.0.0.1:1", "worker"),
    ],
)
def test_a_wrong_setting_is_told_in_a_sentence(
    given: Mapping[str, str], setting: str, value: str, command: str
) -> None:
    """Whatever the command, a setting or a server that does not answer: exit 2, a sentence, never the password."""
    done = passerelle(command, environment={**given, setting: value})
    assert 2 == done.returncode, done.stderr
    assert "Traceback" not in done.stderr
    assert "motdepasse" not in done.stdout + done.stderr


def test_production_without_a_secret_key_does_not_start(given: Mapping[str, str]) -> None:
    """`serve` on a given database, outside the sandbox, names the setting that is missing."""
    done = passerelle("serve", environment={**given, "PASSERELLE_SECRET_KEY": ""})
    assert 2 == done.returncode
    assert "PASSERELLE_SECRET_KEY" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_is_named(given: Mapping[str, str], busy_port: int) -> None:
    """`serve` says which address, and what to do."""
    done = passerelle("serve", "--port", str(busy_port), environment=given)
    assert 2 == done.returncode
    assert f"127.0.0.1:{busy_port}" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """What cannot be written ends `read` with 2 and a sentence, and Python adds nothing."""
    (tmp_path / "feed.xml").write_text('<Product xmlns="http://ns.editeur.org/onix/3.0/reference"/>')
    with Path("/dev/full").open("wb") as full:
        done = passerelle("read", "onix", "--set", f"path={tmp_path}", output=full.fileno())
    assert 2 == done.returncode
    assert ["Erreur"] == [line.partition(" ")[0] for line in done.stderr.splitlines()]


def test_a_source_is_registered_shown_and_corrected(given: Mapping[str, str]) -> None:
    """Its name may hold brackets; registering it again says so; an unknown licence is told to keep the data in."""
    feed = ("--account", "gallimard", "--set", "url=https://example.org/feed.xml")
    first = passerelle(
        "sources", "add", "onix", *feed, "--licence", "odbl-1.0", "--label", "Fonds [/rock]", environment=given
    )
    assert (0, "") == (first.returncode, first.stderr)
    assert "source 1 enregistrée" in first.stdout
    assert "licence inconnue : « odbl-1.0 »" in first.stdout
    again = passerelle(
        "sources", "add", "onix", *feed, "--licence", "ODbL-1.0", "--label", "Fonds [/rock]", environment=given
    )
    assert "source 1 mise à jour\n" == again.stdout
    listed = passerelle("sources", "list", environment=given)
    assert "Fonds [/rock]" in listed.stdout
    shown = passerelle("sources", "show", "1", environment=given)
    assert "compte : gallimard" in shown.stdout
    assert "licence : ODbL-1.0" in shown.stdout
    assert max(len(line) for line in listed.stdout.splitlines()) <= 80


@pytest.mark.parametrize(
    "command", [("sources", "show"), ("sync", "run"), ("sync", "run", "--dry-run"), ("sync", "release")]
)
def test_a_number_of_nothing_is_told(given: Mapping[str, str], command: tuple[str, ...]) -> None:
    """No source, no run of that number, the largest there can be: exit 2."""
    done = passerelle(*command, str(2**63 - 1), environment=given)
    assert (2, "") == (done.returncode, done.stdout)
    assert str(2**63 - 1) in done.stderr
    assert "Traceback" not in done.stderr


async def test_the_audit_names_the_row(given: Mapping[str, str]) -> None:
    """A wallet that somebody changed by hand: exit 1 and the row; before, exit 0."""
    sandbox = {**given, "PASSERELLE_SANDBOX": "1"}
    assert 0 == passerelle("sandbox", "beneficiary-token", environment=sandbox).returncode
    before = passerelle("audit", environment=given)
    assert (0, "tout est juste\n") == (before.returncode, before.stdout)
    connection = await asyncpg.connect(given["DATABASE_URL"])
    try:
        deposit = await connection.fetchval("update deposit set balance_cents = balance_cents - 1 returning id")
    finally:
        await connection.close()
    after = passerelle("audit", environment=given)
    assert 1 == after.returncode
    rule, row = after.stdout.splitlines()[0].split(" : ", 1)
    assert ("balance_is_the_ledgers", deposit, 49_999, 50_000) == (
        rule,
        *(json.loads(row)[name] for name in ("deposit_id", "balance_cents", "ledger_cents")),
    )
    assert "1 anomalie" == after.stdout.splitlines()[-1]


async def test_two_demonstrations_at_once(given: Mapping[str, str]) -> None:
    """They would pull one database from under each other: the second says so and leaves the first alone."""
    async with held(given["DATABASE_URL"], "passerelle_demo", "prise"):
        done = passerelle("demo", environment=given)
    assert 2 == done.returncode
    assert "Une autre démonstration est en cours" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_server_ends_in_order(given: Mapping[str, str], number: signal.Signals) -> None:
    """Ctrl-C, SIGTERM, a closed terminal: what is under way is finished, exit 0."""
    with started("serve", "--port", "0", environment=given) as server:
        assert server.stdout is not None
        assert "sert sur" in server.stdout.readline()
        server.send_signal(number)
        assert 0 == server.wait(SECONDS)


def test_a_worker_ends_with_the_process_that_started_it(given: Mapping[str, str]) -> None:
    """The demo's workers do not outlive it, however it ended."""
    with started("worker", "--parent", str(os.getppid()), environment=given) as worker:
        assert 0 == worker.wait(SECONDS)


def test_what_staff_does_is_in_the_audit_log(given: Mapping[str, str]) -> None:
    """A source, a ticketing, a provider stopped, secrets sealed anew, a person's data: by whom, without a secret."""

    def typed(*arguments: str, **environment: str) -> tuple[int, str]:
        done = CliRunner().invoke(app, arguments, env={**given, **environment})
        return done.exit_code, done.output

    async def fetch(sql: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(given["DATABASE_URL"])
        try:
            return await connection.fetch(sql)
        finally:
            await connection.close()

    assert typed("sandbox", "beneficiary-token", PASSERELLE_SANDBOX="1")[0] == 0
    [row] = asyncio.run(fetch("select id from beneficiary"))
    person = public_id("beneficiary", row["id"])
    urls = ("--set", "booking_url=https://b.example/r", "--set", "cancel_url=https://b.example/a")
    for arguments in (
        ("sources", "add", "onix", "--account", "g", "--set", "url=https://e.example/f.xml", "--licence", "x"),
        ("sources", "ticketing", "1", "ticketing_webhook", *urls, "--set", "hmac_key=tressecret"),
        ("providers", "stop", "onix@e.example"),
        ("secrets", "rotate"),
        ("people", "export", person),
        ("people", "erase", person, "--yes"),
        ("outbox", "list"),
        ("outbox", "replay", "--all"),
    ):
        code, said = typed(*arguments)
        assert code == 0, said
        assert "tressecret" not in said
    events = asyncio.run(fetch("select actor, action, details::text from audit_event order by id"))
    assert [event["action"] for event in events if event["actor"].startswith("staff:")] == [
        "source.registered",
        "ticketing.attached",
        "provider.stopped",
        "secrets.resealed",
        "person.exported",
        "person.erased",
    ]
    assert "tressecret" not in str(events)
    assert typed("people", "erase", person, "--yes")[0] == 2
