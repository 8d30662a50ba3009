"""A partner's server that is told by webhook: it checks who speaks (Standard Webhooks) and keeps what it was told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.clock import Clock

TOLERANCE_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Told:
    """One message whose signature was good."""

    id: str
    type: str
    data: dict[str, Any]
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(slots=True)
class Receiver:
    """`secrets` are those it trusts; `answers` the statuses it gives next, 204 when there are none left."""

    clock: Clock
    secrets: list[str] = field(default_factory=list, repr=False)
    answers: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    """Of each answer."""
    delay: float = 0.0
    told: list[Told] = field(default_factory=list)
    refused: int = 0
    """Messages whose signature was not good."""

    def build(self) -> web.Application:
        """Returns the application: `POST /hook`."""
        app = web.Application()
        app.router.add_post("/hook", self.hook)
        return app

    async def hook(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self.delay:
            await asyncio.sleep(self.delay)
        if not self._is_good(request, body):
            self.refused += 1
            return web.Response(status=401)
        status = self.answers.pop(0) if self.answers else 204
        said = json.loads(body)
        self.told.append(Told(request.headers["webhook-id"], said["type"], said["data"], dict(request.headers), body))
        return web.Response(status=status, headers=self.headers)

    def types(self) -> list[str]:
        """What it was told, in the order it came, each message once."""
        return [told.type for told in {told.id: told for told in self.told}.values()]

    def _is_good(self, request: web.Request, body: bytes) -> bool:
        name, at = request.headers.get("webhook-id", ""), request.headers.get("webhook-timestamp", "")
        if not at.isdecimal() or abs(int(at) - self.clock().timestamp()) > TOLERANCE_SECONDS:
            return False
        given = request.headers.get("webhook-signature", "").split()
        for secret in self.secrets:
            key = base64.b64decode(secret.removeprefix("whsec_"))
            proof = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
            if any(hmac.compare_digest(f"v1,{base64.b64encode(proof).decode()}", one) for one in given):
                return True
        return False
