"""Rotation of the sealing key and of tokens' keys: old and new are both good meanwhile, and the old one goes."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from accounts.errors import TokenRefused
from accounts.keys import VendorKey
from accounts.tokens import Issuer, Issuers
from bookings.webhooks import Webhooks, owner
from schemas.ids import public_id
from service.settings import Settings, WrongSetting
from sync.resealing import SEALED, reseal
from sync.sources import NewSource, register
from sync.ticketings import attach, open_ticketing
from sync.vault import SealBroken, Vault

OLD, NEW = b"o" * 32, b"n" * 32


def now() -> datetime:
    return datetime.now(UTC)


async def test_everything_sealed_is_sealed_anew_and_the_old_key_goes(pool) -> None:
    """With both keys all opens; sealed anew, the new one alone opens it, and the old one nothing."""
    old, both, new = Vault([OLD]), Vault([NEW, OLD]), Vault([NEW])
    settings = {"base_url": "http://127.0.0.1:1", "username": "u", "password": "p", "station_name": "s"}
    ticketing = {"booking_url": "http://127.0.0.1:1", "cancel_url": "http://127.0.0.1:1", "hmac_key": "k"}
    async with pool.acquire() as conn:
        source_id = await register(
            conn, old, NewSource(connector="boost", account="a", label="l", licence="x", settings=settings)
        )
        await attach(conn, old, source_id, "ticketing_webhook", ticketing)
    vendor = await pool.fetchval("insert into vendor (name) values ('v') returning id")
    key = VendorKey(vendor, 1, "sandbox_000000000001", frozenset(), frozenset())
    made = await Webhooks(pool, old, now, allow_private=True).add(key, "http://127.0.0.1:1/", ["booking.created"])

    with pytest.raises(SealBroken):
        await reseal(pool, new)
    done = await reseal(pool, both)
    assert dict(done) == dict.fromkeys(SEALED, 1)
    assert not await reseal(pool, both)
    sealed = await pool.fetchval("select secrets from webhook_endpoint")
    assert new.open(sealed, owner=owner(made.endpoint.id))["current"] == made.secret
    with pytest.raises(SealBroken):
        old.open(sealed, owner=owner(made.endpoint.id))
    async with open_ticketing(pool, new, source_id, clock=now):
        pass


async def test_every_sealed_column_is_known_to_the_rotation(pool) -> None:
    """A table with a column `secrets` that nobody seals anew would keep the old key for ever."""
    rows = await pool.fetch("select table_name from information_schema.columns where column_name = 'secrets'")
    assert {row["table_name"] for row in rows} == set(SEALED)


def test_old_keys_come_by_a_setting() -> None:
    """Separated by commas, each 32 bytes; a wrong one stops the start without being shown."""
    given = ",".join(base64.b64encode(key).decode() for key in (OLD, NEW))
    settings = Settings.from_environment({"PASSERELLE_OLD_SECRET_KEYS": given}, profile="test")
    assert settings.old_secret_keys == (OLD, NEW)
    assert "ooo" not in repr(settings)
    with pytest.raises(WrongSetting, match="PASSERELLE_OLD_SECRET_KEYS"):
        Settings.from_environment({"PASSERELLE_OLD_SECRET_KEYS": "abc"}, profile="test")


@pytest.mark.parametrize(
    "environment",
    [
        {"PASSERELLE_SMTP_URL": "http://relais", "PASSERELLE_MAIL_FROM": "a@b.c"},
        {"PASSERELLE_SMTP_URL": "smtps://u:secret@relais"},
        {"PASSERELLE_MAIL_FROM": "personne"},
        {"PASSERELLE_STAFF_MAIL": "a b@c"},
    ],
)
def test_mail_settings_that_cannot_be_used(environment) -> None:
    """Named, and without the relay's password."""
    with pytest.raises(WrongSetting) as refused:
        Settings.from_environment(environment, profile="test")
    assert refused.value.key in ("PASSERELLE_SMTP_URL", "PASSERELLE_MAIL_FROM", "PASSERELLE_STAFF_MAIL")
    assert "secret" not in str(refused.value)


def test_an_issuer_s_keys_overlap() -> None:
    """Both keys' tokens are good while both are given; then the new one's alone, and never a stranger's."""
    keys = [Ed25519PrivateKey.generate() for _ in range(3)]
    pems = [key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() for key in keys]
    later = int((now() + timedelta(hours=1)).timestamp())
    claims = {"iss": "i", "aud": "app", "sub": public_id("beneficiary", 7), "exp": later}
    tokens = [jwt.encode(claims, key, algorithm="EdDSA") for key in keys]

    def accepted(key: str) -> list[bool]:
        issuers = Issuers([Issuer("i", "EdDSA", key)], audience="app", clock=now)
        return [is_good(issuers, token) for token in tokens]

    def is_good(issuers: Issuers, token: str) -> bool:
        try:
            return issuers.verify(token) == 7
        except TokenRefused:
            return False

    assert accepted(pems[0]) == [True, False, False]
    assert accepted(pems[0] + pems[1]) == [True, True, False]
    assert accepted(f"{pems[0].strip()}{pems[1]}") == [True, True, False]
    assert accepted(pems[1]) == [False, True, False]
