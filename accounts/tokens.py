"""Beneficiaries' bearer tokens: signed JWT (RFC 7519) of issuers we were told to trust.

The algorithm is the issuer's, never the token's, so `none` and a public key used as an HMAC secret are
refused alike. Real issuers sign with a private key we do not have; the sandbox's own issuer shares a secret
with us and exists in sandbox mode only.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import jwt
from jwt.exceptions import InvalidSubjectError

from accounts.errors import TokenRefused
from schemas.ids import UnknownId, internal_id, public_id

ASYMMETRIC = frozenset({"RS256", "PS256", "ES256", "EdDSA"})
SANDBOX_ISSUER = "urn:passerelle:sandbox"
SANDBOX_ALGORITHM = "HS256"
SANDBOX_KEY_BYTES = 32
"""RFC 7518 §3.2: an HMAC key at least as long as the hash."""
_LEEWAY = timedelta(seconds=30)
_LONGEST = 4096
_PEM_ENDS = "-----END PUBLIC KEY-----"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who signs tokens, how, and the public key (PEM) that proves it: several, one after the other, in a rotation."""

    name: str
    algorithm: str
    key: str = field(repr=False)

    @property
    def keys(self) -> tuple[str, ...]:
        """Each of them by itself."""
        parts = [part.strip() for part in self.key.split(_PEM_ENDS)]
        return tuple(f"{part}\n{_PEM_ENDS}\n" for part in parts if part) if _PEM_ENDS in self.key else (self.key,)


class Issuers:
    """The issuers in force. ValueError for one that must not be: symmetric, or the sandbox's outside it."""

    def __init__(
        self,
        issuers: Iterable[Issuer],
        *,
        audience: str,
        clock: Callable[[], datetime],
        sandbox: bool = False,
        sandbox_key: str | None = None,
    ) -> None:
        self._issuers = {issuer.name: issuer for issuer in issuers}
        self._audience = audience
        self._clock = clock
        for issuer in self._issuers.values():
            if issuer.algorithm not in ASYMMETRIC:
                raise ValueError(f"émetteur {issuer.name!r} : algorithme attendu parmi {sorted(ASYMMETRIC)}")
            if issuer.name == SANDBOX_ISSUER:
                raise ValueError(f"{SANDBOX_ISSUER!r} est réservé au bac à sable")
        if sandbox_key is not None:
            if not sandbox:
                raise ValueError("l'émetteur du bac à sable n'existe qu'en mode bac à sable")
            _check_key(sandbox_key)
            self._issuers[SANDBOX_ISSUER] = Issuer(SANDBOX_ISSUER, SANDBOX_ALGORITHM, sandbox_key)

    def verify(self, token: str) -> int:
        """The row id of the beneficiary the token speaks for. Raises `TokenRefused`.

        Issuer, signature, audience, subject and expiry are all required; times have 30 s of leeway.
        """
        if len(token) > _LONGEST:
            raise TokenRefused("malformed")
        claims = self._claims(token)
        now = self._clock()
        if now >= _instant(claims["exp"], now) + _LEEWAY:
            raise TokenRefused("expired")
        if "nbf" in claims and now < _instant(claims["nbf"], now) - _LEEWAY:
            raise TokenRefused("early")
        try:
            return internal_id("beneficiary", claims["sub"])
        except UnknownId:
            raise TokenRefused("subject") from None

    def _claims(self, token: str) -> dict[str, Any]:
        try:
            said = jwt.decode(token, options={"verify_signature": False})
            issuer = self._issuers.get(str(said.get("iss")))
            if issuer is None:
                raise TokenRefused("issuer")
            *others, last = issuer.keys
            for key in others:
                with contextlib.suppress(jwt.InvalidSignatureError):
                    return self._proved(token, issuer, key)
            return self._proved(token, issuer, last)
        except jwt.InvalidAudienceError:
            raise TokenRefused("audience") from None
        except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
            raise TokenRefused("signature") from None
        except jwt.MissingRequiredClaimError as error:
            raise TokenRefused({"sub": "subject", "aud": "audience"}.get(error.claim, "malformed")) from None
        except InvalidSubjectError:
            raise TokenRefused("subject") from None
        except jwt.InvalidTokenError:
            raise TokenRefused("malformed") from None

    def _proved(self, token: str, issuer: Issuer, key: str) -> dict[str, Any]:
        # Time is judged by our clock, above; everything else by the library.
        return jwt.decode(
            token,
            key,
            algorithms=[issuer.algorithm],
            audience=self._audience,
            issuer=issuer.name,
            options={
                "require": ["exp", "aud", "iss", "sub"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )


def sandbox_token(
    beneficiary_id: int,
    *,
    key: str,
    audience: str,
    now: datetime,
    lifetime: timedelta = timedelta(hours=12),
) -> str:
    """A token of the sandbox's issuer, good where `Issuers` has `sandbox=True` and the same key."""
    _check_key(key)
    claims = {
        "iss": SANDBOX_ISSUER,
        "aud": audience,
        "sub": public_id("beneficiary", beneficiary_id),
        "iat": int(now.timestamp()),
        "exp": int((now + lifetime).timestamp()),
    }
    return jwt.encode(claims, key, algorithm=SANDBOX_ALGORITHM)


def _check_key(key: str) -> None:
    if len(key.encode()) < SANDBOX_KEY_BYTES:
        raise ValueError(f"clé du bac à sable : au moins {SANDBOX_KEY_BYTES} octets")


def _instant(claim: object, now: datetime) -> datetime:
    """RFC 7519 §2: seconds since the epoch, as a number."""
    if isinstance(claim, bool) or not isinstance(claim, int | float):
        raise TokenRefused("malformed")
    try:
        return datetime.fromtimestamp(claim, now.tzinfo)
    except (OverflowError, OSError, ValueError):
        raise TokenRefused("malformed") from None
