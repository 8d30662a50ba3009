"""Records as columns: whatever people write, reading it neither fails nor costs more for one value than for another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_tables import of_titles

from matching.agreement import FIELDS, agreement
from matching.corpus import corpus
from matching.fields import FIELDS_FRENCH, LEVELS, level_french
from matching.folding import fold_value
from matching.linking import match
from matching.normalise import fold
from matching.whole import gathered, judge_all
from schemas.records import Kind


def level(one: object, field: str, left: int = 0, right: int = 1) -> str:
    reached = agreement(one, np.array([left]), np.array([right]))[0, FIELDS.index(field)]  # type: ignore[arg-type]
    return ("missing", *LEVELS[field])[reached]


@pytest.mark.parametrize(
    ("left", "right"),
    [
        pytest.param("L'Été de Zoé", "L'Ã‰tÃ© de ZoÃ©", id="mojibake"),
        pytest.param(
            "\u0412\u043e\u0439\u043d\u0430",
            "\u0412\u043e\u0439\u043d\u0430".encode().decode("latin-1"),
            id="cyrillic-mojibake",
        ),
        pytest.param("Œuvre au noir (L')", "L’ŒUVRE AU NOIR", id="ligature-and-article"),
        pytest.param("ألف ليلة وليلة", "\u200fألف ليلة وليلة\u200e", id="right-to-left-marks"),
        pytest.param("La fête 🎉 au village", "La fête au village", id="emoji"),
        pytest.param("e\u0301cho", "écho", id="combining-accent"),
    ],
)
def test_one_text_written_two_ways(left: str, right: str) -> None:
    """Encoding accidents, directions, emoji and articles put behind do not make two titles of one."""
    assert level(of_titles([left, right]), "title").startswith("exact")


def test_a_title_of_ten_thousand_letters_costs_what_another_does() -> None:
    """Only the first letters count, so two titles that begin alike are equal however they end."""
    start = "Mémoires d'un archiviste " * 20
    one = of_titles([start + "x" * 10_000, start + "y" * 10_000])
    assert level(one, "title").startswith("exact")
    assert max(map(len, one.texts["title"].values)) <= 300


@pytest.mark.parametrize("titles", [["", ""], ["", "Nuit"], [], ["Nuit"], ["???", "!!!"]])
def test_titles_that_say_nothing_join_nothing(titles: list[str]) -> None:
    """Empty titles, and titles of signs alone, are not told: no candidates, no failure."""
    assert not len(match(of_titles(titles)).left)


def test_a_word_alone_is_compared() -> None:
    """One-word titles are titles."""
    assert level(of_titles(["Nuit", "nuit"]), "title").startswith("exact")


def test_records_that_are_all_the_same_end_and_stay_bounded() -> None:
    """A thousand equal records make no million pairs: what is common to all finds nothing."""
    found = match(of_titles(["Entrée libre"] * 1000))
    assert len(found.left) <= 1000 * 20


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("Astérix T.3", "Astérix, tome 3", "same"),
        ("Astérix #3", "Astérix, tome 4", "different"),
        ("Astérix saison 1", "Astérix saison 2", "different"),
        ("Astérix T.3", "Astérix", "one_side"),
    ],
)
def test_volumes_and_seasons(left: str, right: str, expected: str) -> None:
    """However a volume is written it is read, and two volumes of one series differ."""
    assert level(of_titles([left, right], kind=Kind.PRODUCT), "volume") == expected


def test_versions_tell_screenings_apart_and_not_films() -> None:
    """VO and VF of a film are one work and two events."""
    titles = ["Le Phare (VO)", "Le Phare (VF)"]
    assert level(of_titles(titles, kind=Kind.EVENT), "version") == "different"
    assert level(of_titles(titles, kind=Kind.WORK), "version") == "missing"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"ean": ["9782070360024", "978-2-07-036002-4"]}, "same"),
        ({"isbn": ["2070360024", ""], "ean": ["", "9782070360024"]}, "same"),
        ({"ean": ["9782070360024", "9782070360025"]}, "missing"),
        ({"ean": ["9782070360024", "9782070368228"]}, "different"),
    ],
)
def test_identifiers(columns: dict[str, list[str]], expected: str) -> None:
    """Equal ones agree in any spelling, invalid ones say nothing, an agreeing and a differing one contradict."""
    one = corpus({"title": ["a b", "c d"], **columns}, Kind.PRODUCT, np.arange(2))
    assert level(one, "identifier") == expected


def test_contradictory_identifiers_ask_a_person() -> None:
    """One number equal and an exclusive one different: neither is believed, whatever the score."""
    columns = {"title": ["Le Phare"] * 2, "iswc": ["T-034.524.680-1"] * 2, "visa": ["119706", "172623"]}
    (judged,) = judge_all(columns, [Kind.WORK] * 2, np.arange(2))
    assert level(judged.corpus, "identifier") == "contradictory"
    assert ["ask"] == [judged.outcome(pair) for pair in range(len(judged.scores))]
    assert [0, 1] == gathered(judged).tolist()


def test_numbers_of_titles_are_compared_as_sets() -> None:
    """A maker's reference counts whatever stands between its parts."""
    assert level(of_titles(["Platine PS-LX350H", "platine pslx350h lx350h ps"]), "numbers") == "same"
    assert level(of_titles(["Rocky 2", "Rocky 3"]), "numbers") == "different"


def test_distances_dates_and_times_reach_their_levels() -> None:
    """A place 40 m away, the next day, a quarter of an hour later."""
    columns = {
        "title": ["a", "a"], "lat": ["48.85837", "48.85873"], "lon": ["2.29448", "2.29448"],
        "date": ["2026-03-28", "2026-03-29"], "time": ["20:30", "20h45"],
    }  # fmt: skip
    one = corpus(columns, Kind.EVENT, np.arange(2))
    assert ("within_80_m", "next_day", "quarter") == tuple(level(one, field) for field in ("place", "date", "time"))


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    """Mending mojibake does not undo what folding promises."""
    assert fold_value(fold_value(text)) == fold_value(text)
    assert fold(fold_value(text)) == fold_value(text)


@given(st.lists(st.text(alphabet="abcé 12-:()", max_size=14), min_size=2, max_size=6))
def test_levels_are_symmetric(titles: list[str]) -> None:
    """Which record is named first has no influence."""
    one = of_titles(titles)
    left, right = np.triu_indices(len(titles), 1)
    assert np.array_equal(agreement(one, left, right), agreement(one, right, left))


def test_every_level_has_its_words() -> None:
    """No explanation can fail for want of French."""
    assert set(LEVELS) == set(FIELDS_FRENCH)
    assert all(level_french(name) for levels in LEVELS.values() for name in levels)


def test_web_pages_leave_no_signs_in_a_text() -> None:
    """A letter written as an entity is that letter."""
    assert level(of_titles(["B&#228;renh&ouml;hle &amp; Fils", "Bärenhöhle et Fils"]), "title").startswith("close")
    assert fold_value("AT&T; caf&eacute;") == "at t cafe"


def test_references_that_differ_in_their_finish_share_a_model() -> None:
    """The letters after a reference's last digit name a colour: the model before them is a word of its own."""
    assert level(of_titles(["Lave-vaisselle DU1055BK", "Lave-vaisselle DU1055XTSB"]), "numbers") == "some"
    assert level(of_titles(["Casque HD560", "Casque HD800"]), "numbers") == "different"


def test_a_whole_title_is_as_rare_as_it_is_itself() -> None:
    """Common words make a rare title where only two records bear it, and a common one where many do."""
    words = ["Le Grand Voyage", "Le Grand Hiver", "La Nuit du Voyage", "Un Hiver", "La Nuit", "Nuit et Hiver"] * 5
    rare = of_titles(["Grand Hiver du Voyage", "Grand Hiver du Voyage", *words])
    common = of_titles(["La Nuit", "La Nuit", *words])
    assert level(rare, "title") == "exact_rare"
    assert level(common, "title") == "exact"
