"""Anybody finds offers by words, place and kind, page by page."""

from __future__ import annotations

import pytest
import storefront as s
from app_client import App
from yarl import URL

from catalogue.search import MOST_RESULTS
from edge.paging import write_cursor

MANY = """
with made as (
    insert into product (title, folded, subcategory, fields)
    select 'Livre', 'livre', 'LIVRE_PAPIER', '{"title": "Livre", "subcategory": "LIVRE_PAPIER"}'
    from generate_series(1, $1) returning id
), offered as (
    insert into offer (venue_id, product_id) select (select min(id) from venue), id from made returning id, venue_id
), stocked as (
    insert into stock (venue_id, offer_id) select venue_id, id from offered returning id, venue_id
)
insert into supply (stock_id, venue_id, source_id, available, observed_at, generation, key, of_key)
select id, venue_id, (select max(id) from source), 1, now(), 1, id::text, id::text from stocked
"""
"""So many more offers of a bookshop."""


async def titles(app: App, query: str) -> list[str]:
    status, found = await app.get(f"/offers?{query}")
    assert status == 200
    return [offer["title"] for offer in found["offers"]]


async def test_words_are_found_without_accents_or_case(app: App) -> None:
    """People type as they can."""
    assert await titles(app, "q=ETRANGER") == ["L'Étranger"]
    assert await titles(app, "q=nuit%20americaine") == ["La Nuit américaine"]
    assert await titles(app, "q=introuvable") == []


async def test_place_and_kind_narrow(app: App) -> None:
    """A department and subcategories, one or several, keep what is of them."""
    assert await titles(app, "department=973") == ["La Nuit américaine"]
    assert set(await titles(app, "subcategory=LIVRE_PAPIER")) == {"L'Étranger", "L'Exil et le Royaume"}
    both = await titles(app, "subcategory=LIVRE_PAPIER&subcategory=SPECTACLE_REPRESENTATION&department=67")
    assert set(both) == {"L'Étranger", "L'Exil et le Royaume", "Le Cid"}


async def test_a_result_says_what_is_needed_to_choose(app: App) -> None:
    """Title, place, price and next session are there."""
    _, found = await app.get("/offers?q=cid")
    [offer] = found["offers"]
    assert offer | {"id": "", "venue": {}} == {
        "id": "",
        "title": "Le Cid",
        "subcategory": "SPECTACLE_REPRESENTATION",
        "venue": {},
        "isDuo": True,
        "isDigital": False,
        "priceCents": 1500,
        "beginsAt": "2026-12-03T12:00:00Z",
    }
    assert offer["venue"]["name"] == "Théâtre des Deux Rives"


async def test_pages_hold_everything_once(app: App) -> None:
    """Following the Link header shows each result once, in the order of one big page."""
    whole = await titles(app, "limit=50")
    found, path = [], URL("/app/v1/offers?limit=1")
    while True:
        answer = await app.client.get(path)
        found += [offer["title"] for offer in (await answer.json())["offers"]]
        if "next" not in answer.links:
            break
        path = URL(answer.links["next"]["url"]).relative()
    assert found == whole
    assert len(whole) == 4


async def test_nobody_pages_for_ever(app: App) -> None:
    """Where there is more than the most that is shown, its last page is the last."""
    await app.shop.pool.execute(MANY, MOST_RESULTS)
    for start, has_next in ((MOST_RESULTS - 2, True), (MOST_RESULTS - 1, False)):
        answer = await app.client.get(f"/app/v1/offers?limit=1&after={write_cursor(start)}")
        assert (len((await answer.json())["offers"]), "next" in answer.links) == (1, has_next)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=51", "limit"),
        ("after=zzz", "after"),
        ("department=Paris", "department"),
        ("subcategory=LIVRE", "subcategory"),
        ("q=%00", "q"),
        ("q=" + "x" * 201, "q"),
    ],
)
async def test_a_wrong_parameter_is_named(app: App, query: str, parameter: str) -> None:
    """It is a problem, never an empty page."""
    status, problem = await app.get(f"/offers?{query}")
    assert (status, problem["type"], problem["parameter"]) == (400, "/problems/invalid-parameter", parameter)


async def test_past_sessions_are_not_found(app: App) -> None:
    """A show that is over is no result any more."""
    app.clock.later(days=11)
    assert await titles(app, "department=973") == []
    assert app.clock() > s.NOW
