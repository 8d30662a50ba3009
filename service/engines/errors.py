"""What can go wrong with an embedded engine, said to the person at the keyboard."""

from __future__ import annotations


class EngineError(RuntimeError):
    """An engine could not be started, reached or stopped; the message says what to do about it."""
