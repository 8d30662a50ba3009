"""The review over HTTP: its own keys, questions in the order of their worth, answers that stand once and are undone."""

from __future__ import annotations

from typing import Any

import pytest
from documented_cases import a_question
from partner_client import Partner

from accounts.keys import HOUSE_SCOPES, SCOPES
from accounts.offerers import Offerers


class Reader:
    """Somebody with a key of the house, and one question."""

    def __init__(self, partner: Partner, path: str, headers: dict[str, str]) -> None:
        self.partner, self.path, self.headers = partner, path, headers

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        answer = await self.partner.client.request(method, f"/partner/v1{path}", headers=self.headers, json=body)
        return answer.status, await answer.json(content_type=None) if await answer.read() else None

    async def say(self, verdict: str) -> tuple[int, Any]:
        return await self.ask("PUT", f"{self.path}/answer", {"verdict": verdict})

    async def waiting(self) -> list[dict[str, Any]]:
        status, told = await self.ask("GET", "/review/questions")
        assert status == 200
        found: list[dict[str, Any]] = told["questions"]
        return found

    async def count(self, query: str) -> int:
        found: int = await self.partner.deps.pool.fetchval(query)
        return found


@pytest.fixture
async def reader(partner: Partner) -> Reader:
    made = await a_question(partner)
    return Reader(partner, f"/review/questions/{made.parameters['id']}", made.headers)


AUDITED = "select count(*) from audit_event where action like 'review.%'"


async def test_same_joins_once_and_is_undone(reader: Reader) -> None:
    """The same answer again is answered the same and noted once; DELETE takes the merge back, and once only."""
    [asked] = await reader.waiting()
    assert {row["name"]: (row["left"], row["right"]) for row in asked["fields"]}["title"] == (
        "La Traversée",
        "Le Voyage",
    )
    first, again = await reader.say("same"), await reader.say("same")
    assert first == again
    assert first[0] == 200
    assert await reader.count("select count(*) from entity_merge where undone_at is null") == 1
    assert await reader.count(AUDITED) == 1
    assert await reader.waiting() == []
    assert (await reader.ask("GET", reader.path))[1]["answer"]["verdict"] == "same"

    assert (await reader.ask("DELETE", f"{reader.path}/answer"))[0] == 204
    assert await reader.count("select count(*) from entity_merge where undone_at is null") == 0
    status, problem = await reader.ask("DELETE", f"{reader.path}/answer")
    assert (status, problem["type"]) == (409, "/problems/question-not-answered")
    assert await reader.count(AUDITED) == 2
    assert [one["id"] for one in await reader.waiting()] == [asked["id"]]


async def test_different_holds_for_good_until_it_is_undone(reader: Reader) -> None:
    """« Different » is a person's never; another answer must wait for it to be taken back."""
    assert (await reader.say("different"))[0] == 200
    status, problem = await reader.say("same")
    assert (status, problem["type"], problem["verdict"]) == (409, "/problems/question-answered", "different")
    never = "select count(*) from merge_decision where outcome = 'different' and undone_at is null"
    assert await reader.count(f"{never} and author like 'person:sandbox_%'") == 1
    assert (await reader.ask("DELETE", f"{reader.path}/answer"))[0] == 204
    assert await reader.count(never) == 0
    assert (await reader.say("same"))[0] == 200


async def test_unsure_gives_way(reader: Reader) -> None:
    """Nothing changes, the question goes to the end and says so; whoever knows answers it."""
    assert (await reader.say("unsure"))[0] == 200
    assert len(await reader.waiting()) == 1
    assert await reader.count("select count(*) from entity_merge") == 0
    assert (await reader.say("same"))[0] == 200
    assert await reader.count("select count(*) from review_answer where undone_at is null") == 1


async def test_what_cannot_be_joined_is_said_and_nothing_changes(reader: Reader) -> None:
    """A refused merge, and a question that closed meanwhile, are 409 with a sentence; neither is kept or noted."""
    pool = reader.partner.deps.pool
    await pool.execute(
        "insert into merge_decision (kind, source_id, key, entity_id, outcome, score, author)"
        " select kind, source_id, key, entity_id, 'different', 0, 'person:jeanne' from merge_decision"
    )
    status, problem = await reader.say("same")
    assert (status, problem["type"]) == (409, "/problems/merge-refused")
    assert "jamais" in problem["detail"]
    await pool.execute("update source_record set gone_at = now() where key = 'f2'")
    status, problem = await reader.say("different")
    assert (status, problem["type"]) == (409, "/problems/question-closed")
    assert await reader.count("select count(*) from review_answer") == 0
    assert await reader.count(AUDITED) == 0


async def test_pages_follow_one_another(reader: Reader) -> None:
    """Each question comes once, by falling worth, unsure ones last, of the kind that was asked for."""
    await reader.partner.deps.pool.execute(
        """
        insert into merge_decision (kind, source_id, key, entity_id, outcome, score, author)
        select kind, source_id, key, entity_id, 'ask', score - n, author from merge_decision, generate_series(1, 4) n
        """
    )
    await reader.say("unsure")
    path, seen = "/review/questions?limit=2&kind=work", []
    while path:
        answer = await reader.partner.client.get(f"/partner/v1{path}", headers=reader.headers)
        seen += [one["score"] for one in (await answer.json())["questions"]]
        link = answer.links.get("next")
        path = str(link["url"].relative()).removeprefix("/partner/v1") if link else ""
    assert seen == [59, 58, 57, 56, 60]
    assert (await reader.ask("GET", "/review/questions?kind=venue"))[1] == {"questions": []}
    for bad in ("kind=film", "after=x", "limit=0"):
        assert (await reader.ask("GET", f"/review/questions?{bad}"))[0] == 400
    assert (await reader.ask("PUT", f"{reader.path}/answer", {"verdict": "maybe"}))[0] == 422


async def test_no_vendor_reviews_and_no_reviewer_sells(partner: Partner, reader: Reader) -> None:
    """A vendor's key is refused here, the house's everywhere else; no key has both sorts of rights."""
    for method, path in (("GET", "/review/questions"), ("GET", reader.path), ("DELETE", f"{reader.path}/answer")):
        answer = await partner.client.request(method, f"/partner/v1{path}", headers=partner.headers["port"])
        assert answer.status == 403
    assert (await reader.ask("GET", "/countermarks/ABCDEF"))[0] == 403
    vendor_id = await Offerers(partner.deps.pool).vendor("Éditeur curieux")
    with pytest.raises(ValueError, match="aucun droit d'éditeur"):
        await partner.deps.keys.issue(vendor_id, label="x", scopes=SCOPES | HOUSE_SCOPES, actor="staff:1")
