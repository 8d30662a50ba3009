"""As whom the engines run: PostgreSQL refuses root, so root hands them to an existing unprivileged account.

No account is created and no folder of somebody else changes its mode.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from service.engines.errors import EngineError

_CANDIDATES: Final = ("nobody", "postgres", "daemon", "bin")
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
"""All that an engine sees of the environment: none of the caller's PGPORT, LC_ALL, LD_LIBRARY_PATH."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of this machine that may run the engines."""

    uid: int
    gid: int
    name: str

    @property
    def is_other(self) -> bool:
        """Whether processes must change account to run as this one."""
        return self.uid != os.geteuid()

    def options(self) -> dict[str, Any]:
        """Keyword arguments of `subprocess` that run a program as this account, from a folder it may read."""
        change: dict[str, Any] = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}
        return {**change, "cwd": "/", "env": _ENVIRONMENT, "umask": 0o077, "stdin": subprocess.DEVNULL}

    def run(self, *command: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs the program to its end, whatever its exit code. EngineError if root may not hand over."""
        try:
            return subprocess.run(  # noqa: S603 (our own programs, no shell)
                command, capture_output=True, text=True, errors="replace", check=False, **self.options()
            )
        except PermissionError as error:
            if self.is_other and not _may_become(self):
                raise EngineError(
                    "PostgreSQL refuse de tourner en root, et passer au compte "
                    f"« {self.name} » est interdit ici. "
                    "Relancez sous un compte ordinaire, ou donnez DATABASE_URL et REDIS_URL."
                ) from error
            return subprocess.CompletedProcess(command, 126, "", str(error))
        except OSError as error:
            return subprocess.CompletedProcess(command, 127, "", str(error))

    def can_enter(self, folder: Path) -> bool:
        """Whether every folder on the way to this one, and itself, may be entered."""
        return self.run("/bin/sh", "-c", 'cd -- "$0"', folder).returncode == 0

    def can_run(self, program: Path) -> bool:
        return self.run(program, "--version").returncode == 0


def account_for(data: Sequence[Path]) -> Account:
    """This process's own account; for root the owner of data that exist already, else an unprivileged one.

    Raises EngineError where an ordinary account meets another's data, or root finds nobody to hand over to.
    """
    me = os.geteuid()
    owners = {path: path.stat().st_uid for path in data if path.exists()}
    if me != 0:
        for path, owner in owners.items():
            if owner != me:
                raise EngineError(
                    f"Le dossier {path} appartient à {_name(owner)}, or ce processus est à {_name(me)}. "
                    "Relancez sous le même compte, ou choisissez un autre dossier par PASSERELLE_HOME."
                )
        return Account(me, os.getegid(), _name(me))
    for owner in owners.values():
        if owner != 0:
            return Account(owner, _group(owner), _name(owner))
    for name in _CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name)
    raise EngineError(
        "PostgreSQL refuse de tourner en root, et aucun compte sans privilège n'existe ici "
        f"({', '.join(_CANDIDATES)}). Relancez sous un compte ordinaire, ou donnez DATABASE_URL."
    )


def _may_become(account: Account) -> bool:
    try:
        done = subprocess.run(["/bin/true"], check=False, **account.options())
    except PermissionError:
        return False
    return done.returncode == 0


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"l'utilisateur {uid}"


def _group(uid: int) -> int:
    try:
        return pwd.getpwuid(uid).pw_gid
    except KeyError:
        return uid
