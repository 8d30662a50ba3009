"""The server's own log, of what never became a request: without what was sent, and without who sent it.

aiohttp writes the caller's address and quotes the line that it could not read, in which a countermark or a key
may stand.
"""

from __future__ import annotations

import logging

from aiohttp.http_exceptions import HttpProcessingError

NAME = "passerelle.server"


class _Discreet(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if record.args and "%s" in str(record.msg):
            record.msg, record.args = "Error handling request", ()
        if isinstance(error, HttpProcessingError):
            record.levelno, record.levelname = logging.INFO, "INFO"
            record.msg, record.args = f"no HTTP request: {type(error).__name__}", ()
            record.exc_info = record.exc_text = None
        return True


def server_log() -> logging.Logger:
    """For `AppRunner(logger=server_log())`. A defect of ours keeps its traceback, as everywhere."""
    logger = logging.getLogger(NAME)
    if not any(isinstance(one, _Discreet) for one in logger.filters):
        logger.addFilter(_Discreet())
    return logger
