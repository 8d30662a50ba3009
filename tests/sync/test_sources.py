"""A venue that uses a known software is a row: registered, updated, its secrets never readable."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from feeds import Desk

from catalogue.kinds import KindCode
from connectors.settings import SettingsRefused
from sync.leases import take
from sync.sources import NewSource, feed_state, listed, owner, register
from sync.vault import Vault

VAULT = Vault([b"k" * 32])
CINEMA = NewSource(
    connector="boost",
    account="star",
    label="Le Star",
    licence="tous-droits-reserves",
    settings={
        "base_url": "https://star.example",
        "username": "pass",
        "password": "tres-secret",
        "station_name": "1",
    },
)


async def test_secrets_are_sealed_and_stand_nowhere_in_clear(desk: Desk) -> None:
    """No column of any row of the source holds the password; the vault opens it for its owner."""
    source = await register(desk.conn, VAULT, CINEMA)
    [(settings, sealed)] = await desk.all("select settings, secrets from feed where source_id = $1", source)
    assert settings == {"base_url": "https://star.example", "username": "pass", "station_name": "1"}
    assert VAULT.open(sealed, owner=owner("boost", "star")) == {"password": "tres-secret"}
    for name in ("source", "feed"):
        [[row]] = await desk.all(f"select to_jsonb(t) from {name} t")
        assert b"tres-secret" not in msgspec.json.encode(row)
    state = await feed_state(desk.conn, source)
    assert state is not None
    assert state.has_secrets
    assert "tres-secret" not in repr(state)


async def test_registering_again_updates_wakes_and_keeps_the_cursor(desk: Desk) -> None:
    """The same source, its new settings, no longer paused, due now; what was read is not read again."""
    source = await register(desk.conn, VAULT, CINEMA)
    await desk.conn.execute("update feed set paused_why = 'refusé', cursor = 'c', due_at = now() + interval '1 day'")
    again = replace(CINEMA, label="Star", settings={**CINEMA.settings, "password": "neuf"})
    assert await register(desk.conn, VAULT, again) == source
    [row] = await listed(desk.conn, source)
    assert (row.label, row.paused_why) == ("Star", None)
    [(sealed, cursor, due)] = await desk.all("select secrets, cursor, due_at <= now() from feed")
    assert VAULT.open(sealed, owner=owner("boost", "star")) == {"password": "neuf"}
    assert (cursor, due) == ("c", True)
    assert await take(desk.conn, source, "one") is not None


async def test_settings_that_cannot_be_used_register_nothing(desk: Desk) -> None:
    """The field is named, the secret is not, and no row is left behind."""
    wrong = replace(CINEMA, settings={**CINEMA.settings, "window_days": "jamais"})
    with pytest.raises(SettingsRefused, match="window_days") as refused:
        await register(desk.conn, VAULT, wrong)
    assert "tres-secret" not in str(refused.value)
    assert await desk.one("select count(*) from source where connector = 'boost'") == 0


async def test_a_source_s_guard_is_its_connector_s_unless_said_otherwise(desk: Desk) -> None:
    """Cinemas' programmes change by more than half from week to week; a bookshop's shelves do not."""
    await register(desk.conn, VAULT, CINEMA)
    await register(desk.conn, VAULT, replace(CINEMA, account="autre", guard_share=0.2))
    assert await desk.all("select guard_share from feed order by source_id") == [(0.7,), (0.2,)]


async def test_a_registered_venue_is_a_record_like_any_other(desk: Desk) -> None:
    """Registered twice it is one venue; the registry's word on it is kept as a source's is."""
    first = await desk.venue()
    assert await desk.venue() == first
    assert await desk.venue(name="Le Quartier") == first
    assert await desk.all("select name from venue") == [("Le Quartier",)]
    assert await desk.one("select count(*) from source_record where kind = $1", KindCode.VENUE.value) == 1
