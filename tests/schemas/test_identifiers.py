"""Identifiers: one normal form each, verified, and never a wrong one."""

from __future__ import annotations

import pytest
import stdnum.ean
import strategies
from hypothesis import given
from hypothesis import strategies as st

from schemas.identifiers import CARRIED, SCHEMES, InvalidIdentifier, identifier, insee_code, normalise
from schemas.records import Identifier, Kind

GOOD = [
    ("ean", "9782070360024", "9782070360024"),
    ("ean", " 978-2-07-036002-4 ", "9782070360024"),
    ("ean", "978\u20102\u201107\u2212036002\u00a04", "9782070360024"),
    ("ean", "0036000291452", "0036000291452"),
    ("isbn", "2-07-036002-4", "9782070360024"),
    ("isbn", "080442957x", "9780804429573"),
    ("isbn", "979-10-90636-07-1", "9791090636071"),
    ("ismn", "M-2306-7118-7", "9790230671187"),
    ("ismn", "979-0-060-11561-5", "9790060115615"),
    ("issn", "0317-8471", "03178471"),
    ("issn", "2434-561x", "2434561X"),
    ("isan", "0000-0001-8CFA-0000-I-0000-0000-K", "000000018CFA0000"),
    ("isan", "ISAN 0000-0001-8947-0000", "0000000189470000"),
    ("isni", "https://isni.org/isni/000000012281955X", "000000012281955X"),
    ("isni", "0000 0001 2281 955x", "000000012281955X"),
    ("siret", "732 829 320 00074", "73282932000074"),
    ("siret", "35600000000048", "35600000000048"),
    ("siret", "35600000049837", "35600000049837"),
    ("siren", "732.829.320", "732829320"),
    ("visa", "108245", "108245"),
    ("visa", " 158 026 ", "158026"),
    ("visa", "002004", "2004"),
    ("allocine", "131136", "131136"),
    ("allocine", "TW92aWU6MTMxMTM2", "131136"),
    ("allocine_theater", "p1209", "P1209"),
    ("allocine_theater", "VGhlYXRlcjpQMTIwOQ==", "P1209"),
    ("cnc_cinema", "31", "31"),
    ("eidr", "10.5240/205D-17AD-BBB2-F62A-2481-7", "10.5240/205D-17AD-BBB2-F62A-2481-7"),
    ("eidr", "https://doi.org/10.5240/76fd-43ff-db1d-f072-a9ad-9", "10.5240/76FD-43FF-DB1D-F072-A9AD-9"),
    ("iswc", "T-034.524.680-1", "T0345246801"),
    ("ark", "https://catalogue.bnf.fr/ark:/12148/bpt6k1037353", "ark:/12148/bpt6k1037353"),
    ("ark", "ARK:/12148/BPT6K107036D", "ark:/12148/bpt6k107036d"),
    ("ark", "ark:/12148/bpt6k1037353/f12.item", "ark:/12148/bpt6k1037353"),
    ("ark", "ark:67375/B1-Xyz", "ark:/67375/B1-Xyz"),
    ("openagenda", "71349782", "71349782"),
    ("openagenda_location", "0071", "71"),
    (
        "datatourisme",
        "https://data.datatourisme.fr/15/00d51982-a306-3211-9439-7db306627649",
        "15/00d51982-a306-3211-9439-7db306627649",
    ),
    (
        "datatourisme",
        "15-00D51982-A306-3211-9439-7DB306627649.json",
        "15/00d51982-a306-3211-9439-7db306627649",
    ),
]


@pytest.mark.parametrize(("scheme", "raw", "normal"), GOOD)
def test_normal_forms(scheme: str, raw: str, normal: str) -> None:
    """What providers write comes to one form."""
    assert normal == normalise(scheme, raw)
    assert normal == normalise(scheme, normal)


def test_every_scheme_has_a_case() -> None:
    """No scheme goes untested."""
    assert set(SCHEMES) == {scheme for scheme, _, _ in GOOD}


BAD = [
    ("ean", "9782070360025", "clé de contrôle"),
    ("ean", "2-07-036002-4", "13 chiffres"),
    ("ean", "978207036002", "13 chiffres"),
    ("ean", "97820703600", "13 chiffres"),
    ("ean", "９７８２０７０３６００２４", "13 chiffres"),
    ("ean", "978207036002X", "13 chiffres"),
    ("ean", "2000000000008", "interne"),
    ("ean", "0000000000000", "interne"),
    ("ean", "", "13 chiffres"),
    ("isbn", "2-07-036002-5", "clé de contrôle"),
    ("isbn", "3260050000000", "978 ou 979"),
    ("isbn", "9790060115615", "partitions"),
    ("isbn", "207036002", "10 ou 13"),
    ("ismn", "9782070360024", "979-0"),
    ("issn", "0317-8472", "clé de contrôle"),
    ("isan", "0000-0001-8CFA-0000-A-0000-0000-K", "clé de contrôle"),
    ("isan", "0000-0001", "longueur"),
    ("isni", "0000 0001 1111 955X", "clé de contrôle"),
    ("siret", "73282932000075", "clé de contrôle"),
    ("siret", "732829320", "longueur"),
    ("siret", "00000000000000", "zéros"),
    ("siret", "35600000049838", "clé de contrôle"),
    ("siren", "732829321", "clé de contrôle"),
    ("siren", "000000000", "zéros"),
    ("visa", "0", "remplissage"),
    ("visa", "", "chiffres"),
    ("visa", "111111", "remplissage"),
    ("visa", "123456", "remplissage"),
    ("visa", "999999", "trop grand"),
    ("visa", "2021001414", "trop grand"),
    ("visa", "V-108245", "chiffres"),
    ("visa", "-108245", "chiffres"),
    ("allocine", "0", "zéro"),
    ("allocine", "VGhlYXRlcjpQMTIwOQ==", "chiffres"),
    ("allocine_theater", "1209", "lettre"),
    ("cnc_cinema", "12345678", "au plus"),
    ("eidr", "10.5240/205D-17AD-BBB2-F62A-2481-8", "clé de contrôle"),
    ("eidr", "10.5241/205D-17AD-BBB2-F62A-2481-7", "forme"),
    ("iswc", "T-034.524.680-2", "clé de contrôle"),
    ("iswc", "A-034.524.680-1", "lettre T"),
    ("ark", "ark:/12148/bpt6k1037354", "contrôle"),
    ("ark", "cb119081016", "forme"),
    ("ark", "ark:/67375//", "vide"),
    ("openagenda", "12a", "chiffres"),
    ("datatourisme", "15/00d51982", "UUID"),
    ("iban", "FR7630006000011234567890189", "inconnu"),
]


@pytest.mark.parametrize(("scheme", "raw", "why"), BAD)
def test_wrong_ones_are_refused_in_french(scheme: str, raw: str, why: str) -> None:
    """A value that is not what its name says is refused, with the scheme, the value and the reason."""
    with pytest.raises(InvalidIdentifier) as caught:
        normalise(scheme, raw)
    assert why in caught.value.why
    assert (scheme, raw) == (caught.value.scheme, caught.value.value)
    assert str(caught.value).startswith(f"{scheme} « ")


@given(st.sampled_from(sorted(SCHEMES)), st.text(max_size=40) | st.text("0123456789X-: /TP.", max_size=40))
def test_any_text_is_normal_or_refused(scheme: str, raw: str) -> None:
    """No text breaks a scheme, and normalising twice gives the same as once."""
    try:
        normal = normalise(scheme, raw)
    except InvalidIdentifier as invalid:
        why = invalid.why
        normal = None
        assert why
    assert normal is None or normal == normalise(scheme, normal)


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_long_texts_are_refused_shortly(scheme: str) -> None:
    """A megabyte in an identifier's field costs nothing and is not echoed."""
    with pytest.raises(InvalidIdentifier) as caught:
        normalise(scheme, "9" * 1_000_000)
    assert len(str(caught.value)) < 200


@given(strategies.eans(), st.integers(0, 12), st.integers(1, 9))
def test_a_mistyped_digit_is_never_an_ean(ean: str, place: int, by: int) -> None:
    """Any single wrong digit is caught."""
    wrong = ean[:place] + str((int(ean[place]) + by) % 10) + ean[place + 1 :]
    assert ean == normalise("ean", ean)
    with pytest.raises(InvalidIdentifier):
        normalise("ean", wrong)


@pytest.mark.parametrize(
    ("scheme", "raw", "carried"),
    [
        ("isbn", "2-07-036002-4", Identifier(scheme="ean", value="9782070360024")),
        ("ismn", "M-2306-7118-7", Identifier(scheme="ean", value="9790230671187")),
        ("visa", "158026", Identifier(scheme="visa", value="158026")),
    ],
)
def test_records_carry_one_name_for_an_edition(scheme: str, raw: str, carried: Identifier) -> None:
    """A till's EAN and a publisher's ISBN are the same identifier in a record, so that they meet."""
    assert carried == identifier(scheme, raw)
    assert carried.value == normalise(carried.scheme, carried.value)


def test_vetoes() -> None:
    """These and no others part two records when they differ; what names many things never joins two."""
    vetoes = {name for name, scheme in SCHEMES.items() if scheme.exclusive}
    assert {"ean", "isbn", "ismn", "visa", "allocine", "siret", "allocine_theater", "cnc_cinema"} == vetoes
    assert {"siren", "issn", "isni"} == {name for name, scheme in SCHEMES.items() if not scheme.settles}
    assert frozenset({Kind.WORK}) == SCHEMES["visa"].kinds
    assert "isbn" not in CARRIED


@pytest.mark.parametrize("code", ["67482", "2A004", "2b033", "97302", "98818"])
def test_communes(code: str) -> None:
    """INSEE codes, Corsica and overseas included."""
    assert code.upper() == insee_code(code)


@pytest.mark.parametrize("code", ["67 482", "6748", "00123", "99100", "2C004", "Strasbourg", "20004"])
def test_no_communes(code: str) -> None:
    """What is no INSEE code of a French commune."""
    with pytest.raises(InvalidIdentifier):
        insee_code(code)


@given(st.from_regex(r"97[89][0-9]{10}", fullmatch=True))
def test_the_quick_check_digit_is_the_librarys(text: str) -> None:
    """Every row of every till is checked by our own arithmetic, which answers as python-stdnum does."""
    for digits in (text, text[:-1] + stdnum.ean.calc_check_digit(text[:-1])):
        try:
            is_ean = normalise("ean", digits) == digits
        except InvalidIdentifier:
            is_ean = False
        assert is_ean is stdnum.ean.is_valid(digits)
