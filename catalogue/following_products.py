"""Offers and stocks follow a product that was joined to another; the merge remembers whose they were.

Which of the two a till's stock meant stands nowhere once the two are one (a till names an EAN, and the survivor bears
it), so what moved is written down and goes back as it was. What was made since stays with the survivor.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogue.changes import Op, Touched
from catalogue.database import Connection
from catalogue.kinds import KindCode

if TYPE_CHECKING:
    from catalogue.following import Step

# An offer whose venue proposes the survivor too is joined to that offer; any other becomes an offer of the survivor.
_PAIRS = """
select o.id, kept.id as kept_id from offer o
left join offer kept on kept.venue_id = o.venue_id and kept.product_id = $2 and kept.merged_into is null
where o.product_id = $1 and o.merged_into is null order by o.id for no key update of o
"""
_STOCKS = """
with ordered as (
    select k.id, k.venue_id, k.offer_id, t.now_id
    from unnest($1::bigint[], $2::bigint[]) as t (was_id, now_id) join stock k on k.offer_id = t.was_id
    order by k.id for no key update of k
)
update stock k set offer_id = o.now_id from ordered o where k.id = o.id and k.venue_id = o.venue_id
returning k.id, k.venue_id, o.offer_id as was_id
"""
_REMEMBER = "update entity_merge set moved = $2 where id = $1"
_GO_BACK = """
with ordered as (
    select k.id, k.venue_id, t.was_id
    from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as t (id, venue_id, was_id)
    join stock k on k.id = t.id and k.venue_id = t.venue_id order by k.id for no key update of k
)
update stock k set offer_id = o.was_id from ordered o where k.id = o.id and k.venue_id = o.venue_id
"""
# One that a later word emptied and one that it filled: a venue's offer stands while it has stocks.
_STANDING = """
update offer o set changed_at = now(), withdrawn_at = case
    when exists (select from stock k where k.offer_id = o.id and k.withdrawn_at is null) then null
    else coalesce(o.withdrawn_at, now()) end
where o.id = any($1::bigint[]) returning o.id, o.withdrawn_at is null as stands
"""


async def follow(conn: Connection, step: Step, touched: Touched) -> None:
    """Moves the offers and stocks of a merge, or of one that is undone. A split-off record takes none with it."""
    if step.merge_id is None:
        return
    if step.back:
        await _go_back(conn, step, touched)
        return
    pairs = await conn.fetch(_PAIRS, step.left, step.joined)
    joined = [(row["id"], row["kept_id"]) for row in pairs if row["kept_id"] is not None]
    turned = [row["id"] for row in pairs if row["kept_id"] is None]
    await conn.execute(
        "update offer set product_id = $2, changed_at = now() where id = any($1::bigint[])", turned, step.joined
    )
    stocks = await conn.fetch(_STOCKS, [was for was, _ in joined], [now for _, now in joined])
    for was, now in joined:
        await conn.execute(
            "update offer set merged_into = $2, changed_at = now() where id = $1 or merged_into = $1", was, now
        )
    moved = {
        "turned": turned,
        "joined": [list(pair) for pair in joined],
        "stocks": [[row["id"], row["venue_id"], row["was_id"]] for row in stocks],
    }
    await conn.execute(_REMEMBER, step.merge_id, moved)
    touched.add(KindCode.OFFER, [was for was, _ in joined], Op.MERGED)
    await _settle(conn, [*turned, *(now for _, now in joined)], touched)


async def _go_back(conn: Connection, step: Step, touched: Touched) -> None:
    moved = await conn.fetchval("select moved from entity_merge where id = $1", step.merge_id)
    turned: list[int] = moved.get("turned", [])
    joined: list[list[int]] = moved.get("joined", [])
    stocks: list[list[int]] = moved.get("stocks", [])
    await conn.execute(
        "update offer set product_id = $2, changed_at = now() where id = any($1::bigint[]) and product_id = $3",
        turned, step.joined, step.left,
    )  # fmt: skip
    await conn.execute(
        "update offer set merged_into = null, changed_at = now() where id = any($1::bigint[])",
        [was for was, _ in joined],
    )
    await conn.execute(_GO_BACK, *([row[n] for row in stocks] for n in range(3)))
    await _settle(conn, [*turned, *(id_ for pair in joined for id_ in pair)], touched)


async def _settle(conn: Connection, ids: list[int], touched: Touched) -> None:
    for row in await conn.fetch(_STANDING, sorted(set(ids))):
        touched.add(KindCode.OFFER, [row["id"]], Op.UPDATED if row["stands"] else Op.WITHDRAWN)
