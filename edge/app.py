"""Builds a face: an aiohttp application where every answer has a request id and every error is a problem."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

from aiohttp import web
from aiohttp.typedefs import Middleware

from edge.limits import write_rate_limits
from edge.outages import outages
from edge.problems import ProblemTable, problems
from edge.request_ids import request_ids, write_request_id


def face(table: ProblemTable = MappingProxyType({}), *, middlewares: Sequence[Middleware] = ()) -> web.Application:
    """An application without routes yet, to be mounted with `root.add_subapp(prefix, …)` or served alone.

    `table`: how this face answers the domain's errors. `middlewares` run inside, in this order: rate limit by
    address, authentication, rate limit by caller. What they raise is answered as a problem too.
    """
    app = web.Application(middlewares=[request_ids, problems(table), outages, *middlewares])
    app.on_response_prepare.append(write_request_id)
    app.on_response_prepare.append(write_rate_limits)
    return app


def root() -> web.Application:
    """The application the faces are mounted on. It answers what belongs to none of them, as problems.

    A face's middlewares never see an address outside of its prefix, hence the same ones here.
    """
    return face()
