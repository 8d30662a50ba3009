"""How a run ends: its state, why, and the sentence for its venue, by what ended its reading."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from connectors.registry import SettingsRefused, UnknownConnector
from net.errors import AccessDenied, FeedChanged, ProviderUnavailable
from sync.guard import TooMuchEmptied, TooMuchGone
from sync.leases import LeaseLost
from sync.vault import SealBroken


@dataclass(frozen=True, slots=True)
class Ending:
    """As `run` keeps it; `retry_after`: seconds the provider asked us to wait."""

    state: str
    failure: str | None = None
    message: str | None = None
    retry_after: float | None = None


def ending_of(error: BaseException) -> Ending:
    """The end that this error is; `bug` for what no provider and no person has to do with."""
    match error:
        case ProviderUnavailable():
            return Ending("failed", "unavailable", str(error), error.retry_after)
        case AccessDenied():
            return Ending("failed", "denied", str(error))
        case FeedChanged():
            return Ending("failed", "changed", str(error))
        case TooMuchGone():
            return Ending("guarded", "guarded", str(error))
        case TooMuchEmptied():
            return Ending("guarded", "emptied", str(error))
        case SealBroken() | SettingsRefused() | UnknownConnector():
            return Ending("failed", "settings", str(error))
        case LeaseLost():
            return Ending("lost", "lost", "une autre exécution a repris cette source")
        case asyncio.CancelledError():
            return Ending("lost", "lost", "lecture interrompue")
    return Ending("failed", "bug", f"erreur interne : {type(error).__name__}")
