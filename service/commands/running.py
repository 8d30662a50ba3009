"""How a command starts: settings, engines, house; and how it ends when one of them says no."""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer
from redis.exceptions import RedisError
from rich.text import Text

from catalogue.refusals import MergeRefused
from connectors.settings import SettingsRefused
from net.errors import SourceFailure
from service.engines.errors import EngineError
from service.engines.lifetime import engines
from service.house import House, NotMigrated, open_house
from service.settings import Settings, WrongSetting
from service.shadowing import ShadowedRoom, check_rooms
from service.signals import until_stopped
from service.terminal import Terminal
from sync.runner import SourceBusy

PROFILE = "PASSERELLE_PROFILE"
NAMED: Final = (
    ShadowedRoom,
    WrongSetting,
    EngineError,
    NotMigrated,
    SourceFailure,
    SettingsRefused,
    SourceBusy,
    LookupError,
    MergeRefused,
    ValueError,
    OSError,
    RedisError,
)
"""What a person at the keyboard can do something about: told in a sentence, never as a traceback."""
FILE_ERRORS: Final = {
    FileNotFoundError: "ce fichier ou dossier n'existe pas",
    FileExistsError: "ce fichier existe déjà",
    PermissionError: "l'accès est refusé",
    IsADirectoryError: "c'est un dossier, il faut un fichier",
    NotADirectoryError: "c'est un fichier, il faut un dossier",
}
# What is printed may hold anybody's words, and « [rock] » in a title is no markup.
out = Terminal(highlight=False, markup=False)
err = Terminal(stderr=True, highlight=False, markup=False)

LARGEST: Final = 2**63 - 1
"""The largest number the database gives a row."""


@contextmanager
def named() -> Iterator[None]:
    """Ends the process with 2 and a sentence where the block raises one of `NAMED`."""
    try:
        yield
    except NAMED as error:
        tell(error)
        raise typer.Exit(2) from None


def tell(error: BaseException, opening: str = "Erreur") -> None:
    """Says on stderr what went wrong, in one sentence."""
    err.print(Text.assemble((opening, "red"), f" : {_sentence(error)}"), soft_wrap=True)


def _sentence(error: BaseException) -> str:
    """The error's own words; for a file that cannot be used, which one and why."""
    if isinstance(error, OSError) and error.filename:
        why = next((why for kind, why in FILE_ERRORS.items() if isinstance(error, kind)), error.strerror)
        return f"{error.filename} : {why}"
    return str(error) or type(error).__name__


def settings_here(*, profile: str | None = None, **given: object) -> Settings:
    """This process's settings; without a profile, that of the server running in this folder, else main."""
    check_rooms()
    if profile is None and PROFILE not in os.environ:
        profile = running_profile(Settings.from_environment(profile="test").home)
    return Settings.from_environment(profile=profile, **given)  # type: ignore[arg-type]


def in_house(work: Callable[[House], Awaitable[int]], settings: Settings | None = None, *, pool_size: int = 5) -> None:
    """Runs one command in the house and ends the process with its code; named errors are 2, without a traceback."""

    async def run(settings: Settings) -> int:
        async with open_house(settings, urls, pool_size=pool_size) as house:
            return await work(house)

    with named():
        settings = settings or settings_here()
        with engines(settings) as urls:
            code = until_stopped(run(settings))
    raise typer.Exit(code)


def running_file(home: Path) -> Path:
    """Where a running server says which profile it serves."""
    return home / "running.json"


def running_profile(home: Path) -> str | None:
    """The profile of the server that runs here, if one does."""
    try:
        told = json.loads(running_file(home).read_text())
        os.kill(told["pid"], 0)
    except (OSError, ValueError, KeyError):
        return None
    profile: str = told["profile"]
    return profile
