"""The simulated tills keep the promises of the 2018 stock API, quirks included."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.changes import raise_price, sell_copies
from sandbox.till import PAGE_CAP, Quirk, Till


async def read(client: Any, till: Till, **asked: str) -> list[dict[str, Any]]:
    """All rows, by the cursor that a page's edge does not cut: the last reference of a full page is asked again."""
    headers = {"Authorization": f"Basic {till.token}"} if till.token else {}
    rows: list[dict[str, Any]] = []
    params = dict(asked)
    while True:
        status, page = await client.get("bookshop", f"/stocks/{till.place.siret}", params=params, headers=headers)
        if status == 204 or not page["stocks"]:
            return rows
        assert status == 200
        found = page["stocks"]
        assert found[0]["ref"] > params.get("after", ""), "the page starts strictly after the cursor"
        if len(found) >= page["limit"]:
            found = [row for row in found if row["ref"] != found[-1]["ref"]]
        rows += found
        params["after"] = found[-1]["ref"]


async def test_paging_by_the_document_visits_all_rows_once(client: Any, world: Any) -> None:
    """Whatever the page size, careful paging tells every row of every till exactly once."""
    for till in world.tills.values():
        expected = [(row.ref, row.available) for row in till.rows]
        for limit in ("150", "1000"):
            rows = await read(client, till, limit=limit)
            assert expected == [(row["ref"], row["available"]) for row in rows]


async def test_a_reference_lies_across_the_first_page(world: Any) -> None:
    """Every till has two prices of one reference on both sides of the first page's edge: the known trap."""
    for till in world.tills.values():
        assert till.rows[PAGE_CAP - 1].ref == till.rows[PAGE_CAP].ref


async def test_naive_paging_loses_a_row(client: Any, world: Any) -> None:
    """`after` is strictly after a reference: who pages by the last row loses the other prices of it."""
    till = world.till("kleber")
    headers = {"Authorization": f"Basic {till.token}"} if till.token else {}
    told, after = 0, ""
    while True:
        _, page = await client.get("bookshop", f"/stocks/{till.place.siret}", params={"after": after}, headers=headers)
        if not page["stocks"]:
            break
        told += len(page["stocks"])
        after = page["stocks"][-1]["ref"]
    assert told < len(till.rows)


async def test_an_incremental_read_tells_what_changed_and_nothing_else(client: Any, world: Any, clock: Any) -> None:
    """After a change, `modifiedSince` tells the rows of that reference; before, none."""
    since = "2026-11-23T09:00:00.000Z"
    clock.forward(minutes=5)
    assert await read(client, world.till("kleber"), modifiedSince=since) == []
    raise_price(world)
    sell_copies(world)
    [raised] = await read(client, world.till("kleber"), modifiedSince=since)
    [sold] = await read(client, world.till("dialogues"), modifiedSince=since)
    assert (raised["ref"], sold["ref"]) == (
        next(row.ref for row in world.till("kleber").rows if row.modified_at == clock()),
        next(row.ref for row in world.till("dialogues").rows if row.modified_at == clock()),
    )


async def test_unknown_shop_wrong_token_and_bad_queries_are_refused(client: Any, world: Any) -> None:
    """404 for an unknown SIRET, 401 without its token, 400 for a limit or an instant that is none, with `errors`."""
    guarded = next(till for till in world.tills.values() if till.token)
    path = f"/stocks/{guarded.place.siret}"
    headers = {"Authorization": f"Basic {guarded.token}"}
    answers = [
        await client.get("bookshop", "/stocks/00000000000000"),
        await client.get("bookshop", path),
        await client.get("bookshop", path, headers={"Authorization": "Basic faux"}),
        await client.get("bookshop", path, headers=headers, params={"limit": "beaucoup"}),
        await client.get("bookshop", path, headers=headers, params={"modifiedSince": "hier"}),
        await client.get("bookshop", path, headers=headers, params={"modifiedSince": "2026-11-23T09:00:00"}),
    ]
    assert [status for status, _ in answers] == [404, 401, 401, 400, 400, 400]
    assert [next(iter(body["errors"])) for _, body in answers] == [
        "siret",
        "global",
        "global",
        "limit",
        "modifiedSince",
        "modifiedSince",
    ]


async def test_standing_bad_rows_and_quirks(client: Any, world: Any) -> None:
    """The wrong rows and odd envelopes of real tills are there for whoever reads them."""
    folies, sauramps = world.till("folies"), world.till("sauramps")
    rows = await read(client, folies)
    assert [row["available"] for row in rows if row["available"] < 0] == [-3]
    assert [row["price"] for row in rows if row.get("price") == 17.905] == [17.905]
    assert "9782070360025" in [row["ref"] for row in await read(client, sauramps)]
    headers = {"Authorization": f"Basic {folies.token}"} if folies.token else {}
    _, page = await client.get("bookshop", f"/stocks/{folies.place.siret}", headers=headers)
    assert page["total"] == "null"
    folies.quirks = {Quirk.UPPER_CASE}
    _, page = await client.get("bookshop", f"/stocks/{folies.place.siret}", headers=headers)
    assert {"TOTAL", "LIMIT", "OFFSET", "STOCKS"} == set(page)
    assert {"REF", "AVAILABLE"} <= set(page["STOCKS"][0])


@pytest.mark.parametrize("place", ["kleber", "dialogues", "ajc", "sauramps", "folies"])
def test_a_till_holds_hundreds_of_books(world: Any, place: str) -> None:
    """Each shop has enough rows for several pages."""
    assert len(world.till(place).rows) > 2 * PAGE_CAP - 50
