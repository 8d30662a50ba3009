"""A dump on disk: a Data Package that is there whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from catalogue.changes import tail
from catalogue.database import Pool
from open_data.package import DESCRIPTOR, Package, Resource
from open_data.published import pages


class NotADump(Exception):
    """The folder to write into holds something else: it is left as it is."""

    def __init__(self, out: Path) -> None:
        super().__init__(f"{out} existe et n'est pas un jeu de données que cette commande peut remplacer")
        self.out = out


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was written, where, and under which licences."""

    folder: Path
    at: datetime
    resources: tuple[Resource, ...]
    licences: tuple[str, ...]

    @property
    def offers(self) -> int:
        """How many offers it holds."""
        return self.resources[0].rows or 0


async def dump(pool: Pool, out: Path, *, at: datetime) -> Manifest:
    """Writes every offer that may leave, as published at `at`, into the folder `out`.

    The package is written beside and put in place by renaming: a reader sees the old one, for an instant
    nothing, then the new one, never half of one. Raises `NotADump` where `out` is anything but absent, empty
    or an earlier dump; after any failure `out` is as it was.
    """
    out = await asyncio.to_thread(_checked, out)
    new = await asyncio.to_thread(_beside, out)
    package = await asyncio.to_thread(Package, new)
    try:
        # Noted before the first page: what changes while the dump is written is told after it.
        async with pool.acquire() as conn:
            position = await tail(conn)
        async with contextlib.aclosing(pages(pool, at=at)) as found:
            async for offers in found:
                await asyncio.to_thread(package.add, offers)
        resources, licences = await asyncio.to_thread(package.finish, at, position)
        await asyncio.to_thread(_replace, out, new)
    finally:
        package.abandon()
        await asyncio.to_thread(shutil.rmtree, new, ignore_errors=True)
    return Manifest(out, at, tuple(resources), tuple(licences))


def _checked(out: Path) -> Path:
    if out.is_symlink() or (out.exists() and not out.is_dir()):
        raise NotADump(out)
    if out.is_dir() and any(out.iterdir()) and not (out / DESCRIPTOR).is_file():
        raise NotADump(out)
    return out.resolve()


def _beside(out: Path) -> Path:
    """A new folder on the same file system, so that renaming it is one step."""
    out.parent.mkdir(parents=True, exist_ok=True)
    new = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    new.mkdir()
    return new


def _replace(out: Path, new: Path) -> None:
    if not out.exists():
        new.rename(out)
        return
    old = new.with_name(f"{new.name}.old")
    out.rename(old)
    try:
        new.rename(out)
    except OSError:
        old.rename(out)
        raise
    shutil.rmtree(old)
