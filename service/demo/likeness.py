"""The matching at work, as the database holds it: what was joined, why, and what was rightly kept apart."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape

from catalogue.database import Connection
from catalogue.decisions import merged
from catalogue.editions import works_of_several_editions
from catalogue.joining import join, undo
from catalogue.kinds import KindCode
from catalogue.venues import namesakes
from catalogue.verdicts import questions
from service.demo.promises import Promises
from service.house import House


async def show(house: House, console: Console, promises: Promises) -> int:
    """Prints it and checks the promises; returns how many records were joined to an entity of another source."""
    async with house.pool.acquire() as conn:
        events = await merged(conn, KindCode.EVENT)
        venues = await merged(conn, KindCode.VENUE)
        works = await merged(conn, KindCode.WORK)
        editions = await works_of_several_editions(conn)
        halls = await namesakes(conn)
    joined = [event for event in events if len(event.sources) > 1]
    promises.check(
        "le même spectacle, lu dans l'agenda et dans la billetterie, est une seule offre à deux sources",
        joined,
        f"{len(joined)} spectacles",
    )
    if joined:
        one = joined[0]
        console.print(f"    [bold]{escape(one.name)}[/] ← {escape(' + '.join(one.sources))}", soft_wrap=True)
        for reason in one.explanation.get("reasons", []):
            console.print(f"      [dim]{escape(str(reason))}[/]", soft_wrap=True)
    films = [work for work in works if any(source.startswith("Caisse de ") for source in work.sources)]
    films = [film for film in films if len(film.sources) > 1]
    promises.check(
        "un film, lu dans les logiciels de plusieurs cinémas, est une seule œuvre", films, f"{len(films)} films"
    )
    for film in sorted(films, key=lambda film: -len(film.sources))[:1]:
        console.print(f"    [bold]{escape(film.name)}[/] ← {escape(' + '.join(film.sources))}", soft_wrap=True)
    promises.check(
        "deux éditions d'un livre restent deux produits d'une même œuvre", editions, f"{len(editions)} œuvres"
    )
    for edition in editions[:1]:
        console.print(f"    [bold]{escape(edition.title)}[/] : {', '.join(edition.eans)}", soft_wrap=True)
    apart = [hall for hall in halls if len(set(hall.cities)) > 1]
    promises.check("deux salles de même nom dans deux communes restent deux lieux", apart)
    for hall in apart[:1]:
        console.print(f"    [bold]{escape(hall.name)}[/] : {escape(', '.join(hall.cities))}", soft_wrap=True)
    await _join_and_part(house, console, promises)
    return len(events) + len(venues) + len(works)


async def _join_and_part(house: House, console: Console, promises: Promises) -> None:
    """A person answers a doubtful case, sees why it was one, and takes the answer back."""
    async with house.pool.acquire() as conn:
        asked = await questions(conn, 1)
        before = await _who_is_what(conn)
        if not asked:
            promises.check("un rapprochement douteux attend une personne", False)
            return
        [case] = asked
        name = case.left.get("title") or case.left.get("name")
        console.print(f"    doute, {case.score} sur 100 : [bold]{escape(str(name))}[/]", soft_wrap=True)
        for reason in case.explanation.get("reasons", []):
            console.print(f"      [dim]{escape(str(reason))}[/]", soft_wrap=True)
        async with conn.transaction():
            made = await join(conn, case.kind, case.newcomer, case.candidate, author="person:demo")
        joined = await _who_is_what(conn)
        async with conn.transaction():
            await undo(conn, made.id, author="person:demo")
        after = await _who_is_what(conn)
    promises.check(
        "une personne réunit deux fiches, voit pourquoi, et défait : tout redevient comme avant",
        joined != before and after == before,
        f"fusion {made.id}",
    )


async def _who_is_what(conn: Connection) -> list[tuple[object, ...]]:
    rows = await conn.fetch(
        "select source_id, kind, key, part, entity_id from source_record where entity_id > 0 order by 1, 2, 3, 4"
    )
    return [tuple(row) for row in rows]
