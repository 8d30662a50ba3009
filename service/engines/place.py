"""Where the embedded engines live: a data folder their account can enter, and a short private socket folder.

A Unix socket's address holds 107 bytes, so sockets lie under /tmp or /var/tmp, in a folder of mode 0700 with
a name nobody can guess, found again by the `sockets` file. It may vanish at any reboot.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.engines import locks
from service.engines.account import Account, account_for
from service.engines.errors import EngineError
from service.engines.process import Server

_SOCKET_PARENTS: Final = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108 (mkdtemp: private, unguessable)
_OUTSIDE: Final = (Path("/var/lib/passerelle"), Path("/var/tmp/passerelle"))  # noqa: S108 (owner checked)


@dataclass(frozen=True, slots=True)
class Place:
    """One checkout's engines: folders, locks, and the account they run as."""

    home: Path
    root: Path
    account: Account

    @property
    def start_lock(self) -> Path:
        """Held while engines are being started or stopped."""
        return self.root / "start.lock"

    @property
    def users_lock(self) -> Path:
        """Shared by all who use the engines; whoever can take it alone is the last."""
        return self.root / "users.lock"

    def server(self, name: str, title: str) -> Server:
        root = self.root
        return Server(title, root / name, root / f"{name}.alive", root / f"{name}.log", self.account)

    def give(self, folder: Path) -> None:
        """Makes this folder the engines' own, closed to others."""
        folder.mkdir(mode=0o700, exist_ok=True)
        if self.account.is_other:
            os.chown(folder, self.account.uid, self.account.gid)
        folder.chmod(0o700)

    def sockets(self) -> Path:
        """The socket folder, made anew where it has vanished or is not ours."""
        return self.known_sockets() or self._new_sockets()

    def known_sockets(self) -> Path | None:
        """The socket folder made before, if it is still there and still ours alone."""
        try:
            folder = Path((self.root / "sockets").read_text("utf-8"))
            found = folder.lstat()
            is_ours = (folder / "root").read_text("utf-8") == str(self.root)
        except OSError:
            return None
        return folder if is_ours and found.st_uid == self.account.uid and found.st_mode & 0o77 == 0 else None

    def forget_sockets(self) -> None:
        folder = self.known_sockets()
        if folder is not None:
            shutil.rmtree(folder)

    def _new_sockets(self) -> Path:
        for parent in _SOCKET_PARENTS:
            try:
                folder = Path(tempfile.mkdtemp(prefix="passerelle-", dir=parent))
            except OSError:
                continue
            # A copied checkout brings the `sockets` file of the first: this says whose folder it is.
            (folder / "root").write_text(str(self.root), "utf-8")
            self.give(folder)
            (self.root / "sockets").write_text(str(folder), "utf-8")
            return folder
        raise EngineError(f"Aucun dossier temporaire n'accepte d'écriture ({', '.join(_SOCKET_PARENTS)}).")


def find_place(home: Path) -> Place | None:
    """The place settled before for this home, if any. Creates nothing."""
    for root in _roots(home.resolve()):
        if (root / "start.lock").exists():
            return Place(home.resolve(), root, _account_of(root))
    return None


def settle(home: Path) -> Place:
    """The place of this home's engines, created where absent. Raises EngineError where nobody could use it.

    An account that may not enter `home` (root's clone in a closed folder, its engines run as another account)
    gets a folder outside, which `home/engines.location` names.
    """
    home = home.resolve()
    try:
        for root in _roots(home):
            place = _settled(home, root)
            if place is not None:
                return place
    except OSError as error:
        raise EngineError(
            f"Le dossier {error.filename or home} n'est pas utilisable par ce compte ({error.strerror}). "
            "Relancez sous le compte à qui il appartient, ou choisissez un autre dossier par PASSERELLE_HOME."
        ) from error
    raise EngineError(
        f"Aucun compte sans privilège ne peut entrer dans {home} ni dans {_OUTSIDE[0]}. "
        "Relancez sous un compte ordinaire, ou choisissez un autre dossier par PASSERELLE_HOME."
    )


def _settled(home: Path, root: Path) -> Place | None:
    """The place at this root; None where the engines' account may not enter, or the way is not ours."""
    _make(root.parent)
    is_inside = root.parent == home
    if not is_inside and (root.parent.is_symlink() or root.parent.stat().st_uid != os.geteuid()):
        return None
    _make(root)
    account = _account_of(root)
    if not account.can_enter(root):
        if not any(root.iterdir()):
            root.rmdir()
        return None
    if not is_inside:
        (home / "engines.location").write_text(f"{root}\n", "utf-8")
    os.close(locks.opened(root / "start.lock"))
    return Place(home, root, account)


def _account_of(root: Path) -> Account:
    # Root keeps the folder itself and gives away only the data in it.
    data = root / "postgres"
    return account_for([data] if os.geteuid() == 0 else [root, data])


def _roots(home: Path) -> Iterator[Path]:
    yield home / "engines"
    if os.geteuid() == 0:
        name = hashlib.sha256(str(home).encode()).hexdigest()[:12]
        for parent in _OUTSIDE:
            yield parent / name


def _make(folder: Path) -> None:
    """Creates missing folders, open to be entered even under umask 077. Existing ones stay as they are."""
    if not folder.exists():
        _make(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)
