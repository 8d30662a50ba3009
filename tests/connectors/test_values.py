"""Values as providers write them: texts, and what is remembered of them."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from strategies import JSON

from connectors.money import cents
from connectors.remembered import LONGEST, remembered
from connectors.texts import line, plain
from connectors.xml_elements import all_told, told
from net.answers import Answer
from net.errors import FeedChanged

MARKUP = st.text(alphabet="ab <>&;/!-?plti\n\t\u00a0\u200b#60", max_size=60)


@given(st.text(max_size=40) | MARKUP)
def test_a_line_is_its_words_with_one_space(text: str) -> None:
    bare = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]", "", text)
    assert (" ".join(bare.split()) or None) == line(text, longest=1000)


@given(MARKUP)
def test_a_plain_text_has_no_markup_left_to_find(text: str) -> None:
    """Also of what was escaped, or came to light when something else was taken out: three rounds, as ever."""
    found = plain(text, longest=1000)
    rounds = text
    for _ in range(3):
        rounds = html.unescape(re.sub(r"(?s)<(?:/?[a-zA-Z][^<>]*|!--.*?--|\?[^<>]*)>", "", _blocks(rounds)))
    assert line(rounds, longest=1000) == found


def _blocks(text: str) -> str:
    block = r"(?i)</?(?:p|br|div|li|ul|ol|dl|dd|dt|tr|td|th|table|h[1-6]|hr|blockquote)\b[^<>]*>"
    return re.sub(block, " ", text)


def test_only_short_texts_are_remembered() -> None:
    asked: list[str] = []

    @remembered
    def read(text: str) -> int:
        asked.append(text)
        return len(text)

    short, long = "a" * LONGEST, "b" * (LONGEST + 1)
    assert [LONGEST, LONGEST, LONGEST + 1, LONGEST + 1] == [read(short), read(short), read(long), read(long)]
    assert [short, long, long] == asked


@pytest.mark.parametrize("amount", [True, 1.5, None, [], "1,2,3", "x" * 100])
def test_what_is_no_amount_is_refused_also_after_one_that_equals_it(amount: object) -> None:
    assert 100 == cents(1)
    with pytest.raises(ValueError, match="montant illisible"):
        cents(amount)


def test_all_told_says_what_told_says() -> None:
    root = etree.fromstring("<p><a> </a><x:a xmlns:x='u'>1<i>2</i></x:a><b/><a>3</a><c>4</c><d>5</d></p>")
    expected = {name: text for name in "abc" if (text := told(root, name)) is not None}
    assert expected == all_told(root, ("{*}a", "{*}b", "{*}c"))


def answer(text: str) -> Answer:
    return Answer(200, {}, text.encode("utf-8", "surrogatepass"), "https://a.example/x?key=secret", datetime.now(UTC))


@given(JSON, st.booleans())
def test_an_answer_is_what_the_standard_library_reads(value: object, is_indented: bool) -> None:
    text = json.dumps(value, indent=1 if is_indented else None)
    assert repr(json.loads(text, parse_float=Decimal)) == repr(answer(text).json())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"a": 1,\n"b": }', "ligne 2, colonne 6"),
        ('{"a": NaN}', "hors de toute mesure"),
        ('{"a": 1e999999999}', "hors de toute mesure"),
        ("[" * 100_000, "hors de toute mesure"),
        ("", "réponse vide"),
        ("<html>", "page HTML"),
    ],
)
def test_what_is_no_json_is_named_as_ever(text: str, why: str) -> None:
    with pytest.raises(FeedChanged, match=why):
        answer(text).json()
