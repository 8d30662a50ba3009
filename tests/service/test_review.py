"""Reviewing at the keyboard: each answer is kept, each can be taken back, and every mistake is a sentence."""

from __future__ import annotations

import asyncio
import base64
import csv
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from feeds import Desk, ref
from typer.testing import CliRunner, Result

from catalogue.database import open_pool
from schemas.ids import public_id
from schemas.records import Contributor, Work
from service.cli import app
from service.engines.lifetime import EngineUrls

Run = Callable[..., Result]


def film(source: str, key: str, title: str, director: str = "") -> Work:
    return Work(
        ref=ref(source, key),
        title=title,
        type="film",
        duration_minutes=100,
        contributors=[Contributor(name=director)] if director else [],
    )


@pytest.fixture
def run(engine_urls: EngineUrls, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Types a command, and these keys, over a catalogue with two doubtful films."""
    for name, value in {
        "DATABASE_URL": database_url,
        "REDIS_URL": engine_urls.redis,
        "PASSERELLE_SECRET_KEY": base64.b64encode(bytes(32)).decode(),
        "PASSERELLE_HOME": str(tmp_path),
        "PASSERELLE_PROFILE": "main",
        "COLUMNS": "200",
    }.items():
        monkeypatch.setenv(name, value)

    async def fill() -> None:
        async with await open_pool(database_url, application="passerelle-tests") as pool, pool.acquire() as conn:
            desk = Desk(conn)
            for name in ("one", "two"):
                await desk.source(name)
            await desk.snapshot("one", film("one", "a", "Le Voyage"), film("one", "b", "La Traversée"))
            await desk.snapshot("two", film("two", "a", "Le Voyage"), film("two", "b", "La Traversée"))

    asyncio.run(fill())

    def typed(*arguments: str, keys: str = "") -> Result:
        return CliRunner().invoke(app, [*arguments], input=keys)

    return typed


def asked(database_url: str, query: str) -> object:
    async def ask() -> object:
        conn = await asyncpg.connect(database_url)
        try:
            return await conn.fetchval(query)
        finally:
            await conn.close()

    return asyncio.run(ask())


def test_answers_are_kept_and_taken_back(run: Run, database_url: str, tmp_path: Path) -> None:
    """y joins, n parts for good, u takes the last answer back; what was answered is not asked again."""
    assert run("review", keys="y\nu\nn\ny\n").exit_code == 0
    assert asked(database_url, "select count(*) from entity_merge where undone_at is null") == 1
    assert asked(database_url, "select count(*) from entity_merge where undone_at is not null") == 1
    assert asked(database_url, "select count(*) from merge_decision where outcome = 'different'") == 1
    assert "Aucun doute" in run("review").stdout
    file = tmp_path / "labels.csv"
    assert run("merges", "labels", "--out", str(file)).exit_code == 0
    assert sorted(row["label"] for row in csv.DictReader(file.read_text("utf-8").splitlines())) == ["0", "1"]
    assert "person:" in run("merges", "list").stdout
    assert asked(database_url, "select count(*) from audit_event where action like 'review.%'") == 4


def test_what_a_thing_is_made_of(run: Run, database_url: str) -> None:
    """`show` names the sources, the reasons and the words, by number or public id; a lock is shown as one."""
    run("review", keys="y\nq\n")
    survivor = asked(database_url, "select survivor_id from entity_merge")
    assert isinstance(survivor, int)
    run("locks", "set", "work", str(survivor), "title", "Le Grand Voyage")
    said = run("merges", "show", "work", public_id("work", survivor)).stdout
    assert "par la fusion 1" in said
    assert "Le Grand Voyage" in said
    assert "verrouillé" in said
    assert "Le Grand Voyage" in run("locks", "list").stdout
    assert run("locks", "clear", "work", str(survivor), "title").exit_code == 0
    assert run("merges", "undo", "1", "--never").exit_code == 0
    assert run("merges", "list").stdout.count("en vigueur") == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("merges", "show", "film", "1"), "sorte inconnue"),
        (("merges", "show", "work", "999"), "personne ne parle"),
        (("merges", "join", "work", "1", "1"), "déjà la même chose"),
        (("merges", "join", "work", "1", "evt_0000000000000"), "Identifiant inconnu"),
        (("merges", "undo", "999"), "aucune fusion 999"),
        (("merges", "split", "work", "1", "nulle-part"), "aucune source ne dit cela"),
        (("locks", "set", "work", "1", "couleur", "bleu"), "champ inconnu"),
        (("locks", "clear", "work", "1", "title"), "pas verrouillé"),
    ],
)
def test_mistakes_are_sentences(run: Run, arguments: tuple[str, ...], why: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert why in result.stderr
    assert "Traceback" not in result.output


def test_never_and_join_by_name(run: Run, database_url: str) -> None:
    """A person's « never » refuses a person's join, until it is taken back by nobody's accident."""
    ids = asked(database_url, "select array_agg(id order by id) from work")
    assert isinstance(ids, list)
    first, second = str(ids[0]), str(ids[1])
    assert run("merges", "never", "work", first, second, "--by", "jeanne").exit_code == 0
    refused = run("merges", "join", "work", first, second)
    assert refused.exit_code == 2
    assert "jamais les mêmes" in refused.stderr


def test_a_rebuild_is_shown_and_done_only_when_asked(run: Run, database_url: str) -> None:
    """`match rebuild` says what it would do and writes nothing; `--apply` does it, once; who asked is noted."""
    shown = run("match", "rebuild")
    assert shown.exit_code == 0, shown.output
    assert "œuvre : 4 fiches, 4 entités" in shown.stdout
    assert asked(database_url, "select count(*) from audit_event") == 0
    assert run("match", "rebuild", "--kind", "work", "--apply", "--by", "jeanne").exit_code == 0
    assert asked(database_url, "select actor from audit_event where action = 'match.rebuild'") == "staff:jeanne"
    assert "Rien à changer." in run("match", "rebuild").stdout
    mistaken = run("match", "rebuild", "--kind", "film")
    assert (mistaken.exit_code, "sorte inconnue" in mistaken.stderr) == (2, True)


def test_readers_of_the_page_have_keys_of_their_own(run: Run, database_url: str) -> None:
    """A key is shown once, listed without its secret, and revoked by its number."""
    key = run("reviewers", "add", "relecture").stdout.strip()
    assert asked(database_url, "select scopes from api_key") == ["review:decide"]
    listed = run("reviewers", "list").stdout
    assert "1 : relecture" in listed
    assert key.rsplit("_", 1)[1] not in listed
    assert run("reviewers", "revoke", "1").exit_code == 0
    assert run("reviewers", "list").stdout == ""
    assert run("reviewers", "revoke", "1").exit_code == 2
