"""API keys: who calls, what for, and how quickly not any more."""

from __future__ import annotations

import logging
import re

import pytest

from accounts.errors import KeyRevoked, KeyUnknown
from accounts.keys import KeyRing
from accounts.offerers import Offerers


async def test_a_key_says_who_calls_and_for_which_venues(ring, trade) -> None:
    """The vendor, its scopes, and only the venues it acts for; a venue taken away is gone at the next request."""
    issued = await ring.issue(trade.vendor_id, label="caisse 1", scopes=["countermarks:use"], actor="staff:1")
    assert re.fullmatch(r"prod_[0-9a-f]{12}_[0-9a-f]{64}", issued.text)
    key = await ring.verify(issued.text)
    assert (key.vendor_id, key.key_id, key.prefix) == (trade.vendor_id, issued.key_id, issued.prefix)
    assert key.scopes == {"countermarks:use"}
    assert key.venue_ids == {trade.venue_id}
    await Offerers(ring._pool).stop_acting(trade.vendor_id, trade.venue_id)
    assert (await ring.verify(issued.text)).venue_ids == set()


async def test_a_vendor_follows_its_venue_through_a_merge(ring, trade, pool) -> None:
    """Where the venue has become another, the vendor acts for both ids."""
    issued = await ring.issue(trade.vendor_id, label="caisse 1", scopes=[], actor="staff:1")
    await pool.execute("update venue set merged_into = $2 where id = $1", trade.venue_id, trade.other_venue_id)
    assert (await ring.verify(issued.text)).venue_ids == {trade.venue_id, trade.other_venue_id}


async def test_whatever_is_not_a_key_is_unknown(ring, trade, pool, clock) -> None:
    """Wrong secret, wrong prefix, no key at all, a key of the other environment: one answer."""
    issued = await ring.issue(trade.vendor_id, label="caisse 1", scopes=[], actor="staff:1")
    sandbox = KeyRing(pool, clock, environment="sandbox")
    theirs = await sandbox.issue(trade.vendor_id, label="essai", scopes=[], actor="staff:1")
    wrong = [
        issued.text[:-1] + ("0" if issued.text[-1] != "0" else "1"),
        f"prod_{'0' * 12}_{issued.text[-64:]}",
        issued.text.upper(),
        issued.text + "\n",
        issued.prefix,
        theirs.text,
        theirs.text.replace("sandbox", "prod"),
        "",
        "é" * 200,
        "\x00",
    ]
    answers = set()
    for text in wrong:
        with pytest.raises(KeyUnknown) as refused:
            await ring.verify(text)
        answers.add(str(refused.value))
    assert len(answers) == 1
    assert (await sandbox.verify(theirs.text)).key_id == theirs.key_id


async def test_a_revoked_key_is_refused_at_once(ring, trade) -> None:
    """From the very next request; only whoever has the secret is told that it was one."""
    issued = await ring.issue(trade.vendor_id, label="caisse 1", scopes=[], actor="staff:1")
    await ring.verify(issued.text)
    assert await ring.revoke(issued.key_id, actor="staff:1")
    with pytest.raises(KeyRevoked):
        await ring.verify(issued.text)
    with pytest.raises(KeyUnknown):
        await ring.verify(f"{issued.prefix}_{'0' * 64}")
    assert not await ring.revoke(issued.key_id, actor="staff:1")


async def test_no_secret_is_kept_or_shown(ring, trade, pool, caplog) -> None:
    """The database holds a hash; nothing printed or logged holds the secret."""
    caplog.set_level(logging.DEBUG)
    issued = await ring.issue(trade.vendor_id, label="caisse 1", scopes=[], actor="staff:1")
    secret = issued.text.rpartition("_")[2]
    key = await ring.verify(issued.text)
    rows = [dict(row) for row in await pool.fetch("select k.*, a.* from api_key k, audit_event a")]
    assert secret not in f"{rows} {issued!r} {key!r} {caplog.text}"
    assert bytes.fromhex(secret) not in {row["secret_hash"] for row in rows}


async def test_issuing_and_revoking_are_on_record(ring, trade, pool) -> None:
    """The audit log says who made and ended a key."""
    issued = await ring.issue(trade.vendor_id, label="caisse 1", scopes=["runs:read"], actor="staff:7")
    await ring.revoke(issued.key_id, actor="staff:8")
    rows = await pool.fetch("select actor, action, subject from audit_event order by id")
    assert [(row["actor"], row["action"]) for row in rows] == [("staff:7", "key.issued"), ("staff:8", "key.revoked")]
    assert {row["subject"] for row in rows} == {f"key:{issued.prefix}"}


async def test_an_unknown_scope_is_refused(ring, trade) -> None:
    """A misspelt right is an error, not a key that can do nothing."""
    with pytest.raises(ValueError, match="countermark:use"):
        await ring.issue(trade.vendor_id, label="caisse 1", scopes=["countermark:use"], actor="staff:1")


async def test_the_last_use_is_kept_to_the_minute(ring, trade, pool, clock) -> None:
    """Not one write per call."""
    issued = await ring.issue(trade.vendor_id, label="caisse 1", scopes=[], actor="staff:1")
    used = "select last_used_at from api_key where id = $1"
    await ring.verify(issued.text)
    first = clock.now
    clock.later(seconds=59)
    await ring.verify(issued.text)
    assert first == await pool.fetchval(used, issued.key_id)
    clock.later(seconds=1)
    await ring.verify(issued.text)
    assert clock.now == await pool.fetchval(used, issued.key_id)
