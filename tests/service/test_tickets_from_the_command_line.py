"""`passerelle keys`, `offline` and `till`, as people type them."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from typer.testing import CliRunner

from bookings.ticket_format import Ticket, write
from schemas.ids import public_id
from service.cli import app
from service.settings import CHECKOUT


async def passerelle(served: Any, *arguments: str) -> subprocess.CompletedProcess[str]:
    """One command, run to its end, in the served house."""
    environment = {
        **os.environ,
        "PYTHONUTF8": "1",
        "COLUMNS": "100",
        "PASSERELLE_PROFILE": served.house.settings.profile,
        "PASSERELLE_HOME": str(served.house.settings.home),
    }
    return await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "service.cli", *arguments],
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_keys_are_rotated_and_retired(served: Any) -> None:
    """A new one is published and signs later; one that is still needed is kept, with why; by force it goes."""
    old = (await served.house.ticket_keys.signing()).id
    rotated, refused = await asyncio.gather(
        passerelle(served, "keys", "rotate"), passerelle(served, "keys", "retire", "00000000")
    )
    assert (refused.returncode, "aucune clé de signature" in refused.stderr) == (2, True)
    [new] = re.findall(r"([0-9A-F]{8}) est publiée", rotated.stdout)
    kept, listed = await asyncio.gather(passerelle(served, "keys", "retire", old), passerelle(served, "keys", "list"))
    assert (kept.returncode, kept.stdout, "faites d'abord une rotation" in kept.stderr) == (2, "", True)
    rows = {line.split()[0]: line.split()[1] for line in listed.stdout.splitlines()[1:]}
    assert rows == {old: "signe", new: "publiée"}
    assert (await passerelle(served, "keys", "retire", old.lower(), "--force")).stdout == f"{old} est retirée\n"


async def test_a_till_works_offline_from_the_command_line(served: Any, tmp_path: Path) -> None:
    """Prepared with network, it accepts without, refuses with its reason, and uploads; the venue's risk is shown."""
    file, youth = tmp_path / "caisse.json", {"Authorization": f"Bearer {served.youth}", "Idempotency-Key": "k"}
    venue_id = await served.house.pool.fetchval("select min(venue_id) from vendor_venue")
    venue = public_id("venue", venue_id)
    async with ClientSession(served.address) as http:
        booking = await (await http.post("/app/v1/bookings", json={"stockId": served.stock}, headers=youth)).json()
        async with http.get(f"/app/v1/bookings/{booking['id']}/qr?format=text", headers=youth) as shown:
            ticket = await shown.text()
    online = ("--key", served.till, "--url", served.address, "--file", str(file))
    limited = await passerelle(served, "offline", "limit", venue, "--cents", "5000", "--count", "3")
    assert "50,00 € et 3 billets par caisse" in limited.stdout
    prepared = await passerelle(served, "till", "prepare", venue, *online)
    assert (prepared.returncode, "jusqu'à 50,00 € et 3 billets" in prepared.stdout) == (0, True), prepared.stderr
    alone = CliRunner()
    accepted = alone.invoke(app, ["till", "accept", ticket, "--file", str(file)])
    assert (accepted.exit_code, accepted.stdout) == (0, "accepté : quantité 1, 6,90 €\n")
    now = datetime.now(UTC)
    forged = write(
        Ticket(booking_id=1, venue_id=venue_id, quantity=1, amount_cents=1, valid_from=now, valid_until=now), b"x" * 32
    )
    for text, reason in ((ticket, "used-here"), (forged, "key-unknown"), ("ABCDEF", "malformed")):
        refused = alone.invoke(app, ["till", "accept", text, "--file", str(file)])
        assert (refused.exit_code, reason in refused.stdout) == (1, True)
    missing = alone.invoke(app, ["till", "accept", ticket, "--file", str(tmp_path / "nowhere.json")])
    assert (missing.exit_code, "Traceback" in missing.stderr) == (2, False)
    uploaded = await passerelle(served, "till", "upload", *online)
    assert (uploaded.returncode, uploaded.stdout) == (0, "1 : accepted\n0 en attente\n"), uploaded.stderr
    risk = await passerelle(served, "offline", "risk", venue)
    assert "acceptés : 1, 6,90 €" in risk.stdout
    assert "caisse 1 : entrée 1, 0 manquent" in risk.stdout
