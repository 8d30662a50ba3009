"""What a provider of the finished API remembers: each thing's last word with its number, its removal too."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import Any


class CursorUnknown(Exception):
    """Nobody gave that cursor, or it is of another route."""


class CursorExpired(Exception):
    """It was given before what was removed since then was forgotten."""


@dataclass(slots=True)
class Table:
    """The rows of one route. Each change has the next number; a removed row is None."""

    name: str
    rows: dict[str, tuple[int, Any]] = field(default_factory=dict)
    number: int = 0
    forgotten: int = 0
    """Removals up to this number are no longer known."""

    def put(self, key: str, row: Any) -> None:
        self.number += 1
        self.rows[key] = (self.number, row)

    def remove(self, key: str) -> None:
        self.put(key, None)

    def forget(self) -> None:
        """What was removed is forgotten: older cursors cannot be told what went."""
        self.forgotten = self.number
        self.rows = {key: told for key, told in self.rows.items() if told[1] is not None}

    def page(self, cursor: str | None, limit: int) -> tuple[list[Any], list[str], str, bool, int | None]:
        """(rows, keys removed, next cursor, whether more follows at once, rows in a whole reading).

        A whole reading goes by key and ends with the number it began at; from a number on, changes go by number.
        """
        told = self._read(cursor)
        if "since" not in told:
            upto = told.get("upto", self.number)
            keys = sorted(key for key, (_, row) in self.rows.items() if row is not None and key > told.get("after", ""))
            page = keys[:limit]
            more = len(keys) > limit
            following = {"upto": upto, "after": page[-1]} if more else {"since": upto}
            total = sum(row is not None for _, row in self.rows.values())
            return [self.rows[key][1] for key in page], [], self._write(following), more, total
        if told["since"] < self.forgotten:
            raise CursorExpired
        later = sorted((number, key) for key, (number, _) in self.rows.items() if number > told["since"])
        shown = later[:limit]
        following = {"since": shown[-1][0] if shown else told["since"]}
        rows = [self.rows[key][1] for _, key in shown]
        gone = [key for _, key in shown if self.rows[key][1] is None]
        return [row for row in rows if row is not None], gone, self._write(following), len(later) > limit, None

    def _write(self, place: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps({"of": self.name, **place}).encode()).decode().rstrip("=")

    def _read(self, cursor: str | None) -> dict[str, Any]:
        if cursor is None:
            return {}
        try:
            told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        except ValueError:
            raise CursorUnknown from None
        if not isinstance(told, dict) or told.get("of") != self.name:
            raise CursorUnknown
        return told
