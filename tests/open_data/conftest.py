"""A référentiel with open and closed sources, as re-users must and must not see it."""

from __future__ import annotations

import pytest
import storefront as s
from storefront import Storefront

from catalogue.database import Pool


@pytest.fixture
async def shop(pool: Pool) -> Storefront:
    """A bookshop and a theatre under open licences; a distributor that keeps its rights."""
    made = Storefront(pool)
    port = await made.venue(s.BOOKSHOP, "Librairie du Port")
    theatre = await made.venue(s.THEATRE, "Théâtre des Deux Rives")
    await made.source("publisher", "onix", licence="etalab-2.0", trust=80)
    await made.source("distributor", "onix", licence="tous-droits-reserves", trust=90)
    await made.source("till", "stocks_api", venue_id=port)
    await made.source("tickets", "stocks_api", venue_id=theatre, licence="ODbL-1.0")
    await made.says("publisher", s.book("publisher", s.STRANGER, "L'Étranger"))
    await made.says("distributor", s.book("distributor", s.EXILE, "L'Exil et le Royaume"))
    await made.says("till", s.on_shelf("till", s.STRANGER, 3), s.on_shelf("till", s.EXILE, 5))
    await made.says("tickets", *s.show("tickets", "cid", "Le Cid"))
    return made
