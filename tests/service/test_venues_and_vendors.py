"""From an empty house to a venue with a source and a till with a key, by commands alone."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service.cli import app
from service.engines.lifetime import EngineUrls

Typed = Callable[..., Result]
SIRET = "99900001100018"
LIBRARY = ("venues", "add", SIRET, "--name", "Médiathèque du Bourg", "--postal-code", "97300", "--city", "Cayenne")


@pytest.fixture
def typed(engine_urls: EngineUrls, database_url: str, tmp_path: Path) -> Typed:
    """A command at the keyboard of a new production house."""
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": engine_urls.redis,
        "PASSERELLE_SECRET_KEY": base64.b64encode(bytes(32)).decode(),
        "PASSERELLE_HOME": str(tmp_path),
        "PASSERELLE_PROFILE": "main",
        "COLUMNS": "200",
    }
    return lambda *arguments: CliRunner().invoke(app, arguments, env=environment)


def test_a_venue_is_registered_then_found_and_bound(typed: Typed) -> None:
    """Its zone follows from its postal code; a source can then be bound to it; said again, it is the same venue."""
    assert "aucun lieu" in typed("venues", "list").stdout
    feed = ("sources", "add", "koha_ilsdi", "--account", "bourg", "--licence", "etalab-2.0")
    koha = ("--set", "base_url=https://koha.example/ilsdi.pl")
    assert "venues add" in typed(*feed, *koha, "--venue", SIRET).stderr
    first, again = typed(*LIBRARY), typed(*LIBRARY, "--street", "1 place de l'Église")
    assert (first.exit_code, again.exit_code) == (0, 0), first.output
    assert "inscrit : Médiathèque du Bourg, Cayenne, à l'heure de America/Cayenne" in first.stdout
    assert first.stdout.replace("inscrit", "corrigé") == again.stdout
    renamed = typed(*LIBRARY[:3], "--name", "Médiathèque", *LIBRARY[5:])
    assert "il s'appelait Médiathèque du Bourg" in renamed.stdout
    assert SIRET in typed("venues", "list", "mediatheque", "--department", "973").stdout
    assert "aucun lieu" in typed("venues", "list", "théâtre").stdout
    assert "liée à aucun lieu" in typed(*feed, *koha).stdout
    bound = typed(*feed, *koha, "--venue", SIRET)
    assert (bound.exit_code, "liée à aucun lieu" in bound.stdout) == (0, False)


def test_a_source_that_tells_its_venues_or_sells_nothing_needs_none(typed: Typed) -> None:
    """An agenda says where things happen, a publisher has no shelf: nobody is warned."""
    for name, setting in (("icalendar", "url=https://a.example/x.ics"), ("onix", "url=https://e.example/f.xml")):
        said = typed("sources", "add", name, "--account", "a", "--licence", "etalab-2.0", "--set", setting)
        assert (said.exit_code, "aucun lieu" in said.stdout) == (0, False), said.output


def test_a_vendor_gets_a_key_for_its_venues(typed: Typed) -> None:
    """The key is printed once; the list shows it without its secret; it can be revoked, once."""
    typed(*LIBRARY)
    assert "Médiathèque du Bourg" in typed("vendors", "add", "Caisses du Bourg", "--venue", SIRET).stdout
    issued = typed("vendors", "key", "Caisses du Bourg", "--label", "prêt", "--scope", "countermarks:check")
    key = issued.stdout.strip()
    assert re.fullmatch(r"prod_[0-9a-f]{12}_[0-9a-f]{64}", key)
    prefix = key.rpartition("_")[0]
    listed = typed("vendors", "keys", "Caisses du Bourg").stdout
    assert prefix in listed
    assert key not in listed
    assert "countermarks:check" in listed
    assert "agit pour 1 lieu, 1 clé en vigueur" in typed("vendors", "list").stdout
    assert [typed("vendors", "revoke", prefix).stdout for _ in range(2)] == [
        f"{prefix} est révoquée\n",
        f"{prefix} était déjà révoquée\n",
    ]
    left = typed("vendors", "add", "Caisses du Bourg", "--no-longer", SIRET)
    assert "personne" in left.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("venues", "add", "123", "--name", "x", "--postal-code", "67000", "--city", "y"), "SIRET"),
        (("venues", "add", SIRET, "--name", "x", "--postal-code", "B-1000", "--city", "y"), "--time-zone"),
        (("vendors", "key", "Inconnu", "--label", "x"), "aucun éditeur ne s'appelle « Inconnu »"),
        (("vendors", "revoke", "prod_000000000000"), "aucune clé"),
        (("vendors", "add", "Caisses", "--venue", "1"), "aucun lieu"),
    ],
)
def test_mistakes_are_sentences(typed: Typed, arguments: tuple[str, ...], why: str) -> None:
    """Exit 2, what is wrong and what would be right."""
    done = typed(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert why in done.stderr
