"""Pages, cursors and the Idempotency-Key."""

from __future__ import annotations

import base64
import re

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from edge.app import face
from edge.errors import InvalidParameter
from edge.idempotency import idempotency_key
from edge.paging import link_next, page_asked, read_cursor, write_cursor

ROWS = [(name, number) for name in ("hiver", "été") for number in range(3)]
SHAPE = (str, int)


@pytest.fixture
async def lists(aiohttp_client):
    """A face with a list of six rows."""

    async def rows(request: web.Request) -> web.Response:
        page = page_asked(request, shape=SHAPE, default=2, most=4)
        rest = [row for row in ROWS if page.after is None or row > page.after]
        shown = rest[: page.limit]
        response = web.json_response(shown)
        link_next(response, request, write_cursor(*shown[-1]) if len(rest) > page.limit else None)
        return response

    async def book(request: web.Request) -> web.Response:
        return web.json_response(idempotency_key(request))

    app = face()
    app.router.add_get("/rows", rows)
    app.router.add_post("/book", book)
    return await aiohttp_client(app)


async def test_following_next_reads_everything_once(lists) -> None:
    """From link to link, other parameters kept, each row comes once; the last page has no link."""
    url, seen = "/rows?limit=4&kind=a%26b", []
    while url:
        response = await lists.get(url)
        seen += [tuple(row) for row in await response.json()]
        link = response.links.get("next")
        url = link["url"].relative() if link else None
        assert url is None or (url.query["kind"], url.query["limit"]) == ("a&b", "4")
    assert seen == ROWS


@pytest.mark.parametrize(
    "host",
    ['a>; rel="prev", <x', "evil.example", "a:99999", "a:b", "user:pw@a", "[", "é.fr", ""],
    ids=["a link of its own", "elsewhere", "port too high", "no port", "password", "bracket", "no ASCII", "empty"],
)
async def test_the_link_says_nothing_that_the_caller_said_of_us(lists, host: str) -> None:
    """It is a path: neither `Host` nor the scheme a proxy used with us is in it, and no `Host` makes it crash."""
    response = await lists.get("/rows", headers={"Host": host, "X-Forwarded-Proto": "https"})
    assert response.status == 200
    assert re.fullmatch(r'</rows\?after=[\w-]+>; rel="next"', response.headers["Link"])


@pytest.mark.parametrize("limit", ["0", "5", "-1", "1.0", "", "a", "١", "9" * 5000, "+1", " 1"])
async def test_a_limit_is_bounded(lists, problem, limit: str) -> None:
    """A limit out of bounds or no number is refused by name."""
    response = await lists.get("/rows", params={"limit": limit})
    content = await problem(response, 400, "invalid-parameter")
    assert content["parameter"] == "limit"
    assert "de 1 à 4" in content["detail"]


def packed(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("été", id="not base64"),
        pytest.param("a", id="wrong length"),
        pytest.param(packed("not json"), id="not json"),
        pytest.param(packed("{}"), id="no array"),
        pytest.param(packed("[1,2]"), id="other types"),
        pytest.param(packed('["a"]'), id="too short"),
        pytest.param(packed('["a",1,2]'), id="too long"),
        pytest.param(packed('["a",true]'), id="a boolean is no integer"),
        pytest.param(packed('["a",1.0]'), id="a float is no integer"),
        pytest.param(packed('["a",9223372036854775808]'), id="over 64 bits"),
        pytest.param(packed(r'["\u0000",1]'), id="nul"),
        pytest.param(packed(r'["\ud800",1]'), id="surrogate"),
        pytest.param(packed("[" * 700), id="depth"),
        pytest.param(packed(f'["{"a" * 2000}",1]'), id="length"),
    ],
)
async def test_a_cursor_that_is_not_ours(lists, problem, cursor: str) -> None:
    """Whatever is put in its place is a 400, never a crash of ours or of the database."""
    response = await lists.get("/rows", params={"after": cursor})
    content = await problem(response, 400, "invalid-parameter")
    assert content["parameter"] == "after"


@given(st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=50), st.integers(-(2**63), 2**63 - 1))
def test_a_cursor_comes_back(text: str, number: int) -> None:
    """What is written is read again, in characters that need no quoting in an address."""
    cursor = write_cursor(text, number)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert read_cursor(cursor, SHAPE) == (text, number)


@given(st.text(max_size=30))
def test_no_text_crashes_the_cursor(text: str) -> None:
    """Anything is either a cursor or refused."""
    try:
        values = read_cursor(text, SHAPE)
    except InvalidParameter:
        return
    assert [type(value) for value in values] == list(SHAPE)


@pytest.mark.parametrize("header", ["8e03978e-40d5", '"8e03978e-40d5"', ' "8e03978e-40d5" '])
async def test_an_idempotency_key_is_read(lists, header: str) -> None:
    """As the draft writes it, or without its quotes."""
    response = await lists.post("/book", headers={"Idempotency-Key": header})
    assert await response.json() == "8e03978e-40d5"


@pytest.mark.parametrize("values", [[], [""], ['""'], ['"a'], ["a b"], ["a" * 256], ["é"], ["a1", "b2"]])
async def test_an_idempotency_key_is_required(lists, problem, values: list[str]) -> None:
    """Missing, twice or of another form: 400 that names the header."""
    response = await lists.post("/book", headers=[("Idempotency-Key", value) for value in values])
    content = await problem(response, 400, "invalid-parameter")
    assert content["parameter"] == "Idempotency-Key"
