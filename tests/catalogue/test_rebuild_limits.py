"""What the rules of a kind allow a rebuild, whatever its model thinks."""

from __future__ import annotations

from feeds import Desk, ref

from catalogue.kinds import KindCode
from catalogue.rebuild_limits import policy_of
from schemas.records import Contributor, Work


def film(source: str, key: str, title: str, year: int) -> Work:
    maker = Contributor(name="Doris Hallab", role="director")
    return Work(ref=ref(source, key), title=title, type="film", year=year, contributors=[maker])


async def test_rules_stand_above_the_model(desk: Desk) -> None:
    """Volumes, remakes and two records of one clean source are never joined; what nothing speaks against may be."""
    for name in ("a", "b"):
        await desk.source(name)
    await desk.delta("a", film("a", "3", "Chroniques, tome 3", 2001), film("a", "old", "Rue du Couchant", 1974))
    await desk.delta("a", film("a", "bis", "Rue du Couchant, la nuit", 1975))
    await desk.delta("b", film("b", "4", "Chroniques T.4", 2001), film("b", "new", "Rue du Couchant", 1988))
    third, old, bis = [await desk.entity("a", 1, key) for key in ("3", "old", "bis")]
    fourth, new = [await desk.entity("b", 1, key) for key in ("4", "new")]
    assert len({third, old, bis, fourth, new}) == 5
    pairs = [(third, fourth), (old, new), (old, bis), (bis, old)]
    policy = await policy_of(desk.conn, KindCode.WORK, pairs, {})
    assert [policy.say(*pair) for pair in pairs] == ["no", "no", "no", "no"]

    await desk.delta("b", film("b", "port", "Les Marées du port", 1976))
    port = await desk.entity("b", 1, "port")
    policy = await policy_of(desk.conn, KindCode.WORK, [(bis, port)], {})
    assert policy.say(bis, port) == policy.say(port, bis) == "join"
