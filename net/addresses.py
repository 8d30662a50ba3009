"""Addresses as values: the first hop of a request, the hop a redirect leads to, how an address is named.

Pure: who may be reached is decided in `guard.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yarl import URL

from net.errors import AddressRefused, FeedChanged

Params = Mapping[str, str | int | Sequence[str | int]] | Sequence[tuple[str, str | int]]

_KEPT_ABROAD = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "if-modified-since",
        "if-none-match",
        "range",
        "user-agent",
    }
)
"""Headers that follow a redirect to another host. Any other may be a key."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One address to ask, with the headers it may see."""

    url: URL
    headers: Mapping[str, str]

    @property
    def place(self) -> str:
        return place_of(self.url)


def first_hop(url: str, params: Params | None, headers: Mapping[str, str] | None) -> Hop:
    """Raises AddressRefused for anything but an http(s) address without user and password."""
    return Hop(_readable(url, params), dict(headers or {}))


def next_hop(hop: Hop, location: str | None) -> Hop:
    """Where a redirect from `hop` leads, without credentials when the host changes.

    Raises AddressRefused for a fall from https to http, FeedChanged for a redirect that leads nowhere.
    """
    if not location:
        raise FeedChanged("redirection sans adresse", place=hop.place)
    try:
        url = hop.url.join(_parsed(location))
    except ValueError:
        raise FeedChanged("redirection illisible", place=hop.place) from None
    _check_form(url)
    if hop.url.scheme == "https" and url.scheme == "http":
        raise AddressRefused("redirection de https vers http", place=hop.place)
    if _same_host(hop.url, url):
        return Hop(url, hop.headers)
    return Hop(url, {name: value for name, value in hop.headers.items() if name.lower() in _KEPT_ABROAD})


def place_of(url: str | URL) -> str:
    """Scheme, host and path: what may be shown. Queries, fragments, users and passwords may be secret."""
    try:
        url = URL(url)
        return str(url.origin().with_path(url.raw_path, encoded=True))
    except ValueError:
        return "adresse illisible"


def _readable(text: str, params: Params | None) -> URL:
    try:
        url = _parsed(text)
    except ValueError:
        raise AddressRefused("adresse illisible") from None
    _check_form(url)
    return url.extend_query(params) if params else url


def _parsed(text: str) -> URL:
    """Raises ValueError, for a host too that only reveals to be none when it is read: `http://xn--/`."""
    url = URL(text)
    url.host  # noqa: B018 - reading it decodes it
    return url


def _check_form(url: URL) -> None:
    if url.scheme not in ("http", "https") or not url.host:
        raise AddressRefused("adresse qui n'est ni http ni https", place=place_of(url))
    if url.raw_user is not None or url.raw_password is not None:
        raise AddressRefused("adresse avec identifiant ou mot de passe", place=place_of(url))


def _same_host(here: URL, there: URL) -> bool:
    if here.raw_host != there.raw_host:
        return False
    upgraded = (here.scheme, here.port, there.scheme, there.port) == ("http", 80, "https", 443)
    return here.port == there.port or upgraded
