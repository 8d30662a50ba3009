"""A start-up check: our rooms are flat packages, and another distribution may bring one of the same name."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

ROOMS: Final = (
    *("schemas", "net", "matching", "connectors", "catalogue", "accounts", "bookings", "edge"),
    *("sync", "partner_api", "app_api", "open_data", "sandbox", "migrations"),
)


class ShadowedRoom(RuntimeError):
    """A package that is not ours answers to the name of one of our rooms."""


def check_rooms(rooms: tuple[str, ...] = ROOMS) -> None:
    """Raises ShadowedRoom where one of our rooms would be imported from elsewhere than beside this package.

    PyPI's `catalogue` (installed with spaCy) is the known case.
    """
    ours = Path(__file__).resolve().parent.parent
    for room in rooms:
        spec = importlib.util.find_spec(room)
        found = Path(spec.origin).resolve().parent.parent if spec and spec.origin else None
        if found != ours:
            raise ShadowedRoom(
                f"Le paquet « {room} » chargé n'est pas celui de Passerelle : "
                f"{found or 'introuvable'} au lieu de {ours}. "
                f"Désinstallez le paquet du même nom (pip uninstall {room}) puis relancez « make setup »."
            )
