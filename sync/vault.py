"""Providers' passwords at rest: AES-256-GCM, bound to the source they open.

A sealed text begins with the id of the key that sealed it, so that keys can be rotated: old texts open
with the keys still given, new ones are sealed with the first.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ID_BYTES, NONCE_BYTES = 4, 12


class SealBroken(Exception):
    """The sealed text is not of this source, was altered, or its key is no longer given."""


class Vault:
    """Seals and opens settings with 32-byte keys; the first seals."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != 32 for key in keys):
            raise ValueError("le coffre demande des clés de 32 octets")
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}
        self._current = _key_id(keys[0])

    def seal(self, secrets: Mapping[str, str], *, owner: str) -> bytes | None:
        """The secrets as bytes to store, or None when there are none. `owner` must be given again to open."""
        if not secrets:
            return None
        nonce = os.urandom(NONCE_BYTES)
        text = json.dumps(dict(secrets), sort_keys=True).encode()
        return self._current + nonce + self._ciphers[self._current].encrypt(nonce, text, owner.encode())

    def is_current(self, sealed: bytes) -> bool:
        """Whether the first key sealed it."""
        return sealed[:ID_BYTES] == self._current

    def open(self, sealed: bytes | None, *, owner: str) -> dict[str, str]:
        """The secrets again; `SealBroken` for anything this vault did not seal for this owner."""
        if sealed is None:
            return {}
        key_id, nonce, body = (
            sealed[:ID_BYTES],
            sealed[ID_BYTES : ID_BYTES + NONCE_BYTES],
            sealed[ID_BYTES + NONCE_BYTES :],
        )
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealBroken(f"les secrets de {owner} sont scellés avec une clé qui n'est plus fournie")
        try:
            opened: dict[str, str] = json.loads(cipher.decrypt(nonce, body, owner.encode()))
        except (InvalidTag, ValueError):
            raise SealBroken(f"les secrets de {owner} ne s'ouvrent pas : ils ont été altérés") from None
        return opened


def _key_id(key: bytes) -> bytes:
    return hashlib.sha256(b"passerelle-vault" + key).digest()[:ID_BYTES]
