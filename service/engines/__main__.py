"""`python -m service.engines status|stop|remove`: the embedded engines of this checkout."""

from __future__ import annotations

import argparse
import sys

from service.engines import lifetime
from service.engines.errors import EngineError
from service.settings import home_of


def main(arguments: list[str] | None = None) -> int:
    """0 when done; 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m service.engines", description="Les moteurs embarqués.")
    parser.add_argument("action", choices=["status", "stop", "remove"], help="état, arrêt, ou suppression des données")
    parser.add_argument("--force", action="store_true", help="même si un autre processus s'en sert")
    asked = parser.parse_args(arguments)
    home = home_of()
    try:
        if asked.action == "stop":
            lifetime.stop(home, force=asked.force)
        elif asked.action == "remove":
            lifetime.remove(home, force=asked.force)
        found = lifetime.states(home)
    except EngineError as error:
        print(error, file=sys.stderr)
        return 1
    for state in found:
        print(f"{state.title:<12} {'en marche' if state.is_running else 'arrêté':<10} {state.data}")
    if not found:
        print(f"Aucun moteur embarqué dans {home}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
