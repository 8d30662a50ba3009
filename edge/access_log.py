"""The access log: one line per request, with the route's pattern in place of the path.

A countermark stands in some paths and keys stand in some queries, so neither is ever written; nor are
addresses of callers.
"""

from __future__ import annotations

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from edge.request_ids import request_id_of


class AccessLog(AbstractAccessLogger):
    """For `AppRunner(access_log_class=AccessLog)`. The fields are in the line and on the record (`extra`)."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        fields = {
            "method": request.method,
            "route": _pattern(request),
            "status": response.status,
            "milliseconds": round(time * 1000, 1),
            "bytes": response.body_length,
            "request_id": request_id_of(request) or "-",
        }
        line = " ".join(f"{name}={value}" for name, value in fields.items())
        self.logger.info(line, extra={"access": fields})


def _pattern(request: web.BaseRequest) -> str:
    """`/v1/bookings/{token}`; `-` where no route matched: an unknown path may hold anything."""
    if not isinstance(request, web.Request) or request_id_of(request) is None:
        return "-"  # aiohttp could not parse it, or no application has seen it
    resource = request.match_info.route.resource
    return resource.canonical if resource else "-"
