"""The database away for a moment (restarted, failing over, out of connections) is no defect of ours: 503, ask again.

What the request had begun may be done or not. Whoever repeats it under the same number is told which.
"""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from catalogue.database import is_away
from edge.errors import Unavailable

_log = logging.getLogger(__name__)


@web.middleware
async def outages(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Raises Unavailable for what is raised below it because the database is away; an answer that began is cut."""
    try:
        return await handler(request)
    except Exception as error:
        if not is_away(error) or request.writer.output_size > 0:
            raise
        _log.warning("the database is away: %s", type(error).__name__)
        raise Unavailable("La base de données ne répond pas : renvoyez la même demande dans un instant.") from None
