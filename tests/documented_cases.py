"""The state each exchange of docs/apib begins in, for whoever performs it (`from documented_cases import STAGES`)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import apib_reader
import storefront as s
from apib_reader import Case
from app_client import App, Client, open_app
from partner_client import Partner, open_partner
from pytest_aiohttp.plugin import AiohttpClient
from storefront import Clock, Storefront

from bookings.booking import Bookings
from bookings.outbox import spread
from catalogue.database import Pool
from connectors.base import Reject
from edge.app import root
from edge.buckets import LocalBuckets
from open_data.app import build
from open_data.keys import OpenData
from sandbox import provider
from sandbox.faults import Faults
from sandbox.provider_answers import Event, Person, Price, Stock, Timing
from schemas.ids import public_id
from schemas.records import Kind, Work
from sync.push_merge import merge_waiting, waiting_sources


@dataclass
class Prepared:
    """What takes the place of the example's own values."""

    parameters: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)


def cases(name: str) -> list[Case]:
    return apib_reader.read(apib_reader.FOLDER / f"{name}.apib").cases


async def booked(app: App, stock: str) -> Prepared:
    _, booking = await app.book(lou := await app.person(), stock)
    return Prepared({"id": booking["id"]}, headers=lou)


async def offer_exists(app: App) -> Prepared:
    return Prepared({"id": public_id("offer", await app.shop.offer("tickets", "cid-1"))})


async def offer_merged(app: App) -> Prepared:
    kept, merged = await app.shop.offer("till", s.STRANGER), await app.shop.offer("till", s.EXILE)
    await app.shop.pool.execute("update offer set merged_into = $1 where id = $2", kept, merged)
    return Prepared({"id": public_id("offer", merged)})


async def anybody(app: App) -> Prepared:
    return Prepared(headers=await app.person())


async def nobody(_: Any) -> Prepared:
    return Prepared()


async def the_show(app: App) -> Prepared:
    return Prepared(body={"stockId": app.stocks["show"]}, headers=await app.person())


async def the_lost_answer(app: App) -> Prepared:
    app.directory.sellers[app.shop.sources["box"]].loses = 1
    return Prepared(body={"stockId": app.stocks["film"]}, headers=await app.person())


async def no_such_stock(app: App) -> Prepared:
    return Prepared(body={"stockId": public_id("stock", 424_242)}, headers=await app.person())


def a_show(seats: int, price_cents: int, quantity: int = 1) -> Callable[[App], Awaitable[Prepared]]:
    async def prepare(app: App) -> Prepared:
        gala = s.show("tickets", "x", "Gala", seats=seats, price_cents=price_cents, is_duo=quantity > 1)
        await app.shop.says("tickets", *gala)
        stock = public_id("stock", await app.shop.stock("tickets", "x-1"))
        return Prepared(body={"stockId": stock, "quantity": quantity}, headers=await app.person())

    return prepare


async def key_used(app: App) -> Prepared:
    case = next(case for case in cases("app") if case.status == 422)
    lou = await app.person()
    await app.book(lou, "book", key=case.request.headers["Idempotency-Key"])
    return Prepared(body={"stockId": app.stocks["show"]}, headers=lou)


async def has_booked(app: App) -> Prepared:
    return await booked(app, "book")


async def has_bookings(app: App) -> Prepared:
    return Prepared(headers=(await booked(app, "book")).headers)


async def has_a_seat(app: App) -> Prepared:
    return await booked(app, "film")


async def waits_for_a_seat(app: App) -> Prepared:
    app.directory.sellers[app.shop.sources["box"]].loses = 1
    return Prepared(headers=(await booked(app, "film")).headers)


async def has_cancelled(app: App) -> Prepared:
    made = await booked(app, "book")
    assert (await app.cancel(made.headers, made.parameters["id"]))[0] == 200
    return made


async def anothers(app: App) -> Prepared:
    made = await booked(app, "book")
    return Prepared(made.parameters, headers=await app.person("max"))


async def too_late(app: App) -> Prepared:
    made = await booked(app, "show")
    app.clock.later(days=3)
    return Prepared(made.parameters, headers=await app.person())


APP: dict[str, Callable[[App], Awaitable[Prepared]]] = {
    "Chercher des offres > Des offres sont trouvées": nobody,
    "Chercher des offres > Un paramètre est faux": nobody,
    "Lire une offre > L'offre existe": offer_exists,
    "Lire une offre > L'offre n'existe pas": nobody,
    "Lire une offre > L'offre a été fusionnée": offer_merged,
    "Lire son crédit > Le crédit est ouvert": anybody,
    "Lire son crédit > Sans jeton": nobody,
    "Réserver > C'est réservé": the_show,
    "Réserver > La billetterie n'a pas encore répondu": the_lost_answer,
    "Réserver > Sans numéro d'idempotence": the_show,
    "Réserver > Le stock n'existe pas": no_such_stock,
    "Réserver > Le crédit ne suffit pas": a_show(seats=5, price_cents=25_001, quantity=2),
    "Réserver > Il ne reste pas assez de places": a_show(seats=0, price_cents=1500),
    "Réserver > Le numéro a servi pour une autre demande": key_used,
    "Lire ce qui est su de soi > La personne est connue": anybody,
    "Effacer ses données > C'est effacé": has_bookings,
    "Effacer ses données > Une réservation attend la billetterie du lieu": waits_for_a_seat,
    "Exporter ses données > La personne a réservé": has_bookings,
    "Lister ses réservations > La personne a réservé": has_bookings,
    "Lire une réservation > Une place vendue par la billetterie du lieu": has_a_seat,
    "Lire une réservation > La réservation n'existe pas, ou est à quelqu'un d'autre": anothers,
    "Montrer une réservation > Elle peut être utilisée": has_booked,
    "Montrer une réservation > Elle est annulée": has_cancelled,
    "Annuler une réservation > C'est annulé": has_booked,
    "Annuler une réservation > Il est trop tard": too_late,
}


async def a_mark(partner: Partner) -> Prepared:
    booking = await partner.booked("till", s.STRANGER)
    return Prepared({"token": booking.countermark or ""}, headers=partner.headers["port"])


async def unknown_mark(partner: Partner) -> Prepared:
    return Prepared({"token": "ZZZZZZ"}, headers=partner.headers["port"])


async def expired_mark(partner: Partner) -> Prepared:
    made = await a_mark(partner)
    partner.clock.later(days=10)
    await Bookings(partner.deps.pool, partner.directory, partner.clock).expire_due()
    return made


async def narrow_key(partner: Partner) -> Prepared:
    return Prepared(headers=await partner.key("port", ("runs:read",)))


async def used_mark(partner: Partner) -> Prepared:
    made = await a_mark(partner)
    assert (await partner.post(f"/countermarks/{made.parameters['token']}/use", number="first"))[0] == 200
    return made


async def early_mark(partner: Partner) -> Prepared:
    booking = await partner.booked("tickets", "cid-1")
    return Prepared({"token": booking.countermark or ""}, headers=partner.headers["theatre"])


async def cancelled_mark(partner: Partner) -> Prepared:
    made = await a_mark(partner)
    await partner.post(f"/countermarks/{made.parameters['token']}/cancel")
    return made


async def reimbursed_mark(partner: Partner) -> Prepared:
    made = await used_mark(partner)
    await partner.deps.pool.execute("update booking set status = 'reimbursed'")
    return made


async def a_vendor(partner: Partner) -> Prepared:
    return Prepared(headers=partner.headers["port"])


async def a_reject(partner: Partner) -> Prepared:
    await partner.shop.says("till", Reject("prix négatif", b"{}", Kind.STOCK, s.ref("till", "stocks_api", "978")))
    source = public_id("source", partner.shop.sources["till"])
    return Prepared({"id": source}, headers=partner.headers["port"])


async def anothers_source(partner: Partner) -> Prepared:
    source = public_id("source", partner.shop.sources["tickets"])
    return Prepared({"id": source}, headers=partner.headers["port"])


async def a_run(partner: Partner) -> Prepared:
    run = public_id("run", await partner.shop.says("till", s.on_shelf("till", s.STRANGER, 2)))
    return Prepared({"id": run}, headers=partner.headers["port"])


async def anothers_run(partner: Partner) -> Prepared:
    made = await a_run(partner)
    return Prepared(made.parameters, headers=partner.headers["theatre"])


async def a_venue(partner: Partner) -> Prepared:
    return Prepared({"id": public_id("venue", partner.venues["port"])}, headers=partner.headers["port"])


async def anothers_venue(partner: Partner) -> Prepared:
    return Prepared({"id": public_id("venue", partner.venues["theatre"])}, headers=partner.headers["port"])


async def number_used(partner: Partner) -> Prepared:
    made = await a_venue(partner)
    other = {"stocks": [{"ean": s.EXILE, "available": 1}]}
    path = f"/venues/{made.parameters['id']}/stocks"
    assert (await partner.post(path, number="rayon-2026-11-23-1", body=other))[0] == 202
    return made


async def too_many(partner: Partner) -> Prepared:
    made = await a_venue(partner)
    return Prepared(made.parameters, {"events": [{"sessions": [{}] * 1000}]}, made.headers)


def a_job(available: int) -> Callable[[Partner], Awaitable[Prepared]]:
    async def prepare(partner: Partner) -> Prepared:
        made = await a_venue(partner)
        body = {"stocks": [{"ean": s.STRANGER, "available": available, "priceCents": 690}]}
        _, taken = await partner.post(f"/venues/{made.parameters['id']}/stocks", number="1", body=body)
        for source_id in await waiting_sources(partner.deps.pool):
            await merge_waiting(partner.deps.pool, "test", source_id)
        return Prepared({"id": taken["id"]}, headers=made.headers)

    return prepare


async def a_webhook(partner: Partner) -> Prepared:
    made = await a_vendor(partner)
    body = {"url": "https://caisse.example/passerelle", "events": ["booking.created", "booking.cancelled"]}
    status, told = await partner.post("/webhooks", body=body)
    assert status == 201
    return Prepared({"id": told["id"]}, headers=made.headers)


async def has_a_webhook(partner: Partner) -> Prepared:
    return Prepared(headers=(await a_webhook(partner)).headers)


async def enough_webhooks(partner: Partner) -> Prepared:
    for _ in range(10):
        made = await a_webhook(partner)
    return Prepared(headers=made.headers)


async def anothers_webhook(partner: Partner) -> Prepared:
    return Prepared((await a_webhook(partner)).parameters, headers=partner.headers["theatre"])


async def no_delivery(partner: Partner) -> Prepared:
    made = await a_webhook(partner)
    return Prepared(made.parameters | {"delivery": public_id("delivery", 424_242)}, headers=made.headers)


def a_delivery(state: str) -> Callable[[Partner], Awaitable[Prepared]]:
    async def prepare(partner: Partner) -> Prepared:
        made, pool = await a_webhook(partner), partner.deps.pool
        await partner.booked("till", s.STRANGER)
        await spread(pool, partner.clock())
        number = await pool.fetchval(
            "update webhook_delivery set state = $1, ended_at = case when $1 <> 'waiting' then $2::timestamptz end"
            " returning id",
            state,
            partner.clock(),
        )
        await pool.execute(
            "insert into webhook_attempt (delivery_id, at, status, milliseconds) values ($1, $2, 204, 84)",
            number,
            partner.clock(),
        )
        delivery = {} if state == "delivered" else {"delivery": public_id("delivery", number)}
        return Prepared(made.parameters | delivery, headers=made.headers)

    return prepare


async def a_held_run(partner: Partner) -> Prepared:
    made = await a_run(partner)
    await partner.deps.pool.execute("update run set state = 'guarded', failure = 'guarded'")
    return made


async def a_ticket(partner: Partner) -> Prepared:
    booking = await partner.booked("till", s.STRANGER)
    return Prepared(body={"token": await partner.ticket(booking)}, headers=partner.headers["port"])


async def forged_ticket(partner: Partner) -> Prepared:
    made = await a_ticket(partner)
    assert made.body is not None
    fields = made.body["token"].split(":")
    return Prepared(body={"token": ":".join([*fields[:4], "2", *fields[5:]])}, headers=made.headers)


async def anothers_ticket(partner: Partner) -> Prepared:
    return Prepared(body=(await a_ticket(partner)).body, headers=partner.headers["theatre"])


async def several_marks(partner: Partner) -> Prepared:
    made = await a_ticket(partner)
    assert made.body is not None
    good = {"token": made.body["token"], "nonce": "1", "till": "caisse 2"}
    return Prepared(body={"uses": [good, {"token": "ZZZZZZ", "nonce": "2"}]}, headers=made.headers)


async def a_key_signs(partner: Partner) -> Prepared:
    await partner.keys.signing()
    return Prepared()


async def revoked_ticket(partner: Partner) -> Prepared:
    booking = await partner.booked("till", s.STRANGER)
    await partner.ticket(booking)
    assert (await partner.post(f"/countermarks/{booking.countermark}/cancel"))[0] == 204
    return await a_venue(partner)


async def journals(partner: Partner, *tills: str) -> list[dict[str, Any]]:
    """An entry of one ticket from each of these tills, sent in this order; and one of a ticket nobody has sent."""
    made = await a_venue(partner)
    tickets = [await partner.ticket(await partner.booked("till", s.STRANGER, number=number)) for number in (1, 2)]
    for till in tills:
        entry = {"sequence": 1, "nonce": till, "ticket": tickets[0], "acceptedAt": "2026-11-23T12:00:00Z"}
        body = {"till": till, "entries": [entry]}
        assert (await partner.post(f"/venues/{made.parameters['id']}/offline/entries", body=body))[0] == 200
    return [
        {"sequence": number, "nonce": f"n{number}", "ticket": ticket, "acceptedAt": "2026-11-23T12:00:00Z"}
        for number, ticket in enumerate(reversed(tickets), 1)
    ]


async def a_journal(partner: Partner) -> Prepared:
    entries = await journals(partner, "caisse 1")
    made = await a_venue(partner)
    return Prepared(made.parameters, {"till": "caisse 2", "entries": entries}, made.headers)


async def a_conflict(partner: Partner) -> Prepared:
    await journals(partner, "caisse 1", "caisse 2")
    return await a_venue(partner)


async def a_question(partner: Partner) -> Prepared:
    """Two films that somebody was asked about."""
    pool = partner.deps.pool
    await partner.shop.source("films", "onix")
    for key, title in (("f1", "Le Voyage"), ("f2", "La Traversée")):
        await partner.shop.says("films", Work(ref=s.ref("films", "onix", key), title=title, type="film"))
    number = await pool.fetchval(
        """
        insert into merge_decision (kind, source_id, key, entity_id, outcome, score, explanation, author)
        select 1, r.source_id, r.key, (select entity_id from source_record where kind = 1 and key = 'f1'), 'ask', 60,
               $1, 'rules-1'
        from source_record r where r.kind = 1 and r.key = 'f2' returning id
        """,
        {"reasons": ["Le titre ou le nom : identique (+52)."]},
    )
    return Prepared({"id": public_id("question", number)}, headers=await partner.house_key())


def an_answer(verdict: str) -> Callable[[Partner], Awaitable[Prepared]]:
    async def prepare(partner: Partner) -> Prepared:
        made = await a_question(partner)
        path = f"/partner/v1/review/questions/{made.parameters['id']}/answer"
        told = await partner.client.put(path, headers=made.headers, json={"verdict": verdict})
        assert told.status == 200
        return made

    return prepare


async def a_reader(partner: Partner) -> Prepared:
    return Prepared(headers=(await a_question(partner)).headers)


async def no_question(partner: Partner) -> Prepared:
    return Prepared({"id": public_id("question", 424_242)}, headers=await partner.house_key())


PARTNER: dict[str, Callable[[Partner], Awaitable[Prepared]]] = {
    "Vérifier une contremarque > Elle peut être validée": a_mark,
    "Vérifier une contremarque > Elle est inconnue, ou à un autre lieu": unknown_mark,
    "Vérifier une contremarque > Personne n'est venu à temps": expired_mark,
    "Vérifier une contremarque > La clé n'a pas ce droit": narrow_key,
    "Vérifier une contremarque > Sans clé": nobody,
    "Valider une contremarque > Elle est validée": a_mark,
    "Valider une contremarque > Le numéro est dans le corps": a_mark,
    "Valider une contremarque > Elle a déjà été validée": used_mark,
    "Valider une contremarque > La personne peut encore annuler": early_mark,
    "Valider une contremarque > Sans numéro": a_mark,
    "Reprendre une validation > La validation est reprise": used_mark,
    "Reprendre une validation > Elle n'avait pas été validée": a_mark,
    "Annuler une réservation > La réservation est annulée": a_mark,
    "Annuler une réservation > Elle l'était déjà": cancelled_mark,
    "Vérifier ce qui est présenté > Un billet signé": a_ticket,
    "Vérifier ce qui est présenté > Il a été altéré": forged_ticket,
    "Vérifier ce qui est présenté > Il est d'un autre lieu": anothers_ticket,
    "Vérifier ce qui est présenté > Il vaut pour une autre quantité": a_ticket,
    "Valider plusieurs contremarques > Une est validée, une autre est inconnue": several_marks,
    "Lire les clés publiées > Une clé signe": a_key_signs,
    "Lire ce qu'une caisse peut accepter seule > Le plafond ordinaire": a_venue,
    "Lire ce qu'une caisse peut accepter seule > Le lieu n'est pas des vôtres": anothers_venue,
    "Lire les révocations > Un billet ne vaut plus": revoked_ticket,
    "Envoyer un journal > Un billet est accepté, l'autre avait déjà servi": a_journal,
    "Lire les conflits > Deux caisses ont accepté le même billet": a_conflict,
    "Lire le risque du lieu > Un conflit a eu lieu": a_conflict,
    "Lister ses lieux > Le logiciel agit pour un lieu": a_vendor,
    "Lister les sources de ses lieux > Une source a été lue": a_vendor,
    "Lister les lignes refusées d'une source > Une ligne a été refusée": a_reject,
    "Lister les lignes refusées d'une source > La source n'existe pas, ou est à un autre lieu": anothers_source,
    "Lire le rapport d'une exécution > L'exécution est finie": a_run,
    "Lire le rapport d'une exécution > L'exécution n'existe pas, ou est à un autre lieu": anothers_run,
    "Lister ses adresses de notification > Le logiciel a une adresse": has_a_webhook,
    "Ajouter une adresse de notification > L'adresse est ajoutée": a_vendor,
    "Ajouter une adresse de notification > L'adresse est d'un réseau privé": a_vendor,
    "Ajouter une adresse de notification > Le logiciel en a assez": enough_webhooks,
    "Lire une adresse de notification > L'adresse est à vous": a_webhook,
    "Lire une adresse de notification > L'adresse n'existe pas, ou est à un autre": anothers_webhook,
    "Modifier une adresse de notification > Elle est modifiée": a_webhook,
    "Retirer une adresse de notification > Elle est retirée": a_webhook,
    "Changer le secret > Le secret est changé": a_webhook,
    "Lire le journal des envois > Un message a été envoyé": a_delivery("delivered"),
    "Envoyer de nouveau > Il revient, sous le même numéro": a_delivery("dead"),
    "Envoyer de nouveau > Il attend encore son tour": a_delivery("waiting"),
    "Envoyer de nouveau > L'envoi n'existe pas, ou n'est plus gardé": no_delivery,
    "Libérer une exécution retenue > L'exécution est retenue": a_held_run,
    "Libérer une exécution retenue > L'exécution n'attend personne": a_run,
    "Envoyer des stocks > Un livre est en rayon": a_venue,
    "Envoyer des stocks > Le lieu n'existe pas, ou n'est pas des vôtres": anothers_venue,
    "Envoyer des stocks > Le numéro a servi pour un autre envoi": number_used,
    "Retirer un stock > C'est noté": a_venue,
    "Envoyer des événements > Un concert et sa séance": a_venue,
    "Envoyer des événements > L'envoi est trop grand": too_many,
    "Lire ce qu'est devenu un envoi > L'envoi a été traité": a_job(4),
    "Lire ce qu'est devenu un envoi > Un élément a été refusé": a_job(-1),
    "Lire ce qu'est devenu un envoi > L'envoi n'existe pas, est à un autre, ou n'est plus gardé": a_vendor,
    "Lister les questions > Une question attend": a_reader,
    "Lire une question > Quelqu'un n'était pas sûr": an_answer("unsure"),
    "Lire une question > La question n'existe pas": no_question,
    "Répondre > C'est la même chose": a_question,
    "Répondre > Une autre réponse est là": an_answer("same"),
    "Défaire une réponse > Une réponse est là": an_answer("different"),
    "Défaire une réponse > Il n'y en a pas": a_question,
}


async def an_offers_bookings(partner: Partner) -> Prepared:
    booking = await partner.booked("till", s.STRANGER)
    return Prepared({"offerId": str(booking.offer_id)}, headers=partner.headers["port"])


async def a_seat(partner: Partner) -> Prepared:
    made = await early_mark(partner)
    partner.clock.later(days=3)
    return made


DIALECTS: dict[str, Callable[[Partner], Awaitable[Prepared]]] = {
    "Lire les réservations d'une offre > Une personne a réservé": an_offers_bookings,
    "Lire les réservations d'une offre > L'offre n'est pas des vôtres": a_vendor,
    "Lire les réservations d'une offre > Un paramètre est faux": a_vendor,
    "Vérifier en 2023 > Elle peut être validée": a_seat,
    "Vérifier en 2023 > Elle est inconnue": unknown_mark,
    "Vérifier en 2023 > Sans clé": nobody,
    "Valider en 2023 > Elle est validée": a_mark,
    "Valider en 2023 > Elle a déjà été validée": used_mark,
    "Valider en 2023 > La personne peut encore annuler": early_mark,
    "Valider en 2023 > Le lieu a été payé": reimbursed_mark,
    "Reprendre en 2023 > La validation est reprise": used_mark,
    "Reprendre en 2023 > Elle n'avait pas été validée": a_mark,
    "Annuler en 2023 > La réservation est annulée": a_mark,
    "Annuler en 2023 > Elle l'était déjà": cancelled_mark,
    "Vérifier en 2019 > Elle peut être validée": a_mark,
    "Vérifier en 2019 > Elle est inconnue": unknown_mark,
    "Valider en 2019 > Elle est validée": a_mark,
    "Valider en 2019 > La clé n'a pas ce droit": narrow_key,
    "Reprendre en 2019 > La validation est reprise": used_mark,
    "Reprendre en 2019 > La réservation est annulée": cancelled_mark,
    "Annuler en 2019 > La réservation est annulée": a_mark,
    "Annuler en 2019 > Elle a été validée": used_mark,
    "Vérifier en 2018 > Elle peut être validée": a_mark,
    "Vérifier en 2018 > C'est une autre personne": a_mark,
    "Valider en 2018 > Elle est validée": a_mark,
    "Valider en 2018 > Elle a déjà été validée": used_mark,
}


async def app_stage(case: Case, pool: Pool, aiohttp_client: AiohttpClient) -> tuple[Client, Prepared]:
    app = await open_app(pool, Clock(), aiohttp_client)
    return app.client, await APP[case.id](app)


async def partner_stage(case: Case, pool: Pool, aiohttp_client: AiohttpClient) -> tuple[Client, Prepared]:
    partner = await open_partner(pool, Clock(), aiohttp_client)
    return partner.client, await PARTNER[case.id](partner)


async def dialects_stage(case: Case, pool: Pool, aiohttp_client: AiohttpClient) -> tuple[Client, Prepared]:
    partner = await open_partner(pool, Clock(), aiohttp_client)
    return partner.client, await DIALECTS[case.id](partner)


async def open_stage(case: Case, pool: Pool, aiohttp_client: AiohttpClient) -> tuple[Client, Prepared]:
    shop = Storefront(pool)
    await shop.source("tickets", "stocks_api", venue_id=await shop.venue(s.THEATRE, "Théâtre des Deux Rives"))
    await shop.says("tickets", *s.show("tickets", "cid", "Le Cid"))
    whole = root()
    whole.add_subapp("/open/v1", build(OpenData(pool=pool, clock=Clock(), buckets=LocalBuckets())))
    client = await aiohttp_client(whole)
    if case.id == "Relire une offre > L'offre est publiée":
        return client, Prepared({"id": public_id("offer", await shop.offer("tickets", "cid-1"))})
    return client, Prepared()


def the_theatre() -> provider.Venue:
    """Two dates of one show on sale, one of them withdrawn since the cursor of the examples; and a small cinema."""
    venue = provider.a_cinema("44306184100047", "jeton-du-lieu")
    at = "2026-11-20T09:00:00.000Z"
    prices = [Price(id="9", available=42, price_cents=900), Price(id="14", available=7, price_cents=1400)]
    for uid in ("tgp-001-1", "tgp-001-2"):
        venue.tables["stocks"].put(uid, Stock(ref=uid, prices=prices, updated_at=at))
    timing = Timing(uid="tgp-001-1", begins_at="2026-12-03T20:00:00+01:00", ends_at="2026-12-03T22:00:00+01:00")
    event = Event(
        uid="tgp-001",
        title="Le Cid",
        subcategory="SPECTACLE_REPRESENTATION",
        timings=[timing],
        updated_at=at,
        people=[Person(name="Pierre Corneille", role="author")],
    )
    venue.tables["events"].put("tgp-001", event)
    return venue


async def changed_since(venue: provider.Venue) -> Prepared:
    table = venue.tables["stocks"]
    cursor = table.page(None, 10)[2]
    table.put("tgp-001-1", table.rows["tgp-001-1"][1])
    table.remove("tgp-001-2")
    return Prepared({"cursor": cursor})


async def forgotten_since(venue: provider.Venue) -> Prepared:
    made = await changed_since(venue)
    venue.tables["stocks"].forget()
    return made


PROVIDER: dict[str, Callable[[provider.Venue], Awaitable[Prepared]]] = {
    "Lire les stocks > Tout": nobody,
    "Lire les stocks > Ce qui a changé, et ce qui est retiré": changed_since,
    "Lire les stocks > Une page parmi d'autres": nobody,
    "Lire les stocks > Le curseur n'en est pas un": nobody,
    "Lire les stocks > Le curseur est trop vieux": forgotten_since,
    "Lire les stocks > Sans jeton": nobody,
    "Lire les stocks > Le lieu n'est pas connu": nobody,
    "Lire les événements > Tout": nobody,
    "Lire les événements > La limite n'en est pas une": nobody,
    "Lire les films > Tout": nobody,
    "Lire les séances > Tout": nobody,
}


async def provider_stage(case: Case, pool: Pool, aiohttp_client: AiohttpClient) -> tuple[Client, Prepared]:
    venue = the_theatre()
    client = await aiohttp_client(provider.build({venue.siret: venue}, Faults()))
    return client, await PROVIDER[case.id](venue)


STAGES: dict[str, Callable[[Case, Pool, AiohttpClient], Awaitable[tuple[Client, Prepared]]]] = {
    "app": app_stage,
    "partner": partner_stage,
    "dialects": dialects_stage,
    "open": open_stage,
    "provider": provider_stage,
}
"""By contract: a client of a face of its own on that empty database, in the state the case begins in."""
