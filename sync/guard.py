"""How much of a source may go, or be emptied, in one run without a person having looked.

A half-dead feed must not empty a bookshop, whether it stops naming things, says that they are gone, or
says that there are none left. What lies in the past is no withdrawal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from catalogue.database import Connection
from catalogue.kinds import KindCode
from sync.runs import RunContext

FEW = 5
"""So many rows may always go: a share of a handful says nothing."""
FEW_EMPTIED = 20
"""So many may sell out at once: a good review does that to a whole run."""
GUARDED = {KindCode.PRODUCT: "produits", KindCode.SESSION: "séances", KindCode.STOCK: "stocks"}
"""The kinds whose loss is felt; the others follow them."""

HAD = """
select r.kind, count(*) as rows from source_record r
left join session x on r.kind = 5 and x.id = r.entity_id
where r.source_id = $1 and r.gone_at is null and (x.id is null or x.begins_at > $2)
group by r.kind
union all
select 6, count(*) from supply u
left join stock k on k.id = u.stock_id and k.venue_id = u.venue_id
left join session x on x.id = k.session_id
where u.source_id = $1 and u.gone_at is null and (x.id is null or x.begins_at > $2)
"""


class TooMuchGone(Exception):
    """A sweep would take more than the source's guard allows; nothing was swept."""


class TooMuchEmptied(Exception):
    """The source itself says that more is gone or sold out than its guard allows; it is not believed further."""


async def guard_sweep(
    conn: Connection,
    run: RunContext,
    gone: Sequence[tuple[KindCode, str, str]],
    nameless: int,
    otherwise: Collection[tuple[KindCode, str, str]] = (),
) -> None:
    """Raises `TooMuchGone` where the sweep of `gone` needs a person.

    `nameless` rejected rows could be any of the missing ones. What the source names `otherwise` by now is not lost, and
    is not counted twice in what it had.
    """
    gone = [name for name in gone if name not in otherwise]
    going = Counter(kind for kind, _, _ in gone)
    if any(going[kind] > FEW for kind in GUARDED):
        share, had = await _allowed(conn, run)
        had.subtract(kind for kind, _, _ in otherwise)
        for kind, name in GUARDED.items():
            if going[kind] > FEW and going[kind] > share * had[kind]:
                raise TooMuchGone(
                    f"l'instantané ne nomme plus {going[kind]} {name} sur {had[kind]} : "
                    f"plus que les {share:.0%} permis, rien n'est retiré sans une personne"
                )
    if nameless and gone:
        raise TooMuchGone(
            f"{len(gone)} fiches manquent et {nameless} lignes illisibles n'ont pas de nom : "
            "elles pourraient être celles-là, rien n'est retiré sans une personne"
        )


async def guard_run(conn: Connection, run: RunContext, taken: int, zeroed: int) -> None:
    """Raises `TooMuchEmptied` where the rows that the run has by now taken, or emptied, are too many."""
    if taken <= FEW and zeroed <= FEW_EMPTIED:
        return
    share, had = await _allowed(conn, run)
    # What this run has taken itself is no longer counted among what there is.
    too_much_taken = taken > FEW and taken > share * (sum(had[kind] for kind in GUARDED) + taken)
    if too_much_taken or (zeroed > FEW_EMPTIED and zeroed > share * had[KindCode.STOCK]):
        raise TooMuchEmptied(
            f"la source retire {taken} fiches et en épuise {zeroed} : plus que les {share:.0%} permis "
            "de ce qu'elle avait, la suite n'est pas appliquée sans une personne"
        )


async def _allowed(conn: Connection, run: RunContext) -> tuple[float, Counter[int]]:
    share: float = await conn.fetchval("select guard_share from feed where source_id = $1", run.source.id)
    rows = await conn.fetch(HAD, run.source.id, run.asked_at)
    return share, Counter({row["kind"]: row["rows"] for row in rows})
