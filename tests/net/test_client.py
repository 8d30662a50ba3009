"""Statuses, retries and what is known of an order's outcome, against real servers on loopback."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from aiohttp import web

from net.client import open_http
from net.errors import AccessDenied, FeedChanged, ProviderUnavailable
from net.failures import seconds_asked

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


async def test_an_answer_is_whole(limits, provider) -> None:
    """Status, headers, body and the moment it was asked for come back; parameters and headers went out."""

    async def echo(request: web.Request) -> web.StreamResponse:
        seen = {"query": request.query.getall("after[]"), "key": request.headers["X-Key"]}
        return web.json_response(seen, headers={"ETag": '"v1"'})

    feed = await provider(echo)
    async with open_http(limits, allow_private=True, clock=lambda: NOW) as http:
        answer = await http.get(feed.url(), params={"after[]": ["1", "é&"]}, headers={"X-Key": "k"})
    assert answer.json() == {"query": ["1", "é&"], "key": "k"}
    assert (answer.status, answer.headers["etag"], answer.requested_at) == (200, '"v1"', NOW)


async def test_every_try_waits_for_its_turn(limits, provider, text_answer) -> None:
    """Also the one that is made again, and a stream; that wait is not taken for the provider's silence."""
    turns = 0

    async def pace() -> None:
        nonlocal turns
        turns += 1
        await asyncio.sleep(0.3)

    async def failing_once(request: web.Request) -> web.StreamResponse:
        return web.Response(status=503 if len(feed.asked) == 1 else 200, text="{}")

    feed = await provider(failing_once)
    async with open_http(replace(limits, total_seconds=0.2), allow_private=True, pace=pace) as http:
        assert (await http.get(feed.url())).status == 200
        assert turns == 2
        assert [piece async for piece in http.stream(feed.url())] == [b"{}"]
    assert (turns, len(feed.asked)) == (3, 3)


async def test_json_is_asked_for_and_exact(http, provider, text_answer) -> None:
    """`get_json` asks for JSON and reads fractions as Decimal."""
    feed = await provider(text_answer('{"price": 0.1}'))
    assert await http.get_json(feed.url()) == {"price": Decimal("0.1")}
    assert feed.asked[0].headers["Accept"] == "application/json"


async def test_html_instead_of_json(http, provider, text_answer) -> None:
    """A 200 that is an error page is a changed feed."""
    feed = await provider(text_answer("<html>Maintenance</html>"))
    with pytest.raises(FeedChanged, match="HTML"):
        await http.get_json(feed.url("/stocks?key=secret"))


@pytest.mark.parametrize(
    ("status", "kind", "tries"),
    [
        (401, AccessDenied, 1),
        (403, AccessDenied, 1),
        (400, FeedChanged, 1),
        (404, FeedChanged, 1),
        (410, FeedChanged, 1),
        (204, FeedChanged, 1),
        (501, FeedChanged, 1),
        (408, ProviderUnavailable, 3),
        (429, ProviderUnavailable, 3),
        (500, ProviderUnavailable, 3),
        (502, ProviderUnavailable, 3),
        (503, ProviderUnavailable, 3),
        (504, ProviderUnavailable, 3),
        (522, ProviderUnavailable, 3),
    ],
)
async def test_each_status_has_its_kind(http, provider, text_answer, status, kind, tries) -> None:
    """A status becomes a kind of failure; only what may pass by itself is tried again. No secret is shown."""
    feed = await provider(text_answer("", status))
    with pytest.raises(kind) as failure:
        await http.get(feed.url("/stocks/123?key=secret"))
    assert type(failure.value) is kind
    assert len(feed.asked) == tries
    assert str(status) in str(failure.value)
    assert feed.url("/stocks/123") in str(failure.value)
    assert "secret" not in str(failure.value)


async def test_a_status_may_be_accepted(http, provider, text_answer) -> None:
    """A status in `ok` is an answer, whatever it is."""
    feed = await provider(text_answer("inconnu", 404))
    assert (await http.get(feed.url(), ok=(200, 404))).body == b"inconnu"


async def test_what_fails_once_is_tried_again(http, provider, caplog) -> None:
    """A provider that comes back within the tries is read, and the retry is logged without its query."""
    answers = iter([500, 429, 200])

    async def recovers(_: web.Request) -> web.StreamResponse:
        return web.Response(text="ok", status=next(answers))

    feed = await provider(recovers)
    with caplog.at_level(logging.INFO, logger="net"):
        assert (await http.get(feed.url("/?key=secret"))).body == b"ok"
    assert len(feed.asked) == 3
    assert "try 2 failed" in caplog.text
    assert "secret" not in caplog.text


async def test_a_closed_port_is_tried_again(http, unused_tcp_port) -> None:
    """A refused connection is a provider that is down; nothing was executed."""
    with pytest.raises(ProviderUnavailable, match="connexion impossible : personne n'écoute") as failure:
        await http.request("POST", f"http://127.0.0.1:{unused_tcp_port}/sale?key=secret", retry=True)
    assert not failure.value.outcome_unknown
    assert "secret" not in str(failure.value)


async def test_retry_after_is_waited_for(http, provider) -> None:
    """A short Retry-After is waited for before the next try."""
    statuses = iter([503, 200])

    async def busy(_: web.Request) -> web.StreamResponse:
        return web.Response(status=next(statuses), headers={"Retry-After": "1"})

    feed = await provider(busy)
    began = time.monotonic()
    await http.get(feed.url())
    assert time.monotonic() - began >= 1


async def test_a_long_retry_after_ends_the_call(http, provider, text_answer) -> None:
    """A provider that asks for more than we wait is left alone, and the error carries what it asked."""
    feed = await provider(text_answer("", 429, {"Retry-After": "2"}))
    with pytest.raises(ProviderUnavailable) as failure:
        await http.get(feed.url())
    assert (len(feed.asked), failure.value.retry_after) == (1, 2)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("0", 0),
        (" 120 ", 120),
        ("9" * 5000, 86_400),
        ("Mon, 23 Nov 2026 09:02:00 GMT", 120),
        ("Mon, 23 Nov 2026 10:02:00 +0100", 120),
        ("Mon, 23 Nov 2026 09:02:00 -0000", 120),
        ("Mon, 23 Nov 2020 09:02:00 GMT", 0),
        ("Mon, 23 Nov 2099 09:02:00 GMT", 86_400),
    ],
)
def test_retry_after_in_both_forms(header: str | None, seconds: float | None) -> None:
    """Seconds or a date, never negative, never more than a day, ignored when it says nothing."""
    assert seconds_asked(header, now=NOW) == seconds


async def test_backoff_is_drawn_and_bounded(limits, provider, text_answer) -> None:
    """Waits never exceed the maximum, however many tries there are."""
    feed = await provider(text_answer("", 500))
    limits = replace(limits, tries=6, first_backoff_seconds=10, max_backoff_seconds=0.05)
    began = time.monotonic()
    async with open_http(limits, allow_private=True) as http:
        with pytest.raises(ProviderUnavailable):
            await http.get(feed.url())
    assert len(feed.asked) == 6
    assert time.monotonic() - began < 5 * 0.05 + 0.5


async def test_an_order_is_sent_once(http, provider, text_answer) -> None:
    """A POST is not repeated unless the caller says so."""
    feed = await provider(text_answer("", 503))
    with pytest.raises(ProviderUnavailable):
        await http.request("POST", feed.url(), json={"seats": 1})
    assert len(feed.asked) == 1
    with pytest.raises(ProviderUnavailable):
        await http.request("POST", feed.url(), json={"seats": 1}, retry=True)
    assert len(feed.asked) == 1 + 3


async def test_an_order_carries_its_body(http, provider) -> None:
    """JSON, bytes and forms arrive as such."""

    async def echo(request: web.Request) -> web.StreamResponse:
        return web.json_response([request.content_type, await request.text()], status=201)

    feed = await provider(echo)
    sent = [
        await http.request("post", feed.url(), json={"seats": 1}),
        await http.request("PUT", feed.url(), data=b"<x/>", headers={"Content-Type": "application/xml"}),
        await http.request("POST", feed.url(), data={"user": "é"}),
    ]
    assert [answer.json() for answer in sent] == [
        ["application/json", '{"seats": 1}'],
        ["application/xml", "<x/>"],
        ["application/x-www-form-urlencoded", "user=%C3%A9"],
    ]


@pytest.mark.parametrize(("status", "unknown"), [(429, False), (500, True), (502, True), (504, True)])
async def test_an_orders_outcome_after_a_status(http, provider, text_answer, status, unknown) -> None:
    """After a gateway's or server's error an order may have been executed; after 429 it was not."""
    feed = await provider(text_answer("", status))
    with pytest.raises(ProviderUnavailable) as failure:
        await http.request("POST", feed.url())
    assert failure.value.outcome_unknown is unknown


async def test_a_reading_has_no_outcome(http, provider, text_answer) -> None:
    """A GET that fails changed nothing."""
    feed = await provider(text_answer("", 500))
    with pytest.raises(ProviderUnavailable) as failure:
        await http.get(feed.url())
    assert not failure.value.outcome_unknown


async def test_an_order_without_answer(http, provider) -> None:
    """Silence after the order was sent leaves its outcome unknown."""

    async def silent(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    feed = await provider(silent)
    with pytest.raises(ProviderUnavailable, match="à temps") as failure:
        await http.request("POST", feed.url("/sale?key=secret"))
    assert failure.value.outcome_unknown
    assert "secret" not in str(failure.value)


async def test_an_order_hung_up_on(http, raw_provider) -> None:
    """A connection closed without an answer leaves the outcome unknown."""
    url = await raw_provider(b"")
    with pytest.raises(ProviderUnavailable) as failure:
        await http.request("POST", url)
    assert failure.value.outcome_unknown


async def test_one_unknown_try_is_enough(http, provider) -> None:
    """When an early try may have been executed, the last failure says so, whatever it was itself."""
    statuses = iter([504, 429, 429])

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=next(statuses))

    feed = await provider(answer)
    with pytest.raises(ProviderUnavailable, match="429") as failure:
        await http.request("POST", feed.url(), retry=True)
    assert failure.value.outcome_unknown


@pytest.mark.parametrize(
    ("headers", "body"),
    [({}, b"x" * 100_001), ({"Content-Encoding": "gzip"}, b"not gzip at all")],
    ids=["too large", "bad gzip"],
)
async def test_an_order_whose_answer_is_unreadable(http, provider, headers, body) -> None:
    """The order was executed, its answer is of no use: the outcome is unknown, not a changed feed."""

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=body, headers=headers)

    feed = await provider(answer)
    with pytest.raises(ProviderUnavailable) as failure:
        await http.request("POST", feed.url())
    assert failure.value.outcome_unknown


async def test_the_whole_try_is_bounded(limits, provider) -> None:
    """Redirects and body together may not exceed `total_seconds`, though none of them is silent for long."""

    async def slow(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(0.2)
        raise web.HTTPFound(f"/{time.monotonic()}")

    feed = await provider(slow)
    limits = replace(limits, total_seconds=0.5, max_redirects=50, tries=1)
    began = time.monotonic()
    async with open_http(limits, allow_private=True) as http:
        with pytest.raises(ProviderUnavailable, match="à temps"):
            await http.get(feed.url())
    assert time.monotonic() - began < 1.5


async def test_a_cancelled_call_stays_cancelled(http, provider) -> None:
    """Cancelling the caller is not mistaken for the provider's failure."""

    async def silent(_: web.Request) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.Response()

    feed = await provider(silent)
    call = asyncio.create_task(http.get(feed.url()))
    await asyncio.sleep(0.05)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_cookies_are_not_kept(limits, names, provider, text_answer) -> None:
    """What one answer sets is not sent with the next request: sources share nothing."""
    feed = await provider(text_answer("ok", 200, {"Set-Cookie": "session=1; Path=/"}))
    zone = names({"feed.test": ["127.0.0.1"]})
    async with open_http(limits, allow_private=True, names=zone) as http:
        await http.get(feed.url(host="feed.test"))
        await http.get(feed.url(host="feed.test"))
    assert "Cookie" not in feed.asked[1].headers


@pytest.mark.parametrize("answer", [b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc\r\n\r\n", b"\0\1\2\3"])
async def test_who_does_not_speak_http(http, raw_provider, answer: bytes) -> None:
    """A server that speaks something else is unavailable, not a crash."""
    with pytest.raises(ProviderUnavailable):
        await http.get(await raw_provider(answer))


async def test_what_is_read_is_kept_before_the_caller_has_it(limits, provider) -> None:
    """Answers whole, streams piece by piece, places without their query; never what an order was answered."""
    kept = []

    async def keep(place: str, body: bytes, follows: bool) -> None:
        kept.append((place, len(body), follows))

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(body=b"x" * 90_000)

    feed = await provider(answer)
    async with open_http(limits, allow_private=True, keep=keep) as http:
        await http.get(feed.url("/a?key=secret"))
        await http.request("POST", feed.url("/login"), json={})
        pieces = [len(piece) async for piece in http.stream(feed.url("/b?key=secret"))]
    assert kept[0] == (feed.url("/a"), 90_000, False)
    assert kept[1:] == [(feed.url("/b"), size, n > 0) for n, size in enumerate(pieces)]
    assert sum(pieces) == 90_000


async def test_what_failed_is_not_kept(limits, provider) -> None:
    kept = []

    async def keep(place: str, body: bytes, follows: bool) -> None:
        kept.append(place)

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=404, text="non")

    feed = await provider(answer)
    async with open_http(limits, allow_private=True, keep=keep) as http:
        with pytest.raises(FeedChanged):
            await http.get(feed.url())
    assert kept == []
