"""Joining one candidate, asking a person, or standing alone."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from matching_pairs import decided

from matching.choose import Decision
from matching.features import Features
from schemas.records import Kind

RECORD = Features(kind=Kind.WORK, title="notre dame de paris", contributors=("victor hugo",), family="book")
TWIN = RECORD
DOUBTFUL = replace(RECORD, contributors=())
OTHER = replace(RECORD, title="les miserables")
FILM = Features(kind=Kind.WORK, title="titane", family="film", year=2021, identifiers=frozenset({("visa", "21414")}))
A, B = frozenset({"a"}), frozenset({"b"})


def one(*records: Features) -> Decision:
    [decision] = decided(*records)
    return decision


def outcome(decision: Decision) -> tuple[int | None, bool]:
    return decision.candidate, decision.ask


def test_nothing_to_choose_from() -> None:
    """Without candidates a record is a new thing."""
    assert (None, False) == outcome(one(RECORD))


def test_only_others() -> None:
    """Among other things a record is a new thing."""
    assert (None, False) == outcome(one(RECORD, OTHER))


def test_one_good_candidate() -> None:
    """One candidate that leaves no room for others is it."""
    assert (1, False) == outcome(one(RECORD, TWIN, OTHER))


def test_two_good_candidates() -> None:
    """Two that are the same share what there is: the catalogue may hold one thing twice. The older is asked about."""
    decision = one(RECORD, TWIN, TWIN)
    assert (1, True) == outcome(decision)
    assert 40 <= decision.score <= 50


def test_no_margin() -> None:
    """A candidate that would be it alone is a question beside one that is nearly as good."""
    record = replace(RECORD, title="germinal noir", contributors=("emile zola",))
    sure, near = record, replace(record, title="germinal noirs")
    assert (1, False) == outcome(one(record, sure))
    assert (1, True) == outcome(one(record, sure, near))


def test_a_doubtful_candidate_alone() -> None:
    """One that may be it is asked about."""
    assert (1, True) == outcome(one(RECORD, DOUBTFUL))


def test_an_identifier_outweighs_likeness() -> None:
    """What an identifier settles needs no margin over what merely looks alike."""
    alike = replace(FILM, identifiers=frozenset(), contributors=("julia ducournau",), duration_minutes=108)
    record = replace(FILM, contributors=("julia ducournau",), duration_minutes=108)
    assert (2, False) == outcome(one(record, alike, replace(FILM, title="titanne")))


def test_records_of_one_clean_source_compete() -> None:
    """Two that claim one entity alike are both asked about; one that is more like it gets it, in any order."""
    ours, theirs = replace(RECORD, sources=A), replace(TWIN, sources=B)
    assert [(2, True), (2, True)] == [outcome(it) for it in decided(ours, ours, theirs, newcomers=2)]
    less = replace(ours, contributors=("juliette drouet",))
    for order in ((ours, less), (less, ours)):
        decisions = decided(*order, theirs, newcomers=2)
        assert (2, False) == outcome(decisions[order.index(ours)])
        assert decisions[order.index(less)].candidate is None


def test_what_a_clean_source_already_speaks_of_is_not_joined_again() -> None:
    """In one batch as in two."""
    ours = replace(RECORD, sources=A)
    assert (None, False) == outcome(one(ours, replace(TWIN, sources=A | B)))
    assert [None, None] == [it.candidate for it in decided(ours, ours, newcomers=2)]


def test_one_thing_told_twice_in_a_batch_is_one() -> None:
    """Of a source that may repeat itself the first record makes the thing, those behind it join."""
    assert [None, 0, 0] == [it.candidate for it in decided(RECORD, TWIN, TWIN, newcomers=3)]


@settings(deadline=None)
@given(st.permutations([TWIN, DOUBTFUL, OTHER, replace(TWIN, contributors=("v hugo",))]))
def test_order_of_candidates_has_no_influence(candidates: list[Features]) -> None:
    """However the database returns them, the decision is the same."""
    first, other = one(RECORD, TWIN, DOUBTFUL, OTHER, replace(TWIN, contributors=("v hugo",))), one(RECORD, *candidates)
    assert (first.ask, first.score) == (other.ask, other.score)
