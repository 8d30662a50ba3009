"""The pass Culture's ticketing webhook: what is sent, in both forms, and what is made of each answer."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from connectors.sellers import make_seller
from connectors.selling import Customer, Hold, Left, NotSold, Order, SaleRefused, Sold, Thing, Ticket
from connectors.settings import SettingsRefused
from net.errors import AccessDenied, ProviderUnavailable

KEY = "clé partagée avec la billetterie"
ORDER = Order(
    client_ref="b_0000000000001",
    session_key="seance-12",
    price_part="plein",
    quantity=2,
    unit_price_cents=1450,
    booked_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    thing=Thing(title="L'Été", venue_name="Salle", department="67", offer_id="o_1", stock_id="k_1", venue_id="v_1"),
    customer=Customer("Ada", "Lovelace", "ada@exemple.fr"),
)
HOLD = Hold(ORDER.client_ref)
FIELDS = {
    "booking_confirmation_date", "booking_creation_date", "booking_quantity", "offer_ean", "offer_id",
    "offer_id_at_provider", "offer_name", "offer_price", "price_category_id", "price_category_id_at_provider",
    "price_category_label", "stock_id", "stock_id_at_provider", "user_birth_date", "user_email", "user_first_name",
    "user_last_name", "user_phone", "venue_address", "venue_department_code", "venue_id", "venue_name",
}  # fmt: skip
"""The document's fields, all of them."""


@pytest.fixture
async def calls(http, serve):
    """`seller(form, answer, status)`: a seller whose ticketing answers that, and the requests it got."""
    got: list[tuple[str, dict[str, str], bytes]] = []

    async def made(answer: object = None, status: int = 200, form: str = "current", **more: str):
        async def handler(request: web.Request) -> web.Response:
            got.append((str(request.rel_url), dict(request.headers), await request.read()))
            text = answer if isinstance(answer, str) else json.dumps(answer)
            return web.Response(text=text, status=status, content_type="application/json")

        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", handler)
        base = await serve(app)
        settings = {"booking_url": f"{base}/b", "cancel_url": f"{base}/c", "hmac_key": KEY, "form": form}
        settings |= {name: f"{base}{path}" for name, path in more.items()}
        return make_seller("ticketing_webhook", settings, http, clock=lambda: datetime.now(UTC)), got

    return made


TWO = {"remainingQuantity": 5, "tickets": [{"barcode": "A1", "seat": "F7"}, {"barcode": "A2"}]}


async def test_the_current_form_is_one_object_signed_twice(calls) -> None:
    """Our id is body and key; the official verifier takes the signature, refuses another body and an old date."""
    seller, got = await calls(TWO)
    assert await seller.confirm(HOLD, ORDER) == Sold([Ticket("A1", seat="F7"), Ticket("A2")], left=Left(5))
    [(path, headers, body)] = got
    said = json.loads(body)
    assert (path, set(said)) == ("/b", FIELDS | {"schemaVersion", "bookingId"})
    assert headers["Idempotency-Key"] == f'"{said["bookingId"]}"' == f'"{ORDER.client_ref}"'
    assert headers["PassCulture-Signature"] == hmac.new(KEY.encode(), body, hashlib.sha256).hexdigest()
    official = Webhook(b64encode(KEY.encode()).decode())
    official.verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        official.verify(body.replace(b"Ada", b"Eva"), headers)
    with pytest.raises(WebhookVerificationError):
        official.verify(body, headers | {"webhook-timestamp": str(int(headers["webhook-timestamp"]) - 3600)})


async def test_the_legacy_form_is_a_text_within_a_text(calls) -> None:
    """The document's fields and no other, signed inside; no key, no id, so it is never said twice."""
    seller, got = await calls(TWO, form="legacy")
    await seller.confirm(HOLD, ORDER)
    [(_, headers, body)] = got
    inner = json.loads(body)
    assert isinstance(inner, str)
    assert set(json.loads(inner)) == FIELDS
    assert headers["PassCulture-Signature"] == hmac.new(KEY.encode(), inner.encode(), hashlib.sha256).hexdigest()
    assert not {name.lower() for name in headers} & {"idempotency-key", "webhook-id", "webhook-signature"}
    assert not seller.sells_once


async def test_of_a_person_three_things_leave(calls) -> None:
    """First name, last name and e-mail; the document's other fields are there and null."""
    seller, got = await calls(TWO)
    await seller.confirm(HOLD, ORDER)
    said = json.loads(got[0][2])
    told = {name: value for name, value in said.items() if name.startswith("user_") and value is not None}
    assert told == {"user_first_name": "Ada", "user_last_name": "Lovelace", "user_email": "ada@exemple.fr"}
    assert said["offer_price"] == 1450
    assert "Ada" not in repr(ORDER)


@pytest.mark.parametrize(
    ("status", "body", "reason", "remaining"),
    [
        (409, {"error": "sold_out", "remainingQuantity": 0}, "sold_out", 0),
        (409, {"error": "not_enough_seats", "remainingQuantity": 1}, "not_enough_seats", 1),
        (409, {"error": "already_cancelled", "remainingQuantity": 9}, "already_cancelled", 9),
        (409, {"error": "sold_out", "remainingQuantity": -3}, "sold_out", None),
        (409, {"error": ["sold_out"]}, "refused", None),
        (409, [], "refused", None),
        (400, {"error": "sold_out"}, "refused", None),
        (404, "<html>", "refused", None),
    ],
)
async def test_refusals(calls, status, body, reason, remaining) -> None:
    """409 says why by its word; any other no is one without a reason; a figure that is none says nothing."""
    seller, _ = await calls(body, status)
    with pytest.raises(SaleRefused) as refused:
        await seller.confirm(HOLD, ORDER)
    assert (refused.value.reason, refused.value.remaining) == (reason, remaining)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {}), (503, "down"), (200, "<html>"), (200, []), (200, {}), (201, {"tickets": "A1"}),
        (200, {"tickets": [{"seat": "F7"}]}), (200, {"tickets": [{"barcode": 12}]}), (200, {"tickets": ["A1"]}),
        (204, ""),
    ],
)  # fmt: skip
async def test_what_nobody_understands_may_have_sold(calls, status, body) -> None:
    """Neither a crash nor a refusal: the outcome is unknown."""
    seller, _ = await calls(body, status)
    with pytest.raises(ProviderUnavailable) as failure:
        await seller.confirm(HOLD, ORDER)
    assert failure.value.outcome_unknown


async def test_a_signature_that_is_refused_sold_nothing(calls) -> None:
    """401 is about us, not about the sale."""
    seller, _ = await calls({}, 401)
    with pytest.raises(AccessDenied):
        await seller.confirm(HOLD, ORDER)


async def test_seats_without_limit_and_seats_unsaid_are_told_apart(calls) -> None:
    """null is without limit; absent says nothing."""
    for body, left in (({"remainingQuantity": None}, Left(None)), ({}, None), ({"remainingQuantity": True}, None)):
        seller, _ = await calls({"tickets": []} | body)
        assert (await seller.confirm(HOLD, ORDER)).left == left
    seller, got = await calls({"remainingQuantity": 8})
    assert await seller.cancel([Ticket("A1"), Ticket("A2")], ORDER) == Left(8)
    assert json.loads(got[-1][2])["barcodes"] == ["A1", "A2"]
    assert "Idempotency-Key" not in got[-1][1], "a second cancellation of the same booking is another one"


async def test_a_sale_is_looked_up_where_there_is_an_address(calls) -> None:
    """404 is no sale, 200 its tickets, and without the address nobody is asked."""
    seller, got = await calls({"tickets": [{"barcode": "A1"}]}, status_url="/s")
    assert await seller.status(ORDER, HOLD) == Sold([Ticket("A1")])
    assert got[0][0] == f"/s?bookingId={ORDER.client_ref}"
    seller, _ = await calls({}, 404, status_url="/s")
    assert await seller.status(ORDER, HOLD) == NotSold()
    seller, got = await calls({})
    before = len(got)
    assert await seller.status(ORDER, HOLD) is None
    assert len(got) == before


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "booking_url : réglage obligatoire"),
        ({"booking_url": "ftp://x", "cancel_url": "http://x", "hmac_key": "k"}, "booking_url"),
        ({"booking_url": "http://x", "cancel_url": "http://x", "hmac_key": "k", "form": "xml"}, "form"),
    ],
)
def test_settings_that_cannot_be_used(http, settings, said) -> None:
    """Named by field, in French, without the secret."""
    with pytest.raises(SettingsRefused) as refused:
        make_seller("ticketing_webhook", settings, http, clock=lambda: datetime.now(UTC))
    assert said in str(refused.value)
