"""What is sent to us is read within bounds, and what is wrong with it is said where."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from yarl import URL

from edge.app import face
from edge.bodies import decode_json, read_body
from edge.errors import InvalidBody, MalformedJson
from edge.shape_messages import in_french
from sandbox.serving import serve_app

JSON = {"Content-Type": "application/json"}
LINE = {"ean": "9782070360024", "priceCents": 650}
GOOD = json.dumps({"stocks": [LINE, LINE]}).encode()


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON;charset=UTF-8", "application/ld+json"],
)
async def test_json_is_read(client, content_type: str) -> None:
    """A body of the right shape comes in, and can be read again as bytes."""
    response = await client.post("/v1/things", data=GOOD, headers={"Content-Type": content_type})
    assert await response.json() == {"rows": 2, "bytes": len(GOOD)}


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "text/json+json"},
        {"Content-Type": "application/json; charset=latin-1"},
        {},
    ],
)
async def test_another_content_type(client, problem, headers) -> None:
    """415 says what is accepted, also where no type was given."""
    response = await client.post("/v1/things", data=GOOD, headers=headers, skip_auto_headers=["Content-Type"])
    await problem(response, 415, "unsupported-media-type")
    assert response.headers["Accept"] == "application/json"


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        pytest.param(b"", 1, 1, id="empty"),
        pytest.param(b"{", 1, 2, id="cut"),
        pytest.param(b'{"stocks": [],\n "label": oui}', 2, 11, id="syntax"),
        pytest.param('{"stocks": [],\r\n "été": 1,}'.encode(), 2, 11, id="columns are characters"),
        pytest.param(b'{"stocks": []} x', 1, 17, id="rest, told after its first character"),
        pytest.param(b'{"stocks": [],\n"label": "\xe9t\xe9"}', 2, 11, id="not utf-8"),
    ],
)
async def test_malformed_json_names_its_place(client, problem, body: bytes, line: int, column: int) -> None:
    """400 with line and column, never a 500."""
    response = await client.post("/v1/things", data=body, headers=JSON)
    content = await problem(response, 400, "malformed-json")
    assert (content["line"], content["column"]) == (line, column)
    assert f"ligne {line}, colonne {column}" in content["detail"]


@pytest.mark.parametrize(
    ("body", "path", "detail"),
    [
        ([], "$", "Attendu un objet, reçu un tableau."),
        ({}, "$", "Le champ stocks manque."),
        ({"stocks": [LINE | {"priceCents": "6,50"}]}, "$.stocks[0].priceCents", "Attendu un entier, reçu un texte."),
        ({"stocks": [LINE, LINE | {"priceCents": -1}]}, "$.stocks[1].priceCents", "Attendu un entier d'au moins 0."),
        ({"stocks": [LINE | {"ean": "1"}]}, "$.stocks[0].ean", "Attendu un texte de longueur 13 ou plus."),
        ({"stocks": [LINE | {"prix": 1}]}, "$.stocks[0]", "Le champ prix n'existe pas."),
        ({"stocks": [], "label": "a\0b"}, "$.label", "Ce texte contient le caractère nul."),
        ({"stocks": [], "more": [{"a\0": 1}]}, "$.more[0]", "Ce texte contient le caractère nul."),
    ],
)
async def test_another_shape_names_its_path(client, problem, body, path: str, detail: str) -> None:
    """422 with the path of the first value that does not fit, in French."""
    response = await client.post("/v1/things", json=body)
    content = await problem(response, 422, "invalid-body")
    assert (content["path"], content["detail"]) == (path, detail)


async def test_a_backslash_is_no_nul(client) -> None:
    """A text that shows the escape of the NUL does not hold one."""
    response = await client.post("/v1/things", json={"stocks": [], "label": r"a\u0000"})
    assert response.status == 200


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
async def test_a_body_has_a_largest_size(client, problem, packed: bool) -> None:
    """413 one byte over, counted after decompression."""
    for size, status in ((1000, 200), (1001, 413)):
        body = b'{"stocks": []}'.ljust(size)
        headers = JSON | ({"Content-Encoding": "gzip"} if packed else {})
        response = await client.post("/v1/things", data=gzip.compress(body) if packed else body, headers=headers)
        assert response.status == status
    content = await problem(response, 413, "body-too-large")
    assert content["maxBytes"] == 1000


async def test_a_body_whose_compression_is_broken(client, problem) -> None:
    """A body that cannot be unpacked is the caller's mistake, not a crash."""
    headers = JSON | {"Content-Encoding": "gzip"}
    await problem(await client.post("/v1/things", data=b"no gzip", headers=headers), 400, "malformed-json")


def test_depth_is_bounded() -> None:
    """A body of brackets alone is refused, however it is read."""
    with pytest.raises(MalformedJson, match="profond"):
        decode_json(b"[" * 100_000, object)


def test_a_bom_is_skipped() -> None:
    """Windows tools write one."""
    assert decode_json(b"\xef\xbb\xbf[1]", list[int]) == [1]


def test_half_a_character_is_refused() -> None:
    """A lone surrogate, which no database text can hold, is refused."""
    with pytest.raises(MalformedJson):
        decode_json(rb'["\ud800"]', list[str])


@pytest.mark.parametrize(
    ("message", "french"),
    [
        ("Expected `int | null`, got `str` - at `$.a`", ("Attendu un entier ou null, reçu un texte.", "$.a")),
        ("Invalid enum value 'b' - at `$.e`", ("La valeur 'b' n'est pas admise.", "$.e")),
        ("Something new - at `$.x[0]`", ("Cette valeur ne suit pas le contrat.", "$.x[0]")),
        ("Something new", ("Cette valeur ne suit pas le contrat.", "$")),
    ],
)
def test_messages_are_french(message: str, french: tuple[str, str]) -> None:
    """What a newer msgspec says that we do not know yet still names its path."""
    assert in_french(message) == french


def test_msgspec_still_says_what_we_translate() -> None:
    """The translations match the installed msgspec: a reworded message would fall to the last resort."""
    import datetime
    import decimal
    import enum
    import uuid
    from typing import Annotated

    from msgspec import Meta

    kinds: list[tuple[object, object]] = [
        (int, "a"),
        (Annotated[int, Meta(le=1)], 2),
        (Annotated[int, Meta(gt=1)], 1),
        (Annotated[str, Meta(max_length=1)], "ab"),
        (Annotated[str, Meta(pattern="^a")], "b"),
        (Annotated[datetime.datetime, Meta(tz=True)], "2026-01-01T00:00:00"),
        (datetime.datetime, "x"),
        (datetime.date, "x"),
        (uuid.UUID, "x"),
        (decimal.Decimal, "x"),
        (enum.Enum("E", {"a": "a"}), "b"),
        (int, 1e400),
    ]
    for kind, value in kinds:
        body = b"1e400" if value == 1e400 else json.dumps(value).encode()
        with pytest.raises(InvalidBody) as refused:
            decode_json(body, kind)
        assert "contrat" not in str(refused.value), (kind, value)


async def test_a_body_that_does_not_come_is_not_waited_for(client, problem) -> None:
    """408 once its time is over, however little is missing."""
    ended = asyncio.Event()

    async def dripping() -> AsyncIterator[bytes]:
        yield b'{"stocks": '
        await ended.wait()

    response = await client.post("/v1/impatient", data=dripping(), headers=JSON)
    await problem(response, 408, "body-too-slow")
    ended.set()


async def test_a_caller_who_leaves_in_the_middle_of_a_body_is_no_crash(caplog) -> None:
    """Nobody is there to be answered, and the log shows no defect."""
    left = asyncio.Event()

    async def reading(request: web.Request) -> web.Response:
        try:
            await read_body(request)
        finally:
            left.set()
        return web.Response()

    app = face()
    app.router.add_post("/", reading)
    async with serve_app(app) as address:
        url = URL(address)
        _, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n{")
        await writer.drain()
        writer.close()
        await left.wait()
    assert "crashed" not in caplog.text
