"""Columns held as numbers: however they were told, cut or spread, they say what their texts say."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_tables import Gold, of_titles

from matching.agreement import agreement
from matching.corpus import corpus
from matching.folding import Pieces, fold_value, plain_value
from matching.hands import hands
from matching.linking import PART, compared, match
from matching.names import person
from matching.whole import Judged, gathered, judge_all, judge_each
from matching.words import MOST_WORDS, Ints, in_order, intern, interned, of_folded
from schemas.records import Kind

TEXTS = st.lists(st.sampled_from(["", "a", "b", "c", "d e", " a"]), max_size=12)
ANY = st.text(max_size=60) | st.text(alphabet="éÃ©Âa. -,;(1vo\xa0’", max_size=60)


@given(TEXTS, st.data())
def test_some_records_of_a_column_are_the_column_of_some_records(told: list[str], data: st.DataObject) -> None:
    """Values are numbered by appearance among the records that are left, as if the others had never been told."""
    rows = data.draw(st.lists(st.sampled_from(range(len(told))), unique=True)) if told else []
    some = interned(told).some(np.array(rows, np.int64))
    anew = interned([told[row] for row in rows])
    assert (anew.of.tolist(), anew.values) == (some.of.tolist(), some.values)


@given(TEXTS)
def test_a_column_is_read_once_a_value(told: list[str]) -> None:
    """Reading the distinct values is reading each record's, and the empty text stays value 0."""
    column = interned(told)
    assert column.listed() == told
    stripped = column.renamed(map(str.strip, column.values))
    assert stripped.listed() == [text.strip() for text in told]
    assert stripped.values == interned(stripped.listed()).values
    assert [a or b for a, b in zip(told, reversed(told), strict=True)] == column.or_else(interned(told[::-1])).listed()


@given(ANY)
def test_pieces_fold_as_the_whole_does(text: str) -> None:
    """What is folded piece by piece is what the whole text folds to, or is left to be read as a whole."""
    assert Pieces(lambda _: False).fold(text) in (None, fold_value(text))


@given(st.lists(ANY, max_size=4))
def test_names_read_in_pieces_are_names(told: list[str]) -> None:
    """A column of names says what each name says alone, companies' abbreviations written out."""
    one = corpus({"title": told, "contributors": told}, Kind.WORK, np.arange(len(told)))
    expected = [in_order(" ".join(person(plain_value(name)) for name in text.split(";")[:12])) for text in told]
    found = one.texts.get("contributors")
    assert expected == ([found.values[value] for value in found.of.tolist()] if found else [""] * len(told))


def test_of_a_very_long_value_the_first_words_count() -> None:
    """A word that only stands beyond the limit is no word of the column, and does not disturb the others' numbers."""
    many = [f"w{place:03d}" for place in range(MOST_WORDS + 10)]
    column = of_folded(*intern(["", " ".join(many), "w001 w001 zz"]))
    assert column.words == [*many[:MOST_WORDS], "zz"]
    assert np.diff(column.bags.indptr).tolist() == [0, MOST_WORDS, 2]


def answers(judged: Judged) -> tuple[Ints, ...]:
    matched = judged.matched
    return judged.rows, matched.left, matched.right, matched.levels, judged.scores, gathered(judged)


@pytest.mark.parametrize("processes", [1, 2, 3])
def test_answers_are_the_same_however_the_kinds_are_spread(processes: int) -> None:
    """Rows, pairs, levels, scores and clusters, in one process and in several."""
    gold = Gold()
    here = [answers(judged) for judged in judge_all(gold.columns, gold.kinds, gold.source)]
    there = judge_each(gold.columns, gold.kinds, gold.source, answers, spread=hands(processes))
    assert len(here) == len(there) > 2
    for one, other in zip(here, there, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_a_table_of_one_kind_spreads_its_pairs() -> None:
    """Where one kind is the whole table the work on its pairs is what is spread, in any parts."""
    gold = Gold()
    rows = [row for row, kind in enumerate(gold.kinds) if kind is Kind.PRODUCT]
    columns = {name: [values[row] for row in rows] for name, values in gold.columns.items()}
    asked: list[int] = []

    def spread(function: partial[object], parts: list[object]) -> list[object]:
        asked.append(len(parts))
        return [function(part) for part in parts]

    kinds, source = [Kind.PRODUCT] * len(rows), gold.source[rows]
    (there,) = judge_each(columns, kinds, source, answers, spread=spread)
    (here,) = (answers(judged) for judged in judge_all(columns, kinds, source))
    assert [1] == asked
    assert all(np.array_equal(a, b) for a, b in zip(here, there, strict=True))


def test_levels_do_not_depend_on_the_parts() -> None:
    """All pairs at once, in the parts that hands are given, or one by one."""
    one = of_titles(["Le Phare", "le phare (VO)", "Phare, Le", "Nuit", "La nuit", "Nuits", "Astérix T.3", "asterix #3"])
    left, right = np.triu_indices(8, 1)
    whole = compared(one, left, right)
    in_parts = compared(one, left, right, lambda function, parts: [function(part) for part in parts])
    alone = [agreement(one, left[[at]], right[[at]])[0] for at in range(len(left))]
    assert len(left) < PART
    assert np.array_equal(whole, in_parts)
    assert np.array_equal(whole, alone)
    assert len(match(one).left)
