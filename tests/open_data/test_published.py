"""What leaves, and what never does."""

from __future__ import annotations

import msgspec
import pytest
import storefront as s
from storefront import Storefront

from catalogue.database import Pool
from open_data.licences import LICENCES, OPEN, may_leave
from open_data.published import pages
from schemas.offers import Offer
from schemas.validation import check_offer


async def published(pool: Pool, size: int = 500) -> list[Offer]:
    return [offer async for page in pages(pool, at=s.NOW, size=size) for offer in page]


def titles(offers: list[Offer]) -> set[str]:
    return {thing.title for offer in offers if (thing := offer.product or offer.event) is not None}


async def test_only_what_open_sources_say_leaves(pool: Pool, shop: Storefront) -> None:
    """A book that only a distributor with all rights reserved describes stays, though a till sells it openly."""
    offers = await published(pool)
    assert {"L'Étranger", "Le Cid"} == titles(offers)
    assert {"etalab-2.0", "ODbL-1.0 AND etalab-2.0"} == {offer.licence for offer in offers}


async def test_what_leaves_is_valid(pool: Pool, shop: Storefront) -> None:
    """Each published offer passes the published JSON Schema."""
    offers = await published(pool)
    assert [check_offer(offer) for offer in offers] == [[], []]


async def test_closed_words_do_not_leave_in_open_offers(pool: Pool, shop: Storefront) -> None:
    """Where a closed source knows more of an open book, its words are not in what leaves."""
    closed = s.book("distributor", s.STRANGER, "L'ÉTRANGER (texte intégral)", author="Camus, Albert", price_cents=98765)
    await shop.says("distributor", closed)
    text = msgspec.json.encode(await published(pool)).decode()
    assert "texte intégral" not in text
    assert "98765" not in text
    assert "tous-droits-reserves" not in text
    assert "L'Étranger" in text


async def test_pages_hold_everything_once(pool: Pool, shop: Storefront) -> None:
    """Whatever the size of pages, each offer comes once."""
    whole = [offer.id for offer in await published(pool)]
    assert whole == [offer.id for offer in await published(pool, size=1)]


async def test_a_licence_that_closes_is_obeyed(pool: Pool, shop: Storefront) -> None:
    """What its source closes does not leave any more."""
    await pool.execute("update source set licence = 'CC-BY-NC-4.0' where account = 'tickets'")
    assert {"L'Étranger"} == titles(await published(pool))


async def test_an_unknown_licence_closes(pool: Pool, shop: Storefront) -> None:
    """A licence nobody here knows lets nothing leave."""
    await pool.execute("update source set licence = 'Licence-Maison-1' where account = 'tickets'")
    assert {"L'Étranger"} == titles(await published(pool))


async def test_two_share_alike_licences_cannot_join(pool: Pool, shop: Storefront) -> None:
    """What joins the words of two sources that each want their own licence for the whole stays."""
    await shop.source("agenda", "openagenda", licence="CC-BY-SA-4.0")
    event, session, _ = s.show("agenda", "cid", "Le Cid")
    await pool.execute("update source set venue_id = (select venue_id from source where account = 'tickets')"
                       " where account = 'agenda'")  # fmt: skip
    await shop.says("agenda", event, session)
    joined = await pool.fetchval(
        "select count(distinct entity_id) from source_record where kind = 4 and gone_at is null"
    )
    assert joined == 1, "the two sources' show should be one event"
    assert {"L'Étranger"} == titles(await published(pool))


@pytest.mark.parametrize(
    ("licences", "leaves"),
    [
        (["etalab-2.0"], True),
        (["etalab-2.0", "ODbL-1.0"], True),
        (["ODbL-1.0", "ODbL-1.0"], True),
        (["CC-BY-SA-4.0", "ODbL-1.0"], False),
        (["CC0-1.0", "CC-BY-NC-4.0"], False),
        (["CC-BY-ND-4.0"], False),
        (["tous-droits-reserves"], False),
        (["inconnue"], False),
        ([], False),
    ],
)
def test_licences_decide(licences: list[str], leaves: bool) -> None:
    """Open and compatible leaves; closed, unknown or contradictory does not."""
    assert leaves == may_leave(licences)


def test_each_open_licence_can_be_read() -> None:
    """A re-user is always told where the licence stands."""
    assert all(LICENCES[licence].url for licence in OPEN)
