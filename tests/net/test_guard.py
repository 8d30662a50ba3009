"""Which addresses may be reached."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from yarl import URL

from net.client import open_http
from net.errors import AddressRefused, FeedChanged, ProviderUnavailable
from net.guard import check_literal, is_allowed

PUBLIC = [
    "8.8.8.8",
    "93.184.216.34",
    "2a01:cb00::1",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]
PRIVATE = [
    "127.0.0.1",
    "127.8.9.10",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "192.0.0.8",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "::1",
    "fc00::1",
    "fd12::1",
    "100::1",
    "2001:db8::1",
    "2001:1::1",
    "3fff::1",
    "64:ff9b:1::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a00:1",
    "::ffff:0:127.0.0.1",
    "::ffff:0:10.0.0.1",
    "2002:7f00:1::1",
    "2002:c0a8:101::",
    "2a01::5efe:10.0.0.1",
    "2a01::200:5efe:10.0.0.1",
]
NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "169.254.169.254",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fe80::5efe:8.8.8.8",
    "fec0::1",
    "ff02::1",
    "fd00:ec2::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::1",
    "::169.254.169.254",
    "::ffff:0:169.254.169.254",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_reached(address: str) -> None:
    """A public address is allowed, also when it is written inside an IPv6 one."""
    assert is_allowed(ip_address(address), allow_private=False)


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_need_the_sources_leave(address: str) -> None:
    """Private, shared, documentation and loopback addresses are refused unless the source allows them."""
    assert not is_allowed(ip_address(address), allow_private=False)
    assert is_allowed(ip_address(address), allow_private=True)


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("allow_private", [False, True], ids=["public", "private"])
def test_some_addresses_are_never_reached(address: str, allow_private: bool) -> None:
    """Metadata services, multicast and unspecified addresses are refused to everybody."""
    assert not is_allowed(ip_address(address), allow_private=allow_private)


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "0.0.0.0"])
def test_literals_are_checked(host: str) -> None:
    """An address written in the URL, which no resolver sees, is checked too."""
    with pytest.raises(AddressRefused, match="privé"):
        check_literal(URL(f"http://{host}:8080/x"), allow_private=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://[::1]:1/",
        "http://2130706433:1/",
        "http://0x7f.1:1/",
        "http://0177.0.0.1:1/",
        "http://127.1:1/",
        "http://localhost:1/",
        "http://LOCALHOST:1/",
    ],
)
async def test_every_way_to_write_loopback_is_refused(limits, url: str) -> None:
    """However loopback is written, a public client does not connect to it."""
    async with open_http(limits) as http:
        with pytest.raises(AddressRefused):
            await http.get(url)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
        "//example.org/",
        "/stocks",
        "",
        "http://",
        "http://user:secret@example.org/",
        "http://user@example.org/",
        "http://:secret@example.org/",
        "http://[::1/",
        f"http://{'a' * 70}.example/",
        "http://.example/",
    ],
)
async def test_only_plain_http_addresses(limits, url: str) -> None:
    """Other schemes, users, passwords and unreadable addresses are refused, and no password is repeated."""
    async with open_http(limits) as http:
        with pytest.raises(AddressRefused) as refused:
            await http.get(url)
    assert "secret" not in str(refused.value)


async def test_one_private_answer_refuses_the_name(limits, names) -> None:
    """A name that leads to a public and to a private address is refused whole, without naming the address."""
    server = names({"mixed.test": ["93.184.216.34", "10.1.2.3"]})
    async with open_http(limits, names=server) as http:
        with pytest.raises(AddressRefused, match=r"mixed\.test") as refused:
            await http.get("http://mixed.test/")
    assert "10.1.2.3" not in str(refused.value)


async def test_a_name_is_asked_once_and_pinned(limits, names, provider, text_answer) -> None:
    """One look-up per hop: the connection goes to the checked address, the Host header keeps the name."""
    server = names({"feed.test": ["127.0.0.1"]})
    feed = await provider(text_answer("ok"))
    async with open_http(limits, allow_private=True, names=server) as http:
        answer = await http.get(feed.url(host="feed.test"))
    assert answer.body == b"ok"
    assert server.questions == ["feed.test"]
    assert f"feed.test:{feed.port}" == feed.asked[0].host


async def test_a_redirect_is_looked_up_and_checked(limits, names, provider, redirect_to) -> None:
    """Each hop is resolved and checked: a redirect to a name of a forbidden network is refused."""
    server = names({"feed.test": ["127.0.0.1"], "inner.test": ["169.254.169.254"]})
    feed = await provider(redirect_to("http://inner.test/latest/meta-data"))
    async with open_http(limits, allow_private=True, names=server) as http:
        with pytest.raises(AddressRefused, match=r"inner\.test"):
            await http.get(feed.url(host="feed.test"))
    assert server.questions == ["feed.test", "inner.test"]


async def test_a_redirect_to_a_literal_is_checked(http, provider, redirect_to) -> None:
    """A redirect to the clouds' metadata address is refused."""
    feed = await provider(redirect_to("http://169.254.169.254/latest/meta-data"))
    with pytest.raises(AddressRefused):
        await http.get(feed.url())
    assert len(feed.asked) == 1


async def test_an_unknown_name_is_unavailable(limits, names) -> None:
    """A name that does not resolve is a provider that is down, tried again, not a refused address."""
    server = names({})
    async with open_http(limits, names=server) as http:
        with pytest.raises(ProviderUnavailable) as failure:
            await http.get("http://gone.test/feed?key=secret")
    assert limits.tries == len(server.questions)
    assert not failure.value.outcome_unknown
    assert "secret" not in str(failure.value)


def test_a_refused_address_is_not_retried() -> None:
    """AddressRefused is a FeedChanged: the run stops, nobody tries again."""
    assert issubclass(AddressRefused, FeedChanged)
    assert not issubclass(AddressRefused, ProviderUnavailable)
