"""The front door: what this is, where each kind of visitor goes on, and what can be looked at right here."""

from __future__ import annotations

import html

from aiohttp import web

from service.pages.layout import page

VISITORS = (
    (
        "Vous écrivez une caisse, une billetterie, un contrôle d'entrée",
        (
            ("/docs/guides/premiers-pas.md", "Premiers pas : une contremarque acceptée en dix minutes"),
            ("/docs/guides/contremarques.md", "Accepter des contremarques, en ligne et hors ligne"),
            ("/docs/apib/partner.apib", "Le contrat"),
            ("/docs/apib/dialects.apib", "Les interfaces que vous parlez déjà (2018, 2019, 2023)"),
        ),
    ),
    (
        "Vous tenez une librairie, une bibliothèque, un cinéma, un théâtre",
        (
            ("/docs/guides/brancher-un-lieu.md", "Brancher un lieu, et ce que disent les refus"),
            ("/docs/connectors.md", "Les logiciels que la passerelle lit"),
        ),
    ),
    (
        "Vous écrivez l'application des jeunes",
        (
            ("/docs/apib/app.apib", "Le contrat : chercher, réserver, annuler"),
            ("/app/v1/offers?limit=5", "Cinq offres, en JSON"),
        ),
    ),
    (
        "Vous réutilisez les données",
        (
            ("/docs/apib/open.apib", "Le contrat : tout lire, suivre ce qui change"),
            ("/open/v1/offers.ndjson", "Les offres ouvertes, une par ligne"),
            ("/open/v1/schemas/offer", "Le schéma d'une offre"),
        ),
    ),
    (
        "Vous faites tourner cette passerelle",
        (
            ("/readyz", "Son état"),
            ("/metrics", "Ses mesures, au format Prometheus"),
            ("/docs/", "Tous les documents"),
        ),
    ),
)


async def welcome(_: web.Request) -> web.Response:
    """What is served, in French, for whoever opens the address in a browser."""
    parts = "".join(
        f"<h2>{html.escape(who)}</h2><ul>"
        + "".join(f'<li><a href="{html.escape(path)}">{html.escape(what)}</a></li>' for path, what in links)
        + "</ul>"
        for who, links in VISITORS
    )
    return page(
        "Passerelle",
        "<h1>Passerelle</h1><p class=lead>La passerelle d'interopérabilité du pass Culture : les offres des logiciels "
        f"que la culture emploie déjà, dans un seul format ouvert.</p>{parts}",
    )
