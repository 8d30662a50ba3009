"""The outside graders: programs nobody of this project wrote, at the exact versions of package-lock.json.

They are installed when first needed, under `.passerelle/graders`, in a folder named after the lock: it is whole or it
is not there, and another lock gets another folder. The lock says no address; npm asks the registry it is set to, and
holds what comes to the lock's hashes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from service.settings import CHECKOUT

HERE = Path(__file__).parent
FOLDER = CHECKOUT / ".passerelle" / "graders"
TIMEOUT_SECONDS = 240


@pytest.fixture(scope="session")
def graders() -> Path:
    """The folder whose `node_modules` has them. Skips where Node.js is missing, or, except in CI, the network."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node ou npm absent : les contrats de docs/apib ne sont pas jugés par Dredd")
    lock = (HERE / "package-lock.json").read_bytes()
    folder = FOLDER / hashlib.sha256(lock).hexdigest()[:16]
    if folder.is_dir():
        return folder
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix="new-") as scratch:
        new = Path(scratch) / "whole"
        failure = _install(new)
        if failure is None:
            # Another run that was quicker has made the same.
            with contextlib.suppress(OSError):
                new.rename(folder)
        elif os.environ.get("CI") == "true":
            pytest.fail(f"npm ci a échoué, les contrats de docs/apib ne sont pas jugés par Dredd :\n{failure}")
        else:
            why = " ".join(failure.split())[:200]
            pytest.skip(f"npm ci a échoué, les contrats de docs/apib ne sont pas jugés par Dredd : {why}")
    return folder


def _install(folder: Path) -> str | None:
    """What npm said if it failed. Packages' own scripts do not run: none is needed."""
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return f"rien après {TIMEOUT_SECONDS} s"
    if done.returncode == 0:
        return None
    return "\n".join(re.findall(r"^npm (?:error|ERR!) (.+)", done.stderr, re.MULTILINE)) or "sans rien dire"
