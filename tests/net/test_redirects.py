"""Redirects are followed by hand."""

from __future__ import annotations

import pytest
from aiohttp import web
from yarl import URL

from net.addresses import Hop, next_hop, place_of
from net.errors import AddressRefused, FeedChanged

SECRETS = {"Authorization": "Bearer t", "Cookie": "s=1", "X-Api-Key": "k", "apikey": "k"}
HARMLESS = {"Accept": "application/json", "If-None-Match": '"v1"'}


def hop(url: str) -> Hop:
    return Hop(URL(url), SECRETS | HARMLESS)


@pytest.mark.parametrize(
    ("here", "location", "there", "keeps"),
    [
        ("https://a.fr/x/y?k=1", "/z", "https://a.fr/z", True),
        ("https://a.fr/x/y", "z?p=2", "https://a.fr/x/z?p=2", True),
        ("http://a.fr/x", "https://a.fr/x", "https://a.fr/x", True),
        ("https://a.fr/x", "//b.fr/x", "https://b.fr/x", False),
        ("https://a.fr/x", "https://www.a.fr/x", "https://www.a.fr/x", False),
        ("https://a.fr/x", "https://a.fr:8443/x", "https://a.fr:8443/x", False),
        ("http://a.fr:8080/x", "https://a.fr/x", "https://a.fr/x", False),
    ],
)
def test_credentials_stay_with_their_host(here: str, location: str, there: str, keeps: bool) -> None:
    """Keys follow on the same host and port only; to another host go the harmless headers alone."""
    following = next_hop(hop(here), location)
    assert str(following.url) == there
    assert dict(following.headers) == (SECRETS | HARMLESS if keeps else HARMLESS)


@pytest.mark.parametrize(
    "location",
    [
        "http://a.fr/x",
        "http://b.fr/",
        "ftp://a.fr/x",
        "file:///etc/passwd",
        "https://u:secret@a.fr/",
        "data:,x",
    ],
)
def test_a_redirect_may_not_weaken(location: str) -> None:
    """From https to http, to another scheme or to an address with a password: refused."""
    with pytest.raises(AddressRefused) as refused:
        next_hop(hop("https://a.fr/x?token=secret"), location)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("location", [None, "", "http://[::1", "https://xn--/"])
def test_a_redirect_to_nowhere_is_a_changed_feed(location: str | None) -> None:
    """A redirect without a readable address is not retried."""
    with pytest.raises(FeedChanged):
        next_hop(hop("https://a.fr/x"), location)


async def test_a_redirect_is_followed(http, provider) -> None:
    """The answer is the last hop's, and says the address it came from."""

    async def moved(request: web.Request) -> web.StreamResponse:
        if request.path == "/old":
            raise web.HTTPMovedPermanently("/new?page=1")
        return web.json_response({"path": request.path_qs, "key": request.headers.get("X-Api-Key")})

    feed = await provider(moved)
    answer = await http.get(feed.url("/old?token=1"), headers={"X-Api-Key": "k"})
    assert answer.json() == {"path": "/new?page=1", "key": "k"}
    assert answer.url == feed.url("/new?page=1")


async def test_keys_are_not_sent_to_another_server(http, provider, redirect_to) -> None:
    """On the wire, too: the second server sees no key, the first did."""

    async def tell(request: web.Request) -> web.StreamResponse:
        return web.json_response(sorted({"Authorization", "X-Api-Key", "Accept"} & set(request.headers)))

    other = await provider(tell)
    first = await provider(redirect_to(other.url("/x")))
    headers = {"Authorization": "Bearer t", "X-Api-Key": "k"}
    assert await http.get_json(first.url(), headers=headers) == ["Accept"]
    assert first.asked[0].headers["X-Api-Key"] == "k"


async def test_a_loop_of_redirects_ends(http, provider, redirect_to, limits) -> None:
    """After `max_redirects` the feed is called changed; it is not tried again."""
    feed = await provider(redirect_to("/again"))
    with pytest.raises(FeedChanged, match="redirections"):
        await http.get(feed.url())
    assert len(feed.asked) == limits.max_redirects + 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_an_order_is_never_redirected(http, provider, redirect_to, status: int) -> None:
    """A POST that is answered by a redirect is refused: nobody ordered anything at the other address."""
    feed = await provider(redirect_to("/elsewhere", status))
    with pytest.raises(FeedChanged, match=str(status)):
        await http.request("POST", feed.url(), json={"quantity": 1})
    assert [request.path for request in feed.asked] == ["/"]


async def test_a_redirect_may_be_what_was_asked_for(http, provider, redirect_to) -> None:
    """A 3xx in `ok` is given back as it is; 304 is no redirect."""
    feed = await provider(redirect_to("/elsewhere", 307))
    assert (await http.get(feed.url(), ok=(307,))).status == 307
    feed = await provider(redirect_to("", 304))
    assert (await http.get(feed.url(), ok=(200, 304))).status == 304


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://u:p@a.fr:8443/x/y?token=1#f", "https://a.fr:8443/x/y"),
        ("https://a.fr/caf%C3%A9%2Fx?q", "https://a.fr/caf%C3%A9%2Fx"),
        ("/x?token=1", "adresse illisible"),
        ("http://[::1", "adresse illisible"),
    ],
)
def test_a_place_holds_no_secret(url: str, place: str) -> None:
    """What errors show of an address: scheme, host, port and path."""
    assert place_of(url) == place
