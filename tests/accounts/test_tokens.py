"""Bearer tokens: whose they are, and the many ways in which they are not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from accounts.errors import TokenRefused
from accounts.tokens import SANDBOX_ISSUER, Issuer, Issuers, sandbox_token
from schemas.ids import public_id

KEY = "a sandbox key that is long enough, 32 bytes or more"
ISSUER = "https://identite.example"
AUDIENCE = "passerelle"
_PRIVATE = ed25519.Ed25519PrivateKey.generate()
PRIVATE = _PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = _PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture
def real(clock) -> Issuers:
    """Outside the sandbox: one issuer with a public key."""
    return Issuers([Issuer(ISSUER, "EdDSA", PUBLIC)], audience=AUDIENCE, clock=clock)


@pytest.fixture
def sandbox(clock) -> Issuers:
    return Issuers([Issuer(ISSUER, "EdDSA", PUBLIC)], audience=AUDIENCE, clock=clock, sandbox=True, sandbox_key=KEY)


def claims(clock, **changes):
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": public_id("beneficiary", 42),
        "exp": int(clock.now.timestamp()) + 3600,
    } | changes
    return {name: value for name, value in said.items() if value is not None}


def signed(clock, key=PRIVATE, algorithm="EdDSA", **changes) -> str:
    return jwt.encode(claims(clock, **changes), key, algorithm=algorithm)


def test_a_token_says_whose_it_is(real, clock) -> None:
    """A beneficiary's row id, from a token of a known issuer."""
    assert real.verify(signed(clock)) == 42


def test_the_sandbox_issues_its_own_in_the_sandbox_only(real, sandbox, clock) -> None:
    """The same token is good in the sandbox and refused outside it."""
    token = sandbox_token(7, key=KEY, audience=AUDIENCE, now=clock.now)
    assert sandbox.verify(token) == 7
    assert sandbox.verify(signed(clock)) == 42
    with pytest.raises(TokenRefused) as refused:
        real.verify(token)
    assert refused.value.reason == "issuer"


def test_the_sandbox_issuer_cannot_slip_in(clock) -> None:
    """Neither by configuration, nor by a key given outside the sandbox, nor a short one."""
    with pytest.raises(ValueError, match="bac à sable"):
        Issuers([], audience=AUDIENCE, clock=clock, sandbox_key=KEY)
    with pytest.raises(ValueError, match="réservé"):
        Issuers([Issuer(SANDBOX_ISSUER, "EdDSA", PUBLIC)], audience=AUDIENCE, clock=clock)
    with pytest.raises(ValueError, match="32 octets"):
        Issuers([], audience=AUDIENCE, clock=clock, sandbox=True, sandbox_key="short")
    for algorithm in ("HS256", "none"):
        with pytest.raises(ValueError, match="algorithme"):
            Issuers([Issuer(ISSUER, algorithm, PUBLIC)], audience=AUDIENCE, clock=clock)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"iss": "https://autre.example"}, "issuer"),
        ({"iss": None}, "issuer"),
        ({"aud": "autre"}, "audience"),
        ({"aud": None}, "audience"),
        ({"sub": public_id("vendor", 42)}, "subject"),
        ({"sub": "42"}, "subject"),
        ({"sub": None}, "subject"),
        ({"sub": ""}, "subject"),
        ({"exp": None}, "malformed"),
        ({"exp": "demain"}, "malformed"),
        ({"exp": True}, "malformed"),
        ({"exp": 10**30}, "malformed"),
        ({"exp": 1}, "expired"),
    ],
)
def test_each_claim_is_required(real, clock, changes, reason) -> None:
    """Issuer, audience, subject, expiry: wrong or missing, the token is refused with its reason."""
    with pytest.raises(TokenRefused) as refused:
        real.verify(signed(clock, **changes))
    assert refused.value.reason == reason


def test_time_is_the_clocks(real, clock) -> None:
    """Good until its end and 30 seconds, refused after; not good before its time."""
    token = signed(clock)
    clock.later(hours=1, seconds=29)
    assert real.verify(token) == 42
    clock.later(seconds=1)
    with pytest.raises(TokenRefused) as refused:
        real.verify(token)
    assert refused.value.reason == "expired"
    early = signed(clock, nbf=int((clock.now + timedelta(minutes=1)).timestamp()))
    with pytest.raises(TokenRefused) as refused:
        real.verify(early)
    assert refused.value.reason == "early"


def test_the_algorithm_is_the_issuers(real, clock) -> None:
    """No `none`, no public key as an HMAC secret, no other key pair, no changed payload."""

    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    head, body, signature = signed(clock).split(".")
    unsigned = f"{part({'alg': 'none', 'typ': 'JWT'})}.{body}."
    # PyJWT refuses to make this one, so it is made by hand.
    confused_head = part({"alg": "HS256", "typ": "JWT"})
    mac = hmac.digest(PUBLIC.encode(), f"{confused_head}.{body}".encode(), hashlib.sha256)
    confused = f"{confused_head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    stolen = f"{head}.{part(claims(clock, sub=public_id('beneficiary', 43)))}.{signature}"
    for token in (unsigned, confused, signed(clock, other, "RS256"), stolen):
        with pytest.raises(TokenRefused) as refused:
            real.verify(token)
        assert refused.value.reason == "signature"


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "....", "é.é.é", "x" * 5000, "e30.e30.e30"])
def test_what_is_no_token_is_refused(real, text) -> None:
    """Anything at all is answered by a refusal."""
    with pytest.raises(TokenRefused):
        real.verify(text)


def test_a_refusal_does_not_repeat_the_token(real, clock) -> None:
    """A token is a secret: the exception does not hold it."""
    token = signed(clock, aud="autre")
    with pytest.raises(TokenRefused) as refused:
        real.verify(token)
    assert token.rpartition(".")[2] not in f"{refused.value} {vars(refused.value)}"
