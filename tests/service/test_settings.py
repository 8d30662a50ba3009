"""Settings: read once, wrong ones refused with their key, secrets never shown, each profile apart."""

from __future__ import annotations

import base64
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from service.settings import Settings, WrongSetting
from service.shadowing import ROOMS, ShadowedRoom, check_rooms

KEY = base64.b64encode(bytes(range(32))).decode()


def test_an_empty_environment_gives_the_embedded_product() -> None:
    """With nothing said: embedded engines, loopback, port 8080, database `passerelle`."""
    settings = Settings.from_environment({})
    assert (
        settings.database_url,
        settings.redis_url,
        settings.host,
        settings.port,
        settings.sandbox,
        settings.database_name,
        settings.redis_prefix,
    ) == (None, None, "127.0.0.1", 8080, False, "passerelle", "passerelle:main:")


@pytest.mark.parametrize(
    ("key", "value", "allowed"),
    [
        ("PASSERELLE_PORT", "http", "65535"),
        ("PASSERELLE_PORT", "65536", "65535"),
        ("PASSERELLE_PORT", "-1", "65535"),
        ("PASSERELLE_PORT", "²", "65535"),
        ("PASSERELLE_SANDBOX", "peut-être", "oui"),
        ("PASSERELLE_PROFILE", "Main", "sandbox"),
        ("PASSERELLE_PROFILE", "demo;drop", "sandbox"),
        ("PASSERELLE_LOG_LEVEL", "loud", "warning"),
        ("PASSERELLE_DRAIN_SECONDS", "3601", "3600"),
        ("PASSERELLE_DRAIN_SECONDS", "-1", "3600"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(key: str, value: str, allowed: str) -> None:
    """The message holds the key, the value and the allowed ones."""
    with pytest.raises(WrongSetting) as caught:
        Settings.from_environment({key: value})
    for part in (key, value, allowed):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("DATABASE_URL", "mysql://me:s3cret@host/base"),
        ("DATABASE_URL", "me:s3cret@host"),
        ("REDIS_URL", "http://:s3cret@host"),
        ("PASSERELLE_SECRET_KEY", "s3cret"),
        ("PASSERELLE_SECRET_KEY", base64.b64encode(b"s3cret").decode()),
    ],
)
def test_a_wrong_secret_is_not_repeated(key: str, value: str) -> None:
    """Neither a password in an address nor a key appears in the refusal."""
    with pytest.raises(WrongSetting) as caught:
        Settings.from_environment({key: value})
    assert key in str(caught.value)
    assert "s3cret" not in str(caught.value)
    assert value not in str(caught.value)


def test_production_requires_a_key_of_its_own() -> None:
    """A given database without sandbox and without key stops the start; with it, it starts."""
    production = {"DATABASE_URL": "postgresql://db/passerelle"}
    with pytest.raises(WrongSetting, match="PASSERELLE_SECRET_KEY"):
        Settings.from_environment(production)
    with pytest.raises(WrongSetting, match="PASSERELLE_SECRET_KEY"):
        Settings.from_environment({**production, "PASSERELLE_PROFILE": "demo", "PASSERELLE_SANDBOX": "0"})
    assert Settings.from_environment({**production, "PASSERELLE_SANDBOX": "oui"}).sandbox
    assert bytes(range(32)) == Settings.from_environment({**production, "PASSERELLE_SECRET_KEY": KEY}).secret_key()


def test_issuer_and_key_of_tokens_go_together() -> None:
    """One without the other would verify nothing, or nobody."""
    for key in ("PASSERELLE_TOKEN_ISSUER", "PASSERELLE_TOKEN_KEY"):
        with pytest.raises(WrongSetting, match="vont ensemble"):
            Settings.from_environment({key: "x"})


@pytest.mark.parametrize("profile", ["sandbox", "demo", "bench", "test", "test_3"])
def test_each_profile_has_a_database_and_keys_of_its_own(profile: str) -> None:
    """On a given server too, nothing but main touches the database of DATABASE_URL."""
    settings = Settings.from_environment({"DATABASE_URL": "postgresql://db/theirs"}, profile=profile)
    assert (f"passerelle_{profile}", f"passerelle:{profile}:") == (
        settings.database_name,
        settings.redis_prefix,
    )
    assert settings.sandbox


def test_no_proxy_is_believed_unless_it_is_counted() -> None:
    """Nobody's X-Forwarded-For is believed by default; a wrong count stops the start."""
    assert Settings.from_environment({}).proxies == 0
    assert Settings.from_environment({"PASSERELLE_PROXIES": "2"}).proxies == 2
    for wrong in ("-1", "10", "deux", "9" * 5000):
        with pytest.raises(WrongSetting):
            Settings.from_environment({"PASSERELLE_PROXIES": wrong})


def test_main_uses_the_given_database_as_it_is() -> None:
    settings = Settings.from_environment({"DATABASE_URL": "postgresql://db/theirs", "PASSERELLE_SECRET_KEY": KEY})
    assert settings.database_name is None


def test_a_command_wins_over_the_environment() -> None:
    settings = Settings.from_environment(
        {"PASSERELLE_PORT": "9000", "PASSERELLE_SANDBOX": "non"}, port=0, sandbox=True, host="::1"
    )
    assert (settings.port, settings.sandbox, settings.host) == (0, True, "::1")


def test_secrets_stay_out_of_sight_and_settings_do_not_change() -> None:
    settings = Settings.from_environment(
        {
            "DATABASE_URL": "postgresql://me:s3cret@db/x",
            "REDIS_URL": "redis://:s3cret@cache",
            "PASSERELLE_SECRET_KEY": KEY,
            "PASSERELLE_TOKEN_ISSUER": "https://issuer.example",
            "PASSERELLE_TOKEN_KEY": "s3cret",
        }
    )
    assert "s3cret" not in repr(settings)
    assert repr(bytes(range(32))) not in repr(settings)
    with pytest.raises(ValidationError):
        settings.port = 1  # type: ignore[misc]


def test_the_generated_key_is_one_for_all_and_closed(tmp_path: Path) -> None:
    """Twenty at once draw one key; it is kept, and nobody else may read it."""
    settings = Settings(home=tmp_path / "home")
    with ThreadPoolExecutor(20) as threads:
        keys = set(threads.map(lambda _: settings.secret_key(), range(20)))
    assert {settings.secret_key()} == keys
    assert [tmp_path / "home" / "secret.key"] == list((tmp_path / "home").iterdir())
    assert stat.S_IMODE((tmp_path / "home" / "secret.key").stat().st_mode) == 0o600


def test_the_home_may_be_named(tmp_path: Path) -> None:
    assert tmp_path / "é a" == Settings.from_environment({"PASSERELLE_HOME": str(tmp_path / "é a")}).home


def test_our_rooms_are_ours_and_a_shadow_is_named() -> None:
    """A package of the same name from elsewhere stops the start; ours pass."""
    check_rooms(tuple(room for room in ROOMS if room in {"schemas", "net", "migrations"}))
    with pytest.raises(ShadowedRoom, match="« redis »"):
        check_rooms(("redis",))
    with pytest.raises(ShadowedRoom, match="introuvable"):
        check_rooms(("no_such_room",))
