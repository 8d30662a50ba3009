"""The way through pages that lead from one to the next."""

from __future__ import annotations

import pytest

from connectors.paging import Trail
from net.errors import FeedChanged


@pytest.mark.parametrize(
    ("before", "again"),
    [(["a", "b"], "a"), (["a"], "a"), ([], "s"), ([("1", "2")], ("1", "2"))],
    ids=["the one before", "itself", "where it began", "a token of several parts"],
)
def test_a_page_that_leads_back_is_an_error_that_names_it(before: list[object], again: object) -> None:
    trail = Trail(10, at="s")
    for token in before:
        trail.follow(token, place="page 1")
    with pytest.raises(FeedChanged, match=r"se répète .*page 9"):
        trail.follow(again, place="page 9")


def test_pages_that_go_on_for_ever_are_an_error() -> None:
    """As many as the bound are read, those before the reading went on among them."""
    for before in (0, 2):
        trail = Trail(5, pages=before)
        for number in range(4 - before):
            trail.follow(number, place="a")
        with pytest.raises(FeedChanged, match="plus de 5 pages"):
            trail.follow("more", place="a")
