"""Joining one candidate, asking a person, or standing alone."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from matching.choose import choose
from matching.features import Features
from schemas.records import Kind

RECORD = Features(kind=Kind.WORK, title="notre dame de paris", contributors=("victor hugo",), family="book")
TWIN = RECORD
DOUBTFUL = replace(RECORD, contributors=())
OTHER = replace(RECORD, title="les miserables")
FILM = Features(kind=Kind.WORK, title="titane", family="film", year=2021, identifiers=frozenset({("visa", "21414")}))


def test_nothing_to_choose_from() -> None:
    """Without candidates a record is a new thing."""
    decision = choose(RECORD, {})
    assert (decision.entity_id, decision.verdict, decision.runner_up, decision.ask) == (None, None, None, False)


def test_only_others() -> None:
    """Among other things a record is a new thing, and the nearest is told."""
    decision = choose(RECORD, {5: OTHER})
    assert (decision.entity_id, decision.ask) == (None, False)
    assert decision.verdict is not None
    assert decision.verdict.outcome == "different"


def test_one_good_candidate() -> None:
    """One candidate over the threshold, well before the others, is it."""
    decision = choose(RECORD, {5: TWIN, 6: DOUBTFUL, 7: OTHER})
    assert (decision.entity_id, decision.ask) == (5, False)
    assert decision.runner_up is not None
    assert decision.runner_up.entity_id == 6


def test_two_good_candidates() -> None:
    """Two that are the same are a question: the catalogue may hold one thing twice."""
    decision = choose(RECORD, {9: TWIN, 5: TWIN})
    assert (decision.entity_id, decision.ask) == (5, True)
    assert decision.runner_up is not None
    assert decision.runner_up.entity_id == 9


def test_no_margin() -> None:
    """A candidate that is the same, but barely before a doubtful one, is a question."""
    record = replace(RECORD, title="germinal noir", contributors=("emile zola",))
    sure = replace(record, contributors=("e zola",))
    alone = choose(record, {5: sure})
    beside = choose(record, {5: sure, 6: replace(sure, title="germinal noirs")})
    assert (alone.entity_id, alone.ask) == (5, False)
    assert (beside.entity_id, beside.ask) == (5, True)
    assert beside.runner_up is not None
    assert beside.runner_up.verdict.outcome == "ask"


def test_a_doubtful_candidate_alone() -> None:
    """One that may be it is asked about."""
    decision = choose(RECORD, {6: DOUBTFUL})
    assert (decision.entity_id, decision.ask) == (6, True)


def test_an_identifier_outweighs_likeness() -> None:
    """What an identifier settles needs no margin over what merely looks alike."""
    alike = replace(FILM, identifiers=frozenset(), contributors=("julia ducournau",), duration_minutes=108)
    record = replace(FILM, contributors=("julia ducournau",), duration_minutes=108)
    decision = choose(record, {5: alike, 6: replace(FILM, title="titanne")})
    assert (decision.entity_id, decision.ask) == (6, False)


@settings(deadline=None)
@given(st.permutations([(5, TWIN), (6, DOUBTFUL), (7, OTHER), (8, replace(TWIN, contributors=("v hugo",)))]))
def test_order_of_candidates_has_no_influence(candidates: list[tuple[int, Features]]) -> None:
    """However the database returns them, the decision is the same."""
    assert choose(RECORD, dict(sorted(candidates))) == choose(RECORD, dict(candidates))
