"""Which source's value is shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from catalogue.survivorship import Statement, survive

REF = {"key": "k"}
NOW = datetime(2026, 11, 23, tzinfo=UTC)

VALUES = st.none() | st.sampled_from(["", "Phèdre", "L'Avare"]) | st.just([]) | st.lists(st.integers(), min_size=1)
IDENTIFIERS = st.lists(
    st.fixed_dictionaries({"scheme": st.sampled_from(["ean", "visa"]), "value": st.sampled_from(["1", "2"])}),
    max_size=3,
)
RECORDS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"kind": st.just("work"), "ref": st.fixed_dictionaries({"key": st.sampled_from("abcdef")})},
    optional={"title": VALUES, "genres": VALUES, "workKey": st.just("w"), "identifiers": IDENTIFIERS},
)


@st.composite
def statements(draw: st.DrawFn) -> list[Statement]:
    """What several sources say, one statement or more each, at the same or different times and trust."""
    return draw(
        st.lists(
            st.builds(
                Statement,
                source_id=st.integers(1, 4),
                trust=st.sampled_from([10, 50, 90]),
                observed_at=st.integers(0, 2).map(lambda hours: NOW + timedelta(hours=hours)),
                record=RECORDS,
            ),
            max_size=6,
            unique_by=lambda one: (one.source_id, one.record["ref"]["key"]),
        )
    )


@given(statements(), st.randoms(use_true_random=False))
def test_the_order_in_which_sources_spoke_does_not_matter(said: list[Statement], random: Any) -> None:
    """The same statements in any order make the same entity, with the same provenance."""
    shuffled = list(said)
    random.shuffle(shuffled)
    assert survive(said) == survive(shuffled)


@given(statements())
def test_what_is_shown_was_said_by_the_source_it_is_ascribed_to(said: list[Statement]) -> None:
    """Every field has a provenance, was said by it, is not empty, and no more trusted source said anything else."""
    survivor = survive(said)
    assert survivor.fields.keys() == survivor.provenance.keys()
    for name, value in survivor.fields.items():
        assert name not in ("kind", "ref", "workKey")
        assert value not in (None, "", [])
        if name == "identifiers":
            continue
        assert (survivor.provenance[name], value) in [(one.source_id, one.record.get(name)) for one in said]
        best = max(one.trust for one in said if one.record.get(name) not in (None, "", [], {}))
        assert best in [one.trust for one in said if one.record.get(name) == value]


def test_the_more_trusted_source_wins_then_the_fresher_and_identifiers_are_united() -> None:
    """Trust first, then freshness; an empty value never hides a filled one; all identifiers stay."""
    old = Statement(
        1, 50, NOW, {"ref": REF, "title": "Vieux", "language": "fr", "identifiers": [{"scheme": "ean", "value": "2"}]}
    )
    fresh = Statement(
        2, 50, NOW + timedelta(days=1), {"ref": REF, "title": "Frais", "genres": ["conte"], "language": ""}
    )
    trusted = Statement(3, 90, NOW, {"ref": REF, "genres": [], "identifiers": [{"scheme": "ean", "value": "1"}]})
    survivor = survive([old, fresh, trusted])
    identifiers = [{"scheme": "ean", "value": "1"}, {"scheme": "ean", "value": "2"}]
    assert {"title": "Frais", "language": "fr", "genres": ["conte"], "identifiers": identifiers} == survivor.fields
    assert survivor.provenance == {"title": 2, "language": 1, "genres": 2, "identifiers": 3}
