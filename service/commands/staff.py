"""Who types a command, as the audit log names them."""

from __future__ import annotations

import getpass


def actor() -> str:
    """`staff:<account of this machine>`."""
    try:
        return f"staff:{getpass.getuser()}"
    except (KeyError, OSError):
        # A container may have no such account.
        return "staff:inconnu"
