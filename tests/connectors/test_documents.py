"""Recorded answers, amounts, moments and texts as providers write them."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from connectors.documents import answers, files, json_of
from connectors.money import cents
from connectors.rows import MAX_RAW, raw, whole_number
from connectors.texts import in_french, line, plain, web_address
from connectors.times import instant, zulu
from net.errors import FeedChanged

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def test_a_folder_is_read_by_name_without_hidden_files(tmp_path) -> None:
    """Files in the order of their names, sub-folders too, hidden ones left out."""
    for name in ("b.json", "a/z.json", ".hidden", "a/.git/x"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("{}")
    assert [file.name for file in files(tmp_path)] == ["z.json", "b.json"]
    assert [file.name for file in files(tmp_path / "b.json")] == ["b.json"]


def test_a_link_that_leads_out_of_its_folder_is_left_aside(tmp_path) -> None:
    """Whoever may drop files reads none of ours by a link; one that stays inside, or is itself the source, is read."""
    drop, secret = tmp_path / "drop", tmp_path / "secret.key"
    (drop / "sub").mkdir(parents=True)
    secret.write_text("ours")
    (drop / "sub" / "a.xml").write_text("theirs")
    (drop / "b.xml").symlink_to(secret)
    (drop / "c.xml").symlink_to(drop / "sub" / "a.xml")
    (drop / "d").symlink_to(tmp_path)
    linked = tmp_path / "current"
    linked.symlink_to(drop)
    for folder in (drop, linked):
        assert [file.relative_to(folder).as_posix() for file in files(folder)] == ["c.xml", "sub/a.xml"]
    assert files(drop / "c.xml") == [drop / "c.xml"]


def test_nothing_to_read_is_an_error_that_names_the_place(tmp_path) -> None:
    """An empty folder, a missing file, a special file: named, not silently nothing."""
    for path in (tmp_path, tmp_path / "absent.json"):
        with pytest.raises(FeedChanged, match=path.name):
            files(path)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(FeedChanged, match="dossier vide"):
        files(tmp_path)


def told(tmp_path, body: bytes) -> object:
    (tmp_path / "f.json").write_bytes(body)
    ((name, answer),) = answers(tmp_path / "f.json", now=NOW)
    return json_of(answer, place=name)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"price": 17.905}', {"price": Decimal("17.905")}),
        (b'{"price":.95, "l": [-.5, .25]}', {"price": Decimal("0.95"), "l": [Decimal("-0.5"), Decimal("0.25")]}),
        ("\ufeff[1]".encode(), [1]),
        ('["été"]'.encode("utf-16"), ["été"]),
        ('["été"]'.encode("cp1252"), ["été"]),
    ],
    ids=["exact decimals", "no leading zero", "BOM", "UTF-16", "Windows-1252"],
)
def test_json_is_read_as_it_is_sent(body, expected, tmp_path) -> None:
    """Decimals stay exact, charsets are asked of the bytes, `.95` is a number."""
    assert expected == told(tmp_path, body)


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a": [1,', b"[NaN]", b"[" * 100_000, b'{"p": 1e999999999}'])
def test_what_is_not_json_is_an_error_that_names_the_file(body, tmp_path) -> None:
    """Malformed, too deep, too large numbers: a named error with the file's name, in no time."""
    begun = time.process_time()
    with pytest.raises(FeedChanged, match=r"f\.json"):
        told(tmp_path, body)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        (Decimal("18.99"), 1899),
        ("18,99", 1899),
        ("18.9", 1890),
        (".95", 95),
        ("12 €", 1200),
        ("1\u202f200,50", 120050),
        (12, 1200),
        (0, 0),
        (Decimal("6.90"), 690),
    ],
)
def test_amounts_become_cents(amount, expected) -> None:
    """Euros as numbers or texts, comma or point."""
    assert expected == cents(amount)


@pytest.mark.parametrize(
    "amount", [Decimal("17.905"), -1, "", "abc", None, True, 1.5, [], "1e5", "Infinity", 10**12, "9" * 30, "١٢٣x"]
)
def test_what_is_no_amount_is_refused(amount) -> None:
    """Fractions of a cent, negatives, floats and nonsense: refused in words, never rounded."""
    with pytest.raises(ValueError, match="montant"):
        cents(amount)


@pytest.mark.parametrize(("value", "expected"), [(3, 3), ("3", 3), (Decimal("3.0"), 3), (0, 0)])
def test_numbers_of_copies(value, expected) -> None:
    """Whole numbers, however typed."""
    assert expected == whole_number(value, "available")


@pytest.mark.parametrize("value", [None, -1, "-1", "trois", Decimal("1.5"), True, 10**9, {}])
def test_what_is_no_number_of_copies_names_its_field(value) -> None:
    """The refusal says which field it was."""
    with pytest.raises(ValueError, match="available"):
        whole_number(value, "available")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-29T03:00:00+02:00", datetime(2026, 3, 29, 1, 0, tzinfo=UTC)),
        ("2022-03-28T12:00:00.000+0200", datetime(2022, 3, 28, 10, 0, tzinfo=UTC)),
        ("2026-12-31T22:30:00-03:00", datetime(2027, 1, 1, 1, 30, tzinfo=UTC)),
        ("2026-11-23T05:00:00Z", NOW),
    ],
)
def test_moments_are_utc(text, expected) -> None:
    """With their offset, moments are the same instant in UTC."""
    found = instant(text)
    assert (expected, UTC) == (found, found.tzinfo)


@pytest.mark.parametrize("text", ["2026-11-23T05:00:00", "2026-11-23", "", None, 5, "0001-01-01T00:00:00+14:00"])
def test_moments_without_a_zone_are_refused(text) -> None:
    """No offset, no moment."""
    with pytest.raises(ValueError, match="date"):
        instant(text)


def test_zulu_is_what_providers_want() -> None:
    """Milliseconds and Z, whatever the offset."""
    assert zulu(NOW.astimezone(timezone(timedelta(hours=5)))) == "2026-11-23T05:00:00.000Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  a\n\tb\u2028c  ", "a b c"),
        ("L'<i>Été</i><br>suite", "L'Été suite"),
        ("&lt;p&gt;Un&lt;/p&gt;", "Un"),
        ("&amp;eacute;t&amp;eacute;", "été"),
        ("a < b > c", "a < b > c"),
        ("\x00\x1b", None),
        ("", None),
        (None, None),
    ],
)
def test_texts_become_plain(text, expected) -> None:
    """One line, no markup, no control characters; nothing left is None."""
    assert expected == plain(text, longest=100)


def test_long_texts_are_cut_at_a_word() -> None:
    """Cut with an ellipsis, within the bound."""
    assert line("un deux trois", longest=10) == "un deux…"
    assert len(line("x" * 50, longest=10) or "") == 10


def test_hostile_texts_cost_little() -> None:
    """Unclosed comments by the thousand are no work."""
    begun = time.process_time()
    plain("<!--" * 500_000, longest=2000)
    assert time.process_time() - begun < 2


def test_languages_and_addresses() -> None:
    """French first, any other then; only http addresses are addresses."""
    assert in_french({"en": "one", "fr": "un"}) == "un"
    assert in_french({"fr": " ", "en": "one"}) == "one"
    assert in_french({}) is None
    assert web_address(" https://a.example/x?y=1 ") == "https://a.example/x?y=1"
    assert [web_address(text) for text in ("javascript:x", "https://u:p@a.example", None, "https://a" * 999)] == [
        None
    ] * 4


def test_rows_are_kept_readable() -> None:
    """A row is kept as JSON, cut between two characters."""
    assert raw({"prix": Decimal("17.905")}) == b'{"prix": 17.905}'
    kept = raw("é" * MAX_RAW)
    assert len(kept) <= MAX_RAW
    assert kept.decode("utf-8").startswith('"é')
