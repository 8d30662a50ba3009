"""The front door: a page that says where everything is, and one page a problem, where each `type` leads."""

from __future__ import annotations

import html

from aiohttp import web

from app_api.problems import PROBLEMS as APP
from edge.problems import by_slug
from partner_api.problems import PROBLEMS as PARTNER

PAGE = """<!doctype html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1.05rem/1.6 system-ui, sans-serif; max-width: 44rem; margin: 3rem auto; padding: 0 1rem;
  color: #1b1b2f; background: #fff; }}
h1 {{ line-height: 1.2; }}
code {{ background: #eef; padding: .1rem .3rem; border-radius: .2rem; }}
a {{ color: #3a1d8a; }}
dt {{ font-weight: 600; margin-top: 1rem; }}
dd {{ margin: 0; }}
</style>
</head>
<body><main>
<h1>{title}</h1>
{body}
</main></body>
</html>
"""
ROUTES = (
    (
        "/app/v1/offers?q=avare",
        "Chercher une offre",
        "La face de l'application des jeunes : chercher, réserver, annuler.",
    ),
    ("/open/v1/offers.ndjson", "Les données ouvertes", "Toutes les offres dont la licence le permet, une par ligne."),
    ("/open/v1/changes", "Les changements", "Le journal du référentiel, dans l'ordre, à suivre."),
    ("/partner/v1/venues", "La face des éditeurs", "Contremarques, sources et lectures ; demande une clé."),
    ("/.well-known/passerelle-keys.json", "Les clés des billets", "De quoi vérifier un billet signé sans réseau."),
    ("/readyz", "L'état", "La base répond-elle ?"),
    ("/metrics", "Les mesures", "Au format Prometheus."),
)
SLUGS = by_slug(APP, PARTNER)


async def welcome(_: web.Request) -> web.Response:
    """What is served, in French, for whoever opens the address in a browser."""
    listed = "".join(
        f'<dt><a href="{html.escape(path)}">{html.escape(name)}</a></dt><dd>{html.escape(what)}</dd>'
        for path, name, what in ROUTES
    )
    body = (
        "<p>La passerelle d'interopérabilité du pass Culture : les offres des logiciels de la culture, "
        f"dans un seul format ouvert.</p><dl>{listed}</dl>"
    )
    return web.Response(text=PAGE.format(title="Passerelle", body=body), content_type="text/html", charset="utf-8")


async def problem_page(request: web.Request) -> web.Response:
    """What a problem's `type` means; 404 for none of ours."""
    slug = request.match_info["slug"]
    problem = SLUGS.get(slug)
    if problem is None:
        raise web.HTTPNotFound
    body = (
        f"<p>Le problème <code>{html.escape(slug)}</code>, rendu avec le statut HTTP <code>{problem.status}</code>. "
        "Le champ <code>detail</code> de la réponse dit ce qui s'est passé cette fois-ci ; <code>requestId</code> "
        'la retrouve dans nos journaux.</p><p><a href="/">Passerelle</a></p>'
    )
    page = PAGE.format(title=html.escape(problem.title), body=body)
    return web.Response(text=page, content_type="text/html", charset="utf-8")
