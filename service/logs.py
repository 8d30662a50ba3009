"""Structured logs on stderr: one JSON object a line, with the request's id; never a secret nor a countermark."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

from edge.request_ids import current_request_id
from service.settings import Settings

_DETAIL = re.compile(r"\nDETAIL:.*?(?=\n\n(?:The above|During handling)|\Z)", re.DOTALL)
"""PostgreSQL's detail of an error quotes the row: names, e-mails, countermarks."""


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := current_request_id():
            line["requestId"] = request_id
        for extra in ("access", "fields"):
            line |= getattr(record, extra, None) or {}
        if record.exc_info:
            line["error"] = _DETAIL.sub("", self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


def configure_logs(settings: Settings) -> None:
    """Sends the process's logs to stderr, from the configured level on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    if settings.log_level == "info":
        for told_elsewhere in ("arq.worker", "alembic.runtime.migration"):
            # Each ring of the bell, each revision: readings have lines of their own in `sync.journal`.
            logging.getLogger(told_elsewhere).setLevel(logging.WARNING)
