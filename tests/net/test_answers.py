"""What a body is read as."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from net.answers import Answer
from net.charsets import decode
from net.errors import FeedChanged

ASKED = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def answer(body: bytes, content_type: str = "application/json") -> Answer:
    url = "https://till.example/stocks/12345?token=secret"
    return Answer(200, {"Content-Type": content_type}, body, url, ASKED)


@pytest.mark.parametrize(
    ("body", "declared", "text", "charset"),
    [
        pytest.param("été".encode(), None, "été", "utf-8", id="utf-8"),
        pytest.param("été".encode("utf-8-sig"), None, "été", "utf-8-sig", id="utf-8 with BOM"),
        pytest.param('{"a": 1}'.encode("utf-16"), None, '{"a": 1}', "utf-16", id="utf-16 with BOM"),
        pytest.param('{"a": 1}'.encode("utf-16-le"), None, '{"a": 1}', "utf-16-le", id="utf-16 without BOM"),
        pytest.param("été".encode("cp1252"), None, "été", "cp1252", id="cp1252, nothing said"),
        pytest.param("l’été".encode("cp1252"), "utf-8", "l’été", "cp1252", id="cp1252 called utf-8"),
        pytest.param("été".encode(), "iso-8859-1", "été", "utf-8", id="utf-8 called latin-1"),
        pytest.param(b"pays", "utf-16", "pays", "utf-8", id="utf-8 called utf-16"),
        pytest.param("œuvre €".encode("iso-8859-15"), "iso-8859-15", "œuvre €", "iso8859-15", id="declared"),
        pytest.param("été".encode("cp1252"), "klingon", "été", "cp1252", id="unknown charset"),
        pytest.param("été".encode("cp1252"), "base64", "été", "cp1252", id="a codec that is no charset"),
        pytest.param(b"\xe9\x81", None, "é\ufffd", "cp1252", id="not even cp1252"),
        pytest.param(b"", None, "", "utf-8", id="empty"),
    ],
)
def test_the_bytes_win_over_the_declaration(body: bytes, declared: str | None, text: str, charset: str) -> None:
    """A text is decoded by what its bytes say, and the charset that won is told."""
    decoded = decode(body, declared)
    assert (decoded.text, decoded.charset) == (text, charset)


def test_the_declared_charset_is_read_from_the_header() -> None:
    """The charset parameter of Content-Type is taken into account."""
    body = "œuvre".encode("iso-8859-15")
    assert answer(body, 'text/plain; charset="ISO-8859-15"').decode().text == "œuvre"


def test_fractional_numbers_are_exact() -> None:
    """17.905 stays 17.905, to the last digit."""
    assert answer(b'{"price": 17.905, "available": 3}').json() == {"price": Decimal("17.905"), "available": 3}


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param(b"<!DOCTYPE html><title>Erreur</title>", "HTML", id="html"),
        pytest.param(b"\n  <html>", "HTML", id="html after spaces"),
        pytest.param(b"", "vide", id="empty"),
        pytest.param(b"  \n", "vide", id="blank"),
        pytest.param(b'{"a":\n 1,,}', "ligne 2, colonne 4", id="syntax"),
        pytest.param(b'{"a": [1, 2', "mal formé", id="cut"),
        pytest.param(b'{"a": NaN}', "mesure", id="nan"),
        pytest.param(b'{"a": 1e999999999}', "mesure", id="exponent"),
        pytest.param(b'{"a": 1e99999999999999999999}', "mesure", id="larger exponent"),
        pytest.param(b'{"a": ' + b"9" * 5000 + b"}", "mesure", id="digits"),
        pytest.param(b"[" * 100_000, "mesure", id="depth"),
    ],
)
def test_what_is_not_json_names_its_place(body: bytes, why: str) -> None:
    """FeedChanged says why and where, without the query."""
    with pytest.raises(FeedChanged, match=why) as failure:
        answer(body).json()
    assert failure.value.place == "https://till.example/stocks/12345"
    assert "secret" not in str(failure.value)


def test_an_answer_hides_what_may_be_secret() -> None:
    """The repr of an answer, which ends in logs, holds neither address, headers nor body."""
    shown = repr(Answer(200, {"Set-Cookie": "secret"}, b"secret", "https://till.example/?secret", ASKED))
    assert "secret" not in shown
