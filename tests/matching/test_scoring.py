"""What holds of every verdict, whatever the records; and the words it is given in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matching_pairs import judge, scored

from matching.agreement import FIELDS
from matching.blocking import MOST_KEYS, block_keys
from matching.estimate import FIXED
from matching.features import Features, features
from matching.fields import LEVELS
from matching.identify import SAME, settle
from matching.models import read_model, shipped
from schemas.records import Contributor, Event, Identifier, Kind, Position, Product, SourceRef, Venue, Work

START, QUARTER = datetime(2026, 12, 1, tzinfo=UTC), timedelta(minutes=15)
REF = SourceRef(connector="test", account="test", key="1")
# Few words, so that pairs meet: agreement is rare among random texts.
WORDS = st.sampled_from(
    ["Avare", "L'", "Nuit", "tome 3", "T.4", "II", "saison 2", "(VO)", "-", ":", "🎭", "Hugo", "é", "(2019)"]
)
TITLES = st.one_of(st.lists(WORDS, max_size=5).map(" ".join), st.text(max_size=20))
NAMES = st.lists(st.sampled_from(["Victor Hugo", "Hugo, V.", "Molière", "Cie du Phare", ""]), max_size=3)
PEOPLE = NAMES.map(lambda names: [Contributor(name=name) for name in names])
YEARS = st.none() | st.integers(2018, 2026)
EANS = st.sampled_from(["9782070360024", "9782070701827", "9782253006329"])
SOURCES = st.lists(st.sampled_from(["a", "b"]), max_size=1)


def identifiers(*schemes: str) -> st.SearchStrategy[list[Identifier]]:
    one = st.builds(Identifier, scheme=st.sampled_from(schemes), value=st.sampled_from(["21414", "51234"]))
    return st.lists(one, max_size=3)


WORKS = st.builds(
    features,
    st.builds(
        Work,
        ref=st.just(REF),
        title=TITLES,
        type=st.sampled_from(["film", "book", "other"]),
        original_title=st.none() | TITLES,
        contributors=PEOPLE,
        identifiers=identifiers("visa", "allocine", "issn"),
        year=YEARS,
        duration_minutes=st.none() | st.integers(0, 200),
    ),
    sources=SOURCES,
)


def products(fewest_eans: int) -> st.SearchStrategy[Features]:
    eans = st.lists(EANS.map(lambda ean: Identifier(scheme="ean", value=ean)), min_size=fewest_eans, max_size=1)
    return st.builds(
        features,
        st.builds(
            Product,
            ref=st.just(REF),
            title=TITLES,
            subcategory=st.sampled_from(["LIVRE_PAPIER", "LIVRE_NUMERIQUE"]),
            contributors=PEOPLE,
            identifiers=st.tuples(eans, identifiers("ark", "issn")).map(lambda both: both[0] + both[1]),
            publisher=st.none() | st.sampled_from(["Gallimard", "Éditions Gallimard", "Seuil"]),
            volume=st.none() | st.sampled_from(["3", "IV", ""]),
            published_on=st.none() | st.sampled_from(["2019", "2020-05", "2021-02-03"]),
            language=st.none() | st.sampled_from(["fr", "fr-FR", "en"]),
        ),
        sources=SOURCES,
        work_id=st.none() | st.integers(1, 2),
    )


PRODUCTS = products(fewest_eans=0)
VENUES = st.builds(
    features,
    st.builds(
        Venue,
        ref=st.just(REF),
        name=st.sampled_from(["Salle des fêtes", "Théâtre de Brest", "Th. Jean Vilar", "Médiathèque", ""]) | TITLES,
        time_zone=st.just("Europe/Paris"),
        identifiers=identifiers("siret", "siren", "datatourisme"),
        position=st.none() | st.builds(Position, latitude=st.floats(48, 48.01), longitude=st.floats(-4.5, -4.49)),
        phone=st.none() | st.sampled_from(["02 98 55 98 55", "112"]),
    ),
    sources=SOURCES,
)
EVENTS = st.builds(
    features,
    st.builds(
        Event,
        ref=st.just(REF),
        title=TITLES,
        subcategory=st.sampled_from(["SEANCE_CINE", "CONCERT", "SPECTACLE_REPRESENTATION"]),
        contributors=PEOPLE,
        identifiers=identifiers("openagenda", "datatourisme"),
    ),
    sources=SOURCES,
    work_id=st.none() | st.integers(1, 2),
    venue_id=st.none() | st.integers(1, 2),
    begins=st.lists(st.integers(0, 2_000).map(lambda quarter: START + quarter * QUARTER), max_size=4),
)
EACH = st.sampled_from([WORKS, PRODUCTS, VENUES, EVENTS])
PAIRS = EACH.flatmap(lambda kind: st.tuples(kind, kind))


@settings(deadline=None)
@given(PAIRS)
def test_judging_is_symmetric(pair: tuple[Features, Features]) -> None:
    """Which of two records came first has no influence."""
    left, right = pair
    assert judge(left, right) == judge(right, left)


@settings(deadline=None)
@given(PAIRS)
def test_the_points_add_up_to_the_score(pair: tuple[Features, Features]) -> None:
    """The reasons given are all of the reasons, each with points and words."""
    why = json.loads(json.dumps(judge(*pair).why))
    if why is not None:
        assert why["score"] == sum(level["points"] for level in why["levels"])
        assert all(why["reasons"])


@settings(deadline=None)
@given(products(fewest_eans=1), products(fewest_eans=1))
def test_two_eans_are_never_joined(left: Features, right: Features) -> None:
    """Whatever else agrees, and whatever contradicts it: two EANs are two editions, and nobody is asked."""
    ours, theirs = ({value for scheme, value in one.identifiers if scheme == "ean"} for one in (left, right))
    if ours != theirs:
        assert judge(left, right).outcome == "different"


@settings(deadline=None)
@given(PAIRS)
def test_one_clean_source_is_never_joined_with_itself(pair: tuple[Features, Features]) -> None:
    """Two records of a source that lists each thing once are joined by an identifier or not at all."""
    left, right = (replace(one, sources=frozenset({"a"})) for one in pair)
    outcome = judge(left, right).outcome
    assert outcome == ("same" if settle(left, right).level == SAME else "different")


@settings(deadline=None)
@given(EACH.flatmap(lambda kind: st.lists(kind, min_size=2, max_size=5)))
def test_a_record_is_judged_alone_as_among_others(records: list[Features]) -> None:
    """The levels and odds of a pair do not depend on what else is in the batch."""
    found = scored(*records, newcomers=len(records) - 1)
    for pair, (a, b) in enumerate(zip(found.left.tolist(), found.right.tolist(), strict=True)):
        alone = scored(records[a], records[b])
        assert alone.levels[0].tolist() == found.levels[pair].tolist()
        assert alone.odds[0] == pytest.approx(found.odds[pair])


@settings(deadline=None)
@given(EACH.flatmap(lambda kind: kind))
def test_keys_are_few_and_small(one: Features) -> None:
    """No record costs more than a bounded number of small rows."""
    keys = block_keys(one)
    assert len(keys) <= MOST_KEYS
    assert all(-(2**63) <= key < 2**63 for key in keys)
    assert keys == block_keys(one)


@pytest.mark.parametrize(
    "build",
    [
        lambda title: Work(ref=REF, title=title, type="book", contributors=[Contributor(name=title)]),
        lambda title: Product(ref=REF, title=title, subtitle=title, subcategory="LIVRE_PAPIER", publisher=title),
        lambda title: Venue(ref=REF, name=title, time_zone="Europe/Paris"),
        lambda title: Event(ref=REF, title=title, subcategory="CONCERT"),
    ],
    ids=["work", "product", "venue", "event"],
)
@pytest.mark.parametrize(
    "title",
    ["", "🎭", "Nuit", "الليل والنجوم", "très long, (le) tome " * 600, "(" * 10_000, "1 " * 5_000, "a - " * 2_500],
    ids=["empty", "emoji", "one word", "right to left", "long", "parentheses", "numbers", "dashes"],
)
def test_hostile_titles_are_judged(title: str, build: Callable[[str], Work | Product | Venue | Event]) -> None:
    """Empty, one-word, emoji, right-to-left and 10,000-character titles are judged like others."""
    one = features(build(title))
    assert judge(one, one).outcome in ("same", "ask", "different")
    assert len(block_keys(one)) <= MOST_KEYS


def test_nothing_said_is_nothing_known() -> None:
    """Two records that tell nothing are not the same: emptiness never agrees."""
    for kind in (Kind.WORK, Kind.PRODUCT, Kind.VENUE, Kind.EVENT):
        verdict = judge(Features(kind=kind), Features(kind=kind))
        assert verdict.levels == {}
        assert verdict.outcome != "same"
        assert frozenset() == block_keys(Features(kind=kind))


def test_models_name_what_is_compared() -> None:
    """Each kind has its shipped model, volumes veto, and a field that nobody compares is refused."""
    assert {"film", "work", "product", "venue", "event"} == set(shipped())
    for model in shipped().values():
        assert [len(LEVELS[name]) + 1 for name in FIELDS] == [len(weights) for weights in model.weights]
        assert model.weights[FIELDS.index("volume")][1] == FIXED["version"][1]
    with pytest.raises(KeyError, match="unknown fields: smell"):
        read_model({"prior": 0.5, "weights": {"smell": {"different": 1}}})


def test_reasons_in_french() -> None:
    """A librarian reads the conclusion, where it began, then the reasons, the heaviest first."""
    left = features(
        Work(ref=REF, title="Notre-Dame de Paris", type="book", contributors=[Contributor(name="Hugo, Victor")])
    )
    right = features(
        Work(ref=REF, title="NOTRE DAME DE PARIS", type="book", contributors=[Contributor(name="V. Hugo")])
    )
    why = judge(left, right).why
    assert why is not None
    assert why["reasons"][0] == f"C'est la même chose : {why['score']} sur 100."
    assert [reason.partition(" (")[0] for reason in why["reasons"][2:4]] == [
        "Les auteurs ou artistes : un peu semblable, avec un mot rare",
        "Le titre ou le nom : identique",
    ]


def test_an_identifier_is_named_in_french() -> None:
    """What settled a pair without a score is said in words."""
    book = Features(kind=Kind.PRODUCT, identifiers=frozenset({("ean", "9782070360024")}))
    why = judge(book, book).why
    assert why is not None
    assert (why["score"], why["settledBy"]) == (100, "identifier:ean")
    assert why["reasons"] == [
        "C'est la même chose : 100 sur 100.",
        "L'identifiant EAN-13 est le même et suffit à trancher.",
    ]
