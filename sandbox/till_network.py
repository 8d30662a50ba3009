"""What a till that works offline asks of the platform while there is network."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aiohttp import ClientSession

from sandbox.offline_till import Accepted, Lists, OfflineTill


class PlatformRefused(ValueError):
    """The platform answered a problem."""


async def fetch(http: ClientSession, key: str, venue: str, now: datetime) -> Lists:
    """Keys, limits and revocations of a venue, by its public id."""
    keys, _ = await _get(http, "/.well-known/passerelle-keys.json", key)
    policy, _ = await _get(http, f"/partner/v1/venues/{venue}/offline", key)
    revocations, etag = await _get(http, f"/partner/v1/venues/{venue}/offline/revocations", key)
    return Lists(now.isoformat(), keys, policy, revocations, etag)


async def upload(http: ClientSession, key: str, till: OfflineTill) -> list[Accepted]:
    """Sends what is pending and keeps the receipts; the entries that were decided."""
    if not till.pending:
        return []
    path = f"/partner/v1/venues/{till.lists.policy['venueId']}/offline/entries"
    async with http.post(path, json=till.upload(), headers=_headers(key)) as response:
        told = await response.json(content_type=None)
        if response.status != 200:
            raise PlatformRefused(f"{response.status} {told.get('detail', '')}")
    return till.settle(told["receipts"])


async def conflicts(http: ClientSession, key: str, till: OfflineTill) -> list[dict[str, Any]]:
    """The venue's newest conflicts, of whichever of its tills."""
    told, _ = await _get(http, f"/partner/v1/venues/{till.lists.policy['venueId']}/offline/conflicts", key)
    found: list[dict[str, Any]] = told["conflicts"]
    return found


async def _get(http: ClientSession, path: str, key: str) -> tuple[dict[str, Any], str | None]:
    async with http.get(path, headers=_headers(key)) as response:
        told: dict[str, Any] = await response.json(content_type=None)
        if response.status != 200:
            raise PlatformRefused(f"{path} : {response.status} {told.get('detail', '')}")
        return told, response.headers.get("ETag")


def _headers(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
