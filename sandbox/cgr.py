"""A CGR cinema's SOAP service, as pass Culture's connector of 2022–2026 speaks it.

Each operation answers a text of JSON inside one element, under 200 whatever happened. A reservation is one call.
Whether `pToken` given twice sells once is nowhere documented; here it sells twice, the severer reading.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web
from lxml import etree

from sandbox.box_office import BoxOffice, SaleError
from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.programme import CREDIT, Programme, Showtime

PATH, NUMBER = "/GESTIONCINEMAWS_WEB/awws/GestionCinemaWS.awws", 999
_NAMESPACE = "urn:GestionCinemaWS"
_COLUMNS = 14


class GestionCinema:
    """The handler of one cinema's service."""

    def __init__(self, programme: Programme, office: BoxOffice, clock: Clock) -> None:
        self._programme, self._office, self._clock = programme, office, clock
        self._sales: dict[str, list[str]] = {}
        """By QR code: the codes of its seats."""

    def build(self, faults: Faults) -> web.Application:
        """Returns the application."""
        app = web.Application(middlewares=[faults.middleware()])
        app.router.add_post(PATH, self.call)
        return app

    async def call(self, request: web.Request) -> web.Response:
        try:
            operation, asked = _asked(await request.read())
        except (etree.XMLSyntaxError, ValueError):
            return web.Response(status=500, text="<html>Requête SOAP illisible</html>", content_type="text/html")
        if (asked.get("User"), asked.get("mdp")) != (self._programme.username, self._programme.password):
            return _result(operation, {"CodeErreur": 2, "IntituleErreur": "Identifiant ou mot de passe incorrect"})
        if operation == "GetSeancesPassCulture":
            return _result(operation, self._showings(asked.get("IDFilmAllocine", "0")))
        if operation == "ReservationPassCulture":
            return _result(operation, self._reserve(asked))
        return _result(operation, self._cancel(asked.get("pQrCode", "")))

    def _showings(self, wanted: str) -> dict[str, Any]:
        self._office.lapse()
        films: dict[int, dict[str, Any]] = {}
        for show in sorted(self._programme.showtimes.values(), key=lambda show: (show.film.id, show.id)):
            film = show.film
            if wanted not in ("0", str(film.allocine)):
                continue
            told = {
                "IDFilm": film.allocine or film.id,
                "IDFilmAlloCine": film.allocine or 0,
                "Titre": film.title,
                "NumVisa": film.visa or film.filed_as or 0,
                "Duree": film.minutes,
                "Synopsis": "",
                "Affiche": "",
                "TypeFilm": "CNC",
                "Seances": [],
            }
            films.setdefault(film.id, told)["Seances"].append(_shown(show))
        return {
            "CodeErreur": 0,
            "IntituleErreur": "",
            "ObjetRetour": {"NumCine": NUMBER, "Films": list(films.values())},
        }

    def _reserve(self, asked: dict[str, str]) -> dict[str, Any]:
        try:
            show_id, quantity = int(asked["pIDSeances"]), int(asked["pNBPlaces"])
        except (KeyError, ValueError):
            return _wrong("Paramètre absent ou illisible")
        show = self._programme.showtimes.get(show_id)
        pricing = None if show is None else next((one for one in show.pricings if one.payment == CREDIT), None)
        if show is None or pricing is None:
            return _wrong(f"PASS CULTURE IMPOSSIBLE erreur création résa (site) : IdSeance({show_id}) inconnu")
        if asked.get("pNumCinema") != str(NUMBER) or _cents(asked.get("pPUTTC", "")) != pricing.amount_cents:
            return _wrong("PASS CULTURE IMPOSSIBLE : cinéma ou tarif incorrect")
        try:
            codes = self._office.sell(pricing.id, quantity)
        except SaleError as error:
            if error.remaining is None:
                return _wrong("Séance inconnue")
            return _wrong(f"Impossible de délivrer {quantity} places , il n'en reste que : {error.remaining}")
        qr = f"CINE{NUMBER}{codes[0].removeprefix('sale-')}"
        self._sales[qr] = codes
        first = show.screen.capacity - show.seats - quantity
        seats = [f"{chr(65 + seat // _COLUMNS)}{seat % _COLUMNS + 1}" for seat in range(first, first + quantity)]
        return {"CodeErreur": 0, "IntituleErreur": "", "QrCode": qr, "Placement": ",".join(seats)}

    def _cancel(self, qr: str) -> dict[str, Any]:
        codes = self._sales.get(qr)
        if codes is None:
            return _wrong("QR code inconnu")
        try:
            for code in codes:
                self._office.cancel(code)
        except SaleError:
            return {"CodeErreur": 1, "IntituleErreur": "Réservation déjà annulée"}
        return {"CodeErreur": 0, "IntituleErreur": ""}


def _shown(show: Showtime) -> dict[str, Any]:
    pricing = next((one for one in show.pricings if one.payment == CREDIT), None)
    return {
        "IDSeance": show.id,
        "Date": f"{show.starts_at:%Y-%m-%d}",
        "Heure": f"{show.starts_at:%H:%M:%S}.000",
        "NbPlacesRestantes": show.online,
        "bAvecPlacement": True,
        "bAvecDuo": True,
        "bICE": show.screen.ice,
        "Relief": "3D" if show.three_d else "2D",
        "Version": show.version,
        "bAVP": False,
        "PrixUnitaire": None if pricing is None else pricing.amount_cents / 100,
        "libTarif": "" if pricing is None else pricing.title,
    }


def _asked(body: bytes) -> tuple[str, dict[str, str]]:
    root = etree.fromstring(body, etree.XMLParser(resolve_entities=False, no_network=True))
    [operation] = [one for one in root.iter() if isinstance(one.tag, str) and re.match(rf"{{{_NAMESPACE}}}", one.tag)]
    return etree.QName(operation).localname, {str(one.tag): one.text or "" for one in operation}


def _cents(euros: str) -> int:
    try:
        return int(Decimal(euros) * 100)
    except InvalidOperation:
        return -1


def _wrong(text: str) -> dict[str, Any]:
    return {"CodeErreur": 99, "IntituleErreur": text}


def _result(operation: str, result: dict[str, Any]) -> web.Response:
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/"><SOAP-ENV:Header/><SOAP-ENV:Body>'
        f'<ns1:{operation}Response xmlns:ns1="{_NAMESPACE}"><{operation}Result>'
        f"{escape(json.dumps(result, ensure_ascii=False))}"
        f"</{operation}Result></ns1:{operation}Response></SOAP-ENV:Body></SOAP-ENV:Envelope>"
    )
    return web.Response(text=text, content_type="text/xml", charset="utf-8")
