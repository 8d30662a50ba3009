"""Folding, words, and what titles and names say besides themselves."""

from __future__ import annotations

import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.names import person, publisher
from matching.normalise import fold, plain, telling, tokens
from matching.titles import LONGEST, read_title, read_volume, without_article


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("L'Été", "l ete"),
        ("L’Été", "l ete"),
        ("  Le   CŒUR,\u00a0c'est…  ", "le coeur c est"),
        ("Ægypte & Straße — ½", "aegypte strasse 1 2"),
        ("ﬁn de saison", "fin de saison"),
        ("co\u00adopération", "cooperation"),
        ("Ã‰tÃ© Ã\u00a0 BÃ©ziers, lâ€™Å“uvre", "ete a beziers l oeuvre"),
        ("«CAFÉ»", "cafe"),
        ("SÃO PAULO", "sao paulo"),
        ("🎭🎪", ""),
        ("مسرح", "مسرح"),
        ("snake_case", "snake case"),
        ("", ""),
    ],
)
def test_fold(text: str, folded: str) -> None:
    """Accents, case, ligatures, typography and misread UTF-8 go; letters, digits and single spaces stay."""
    assert folded == fold(text)


@settings(deadline=None)
@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    """What is folded stays as it is, so stored and asked texts meet."""
    assert fold(text) == fold(fold(text))


def test_every_character_folds_once() -> None:
    """No character of Unicode changes again when folded a second time."""
    once = [fold(chr(code)) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF]
    assert [text for text in once if fold(text) != text] == []


@settings(deadline=None)
@given(st.text())
def test_fold_holds_words_and_single_spaces_only(text: str) -> None:
    """The words of a folded text are letters and digits, so its tokens are itself."""
    assert fold(text) == " ".join(tokens(text))
    assert all(word.isalnum() for word in tokens(text))


def test_nothing_of_a_title_is_lost_to_stop_words_in_folding() -> None:
    """ "Elle", "Lui", "Été" stay searchable: folding knows no stop words, only `telling` does."""
    assert tokens("Elle et lui") == ("elle", "et", "lui")
    assert telling("elle et lui") == ("elle", "lui")


@pytest.mark.parametrize(
    ("title", "text", "volume", "season", "year"),
    [
        ("Avare, L'", "l avare", "", None, None),
        ("L'Avare", "l avare", "", None, None),
        ("Misérables (Les)", "les miserables", "", None, None),
        ("Misérables (Les) - Tome 2 : Cosette", "les miserables cosette", "2", None, None),
        ("Astérix T.3", "asterix", "3", None, None),
        ("Astérix, tome III", "asterix", "3", None, None),
        ("ASTERIX #3", "asterix", "3", None, None),
        ("Astérix (3)", "asterix", "3", None, None),
        ("Astérix - vol. 3", "asterix", "3", None, None),
        ("Astérix T1 à T3 intégrale", "asterix integrale", "1 3", None, None),
        ("Novecento, 1ère partie", "novecento", "1", None, None),
        ("Novecento - deuxième partie", "novecento", "2", None, None),
        ("Kaamelott saison 2", "kaamelott", "", 2, None),
        ("Ouverture de la saison 2026/2027", "ouverture de la saison 2026 2027", "", None, None),
        ("Dune (2021)", "dune", "", None, 2021),
        ("2001, l'odyssée de l'espace", "2001 l odyssee de l espace", "", None, None),
        ("Dune (VO)", "dune", "", None, None),
        ("Dune VOSTFR", "dune", "", None, None),
        ("Dune en VF", "dune", "", None, None),
        ("VO", "vo", "", None, None),
        ("Tome 1", "tome 1", "", None, None),
        ("Concert", "concert", "", None, None),
        ("Spectacle : Le Petit Prince, dès 6 ans", "le petit prince", "", None, None),
        ("L'Avare - COMPLET", "l avare", "", None, None),
        ("", "", "", None, None),
    ],
)
def test_title(title: str, text: str, volume: str, season: int | None, year: int | None) -> None:
    """Volume, season, year, version and notices are taken out of a title, and nothing where nothing would
    stay.
    """
    read = read_title(title)
    assert (text, volume, season, year) == (read.text, read.volume, read.season, read.year)


def test_numbers_of_titles() -> None:
    """Roman and Arabic numbers are one; a single letter is a letter."""
    assert read_title("Rocky II").numbers == read_title("Rocky 2").numbers == {2}
    assert frozenset() == read_title("Malcolm X").numbers


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_title_is_read(title: str) -> None:
    """Whatever the text, a title is read, and it is empty only where folding leaves nothing."""
    read = read_title(title)
    assert bool(fold(plain(title))) == bool(read.text)
    assert without_article(read.text) or not read.text


def test_a_title_of_ten_thousand_characters_is_cut() -> None:
    """Nobody's title costs more than another's."""
    assert len(read_title("très long " * 1000).text) <= LONGEST


@pytest.mark.parametrize("volume", ["3", "T3", "T. 3", "tome III", "Vol. 03", "n° 3"])
def test_volume_field(volume: str) -> None:
    """However a source writes a volume's number, it is in digits."""
    assert read_volume(volume) == "3"


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Hugo, Victor", "victor hugo"),
        ("Victor HUGO", "victor hugo"),
        ("Hugo, Victor (1802-1885)", "victor hugo"),
        ("Cie du Phare", "compagnie du phare"),
        ("🎭", ""),
    ],
)
def test_person(name: str, folded: str) -> None:
    """Names read first name first, without dates."""
    assert folded == person(name)


def test_publisher() -> None:
    """ "Éditions" is no part of a publisher's name, unless it is all of it."""
    assert publisher("Éditions Gallimard") == "gallimard"
    assert publisher("Éditions") == "editions"
