"""Puts all that vendors' software calls under one root: our own face, the published keys, the field's dialects."""

from __future__ import annotations

from aiohttp import web

from partner_api import app, published
from partner_api.dialects import current, pilot, second
from partner_api.keys import PartnerApi

PREFIXES = ("/partner/v1", "/.well-known", "/public/bookings/v1", "/v2/bookings", "/bookings")


def mount(root: web.Application, deps: PartnerApi) -> None:
    """Each at its address."""
    builders = (app.build, published.build, current.build, second.build, pilot.build)
    for prefix, build in zip(PREFIXES, builders, strict=True):
        root.add_subapp(prefix, build(deps))
