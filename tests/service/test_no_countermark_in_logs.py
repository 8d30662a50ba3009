"""A countermark is a bearer secret: whatever is done with it, by whatever face, no log has it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from aiohttp import ClientSession

ACCESS = "aiohttp.access"


async def test_no_log_has_a_countermark_or_a_ticket(served: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Booked, shown, checked, used, kept, uploaded, in paths and bodies; the access log has each route's pattern."""
    youth, till = {"Authorization": f"Bearer {served.youth}"}, {"Authorization": f"Bearer {served.till}"}
    with caplog.at_level(logging.DEBUG):
        async with ClientSession(served.address) as http:
            booked = await http.post(
                "/app/v1/bookings", json={"stockId": served.stock}, headers=youth | {"Idempotency-Key": "k"}
            )
            booking = await booked.json()
            shown = await http.get(f"/app/v1/bookings/{booking['id']}/qr?format=text", headers=youth)
            mark, ticket = booking["countermark"], await shown.text()
            venues = await (await http.get("/partner/v1/venues", headers=till)).json()
            venue = venues["venues"][0]["id"]
            entry = {"sequence": 1, "nonce": "n", "ticket": ticket, "acceptedAt": "2026-11-23T12:00:00Z"}
            asked: list[tuple[str, str, Any]] = [
                *[("GET", f"{face}/{mark}", None) for face in ("/partner/v1/countermarks", "/v2/bookings/token")],
                ("GET", f"/partner/v1/countermarks/{ticket}", None),
                ("GET", f"/public/bookings/v1/token/{mark}", None),
                ("GET", f"/bookings/token/{mark}?email=a@b.fr", None),
                ("GET", f"/nowhere/{mark}", None),
                ("PUT", f"/v2/bookings/token/{mark}", None),
                ("POST", "/partner/v1/countermarks/check", {"token": f"PASSCULTURE:v3;TOKEN:{mark}"}),
                ("POST", "/partner/v1/countermarks/check", {"token": mark, "quantity": -1}),
                ("POST", f"/partner/v1/countermarks/{mark}/use", {"nonce": "n1"}),
                ("POST", "/partner/v1/countermarks/use", {"uses": [{"token": ticket, "nonce": "n2"}]}),
                ("PATCH", f"/v2/bookings/keep/token/{mark}", None),
                ("PATCH", f"/public/bookings/v1/use/token/{mark}", None),
                ("POST", f"/partner/v1/venues/{venue}/offline/entries", {"till": "c", "entries": [entry, mark]}),
            ]
            statuses = []
            for method, path, body in asked:
                async with http.request(method, path, json=body, headers=till) as answer:
                    statuses.append(answer.status)
                    said = await answer.text()
                    assert mark not in said
                    assert ticket not in said
        await asyncio.sleep(0)
    assert statuses == [200, 200, 200, 200, 404, 404, 405, 200, 422, 200, 200, 204, 204, 200]
    logged = caplog.text + "".join(str(record.__dict__) for record in caplog.records if record.name != "asyncio")
    for secret in (mark, mark.lower(), ticket, ticket[-40:], served.till, served.youth):
        assert secret not in logged
    lines = [record.getMessage() for record in caplog.records if record.name == ACCESS]
    assert len(lines) >= len(asked)
    assert any("route=/v2/bookings/keep/token/{token} " in line for line in lines)
