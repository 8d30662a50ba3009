"""A cinema that runs EMS (Monnaie Services): its programmes by version, and its sales, as pass Culture's connector of
2023–2026 speaks them.

Programmes tell the sites that changed since a version, never what went. Sales are signed in their address; the caller's
`num_cmde` is kept, and STATUT finds a sale by it. Whether a second VENTE of one `num_cmde` sells again is nowhere
documented; here it does, the severer reading.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.box_office import BoxOffice, SaleError
from sandbox.clock import Clock, seeded_at
from sandbox.faults import Faults
from sandbox.programme import CREDIT, Pricing, Programme, Showtime
from sandbox.stock_paging import answer, euros

SOURCE = "passerelle"


@dataclass(slots=True)
class _Sale:
    order: dict[str, Any]
    tickets: list[dict[str, Any]]
    codes: list[str]
    cancelled: bool = False


class Ems:
    """The handlers of one site. Signed with the programme's station name."""

    def __init__(self, programme: Programme, office: BoxOffice, clock: Clock) -> None:
        self._programme, self._office = programme, office
        first = min(show.starts_at for show in programme.showtimes.values())
        self._version = int(seeded_at(first.date(), "ems", programme.place.id).timestamp())
        self._sales: list[_Sale] = []

    def build(self, faults: Faults) -> web.Application:
        """Returns the application."""
        app = web.Application(middlewares=[faults.middleware()])
        app.router.add_get("/horaires", self.schedules)
        for name, handler in (("VENTE", self._sell), ("STATUT", self._status), ("ANNULATION", self._cancel)):
            app.router.add_post(f"/ventes/{name}/{{digest}}", self._signed(handler))
        return app

    async def schedules(self, request: web.Request) -> web.Response:
        pair = f"{self._programme.username}:{self._programme.password}"
        if request.headers.get("Authorization") != f"Basic {base64.b64encode(pair.encode()).decode()}":
            return answer({"message": "Unauthorized"}, status=401)
        since = request.query.get("version", "0")
        if not since.isdecimal():
            return answer({"message": "version"}, status=400)
        sites = [self._site()] if int(since) < self._version else []
        return answer({"sites": sites, "version": self._version})

    def changed(self) -> None:
        """Gives the programme a new version: the next increment tells the site again."""
        self._version += 1

    def _signed(self, handler: Any) -> Any:
        async def signed(request: web.Request) -> web.Response:
            body = await request.read()
            digest = hmac.new(self._programme.station.encode(), body, hashlib.sha512).hexdigest()
            if digest != request.match_info["digest"] or request.headers.get("Source") != SOURCE:
                return answer({"message": "Forbidden"}, status=403)
            asked = json.loads(body)
            if asked.get("num_cine") != self._programme.place.id:
                return _wrong(101, "Cinéma inconnu")
            found: web.Response = handler(asked)
            return found

        return signed

    def _sell(self, asked: dict[str, Any]) -> web.Response:
        show = self._programme.showtimes.get(_number(asked.get("id_seance")))
        pricing = None if show is None else _credit(show)
        if show is None or pricing is None:
            return _wrong(105, "La séance n'a pas été trouvée")
        if asked["pass_culture_price"] != float(euros(pricing.amount_cents)):
            return _wrong(110, "Tarif inconnu")
        try:
            codes = self._office.sell(pricing.id, asked["qte_place"])
        except SaleError as error:
            if error.remaining is None:
                return _wrong(106, "La séance n'est plus disponible à la vente")
            return _wrong(104, "Il n'y a plus de séance disponible pour ce film")
        tickets = [
            {
                "num_caisse": "255",
                "code_barre": f"{100_000_000 + int(code.removeprefix('sale-'))}",
                "num_trans": 1257 + len(self._sales),
                "num_ope": 147_149 + len(self._sales),
                "code_tarif": "0RZ",
                "num_serie": 1 + number,
                "montant": euros(pricing.amount_cents),
                "num_place": "",
            }
            for number, code in enumerate(codes)
        ]
        sale = _Sale(asked, tickets, codes)
        self._sales.append(sale)
        return answer({"statut": 1, **asked, "billets": tickets})

    def _status(self, asked: dict[str, Any]) -> web.Response:
        found = [one for one in self._sales if one.order.get("num_cmde") == asked.get("num_cmde") and not one.cancelled]
        if not found:
            return _wrong(301, "La commande n'a pas été trouvée")
        return answer({"statut": 1, **found[0].order, "billets": [row for sale in found for row in sale.tickets]})

    def _cancel(self, asked: dict[str, Any]) -> web.Response:
        for sale in self._sales:
            if all(sale.tickets[0][name] == asked.get(name) for name in ("num_caisse", "num_trans", "num_ope")):
                if sale.cancelled:
                    return _wrong(202, "La vente est déjà annulée")
                sale.cancelled = True
                for code in sale.codes:
                    self._office.cancel(code)
                return web.json_response({})
        return _wrong(201, "La vente n'a pas été trouvée")

    def _site(self) -> dict[str, Any]:
        place = self._programme.place
        films: dict[int, dict[str, Any]] = {}
        for show in sorted(self._programme.showtimes.values(), key=lambda show: (show.film.id, show.id)):
            film = show.film
            told: dict[str, Any] = {
                "id": f"F{film.id}",
                "allocine_id": film.allocine or "",
                "title": film.title,
                "director": ", ".join(film.directors),
                "release_date": f"{film.year}0101",
                "synopsis": "",
                "duration": film.minutes,
                "bill_url": "",
                "sessions": [],
            }
            films.setdefault(film.id, told)["sessions"].append(_shown(show))
        return {
            "id": place.id,
            "allocine_id": "",
            "name": place.name,
            "address": place.street,
            "zip_code": place.postal_code,
            "city": place.city,
            "time_zone": place.zone,
            "events": list(films.values()),
        }


def _shown(show: Showtime) -> dict[str, Any]:
    pricing = _credit(show)
    return {
        "id": str(show.id),
        "date": f"{show.starts_at:%Y%m%d%H%M}",
        "features": [show.version.lower(), *(["video_3d"] if show.three_d else [])],
        "hall_id": show.screen.number,
        "hall_name": show.screen.name,
        "pass_culture_price": None if pricing is None else euros(pricing.amount_cents),
    }


def _credit(show: Showtime) -> Pricing | None:
    return next((pricing for pricing in show.pricings if pricing.payment == CREDIT), None)


def _number(text: Any) -> int:
    return int(text) if isinstance(text, str) and text.isdecimal() else -1


def _wrong(code: int, message: str) -> web.Response:
    return answer({"statut": 0, "code_erreur": code, "message_erreur": message})
