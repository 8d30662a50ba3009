"""The list of connectors: names, settings, secrets, what is refused and how it is said."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest

from connectors import registry
from connectors.registry import REGISTRY, UnknownConnector, build, build_seller, entry
from connectors.settings import SettingsRefused


def clock() -> datetime:
    return datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize("name", REGISTRY)
def test_a_connector_is_one_stem(name) -> None:
    """Name, module and fixture folder are the same word; the module tells what its cursor is."""
    module = importlib.import_module(f"connectors.{name}")
    assert (Path(__file__).parent / "fixtures" / name).is_dir()
    for told in ("Cursor:", "Order:", "repeat", "Deletions", "Document:"):
        assert told in (module.__doc__ or ""), told


@pytest.mark.parametrize("name", REGISTRY)
def test_settings_are_a_schema_for_forms(name) -> None:
    """Each connector's settings are a JSON Schema with a French title a field; `path` alone is enough."""
    one = entry(name)
    schema = one.settings_schema
    jsonschema.Draft202012Validator.check_schema(schema)
    assert all("title" in field for field in schema["properties"].values())
    connector = build(name, {"path": "/nulle/part"}, None, clock=clock)
    assert (connector.name, connector.account) == (name, "part")


@pytest.mark.parametrize("name", REGISTRY)
def test_manifests_are_sane(name) -> None:
    """Kinds, a range, a guard between 0 and 1; who declares to sell is buildable as a seller."""
    manifest = entry(name).manifest
    assert manifest.kinds
    assert 0 <= manifest.expected[0] < manifest.expected[1]
    assert 0 < manifest.guard <= 1
    assert manifest.sells is (entry(name).sell is not None)


def test_secrets_are_told_apart() -> None:
    """What must be encrypted at rest is known by field, and shown nowhere."""
    secrets = {name: set(entry(name).secret_fields) for name in ("stocks_api", "onix", "boost", "openagenda")}
    assert secrets == {"stocks_api": {"token"}, "onix": {"token"}, "boost": {"password"}, "openagenda": {"key"}}
    for one in REGISTRY.values():
        secret = {name for name, field in one.settings.model_fields.items() if "SecretStr" in str(field.annotation)}
        assert secret == one.secret_fields, one.name
    plain, secret = entry("boost").split_secrets({"base_url": "http://c.example", "password": "sésame"})
    assert (plain, secret) == ({"base_url": "http://c.example"}, {"password": "sésame"})
    settings = entry("openagenda").read_settings({"agenda": "1", "key": "très-secret"})
    assert "très-secret" not in f"{settings!r} {settings}"


@pytest.mark.parametrize(
    ("name", "settings", "why"),
    [
        ("stocks_api", {}, "stocks_api : il manque base_url, siret (ou path)"),
        ("stocks_api", {"base_url": "ftp://x.example", "siret": "1"}, "siret : siret « 1 » refusé"),
        (
            "stocks_api",
            {"path": "x", "serves": "films"},
            "serves : valeurs permises : 'stocks', 'events,stocks' ou 'films,sessions'",
        ),
        ("stocks_api", {"path": "x", "page_size": "1"}, "page_size : au moins 2"),
        ("stocks_api", {"path": "x", "page_size": "mille"}, "page_size : un nombre entier est attendu"),
        ("stocks_api", {"path": "x", "is_duo": "peut-être"}, "is_duo : true ou false est attendu"),
        (
            "onix",
            {"path": "x", "colour": "red"},
            "colour : réglage inconnu (connus : delta_url, path, token, url, whole)",
        ),
        ("boost", {"base_url": "http://c.example"}, "il manque username, password, station_name"),
        ("openagenda", {"path": "x", "default_subcategory": "LIVRE_PAPIER"}, "sous-catégorie d'événement inconnue"),
        ("openagenda", {"path": "x", "subcategories": "concert"}, "mot-clé=SOUS_CATEGORIE"),
        ("openagenda", {"path": "x", "time_zone": "Paris"}, "time_zone : fuseau horaire inconnu"),
        ("openagenda", {"path": "x", "agenda": "abc"}, "agenda : la forme attendue est"),
        ("allocine", {}, "il manque token (ou path)"),
        ("allocine", {"path": "x", "theater": "Pathé"}, "theater : code de cinéma refusé : il faut une lettre"),
        ("allocine", {"path": "x", "price": "dix"}, "price : montant illisible"),
        ("cds", {"base_url": "https://c.example"}, "il manque token, cinema (ou path)"),
        ("cgr", {"path": "x", "time_zone": "Paris"}, "time_zone : fuseau horaire inconnu"),
        (
            "ems",
            {"base_url": "https://c.example", "username": "u", "password": "p", "site": "1"},
            "il manque booking_url, booking_source, booking_secret",
        ),
        ("vista", {}, "il manque base_url (ou path)"),
        ("webedia", {"path": "x", "window_days": "0"}, "window_days : au moins 1"),
    ],
)
def test_settings_are_refused_in_words(name, settings, why) -> None:
    """The refusal names the field and what is allowed, in French."""
    with pytest.raises(SettingsRefused) as refusal:
        build(name, settings, None, clock=clock)
    assert why in str(refusal.value)


def test_a_refused_secret_is_not_shown() -> None:
    """A refusal never repeats a value: it may be a secret in the wrong field."""
    with pytest.raises(SettingsRefused) as refusal:
        build("boost", {"path": "x", "base_url": "mot-de-passe", "station_name": "s"}, None, clock=clock)
    assert "mot-de-passe" not in str(refusal.value)
    assert "base_url" in str(refusal.value)


def test_unknown_connectors_are_told_the_known_ones() -> None:
    """A wrong name lists the right ones."""
    with pytest.raises(UnknownConnector, match=r"connus : .*boost, .*onix, .*openagenda, .*stocks_api"):
        entry("allociné")


def test_an_address_needs_a_connection(http) -> None:
    """Without path a connection is needed; only those that sell make sellers, and never from a file."""
    with pytest.raises(SettingsRefused, match="il faut path, ou une connexion"):
        build("onix", {"url": "https://p.example/full.xml"}, None, clock=clock)
    with pytest.raises(SettingsRefused, match="onix ne vend pas"):
        build_seller("onix", {"path": "x"}, http)
    with pytest.raises(SettingsRefused, match="ne vend pas"):
        build_seller("boost", {"path": "x"}, http)


def test_an_empty_setting_is_an_absent_one() -> None:
    """Forms send empty texts."""
    checked = registry.entry("stocks_api").read_settings({"path": " x ", "token": "", "refs": None})
    assert (checked.model_dump()["token"], checked.path) == (None, Path("x"))
