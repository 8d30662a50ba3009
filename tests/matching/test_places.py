"""Venue names, towns, streets and distances."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.places import commune, metres, own_words, phone, sorts, street, town, venue_name

POSITIONS = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


@pytest.mark.parametrize(
    ("name", "city", "own"),
    [
        ("Salle des fêtes", "obernai", ()),
        ("Salle des fêtes d'Obernai", "obernai", ()),
        ("Théâtre de Quimper - Scène nationale", "quimper", ()),
        ("THEATRE DE CORNOUAILLE", "quimper", ("cornouaille",)),
        ("Th. Jean-Vilar", "montpellier", ("jean", "vilar")),
        ("Ciné St-Exupéry", "", ("saint", "exupery")),
        ("MJC Le Sterenn", "tregunc", ("sterenn",)),
    ],
)
def test_own_words(name: str, city: str, own: tuple[str, ...]) -> None:
    """A venue's own words are neither its sort nor its town."""
    assert own == own_words(venue_name(name), city)


def test_sorts() -> None:
    """Abbreviated sorts of place are told."""
    assert {"theatre"} == sorts(venue_name("Th. municipal"))
    assert {"library"} == sorts(venue_name("Bib. Lune")) == sorts(venue_name("Médiathèque Lune"))


@pytest.mark.parametrize(
    ("city", "folded"),
    [
        ("QUIMPER CEDEX 9", "quimper"),
        ("Paris 20e", "paris"),
        ("Paris 1er arrondissement", "paris"),
        ("Havre (Le)", "le havre"),
        ("St-Denis", "saint denis"),
        ("", ""),
    ],
)
def test_town(city: str, folded: str) -> None:
    """Towns are written one way."""
    assert folded == town(city)


def test_commune() -> None:
    """Districts of the three cities are their city; other codes stay."""
    assert tuple(map(commune, ("75120", "69381", "13216", "29232", "2a004"))) == (
        "75056",
        "69123",
        "13055",
        "29232",
        "2A004",
    )


def test_street() -> None:
    """House number and street, abbreviations written out, small words left out."""
    assert street("12 bis, av. du Gal Leclerc") == ("12bis", "avenue general leclerc")
    assert street("Pl. de la Mairie") == ("", "place mairie")


def test_phone() -> None:
    """French numbers are one with or without their prefix, overseas too."""
    assert phone("+33 (0)2 98 55 98 55") == phone("02.98.55.98.55") == "298559855"
    assert phone("+594 594 28 94 00") == phone("0594 28 94 00")
    assert phone("3615") == ""


def test_metres() -> None:
    """One degree of latitude is 111 km."""
    assert pytest.approx(metres((48.0, 7.0), (49.0, 7.0)), abs=1) == 111_195


@settings(deadline=None)
@given(POSITIONS, POSITIONS)
def test_distance_is_symmetric_and_bounded(left: tuple[float, float], right: tuple[float, float]) -> None:
    """No two places are farther apart than half the Earth's round, whichever is named first."""
    assert 0 <= metres(left, right) == metres(right, left) <= 20_040_000
    assert metres(left, left) == 0
