"""Public ids: opaque, one to one, and the same for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.ids import ALPHABET, HIGHEST, PREFIXES, UnknownId, internal_id, public_id
from schemas.records import Kind

KINDS = st.sampled_from(sorted(PREFIXES))
NUMBERS = st.integers(1, HIGHEST)

FROZEN = [
    ("work", 1, "w_7sz2vj3tjxtx6"),
    ("product", 1, "p_2cct6mtex2h16"),
    ("venue", 2, "v_9865gcpth5sdf"),
    ("event", 1, "e_090tcdzmtsy1e"),
    ("session", HIGHEST, "s_3b8bsrxceys55"),
    ("offer", 1, "o_abtd7tm24sz1b"),
    ("offer", 2, "o_5r4yt8w3hpkbn"),
    ("stock", 1, "k_1k5p9rzzk10sc"),
    ("booking", 1, "b_dg0whzysgt4wg"),
    ("source", 1, "src_fqfsfrpd9svsk"),
    ("run", 1, "r_9hwrayhfsfv52"),
    ("beneficiary", 1, "u_3ymtn7rcedjh6"),
]


@pytest.mark.parametrize(("kind", "number", "text"), FROZEN)
def test_published_ids_never_change(kind: str, number: int, text: str) -> None:
    """Ids that were handed out still name the same row: if this fails, the code is wrong, not the test."""
    assert text == public_id(kind, number)
    assert number == internal_id(kind, text)


@given(KINDS, NUMBERS)
def test_there_and_back(kind: str, number: int) -> None:
    """Every bigint has an id that leads back to it."""
    assert number == internal_id(kind, public_id(kind, number))


@given(KINDS, st.text("".join(sorted(ALPHABET)), min_size=13, max_size=13))
def test_back_and_there(kind: str, tail: str) -> None:
    """An id that is accepted is the only one of its row; all others are unknown."""
    text = f"{PREFIXES[kind]}_{tail}"
    try:
        number = internal_id(kind, text)
    except UnknownId:
        return
    assert text == public_id(kind, number)


def test_neighbours_do_not_look_alike() -> None:
    """A thousand rows in a row, of two kinds, share no tail and mostly not even their beginnings."""
    tails = {public_id(kind, number).partition("_")[2] for kind in ("offer", "stock") for number in range(1, 1001)}
    assert len(tails) == 2000
    assert len({tail[:4] for tail in tails}) > 1900


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o",
        "o_",
        "abtd7tm24sz1b",
        "o_abtd7tm24sz1",
        "o_abtd7tm24sz1b0",
        "o_ABTD7TM24SZ1B",
        "o_abtd7tm24sz1i",
        "o_zzzzzzzzzzzzz",
        "w_abtd7tm24sz1b",
        "o-abtd7tm24sz1b",
        "o_abtd7tm24sz1\N{FULLWIDTH LATIN SMALL LETTER B}",
        "o_" + "0" * 5000,
    ],
)
def test_malformed_ids_are_unknown(text: str) -> None:
    """Whatever is not exactly an id of the kind is unknown, and the message stays short."""
    with pytest.raises(UnknownId) as caught:
        internal_id("offer", text)
    assert len(str(caught.value)) < 130


def test_an_unknown_id_is_told_in_a_sentence() -> None:
    """It shows what was sent, without what would upset a terminal, and how an id of the kind looks."""
    with pytest.raises(UnknownId) as caught:
        internal_id("offer", "42\x1b[2J")
    assert (
        str(caught.value) == "Identifiant inconnu : « 42?[2J ». Attendu : « o_ » suivi de treize lettres ou chiffres."
    )


@pytest.mark.parametrize("number", [0, -1, HIGHEST + 1])
def test_only_rows_have_ids(number: int) -> None:
    """Zero, negative numbers and what no bigint holds are refused."""
    with pytest.raises(ValueError, match="not a row"):
        public_id("offer", number)


def test_prefixes_are_apart() -> None:
    """Every kind of record has ids, and no two kinds share a prefix."""
    assert set(Kind) <= PREFIXES.keys()
    assert len(PREFIXES) == len(set(PREFIXES.values()))
