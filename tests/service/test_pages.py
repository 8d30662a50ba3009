"""What a browser is shown: in French, linked so that every link leads somewhere, and the same texts as in docs/."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import aiohttp
import pytest

from app_api.problems import PROBLEMS as APP
from edge.problems import by_slug
from partner_api.problems import PROBLEMS as PARTNER
from service.pages.contracts import for_people
from service.pages.problems import described
from service.pages.rendering import render
from service.web import serving

BROWSER = {"Accept": "text/html,application/xhtml+xml"}
HREF = re.compile(r'href="([^"]+)"')
ANCHOR = re.compile(r' id="([^"]+)"')


def links(page: str, address: str) -> Iterator[str]:
    for found in HREF.findall(page):
        target = urljoin(address, html.unescape(found))
        if urlsplit(target).scheme == "http":
            yield target


async def test_every_link_of_every_page_leads_somewhere(house) -> None:
    """From the front door on: each page is there, and so is each heading that a link names."""
    async with serving(house, port=0) as address, aiohttp.ClientSession(headers=BROWSER) as client:
        waiting, pages, wanted = [f"{address}/"], dict[str, str](), set[str]()
        while waiting:
            url = waiting.pop()
            if url in pages:
                continue
            async with client.get(url) as answer:
                # A face may ask for a key; nothing may be missing or broken.
                assert answer.status in (200, 401), url
                pages[url] = await answer.text() if answer.content_type == "text/html" else ""
            for target in links(pages[url], url):
                if target.startswith(address):
                    wanted.add(target)
                    waiting.append(target.partition("#")[0])
        broken = {
            target
            for target in wanted
            if "#" in target and target.partition("#")[2] not in ANCHOR.findall(pages[target.partition("#")[0]])
        }
    assert len(pages) > 40
    assert broken == set()


async def test_a_document_is_a_page_for_browsers_and_its_text_for_others(house) -> None:
    """One address, two forms; caches are told; what is not a document is not there."""
    async with serving(house, port=0) as address, aiohttp.ClientSession() as client:
        async with client.get(f"{address}/docs/apib/partner.apib", headers=BROWSER) as answer:
            page = await answer.text()
            assert (answer.content_type, answer.headers["Vary"]) == ("text/html", "Accept")
            assert "<h1" in page
            for keyword in ("FORMAT: 1A", ">Group ", "Attributes (", "(string, "):
                assert keyword not in page
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with client.get(f"{address}/docs/apib/partner.apib") as answer:
            assert (answer.content_type, (await answer.text())[:10]) == ("text/markdown", "FORMAT: 1A")
        for nothing in ("/docs/nothing.md", "/docs/..%2fREADME.md", "/docs/apib", "/docs/decisions/"):
            async with client.get(f"{address}{nothing}") as answer:
                assert (answer.status, answer.content_type) == (404, "application/problem+json"), nothing


async def test_a_problem_s_page_says_what_to_do(house) -> None:
    """Each problem a face can answer has its meaning and its remedy at the address its `type` is."""
    assert set(by_slug(APP, PARTNER)) <= set(described())
    async with serving(house, port=0) as address, aiohttp.ClientSession(headers=BROWSER) as client:
        for slug in by_slug(APP, PARTNER):
            async with client.get(f"{address}/problems/{slug}") as answer:
                assert (answer.status, "Que faire" in await answer.text()) == (200, True), slug
        async with client.get(f"{address}/problems/nothing") as answer:
            assert answer.status == 404


def test_a_contract_is_told_in_french() -> None:
    """Keywords, types and obligations; routes stay in sight, forms are linked."""
    told = for_people(
        "FORMAT: 1A\n\n# API\n\nVoir `docs/problems.md`.\n\n"
        "# Group Offres\n\n## Offre [/o/{id}]\n\n### Lire [GET /o/{id}]\n\n+ Parameters\n"
        "    + id: `o_1` (string, required) - L'offre\n\n+ Request Il y en a (application/json)\n\n+ Response 200 "
        "(application/json)\n\n    + Attributes (Found, fixed-type)\n\n# Data Structures\n\n## Found (object)\n\n"
        "+ offers (array[Offer], required, fixed-type) - Toutes\n"
        "+ priceCents: `7` (number, required, nullable) - Prix\n"
    )
    for line in (
        "Voir [`docs/problems.md`](/docs/problems.md).",
        "## Offres",
        "### Offre",
        "#### Lire",
        "`GET /o/{id}`",
        "    + id: `o_1` (texte, requis) - L'offre",
        "+ **Demande** : Il y en a",
        "+ **Réponse 200** application/json",
        "    + Forme : [Found](#found)",
        "### Found",
        "+ offers (liste de [Offer](#offer), requis) - Toutes",
        "+ priceCents: `7` (nombre, requis, ou null) - Prix",
    ):
        assert line in told.splitlines()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# <b>Titre</b>", '<h1 id="btitreb">&lt;b&gt;Titre&lt;/b&gt;</h1>'),
        ("[ici](b.md#x)", '<a href="b.md#x">ici</a>'),
        ("[ailleurs](../secret.md)", "<p>ailleurs</p>"),
        ("[script](javascript:alert(1))", "javascript:alert(1)"),
        ("| a |\n|---|\n| b |", '<div class="table"><table>'),
    ],
)
def test_markdown_is_shown_safely(text: str, shown: str) -> None:
    """Raw HTML and scripts are words, a link that would lead nowhere is words too."""
    body = render(text, is_served=lambda target: target == "b.md").body
    assert shown in body
    assert 'href="javascript' not in body


def test_the_language_of_a_document_is_its_own() -> None:
    """Readers' browsers hyphenate and read aloud by it."""
    assert render("# A\n\nthe end of the day", is_served=bool).language == "en"
    assert render("# A\n\nles portes et les clés", is_served=bool).language == "fr"
