"""Webhooks over HTTP: a vendor's own, with the right to them, and nothing of anybody else's."""

from __future__ import annotations

import pytest
from partner_client import VAULT, Partner
from storefront import STRANGER

from bookings.courier import Courier
from bookings.outbox import spread
from net.client import Limits, open_http

ASKED = {"url": "https://caisse.example/passerelle", "events": ["booking.created"]}


async def test_an_address_and_its_secret_that_is_shown_once(partner: Partner) -> None:
    """Made, listed, changed, rotated, removed; the secret in two answers only, and each action in the audit log."""
    status, made = await partner.post("/webhooks", body=ASKED)
    assert (status, made["secret"][:6]) == (201, "whsec_")
    path = f"/webhooks/{made['id']}"
    assert "secret" not in (await partner.get(path))[1]
    assert [one["id"] for one in (await partner.get("/webhooks"))[1]["webhooks"]] == [made["id"]]
    status, rotated = await partner.post(f"{path}/rotate")
    assert status == 200
    assert rotated["secret"] != made["secret"]
    headers = partner.headers["port"]
    changed = await partner.client.patch(f"/partner/v1{path}", headers=headers, json={"events": ["stock.changed"]})
    assert (changed.status, (await changed.json())["events"]) == (200, ["stock.changed"])
    assert (await partner.client.delete(f"/partner/v1{path}", headers=headers)).status == 204
    assert (await partner.get(path))[0] == 404
    rows = await partner.deps.pool.fetch(
        "select action, actor, details::text from audit_event where action like 'webhook%' order by id"
    )
    assert [row["action"] for row in rows] == [
        "webhook.added", "webhook.rotated", "webhook.changed", "webhook.removed",
    ]  # fmt: skip
    assert all(row["actor"].startswith("key:sandbox_") for row in rows)
    assert not any("whsec_" in row["details"] for row in rows)


async def test_another_vendor_sees_none_of_it(partner: Partner) -> None:
    """Every route answers as for an address that is not there."""
    _, made = await partner.post("/webhooks", body=ASKED)
    path = f"/webhooks/{made['id']}"
    for suffix in ("", "/deliveries"):
        assert (await partner.get(f"{path}{suffix}", "theatre"))[0] == 404
    assert (await partner.post(f"{path}/rotate", "theatre"))[0] == 404
    assert (await partner.post(f"{path}/deliveries/msg_2k4b70nqxmsn4/replay", "theatre"))[0] == 404
    headers = partner.headers["theatre"]
    assert (await partner.client.delete(f"/partner/v1{path}", headers=headers)).status == 404
    assert (await partner.client.patch(f"/partner/v1{path}", headers=headers, json={})).status == 404
    assert (await partner.get("/webhooks", "theatre"))[1] == {"webhooks": []}


async def test_the_right_is_asked_for(partner: Partner) -> None:
    """A key without `webhooks:manage` gets nowhere, reading included."""
    narrow = await partner.key("port", ("countermarks:use", "runs:read"))
    for method, path in (("GET", "/webhooks"), ("POST", "/webhooks"), ("GET", "/webhooks/hook_5rqx1h3jq8k2m")):
        answer = await partner.client.request(method, f"/partner/v1{path}", headers=narrow, json=ASKED)
        assert answer.status == 403


@pytest.mark.parametrize(
    ("changed", "slug"),
    [
        ({"url": "http://caisse.example/"}, "webhook-url-refused"),
        ({"url": "https://127.0.0.1/"}, "webhook-url-refused"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "webhook-url-refused"),
        ({"url": "https://moi:secret@caisse.example/"}, "webhook-url-refused"),
        ({"url": "ftp://caisse.example/"}, "webhook-url-refused"),
        ({"url": "https://caisse.example/\u0007"}, "webhook-url-refused"),
        ({"url": "https://xn--/"}, "webhook-url-refused"),
        ({"url": ""}, "invalid-body"),
        ({"events": []}, "invalid-body"),
        ({"events": ["booking.refused"]}, "invalid-body"),
        ({"form": "xml"}, "invalid-body"),
        ({"secret": "whsec_x"}, "invalid-body"),
    ],
)
async def test_what_cannot_be_an_address(partner: Partner, changed, slug) -> None:
    """Refused with its problem, and nothing is kept."""
    status, told = await partner.post("/webhooks", body=ASKED | changed)
    assert (status, told["type"]) == (422, f"/problems/{slug}")
    assert "moi:secret" not in told["detail"]
    assert (await partner.get("/webhooks"))[1] == {"webhooks": []}


async def test_a_name_that_leads_inside_is_not_called(partner: Partner) -> None:
    """The name passes when it is given; resolved at the sending, its private address is refused, and told so."""

    _, made = await partner.post("/webhooks", body=ASKED | {"url": "https://localhost/"})
    await partner.booked("till", STRANGER)
    await spread(partner.deps.pool, partner.clock())
    async with open_http(Limits(tries=1, total_seconds=2)) as http:
        courier = Courier(partner.deps.pool, VAULT, http, partner.clock)
        await courier.turn()
        await courier.drain()
    status, told = await partner.get(f"/webhooks/{made['id']}/deliveries?state=waiting")
    [one] = told["deliveries"]
    assert status == 200
    assert "réseau privé" in one["attempts"][0]["error"]
    assert (await partner.get(f"/webhooks/{made['id']}/deliveries?state=perdu"))[0] == 400
