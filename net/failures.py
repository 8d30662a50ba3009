"""Turns statuses and aiohttp's exceptions into the kinds of failure of `errors.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NoReturn

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientSSLError,
    ConnectionTimeoutError,
    InvalidURL,
)

from net.errors import AccessDenied, AddressRefused, FeedChanged, ProviderUnavailable

_DAY = 86_400.0
_NOT_EXECUTED = frozenset({429})
_FOR_LATER = frozenset({408, 425, 429})
_NEVER_WILL = frozenset({501, 505})


def refuse(status: int, headers: Mapping[str, str], *, place: str, safe: bool, now: datetime) -> NoReturn:
    """Raises the failure that an unwanted status means. `safe`: asking changes nothing at the provider."""
    if status in (401, 403):
        raise AccessDenied(f"accès refusé, réponse {status}", place=place)
    if status in _FOR_LATER or (status >= 500 and status not in _NEVER_WILL):
        raise ProviderUnavailable(
            f"le fournisseur répond {status}",
            place=place,
            retry_after=seconds_asked(headers.get("Retry-After"), now=now),
            outcome_unknown=not safe and status not in _NOT_EXECUTED,
        )
    raise FeedChanged(f"réponse {status} inattendue", place=place)


def seconds_asked(retry_after: str | None, *, now: datetime) -> float | None:
    """The seconds of a `Retry-After` (RFC 9110 §10.2.3), between 0 and a day; None when it says nothing."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _DAY)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - now).total_seconds(), 0.0), _DAY)


@contextmanager
def told_by_kind(place: str, *, safe: bool) -> Iterator[None]:
    """Raises what goes wrong inside as ProviderUnavailable or AddressRefused.

    aiohttp's own exceptions are left out of the chain: some carry the whole address with its query.
    A request that was not `safe` and may have been sent ends with `outcome_unknown`.
    """
    try:
        yield
    except InvalidURL:
        raise AddressRefused("adresse illisible", place=place) from None
    except (ClientConnectorError, ConnectionTimeoutError) as error:
        raise ProviderUnavailable(f"connexion impossible : {_why_not(error)}", place=place) from None
    except (TimeoutError, ClientError, OSError) as error:
        reason = "pas de réponse à temps" if isinstance(error, TimeoutError) else "réponse interrompue"
        raise ProviderUnavailable(f"{reason} : {type(error).__name__}", place=place, outcome_unknown=not safe) from None


def _why_not(error: ClientError) -> str:
    match error:
        case ClientConnectorDNSError():
            return "ce nom de machine est inconnu"
        case ClientSSLError():
            return "son certificat n'est pas accepté"
        case ConnectionTimeoutError():
            return "pas de réponse à temps"
    return "personne n'écoute à cette adresse"
