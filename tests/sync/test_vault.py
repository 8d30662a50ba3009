"""Providers' passwords at rest open for their source, with a given key, unaltered, or not at all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.vault import SealBroken, Vault

OLD, NEW = b"o" * 32, b"n" * 32
SECRETS = {"password": "mot de passe é", "token": "t0k3n"}


@given(st.dictionaries(st.text(), st.text(), min_size=1, max_size=4), st.text())
def test_what_was_sealed_opens_again_and_is_not_to_be_read(secrets: dict[str, str], owner: str) -> None:
    """For its owner, any secrets; and the sealed bytes differ each time."""
    vault = Vault([NEW])
    sealed = vault.seal(secrets, owner=owner)
    assert sealed is not None
    assert vault.open(sealed, owner=owner) == secrets
    assert vault.seal(secrets, owner=owner) != sealed


def test_no_secrets_are_nothing_to_keep() -> None:
    assert Vault([NEW]).seal({}, owner="boost:star") is None
    assert Vault([NEW]).open(None, owner="boost:star") == {}


def test_the_sealed_bytes_show_nothing() -> None:
    sealed = Vault([NEW]).seal(SECRETS, owner="boost:star")
    assert sealed is not None
    assert not any(word in sealed for word in (b"mot de passe", b"t0k3n", b"password", NEW))


def test_another_source_s_secrets_do_not_open() -> None:
    """A sealed text copied to another row is worth nothing there."""
    vault = Vault([NEW])
    with pytest.raises(SealBroken, match="altérés"):
        vault.open(vault.seal(SECRETS, owner="boost:star"), owner="boost:utopia")


def test_a_key_can_be_rotated() -> None:
    """Old texts open while the old key is given, new ones are sealed with the first; without it they say so."""
    sealed = Vault([OLD]).seal(SECRETS, owner="boost:star")
    both = Vault([NEW, OLD])
    assert both.open(sealed, owner="boost:star") == SECRETS
    anew = both.seal(SECRETS, owner="boost:star")
    assert Vault([NEW]).open(anew, owner="boost:star") == SECRETS
    with pytest.raises(SealBroken, match="clé qui n'est plus fournie") as refused:
        Vault([NEW]).open(sealed, owner="boost:star")
    assert "t0k3n" not in str(refused.value)


def test_an_altered_text_does_not_open() -> None:
    """Whichever byte is another, and wherever it is cut."""
    vault = Vault([NEW])
    sealed = vault.seal(SECRETS, owner="boost:star")
    assert sealed is not None
    for at in range(len(sealed)):
        with pytest.raises(SealBroken):
            vault.open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], owner="boost:star")
        with pytest.raises(SealBroken):
            vault.open(sealed[:at], owner="boost:star")


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, b"x" * 31]])
def test_weak_keys_are_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="32 octets"):
        Vault(keys)
