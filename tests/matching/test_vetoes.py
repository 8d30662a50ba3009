"""What never becomes one thing, for a feed's newcomers and in tables alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matching_pairs import judge
from matching_tables import Gold

from matching.features import Features, features
from matching.scoring import forbidden
from matching.whole import judge_all
from schemas.records import Contributor, Identifier, Kind, SourceRef, Venue, Work

REF = SourceRef(connector="test", account="test", key="1")


def film(title: str, year: int | None = None) -> Features:
    maker = Contributor(name="Doris Hallab", role="director")
    return features(Work(ref=REF, title=title, type="film", year=year, contributors=[maker]))


@pytest.mark.parametrize(
    ("left", "right", "outcome"),
    [
        (("Chroniques, tome 3", 2001), ("Chroniques T.3", 2001), "same"),
        (("Chroniques, tome 3", 2001), ("Chroniques #4", 2001), "different"),
        (("Chroniques saison 2", 2001), ("Chroniques, saison 2", 2001), "same"),
        (("Chroniques saison 2", 2001), ("Chroniques - saison 3", 2001), "different"),
        (("Rue du Couchant", 1974), ("Rue du Couchant", 1976), "ask"),
        (("Rue du Couchant", 1974), ("Rue du Couchant", 1978), "different"),
        (("Rue du Couchant (VF)", 1974), ("RUE DU COUCHANT VOST", 1974), "same"),
    ],
)
def test_newcomers(left: tuple[str, int], right: tuple[str, int], outcome: str) -> None:
    """Volumes, seasons and remakes are told apart whatever else agrees; a version is said of sessions, not of films."""
    assert outcome == judge(film(*left), film(*right)).outcome


@pytest.mark.parametrize(
    ("left", "right", "is_same"),
    [
        (("Chroniques, tome 3", "2001"), ("Chroniques T.3", "2001"), True),
        (("Chroniques, tome 3", "2001"), ("Chroniques #4", "2001"), False),
        (("Chroniques saison 2", "2001"), ("Chroniques, saison 2", "2001"), True),
        (("Chroniques saison 2", "2001"), ("Chroniques - saison 3", "2001"), False),
        (("Quai des Brumes", "1938"), ("QUAI DES BRUMES", "1938"), True),
        (("Quai des Brumes", "1938"), ("QUAI DES BRUMES", "1978"), False),
        (("Quai des Brumes (VF)", "1938"), ("QUAI DES BRUMES VOST", "1938"), True),
    ],
)
def test_tables(left: tuple[str, str], right: tuple[str, str], is_same: bool) -> None:
    """The same among the works of two tables, where weights are learned and a visa tells a film."""
    gold = Gold()
    works = [row for row, kind in enumerate(gold.kinds) if kind is Kind.WORK]
    columns = {name: [values[row] for row in works] + ["", ""] for name, values in gold.columns.items()}
    columns["title"][-2:] = [left[0], right[0]]
    columns["year"][-2:] = [left[1], right[1]]
    columns["visa"][-2:] = ["21414", ""]
    columns["contributors"][-2:] = ["Doris Hallab", "HALLAB, Doris"]
    source = np.append(gold.source[works], [0, 1])
    [judged] = judge_all(columns, [Kind.WORK] * len(source), source)
    pair = (judged.matched.left == len(works)) & (judged.matched.right == len(works) + 1)
    assert is_same == bool((judged.scores[pair] >= 50).any())


def test_what_a_catalogue_knows_keeps_apart() -> None:
    """Two venues' events, a book and its film, and venues of which nothing says where, are not even compared."""
    event = Features(kind=Kind.EVENT, title="l avare", venue_id=3, begins=(0,))
    work = Features(kind=Kind.WORK, title="les miserables", family="book", contributors=("victor hugo",))
    hall = Features(kind=Kind.VENUE, title="cinema le rex", city="brest")
    for one, other in (
        (event, replace(event, venue_id=4)),
        (work, replace(work, family="film")),
        (hall, replace(hall, city="", postal_code="29200")),
    ):
        assert judge(one, one).is_compared
        assert not judge(one, other).is_compared


def test_an_identifier_comes_before_what_looks_impossible() -> None:
    """One visa is one film whatever year it is said to be of, one SIRET one venue though nothing says where it is."""
    visa = [Identifier(scheme="visa", value="21414")]
    films = (Work(ref=REF, title="La Haine", type="film", year=year, identifiers=visa) for year in (1995, 2005))
    assert judge(*map(features, films)).outcome == "same"
    siret = [Identifier(scheme="siret", value="12345678200010")]
    venues = (
        Venue(ref=REF, name=name, time_zone="Europe/Paris", identifiers=siret) for name in ("Le Vauban", "Vauban")
    )
    assert judge(*map(features, venues)).outcome == "same"


def test_a_rebuild_is_told_what_no_score_may_join() -> None:
    """Of many pairs at once: a clean source's two records, volumes, seasons, remakes; and nothing else."""
    titles = ("Chroniques, tome 3", "Chroniques T.4", "Chroniques saison 2", "Chroniques, saison 3")
    told = [film(title, 2001) for title in titles] + [film("Chroniques", year) for year in (1974, 1978, 1975)]
    told += [replace(film("Rue du Couchant", 1974), sources=frozenset({name})) for name in ("a", "a", "b")]
    left, right = np.array([0, 2, 4, 4, 7, 7]), np.array([1, 3, 5, 6, 8, 9])
    assert forbidden(told, left, right).tolist() == [True, True, True, False, True, False]
    assert forbidden(told, left[:0], right[:0]).tolist() == []
