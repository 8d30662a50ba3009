"""Fields that a person set by hand: what sources say of them is kept, and not shown, until the lock is lifted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from catalogue.changes import Touched, log
from catalogue.database import Connection
from catalogue.kinds import KindCode
from catalogue.refusals import MergeRefused, UnknownEntity

LOCKABLE: dict[KindCode, frozenset[str]] = {
    KindCode.WORK: frozenset({"title", "originalTitle", "description", "genres", "contributors", "durationMinutes"}),
    KindCode.PRODUCT: frozenset(
        {"title", "subtitle", "description", "publisher", "contributors", "subcategory", "sellable", "priceCents"}
    ),
    KindCode.VENUE: frozenset({"name", "address", "position", "phone", "url", "timeZone"}),
    KindCode.EVENT: frozenset(
        {"title", "description", "genres", "contributors", "subcategory", "isDuo", "url", "durationMinutes"}
    ),
}


@dataclass(frozen=True, slots=True)
class Lock:
    """A field held by hand."""

    kind: KindCode
    entity_id: int
    field: str
    value: Any
    author: str
    set_at: datetime


async def locked_fields(conn: Connection, kind: KindCode, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """The fields held by hand, by entity."""
    found: dict[int, dict[str, Any]] = {}
    for row in await conn.fetch(
        "select entity_id, field, value from field_lock where kind = $1 and entity_id = any($2::bigint[])",
        kind.value,
        list(ids),
    ):
        found.setdefault(row["entity_id"], {})[row["field"]] = row["value"]
    return found


async def locks(conn: Connection) -> list[Lock]:
    """All of them, the newest first."""
    rows = await conn.fetch("select kind, entity_id, field, value, author, set_at from field_lock order by set_at desc")
    return [Lock(KindCode(row["kind"]), *tuple(row)[1:]) for row in rows]


async def hold(conn: Connection, kind: KindCode, entity_id: int, field: str, value: Any, *, author: str) -> None:
    """Sets a field by hand. `MergeRefused` for one that cannot be, or whose value is none of the format's."""
    if field not in LOCKABLE[kind]:
        raise MergeRefused(f"champ inconnu : {field} ; possibles : {', '.join(sorted(LOCKABLE[kind]))}")
    await _refuse_other_shapes(conn, kind, entity_id, field, value)
    await conn.execute(
        """
        insert into field_lock (kind, entity_id, field, value, author) values ($1, $2, $3, $4, $5)
        on conflict (kind, entity_id, field) do update
        set value = excluded.value, author = excluded.author, set_at = now()
        """,
        kind.value,
        entity_id,
        field,
        value,
        author,
    )
    await _show(conn, kind, entity_id)


async def lift(conn: Connection, kind: KindCode, entity_id: int, field: str) -> None:
    """Lets the sources speak again. `UnknownEntity` where the field was not held."""
    gone = await conn.execute(
        "delete from field_lock where kind = $1 and entity_id = $2 and field = $3", kind.value, entity_id, field
    )
    if gone == "DELETE 0":
        raise UnknownEntity(f"{field} n'est pas verrouillé")
    await _show(conn, kind, entity_id)


async def _refuse_other_shapes(conn: Connection, kind: KindCode, entity_id: int, field: str, value: Any) -> None:
    from catalogue.portraits import canonical  # it derives from what this module guards

    table = kind.name.lower()
    fields = await conn.fetchval(f"select fields from {table} where id = $1 and merged_into is null", entity_id)  # noqa: S608
    if fields is None:
        raise UnknownEntity(f"aucune entité {entity_id} de cette sorte, ou elle a été fusionnée")
    try:
        canonical(kind, entity_id, {**fields, field: value})
    except msgspec.ValidationError as error:
        raise MergeRefused(f"valeur refusée pour {field} : {error}") from None


async def _show(conn: Connection, kind: KindCode, entity_id: int) -> None:
    from catalogue.entities import derive
    from catalogue.portraits import index

    await derive(conn, kind, [entity_id])
    await index(conn, kind, [entity_id])
    touched = Touched()
    touched.add(kind, [entity_id])
    await log(conn, touched)
