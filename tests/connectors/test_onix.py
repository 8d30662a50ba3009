"""ONIX from a folder and from an address: order of messages, cursor, what is complete."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from aiohttp import web

from connectors.base import Checkpoint, Delete, Reject, Upsert
from connectors.onix import Onix, OnixSettings
from net.errors import AccessDenied, FeedChanged, ProviderUnavailable

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def message(sent: str, *products: str) -> str:
    return f"<ONIXMessage release='2.1'><Header><SentDate>{sent}</SentDate></Header>{''.join(products)}</ONIXMessage>"


def product(reference: str, title: str = "Titre", notification: str = "03") -> str:
    return (
        f"<Product><RecordReference>{reference}</RecordReference><NotificationType>{notification}</NotificationType>"
        f"<ProductForm>BC</ProductForm><Title><TitleText>{title}</TitleText></Title></Product>"
    )


async def test_a_recorded_folder(gather, fixtures) -> None:
    """Messages with and without root, of two releases, in one reading."""
    found = await gather("onix", fixtures / "onix")
    records = [change.record for change in found if isinstance(change, Upsert)]
    assert [record.title for record in records] == ["La Peste écrite", "L’Étranger"]
    peste, etranger = records
    assert (810, True, datetime(2026, 12, 23, 23, tzinfo=UTC)) == (
        peste.price_cents,
        peste.sellable,
        peste.sellable_from,
    )
    assert (
        etranger.identifiers[0].value,
        etranger.price_cents,
        etranger.collection,
        etranger.volume,
        etranger.page_count,
    ) == ("9782070360024", 750, "Folio", "2", 191)
    assert [change.ref.key for change in found if isinstance(change, Delete)] == ["essai-4"]
    assert [change.ref.key for change in found if isinstance(change, Reject)] == ["essai-2"]
    assert Checkpoint("2026-11-23T05:00:00Z", complete=True) == found[-1]


async def test_a_late_file_rolls_nothing_back(tmp_path, gather) -> None:
    """Messages are read by the date they were sent, not by their names."""
    (tmp_path / "a.xml").write_text(message("20261102", product("1", "Nouveau")), "utf-8")
    (tmp_path / "b.xml").write_text(message("20261101", product("1", "Ancien")), "utf-8")
    found = await gather("onix", tmp_path)
    assert [change.record.title for change in found if isinstance(change, Upsert)] == ["Ancien", "Nouveau"]


async def test_a_cut_file_takes_no_other_file_with_it(tmp_path, gather, clock) -> None:
    """All files are read, then the broken one ends the run: no checkpoint, so nothing counts as gone."""
    (tmp_path / "a.xml").write_text(message("20261101", product("1"))[:-40], "utf-8")
    (tmp_path / "b.xml").write_text(message("20261102", product("2")), "utf-8")
    found = []

    async def read() -> None:
        async for change in Onix(OnixSettings(path=tmp_path), None, account="a", clock=clock).pull(None):
            found.append(change)

    with pytest.raises(FeedChanged, match=r"fichier coupé .*a\.xml, ligne 1, colonne"):
        await read()
    assert [change.record.ref.key for change in found if isinstance(change, Upsert)] == ["2"]
    assert [change for change in found if isinstance(change, Checkpoint)] == []


@pytest.mark.parametrize(
    ("content", "settings", "complete"),
    [
        (message("20261101", product("1")), {}, True),
        (message("20261101", product("1")), {"whole": "false"}, False),
        (message("20261101", product("1"), "<Product><Title/></Product>"), {}, False),
        (message("20261101", product("1"), product("2", notification="04")), {}, True),
        ("<Header><SentDate>20261101</SentDate></Header>", {}, False),
    ],
    ids=[
        "whole",
        "the source says changes",
        "a product nobody can name",
        "a rejected product with its key",
        "no message",
    ],
)
async def test_only_a_reading_that_names_all_is_complete(content, settings, complete, tmp_path, gather) -> None:
    """What a reading did not name may be swept only when everything in it was named."""
    (tmp_path / "a.xml").write_text(content, "utf-8")
    found = await gather("onix", tmp_path, **settings)
    assert complete is found[-1].complete


def publisher(full: str, delta: str, asked: list[str]) -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != "Bearer jeton":
            return web.Response(status=401)
        asked.append(str(request.rel_url))
        return web.Response(text=full if request.path == "/full.xml" else delta, content_type="application/xml")

    app = web.Application()
    app.router.add_get("/full.xml", answer)
    app.router.add_get("/delta.xml", answer)
    return app


async def test_an_address_is_read_whole_then_by_its_changes(http, serve, pull, clock) -> None:
    """The cursor is the date the message was sent, and the delta is asked for with it."""
    asked: list[str] = []
    full = message("20261122T080000Z", product("1"), product("2"))
    delta = message("20261123T040000Z", product("2", notification="05"))
    base = await serve(publisher(full, delta, asked))
    settings = OnixSettings(url=f"{base}/full.xml", delta_url=f"{base}/delta.xml", token="jeton")
    connector = Onix(settings, http, account="a", clock=clock)
    found = await pull(connector)
    assert Checkpoint("2026-11-22T08:00:00Z", complete=True) == found[-1]
    found = await pull(connector, found[-1].cursor)
    assert [change.ref.key for change in found if isinstance(change, Delete)] == ["2"]
    assert Checkpoint("2026-11-23T04:00:00Z", complete=False) == found[-1]
    assert asked == ["/full.xml", "/delta.xml?since=2026-11-22T08:00:00Z"]


async def test_without_a_delta_every_reading_is_whole(http, serve, pull, clock) -> None:
    """Where there is no address for changes, an increment reads everything, and says so."""
    asked: list[str] = []
    base = await serve(publisher(message("20270101T000000Z", product("1")), "", asked))
    connector = Onix(OnixSettings(url=f"{base}/full.xml", token="jeton"), http, account="a", clock=clock)
    found = await pull(connector, "2026-11-22T08:00:00Z")
    assert Checkpoint("2026-11-23T05:00:00Z", complete=True) == found[-1], "a date in the future is not believed"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, "", AccessDenied),
        (500, "", ProviderUnavailable),
        (200, "<html><body>Maintenance</body></html>", FeedChanged),
        (200, message("20261101", product("1"))[:-20], FeedChanged),
    ],
)
async def test_an_address_that_serves_no_message_ends_the_run(status, body, expected, http, serve, pull, clock) -> None:
    """Refused, down, an HTML page, a cut answer: each by its kind."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, text=body)

    app = web.Application()
    app.router.add_get("/full.xml", answer)
    settings = OnixSettings(url=f"{await serve(app)}/full.xml")
    with pytest.raises(expected):
        await pull(Onix(settings, http, account="a", clock=clock))
