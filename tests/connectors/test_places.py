"""Readings that stop midway and go on: nothing is told less, and the watermark is that of the beginning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from connectors.base import Checkpoint, Cursor, Delete, Upsert
from connectors.onix import Onix, OnixSettings
from connectors.places import LONGEST, Place, checkpoint, place_of
from connectors.stocks_api import StocksApi
from connectors.stocks_api_settings import StocksApiSettings
from net.errors import FeedChanged

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)


def later() -> datetime:
    return NOW + timedelta(hours=3)


def onix(count: int, *, title: str = "Titre") -> str:
    products = "".join(
        f"<Product><RecordReference>{n}</RecordReference><NotificationType>03</NotificationType>"
        f"<ProductForm>BC</ProductForm><Title><TitleText>{title} {n}</TitleText></Title></Product>"
        for n in range(count)
    )
    return f"<ONIXMessage release='2.1'><Header><SentDate>20270101</SentDate></Header>{products}</ONIXMessage>"


def keys(changes) -> list[str]:
    return [change.record.ref.key for change in changes if isinstance(change, Upsert)]


def points(changes) -> list[Checkpoint]:
    return [change for change in changes if isinstance(change, Checkpoint) and change.midway]


async def test_a_folder_of_messages_is_gone_on_with_in_its_file(tmp_path, pull) -> None:
    """Of two files the second goes on after its five hundredth product; the end is that of one reading."""
    (tmp_path / "a.xml").write_text(onix(600), "utf-8")
    (tmp_path / "b.xml").write_text(onix(1200, title="Autre"), "utf-8")
    settings = OnixSettings(path=tmp_path)
    whole = await pull(Onix(settings, None, account="a", clock=lambda: NOW))
    assert len(points(whole)) == 3
    rest = await pull(Onix(settings, None, account="a", clock=later), points(whole)[1].cursor)
    assert keys(rest) == [str(n) for n in range(500, 1200)]
    assert rest[-1] == whole[-1]


async def test_a_folder_that_changed_is_read_from_its_beginning(tmp_path, pull) -> None:
    """One more file may belong anywhere: where the reading stopped is no place any more."""
    (tmp_path / "a.xml").write_text(onix(600), "utf-8")
    settings = OnixSettings(path=tmp_path)
    [point] = points(await pull(Onix(settings, None, account="a", clock=lambda: NOW)))
    (tmp_path / "b.xml").write_text(onix(1, title="Autre"), "utf-8")
    assert len(keys(await pull(Onix(settings, None, account="a", clock=later), point.cursor))) == 601


async def test_after_a_file_that_cannot_be_read_there_is_no_place(tmp_path, http, clock) -> None:
    """Going on behind it would let it be forgotten."""
    (tmp_path / "a.xml").write_text(onix(3)[:-30], "utf-8")
    (tmp_path / "b.xml").write_text(onix(600).replace("2027", "2028"), "utf-8")
    told = []

    async def read() -> None:
        async for change in Onix(OnixSettings(path=tmp_path), None, account="a", clock=clock).pull(None):
            told.append(change)

    with pytest.raises(FeedChanged):
        await read()
    assert len(keys(told)) > 600
    assert points(told) == []


async def test_a_served_message_is_gone_on_with_while_it_is_the_same(http, serve, pull) -> None:
    """Its first products pass unread; where they are others, all is read."""
    said = {"body": onix(1100)}
    app = web.Application()

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=said["body"], content_type="application/xml")

    app.router.add_get("/full.xml", answer)
    settings = OnixSettings(url=f"{await serve(app)}/full.xml")
    whole = await pull(Onix(settings, http, account="a", clock=lambda: NOW))
    assert [point.read for point in points(whole)] == [500, 1000]
    rest = await pull(Onix(settings, http, account="a", clock=later), points(whole)[1].cursor)
    assert keys(rest) == [str(n) for n in range(1000, 1100)]
    assert rest[-1] == whole[-1]

    for body in (onix(1100, title="Neuf"), onix(7)):
        said["body"] = body
        again = await pull(Onix(settings, http, account="a", clock=later), points(whole)[1].cursor)
        assert len(keys(again)) == body.count("<Product>")
        assert again[-1] == whole[-1]


async def test_stocks_gone_on_with_restate_their_refs(http, serve, pull) -> None:
    """A ref told before the stop and edited since comes again whole: its old prices are told as gone."""
    rows = [{"ref": f"97820703600{n:02}", "available": 1, "price": 5} for n in range(9)]
    refs = [row["ref"] for row in rows]
    settings_of = {"siret": "99900001100018", "page_size": 4, "refs": "session"}
    app = web.Application()

    async def answer(request: web.Request) -> web.Response:
        start = refs.index(request.query["after"]) + 1 if "after" in request.query else 0
        return web.json_response({"total": len(rows), "limit": 4, "stocks": rows[start : start + 4]})

    app.router.add_get("/stocks/{siret}", answer)
    settings = StocksApiSettings(base_url=await serve(app), **settings_of)
    whole = await pull(StocksApi(settings, http, account="a", clock=lambda: NOW))
    assert [(one.read, one.expected) for one in points(whole)] == [(3, 9), (6, 9), (9, 9)]
    assert not [one for one in whole if isinstance(one, Delete)]
    rest = await pull(StocksApi(settings, http, account="a", clock=later), points(whole)[0].cursor)
    assert keys(rest) == refs[3:]
    assert [one.ref.key for one in rest if isinstance(one, Delete)] == refs[3:]
    assert rest[-1] == whole[-1]
    assert rest[-1].complete


def test_a_place_too_long_to_be_a_cursor_is_none() -> None:
    """The reading has one place less, and goes on."""
    assert checkpoint(Place(started="x" * LONGEST)) is None


def test_a_place_of_another_version_is_told() -> None:
    """It is no crash: the source is read anew later."""
    with pytest.raises(FeedChanged):
        place_of(Cursor('{"ended":1}'), Place)
    assert place_of(Cursor("2026-11-23T05:00:00.000Z"), Place) is None
