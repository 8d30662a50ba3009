"""Which network addresses may be reached: resolved once, all checked, the connection pinned to them.

aiohttp connects only to what its resolver returned and asks it once per connection (`use_dns_cache=False`),
so a name cannot answer a public address to the check and a private one to the connection. Address literals
never reach a resolver and are checked by `check_literal`.

Ranges: IANA special-purpose address registries (IPv4 and IPv6, read November 2026), written out because
`ipaddress.is_global` differs between Python releases.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from net.addresses import place_of
from net.errors import AddressRefused

Address = IPv4Address | IPv6Address

_NEVER = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "169.254.0.0/16",  # link-local, the clouds' metadata services
        "224.0.0.0/4",
        "240.0.0.0/4",
        "::/128",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
        "fd00:ec2::254/128",  # a cloud's metadata service among the unique local addresses
    )
)
"""Refused even to a source that may read from a private network."""

_PRIVATE = tuple(
    ip_network(text)
    for text in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "::1/128",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
    )
)

_NAT64 = ip_network("64:ff9b::/96")
_IPV4_COMPATIBLE = ip_network("::/96")
_IPV4_TRANSLATED = ip_network("::ffff:0:0:0/96")
_ISATAP = 0x5EFE


def is_allowed(address: Address, *, allow_private: bool) -> bool:
    """Whether `address` may be connected to. Every IPv4 address inside an IPv6 one must be allowed too."""
    if any(address in network for network in _NEVER):
        return False
    if not allow_private and any(address in network for network in _PRIVATE):
        return False
    inner = _embedded(address)
    if inner:
        return all(is_allowed(one, allow_private=allow_private) for one in inner)
    return allow_private or address.is_global


def check_literal(url: URL, *, allow_private: bool) -> None:
    """Raises AddressRefused when the host is itself a network address that may not be reached."""
    try:
        address = ip_address(url.host or "")
    except ValueError:
        return  # a name: the resolver checks what it leads to
    if not is_allowed(address, allow_private=allow_private):
        raise AddressRefused("adresse d'un réseau privé ou réservé", place=place_of(url))


class CheckedResolver(AbstractResolver):
    """Resolves a name and refuses it as soon as one of its addresses may not be reached.

    One forbidden address among allowed ones is enough: a name that mixes both is an attack or a mistake.
    """

    def __init__(self, *, allow_private: bool, names: AbstractResolver | None = None) -> None:
        self._allow_private = allow_private
        self._names = names or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await self._names.resolve(host, port, family)
        except UnicodeError:
            raise AddressRefused("nom d'hôte illisible") from None
        for one in found:
            # The text says nothing of the address found: an answer about it would map our network.
            if not is_allowed(ip_address(one["host"]), allow_private=self._allow_private):
                raise AddressRefused(f"le nom {host} mène à un réseau privé ou réservé")
        return found

    async def close(self) -> None:
        await self._names.close()


def _embedded(address: Address) -> tuple[IPv4Address, ...]:
    """Where a packet to this IPv6 address may end: mapped, compatible, translated, 6to4, Teredo, NAT64, ISATAP."""
    if isinstance(address, IPv4Address):
        return ()
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    low = int(address) & 0xFFFFFFFF
    isatap = (int(address) >> 32) & 0xFDFFFFFF == _ISATAP
    compatible = address in _IPV4_COMPATIBLE and low > 1  # :: and ::1 are no IPv4 addresses
    if address in _NAT64 or address in _IPV4_TRANSLATED or isatap or compatible:
        return (IPv4Address(low),)
    return ()
