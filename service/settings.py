"""Every setting of the product, read once from the environment and passed down as values.

No other module reads `os.environ`. A wrong value stops the start with the key, the value (unless it is
secret) and what is allowed.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
from collections.abc import Callable, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Final, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field

CHECKOUT: Final = Path(__file__).resolve().parent.parent

LogLevel = Literal["debug", "info", "warning", "error"]
_LOG_LEVELS: Final[tuple[LogLevel, ...]] = ("debug", "info", "warning", "error")
_PROFILES: Final = "main, sandbox, demo, bench, test ou test_<nom> (minuscules, chiffres, _)"
_PROFILE: Final = re.compile(r"main|sandbox|demo|bench|test(_[a-z0-9_]{1,40})?")
_MAIL: Final = "une adresse électronique, seule ou « Nom <adresse> »"
_BOOLEANS: Final = {"1": True, "true": True, "oui": True, "0": False, "false": False, "non": False}
_KEY_BYTES: Final = 32


class WrongSetting(ValueError):
    """A setting that cannot be used. The message is for the person who starts the product."""

    def __init__(self, key: str, value: str | None, allowed: str) -> None:
        said = "absent" if value is None else f"« {value} »"
        super().__init__(f"Réglage {key} : {said} ne convient pas. Valeurs admises : {allowed}.")
        self.key = key


class Settings(BaseModel):
    """The settings of one process. Secrets and addresses, which may hold a password, stay out of `repr`."""

    model_config = ConfigDict(frozen=True)

    database_url: str | None = Field(default=None, repr=False)
    """None: an embedded PostgreSQL is started under `home`."""
    redis_url: str | None = Field(default=None, repr=False)
    """None: an embedded Redis is started under `home`."""
    home: Path = CHECKOUT / ".passerelle"
    host: str = "127.0.0.1"
    port: int = 8080
    proxies: int = 0
    """How many of our own proxies stand before us: so many entries of X-Forwarded-For are theirs."""
    sandbox: bool = False
    profile: str = "main"
    """Each profile but main has a database of its own; each has its own Redis key prefix."""
    given_secret_key: bytes | None = Field(default=None, repr=False)
    log_level: LogLevel = "info"
    drain_seconds: int = 30
    """How long a worker that is asked to stop lets its readings end; what does not is taken over by another."""
    token_issuer: str | None = None
    token_key: str | None = Field(default=None, repr=False)
    """Verification keys of the beneficiaries' tokens (PEM, one after the other while they are rotated)."""
    old_secret_keys: tuple[bytes, ...] = Field(default=(), repr=False)
    """They open what they sealed, and seal nothing any more."""
    smtp_url: str | None = Field(default=None, repr=False)
    """None: in the sandbox mails are filed under `home`, else they wait."""
    mail_from: str = "Passerelle <ne-pas-repondre@passerelle.invalid>"
    staff_mail: str | None = None

    @classmethod
    def from_environment(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        sandbox: bool | None = None,
        profile: str | None = None,
        host: str | None = None,
        port: int | None = None,
    ) -> Settings:
        """The settings of this process; what a command gives by keyword wins over its variable.

        Raises WrongSetting. In production (DATABASE_URL given, no sandbox) PASSERELLE_SECRET_KEY is required.
        """
        given = _Given(os.environ if environ is None else environ)
        name = profile or given.text("PASSERELLE_PROFILE", "main", _PROFILES, _PROFILE.fullmatch)
        if not _PROFILE.fullmatch(name):
            raise WrongSetting("PASSERELLE_PROFILE", name, _PROFILES)
        is_sandbox = given.flag("PASSERELLE_SANDBOX", default=name != "main") if sandbox is None else sandbox
        settings = cls(
            database_url=given.url("DATABASE_URL", ("postgresql", "postgres")),
            redis_url=given.url("REDIS_URL", ("redis", "rediss", "unix")),
            home=home_of(given.environ),
            host=host or given.get("PASSERELLE_HOST") or "127.0.0.1",
            port=given.port("PASSERELLE_PORT", 8080) if port is None else port,
            proxies=given.count("PASSERELLE_PROXIES", most=9),
            sandbox=is_sandbox,
            profile=name,
            given_secret_key=given.key("PASSERELLE_SECRET_KEY"),
            drain_seconds=given.seconds("PASSERELLE_DRAIN_SECONDS", 30),
            log_level=given.choice("PASSERELLE_LOG_LEVEL", "info", _LOG_LEVELS),
            token_issuer=given.get("PASSERELLE_TOKEN_ISSUER"),
            token_key=given.get("PASSERELLE_TOKEN_KEY"),
            old_secret_keys=given.keys("PASSERELLE_OLD_SECRET_KEYS"),
            smtp_url=given.url("PASSERELLE_SMTP_URL", ("smtp", "smtps")),
            mail_from=given.text("PASSERELLE_MAIL_FROM", cls.model_fields["mail_from"].default, _MAIL, _is_mail),
            staff_mail=given.text("PASSERELLE_STAFF_MAIL", "", _MAIL, _is_mail) or None,
        )
        if settings.is_production and settings.given_secret_key is None:
            raise WrongSetting("PASSERELLE_SECRET_KEY", None, f"{_KEY_BYTES} octets en base64, requis en production")
        if (settings.token_issuer is None) != (settings.token_key is None):
            missing = "PASSERELLE_TOKEN_ISSUER" if settings.token_issuer is None else "PASSERELLE_TOKEN_KEY"
            raise WrongSetting(missing, None, "PASSERELLE_TOKEN_ISSUER et PASSERELLE_TOKEN_KEY vont ensemble")
        if settings.smtp_url is not None and given.get("PASSERELLE_MAIL_FROM") is None:
            raise WrongSetting("PASSERELLE_MAIL_FROM", None, f"{_MAIL}, requis avec PASSERELLE_SMTP_URL")
        return settings

    @property
    def is_production(self) -> bool:
        return self.database_url is not None and not self.sandbox

    @property
    def redis_prefix(self) -> str:
        """What every Redis key of this profile begins with."""
        return f"passerelle:{self.profile}:"

    @property
    def database_name(self) -> str | None:
        """The database this profile works in; None: the one DATABASE_URL names, as it is."""
        if self.profile != "main":
            return f"passerelle_{self.profile}"
        return "passerelle" if self.database_url is None else None

    def secret_key(self) -> bytes:
        """The 32 bytes that encrypt the providers' secrets at rest.

        Outside production, drawn once and kept in `home/secret.key` (mode 0600): two processes get the same.
        """
        if self.given_secret_key is not None:
            return self.given_secret_key
        path = self.home / "secret.key"
        if not path.exists():
            _write_once(path, base64.b64encode(secrets.token_bytes(_KEY_BYTES)))
        return _decoded_key(str(path), path.read_text("ascii"))


def home_of(environ: Mapping[str, str] | None = None) -> Path:
    """PASSERELLE_HOME, else `.passerelle` in the checkout, else in the current folder."""
    given = (os.environ if environ is None else environ).get("PASSERELLE_HOME", "")
    if given:
        return Path(given).expanduser().absolute()
    return (CHECKOUT if (CHECKOUT / "pyproject.toml").exists() else Path.cwd()) / ".passerelle"


class _Given:
    """The variables as somebody wrote them: an empty one counts as unset."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ

    def get(self, key: str) -> str | None:
        return self.environ.get(key, "").strip() or None

    def text(self, key: str, default: str, allowed: str, accepts: Callable[[str], object]) -> str:
        value = self.get(key)
        if value is None:
            return default
        if not accepts(value):
            raise WrongSetting(key, value, allowed)
        return value

    def choice(self, key: str, default: LogLevel, allowed: tuple[LogLevel, ...]) -> LogLevel:
        value = (self.get(key) or default).lower()
        for level in allowed:
            if level == value:
                return level
        raise WrongSetting(key, value, ", ".join(allowed))

    def flag(self, key: str, *, default: bool) -> bool:
        value = self.get(key)
        if value is None:
            return default
        if value.lower() not in _BOOLEANS:
            raise WrongSetting(key, value, ", ".join(_BOOLEANS))
        return _BOOLEANS[value.lower()]

    def count(self, key: str, *, most: int) -> int:
        value = self.get(key) or "0"
        if not (value.isascii() and value.isdigit() and len(value) <= len(str(most)) and int(value) <= most):
            raise WrongSetting(key, value, f"un entier de 0 à {most}")
        return int(value)

    def port(self, key: str, default: int) -> int:
        allowed = "un entier de 0 (choisi par le système) à 65535"
        value = self.text(key, str(default), allowed, lambda text: text.isascii() and text.isdigit())
        if int(value) > 65535:
            raise WrongSetting(key, value, allowed)
        return int(value)

    def seconds(self, key: str, default: int) -> int:
        allowed = "un nombre entier de secondes, de 0 à 3600"
        value = self.text(key, str(default), allowed, lambda text: text.isascii() and text.isdigit())
        if int(value) > 3600:
            raise WrongSetting(key, value, allowed)
        return int(value)

    def url(self, key: str, schemes: tuple[str, ...]) -> str | None:
        """Only the scheme of a wrong address is repeated: the rest may hold a password."""
        value = self.get(key)
        if value is None or ("://" in value and urlsplit(value).scheme in schemes):
            return value
        said = value.partition("://")[0] + "://…" if "://" in value else "(sans schéma)"
        raise WrongSetting(key, said, ", ".join(f"{scheme}://…" for scheme in schemes))

    def key(self, key: str) -> bytes | None:
        value = self.get(key)
        return None if value is None else _decoded_key(key, value)

    def keys(self, key: str) -> tuple[bytes, ...]:
        """Several keys, separated by commas."""
        return tuple(_decoded_key(key, one) for one in (self.get(key) or "").split(",") if one.strip())


def _is_mail(text: str) -> bool:
    address = parseaddr(text)[1]
    return "@" in address and text.isprintable() and " " not in address


def _decoded_key(key: str, text: str) -> bytes:
    try:
        decoded = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if len(decoded) != _KEY_BYTES:
        raise WrongSetting(key, "(secret)", f"exactement {_KEY_BYTES} octets en base64")
    return decoded


def _write_once(path: Path, content: bytes) -> None:
    """Creates the file whole or leaves the one another process created first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink()
