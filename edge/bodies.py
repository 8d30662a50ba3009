"""JSON bodies, read within bounds and decoded into typed records."""

from __future__ import annotations

import asyncio
import re
from typing import Any, TypeVar

import msgspec
from aiohttp import web

from edge.errors import BodyTooLarge, BodyTooSlow, InvalidBody, MalformedJson, UnsupportedMediaType
from edge.shape_messages import in_french

T = TypeVar("T")

MAX_BYTES = 1024 * 1024
MAX_SECONDS = 60.0
"""What the largest body takes on a line of half a megabit. What drips is given up then."""

_body_key = web.RequestKey("body", bytes)
_BOM = b"\xef\xbb\xbf"
_AT_BYTE = re.compile(r"\(byte (\d+)\)$")


async def read_json(request: web.Request, type: type[T], *, max_bytes: int = MAX_BYTES) -> T:
    """The body as a `type` (a msgspec Struct with its constraints).

    Raises UnsupportedMediaType, BodyTooLarge, BodyTooSlow, MalformedJson (not JSON; names line and column) or
    InvalidBody (another shape; names the JSON path of the first value that does not fit).
    """
    if not _is_json(request):
        raise UnsupportedMediaType("Le corps doit être annoncé en application/json, en UTF-8.")
    return decode_json(await read_body(request, max_bytes=max_bytes), type)


async def read_body(request: web.Request, *, max_bytes: int = MAX_BYTES, seconds: float = MAX_SECONDS) -> bytes:
    """The body's bytes, decompressed; the same again when asked again.

    Raises BodyTooLarge, BodyTooSlow or MalformedJson.
    """
    if _body_key in request:
        return request[_body_key]
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > max_bytes:
                    raise BodyTooLarge(f"Le corps dépasse {max_bytes} octets.", max_bytes=max_bytes)
    except TimeoutError:
        raise BodyTooSlow("Le corps n'est pas venu à temps.") from None
    except (web.RequestPayloadError, ConnectionResetError):
        raise MalformedJson("Le corps ne peut pas être décompressé ou s'arrête avant sa fin.") from None
    request[_body_key] = bytes(body)
    return request[_body_key]


def decode_json(body: bytes, type: type[T]) -> T:
    """`body` as a `type`. Raises MalformedJson or InvalidBody, as `read_json` does."""
    body = body.removeprefix(_BOM)
    try:
        # One charset error in a body is told before its shape is looked at; msgspec would tell no place.
        body.decode()
        value = msgspec.json.decode(body, type=type)
        if rb"\u0000" in body:
            _refuse_nul(msgspec.json.decode(body), "$")
    except UnicodeDecodeError as error:
        raise _malformed("Le corps n'est pas en UTF-8", body, error.start) from None
    except msgspec.ValidationError as error:
        message, path = in_french(str(error))
        raise InvalidBody(message, path=path) from None
    except msgspec.DecodeError as error:
        found = _AT_BYTE.search(str(error))
        if found:
            raise _malformed("JSON mal formé", body, int(found[1])) from None
        raise _malformed("JSON incomplet", body, len(body)) from None
    except RecursionError:
        raise MalformedJson("JSON trop profond.") from None
    return value


def _is_json(request: web.Request) -> bool:
    kind = request.content_type
    is_json = kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    return is_json and (request.charset or "utf-8").lower() in ("utf-8", "utf8")


def _malformed(what: str, body: bytes, at: int) -> MalformedJson:
    before = body[:at]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
    return MalformedJson(f"{what}, ligne {line}, colonne {column}.", line=line, column=column)


def _refuse_nul(value: Any, path: str) -> None:
    """A NUL is a character in JSON and none in PostgreSQL's texts."""
    match value:
        case str() if "\0" in value:
            raise InvalidBody("Ce texte contient le caractère nul.", path=path)
        case list():
            for index, item in enumerate(value):
                _refuse_nul(item, f"{path}[{index}]")
        case dict():
            for name, item in value.items():
                _refuse_nul(name, path)
                _refuse_nul(item, f"{path}.{name}")
