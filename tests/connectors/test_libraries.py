"""Protocols of libraries on recorded answers: envelopes, states of copies, broken pages, and what is never kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from connectors.base import Change, Connector, Delete, Reject, Upsert
from connectors.registry import build
from net.errors import FeedChanged
from schemas.records import Product, Stock


def told(changes: list[Change], kind: type) -> dict[str, Any]:
    return {
        one.record.ref.key: one.record for one in changes if isinstance(one, Upsert) and isinstance(one.record, kind)
    }


def rejects(changes: list[Change]) -> list[str]:
    return [one.why for one in changes if isinstance(one, Reject)]


async def until_failure(connector: Connector) -> tuple[list[Change], FeedChanged | None]:
    """What was told before the reading failed, and how it did."""
    found: list[Change] = []
    try:
        async for change in connector.pull(None):
            found.append(change)
    except FeedChanged as failure:
        return found, failure
    return found, None


async def test_oai_reads_dublin_core_and_marc_and_tells_deletions(fixtures: Path, gather) -> None:
    """Keys are OAI's identifiers, whatever is inside; a page in another charset than it says is read."""
    changes = await gather("oai_pmh", fixtures / "oai_pmh")
    products = told(changes, Product)
    camus = products["oai:bibliotheque.example:1"]
    assert (camus.title, camus.publisher, camus.published_on, camus.page_count) == (
        "L'Étranger", "Gallimard", "1996", 185,
    )  # fmt: skip
    assert [(one.scheme, one.value) for one in camus.identifiers] == [
        ("ean", "9782070360024"),
        ("ark", "ark:/12148/cb358006661"),
    ]
    assert [(one.name, one.role) for one in camus.contributors] == [("Albert Camus", "author")]
    assert products["oai:bibliotheque.example:5"].title == "Harry Potter à l'école des sorciers"
    assert told(changes, Stock)["oai:bibliotheque.example:5"].available == 1
    assert {one.ref.key for one in changes if isinstance(one, Delete)} == {"oai:bibliotheque.example:2"}
    assert rejects(changes) == [
        "type « photographie » : rien de tel dans les sous-catégories du pass Culture",
        "en-tête sans identifiant",
    ]


@pytest.mark.parametrize(
    ("damage", "products", "why"),
    [
        ((b"<dc:date>1996</dc:date>", b"<dc:date>1996"), 0, None),
        ((b"</ListRecords>", b""), 1, "XML mal form"),
        ((b"<dc:creator>Camus", b"<dc:creator>Camus &eacute;"), 1, None),
        ((b"Gallimard (Paris)", b"Gallimard \x0b(Paris)"), 1, None),
    ],
)
async def test_a_broken_record_takes_no_neighbour(damage, products, why, fixtures, tmp_path, clock) -> None:
    """An ill-formed record is rejected alone; a page that is cut gives what was whole, then the error."""
    body = (fixtures / "oai_pmh" / "page-1.xml").read_bytes().replace(*damage)
    (tmp_path / "page.xml").write_bytes(body)
    found, failure = await until_failure(build("oai_pmh", {"path": str(tmp_path)}, None, clock=clock))
    assert (failure is None) is (why is None)
    assert why is None or why in str(failure)
    assert len(told(found, Product)) == products
    assert {one.ref.key for one in found if isinstance(one, Delete)} == {"oai:bibliotheque.example:2"}


@pytest.mark.parametrize(
    ("name", "body", "why"),
    [
        ("oai_pmh", b"<html><body>404</body></html>", "page HTML au lieu de XML"),
        ("oai_pmh", b'<!DOCTYPE x [<!ENTITY a "b">]><OAI-PMH>&a;</OAI-PMH>', "DOCTYPE"),
        ("oai_pmh", b"<GetRecords/>", "pas une réponse OAI-PMH"),
        ("oai_pmh", b'<OAI-PMH><error code="badVerb">Illegal</error></OAI-PMH>', "refuse : badVerb, Illegal"),
        ("sru", b"<searchRetrieveResponse><diagnostics><diagnostic><uri>info:srw/diagnostic/1/10</uri><message>Query"
                b" error</message></diagnostic></diagnostics></searchRetrieveResponse>", "diagnostic 10 : Query"),
        ("sru", b"<rss/>", "pas une réponse SRU"),
        ("koha_ilsdi", b"<GetRecords><code>NotAllowed</code></GetRecords>", "refuse : NotAllowed"),
        ("koha_ilsdi", b"<LookupPatron><id>1</id></LookupPatron>", "pas une réponse GetRecords"),
        ("daia", b'{"error": "invalid_request", "error_description": "id missing"}', "refuse : id missing"),
        ("daia", b"{}", "sans document"),
        ("opds", b'{"products": []}', "ni catalogue ni publication OPDS"),
    ],
)  # fmt: skip
async def test_what_is_no_answer_is_named(name, body, why, tmp_path, clock, pull) -> None:
    """Errors of the protocol and pages of another kind end the reading in words, with the file's name."""
    (tmp_path / "reponse").write_bytes(body)
    with pytest.raises(FeedChanged, match=why) as failure:
        await pull(build(name, {"path": str(tmp_path)}, None, clock=clock))
    assert "reponse" in str(failure.value)


async def test_sru_reads_each_packing_and_schema(fixtures: Path, gather) -> None:
    """marcxchange with its ARK, a record packed as a string, Dublin Core under its own identifier."""
    products = told(await gather("sru", fixtures / "sru"), Product)
    assert {key: one.title for key, one in products.items()} == {
        "FRBNF358006660000002": "L'Étranger",
        "998": "La Peste",
        "https://catalogue.example/77": "Noces ; suivi de L'été",
    }
    assert ("ark", "ark:/12148/cb358006661") in {
        (one.scheme, one.value) for one in products["FRBNF358006660000002"].identifiers
    }
    # The call numbers of a national library (930) are no copies anybody borrows.
    assert told(await gather("sru", fixtures / "sru"), Stock) == {}


async def test_koha_counts_what_can_be_borrowed_now(fixtures: Path, gather) -> None:
    """Lent, lost and excluded copies do not count, and who waits for a title goes first."""
    changes = await gather("koha_ilsdi", fixtures / "koha_ilsdi")
    assert {key: one.available for key, one in told(changes, Stock).items()} == {"12": 1, "15": 1, "9842": 1}
    assert {key: one.title for key, one in told(changes, Product).items()} == {
        "12": "L'Étranger", "15": "La Peste", "9842": "Un titre sans notice",
    }  # fmt: skip
    assert rejects(changes) == ["ni notice MARC ni titre"]


async def test_each_number_has_its_answer(serve, http, clock, pull) -> None:
    """A service that answers fewer notices than it was asked for makes a library look smaller than it is."""

    async def one(request: web.Request) -> web.Response:
        return web.Response(text="<GetRecords><record><code>RecordNotFound</code></record></GetRecords>")

    app = web.Application()
    app.router.add_get("/ilsdi.pl", one)
    settings = {"base_url": f"{await serve(app)}/ilsdi.pl", "last": "20", "page_size": "20"}
    with pytest.raises(FeedChanged, match=r"1 réponses pour 20 numéros .*notices 1 à 20"):
        await pull(build("koha_ilsdi", settings, http, clock=clock))


async def test_who_borrowed_is_never_kept(fixtures: Path, tmp_path: Path, gather) -> None:
    """Old Kohas tell the borrower with the copy: a rejected record goes to the quarantine without."""
    body = (fixtures / "koha_ilsdi" / "a-notices.xml").read_bytes()
    (tmp_path / "a.xml").write_bytes(body.replace("L'Étranger".encode(), b""))
    refused = [one for one in await gather("koha_ilsdi", tmp_path) if isinstance(one, Reject)]
    [rejected] = [one for one in refused if one.ref is not None and one.ref.key == "12"]
    assert rejected.why == "titre manquant"
    assert b"DUPONT" in body
    assert b"DUPONT" not in rejected.raw
    assert b"borrowernumber" not in rejected.raw


async def test_daia_counts_loans_only(fixtures: Path, gather) -> None:
    """Presentation is no loan; asked by ISBN, a document without a title is a stock of that book."""
    changes = await gather("daia", fixtures / "daia")
    stocks = told(changes, Stock)
    assert stocks["http://uri.example/document/1"].available == 1
    assert (stocks["urn:isbn:9782070368228"].ean, stocks["urn:isbn:9782070368228"].available) == ("9782070368228", 1)
    assert rejects(changes) == ["document sans titre (about) ni ISBN"]
    [product] = told(changes, Product).values()
    assert [one.value for one in product.identifiers] == ["9782070360024"]


async def test_opds_counts_licences_that_stand(fixtures: Path, gather) -> None:
    """Expired licences lend nothing, open access lends without limit, and bad codes are noted."""
    changes = await gather("opds", fixtures / "opds")
    stocks, products = told(changes, Stock), told(changes, Product)
    assert {key: one.available for key, one in stocks.items()} == {
        "urn:ISBN:9782070360024": 5,
        "https://pret.example/2": None,
        "https://pret.example/3": 0,
    }
    assert (products["urn:ISBN:9782070360024"].title, products["urn:ISBN:9782070360024"].subcategory) == (
        "L'Étranger", "LIVRE_NUMERIQUE",
    )  # fmt: skip
    audio = products["https://pret.example/2"]
    assert (audio.subcategory, audio.language, audio.published_on) == ("TELECHARGEMENT_LIVRE_AUDIO", None, "1856")
    assert [(one.name, one.role) for one in audio.contributors] == [("Victor Hugo", "author"), ("Une voix", "narrator")]


async def test_opds_signs_in_by_token_or_by_name(serve, http, clock, pull) -> None:
    """A catalogue asks for the one or the other; another host is never asked, since the token would go there."""
    seen: list[str] = []

    async def catalogue(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization", ""))
        links = [{"rel": "next", "href": "http://ailleurs.example/opds"}] if "loin" in request.query else []
        return web.json_response({"metadata": {"title": "x"}, "links": links, "publications": []})

    app = web.Application()
    app.router.add_get("/opds", catalogue)
    url = f"{await serve(app)}/opds"
    for signed in ({"token": "jeton"}, {"username": "bib", "password": "sésame"}, {}):
        await pull(build("opds", {"url": url, **signed}, http, clock=clock))
    assert seen == ["Bearer jeton", "Basic YmliOnPDqXNhbWU=", ""]
    with pytest.raises(FeedChanged, match="chez un autre hôte"):
        await pull(build("opds", {"url": f"{url}?loin=1"}, http, clock=clock))
