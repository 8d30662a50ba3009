"""The only translator of errors to `application/problem+json` (RFC 9457, July 2023).

Every answer of status 400 or more leaves in this form: domain errors by a face's table, the edge's own refusals,
aiohttp's (unknown route, wrong method) and crashes. `type` is a path of our own server where the problem is
described; slugs are public and never renamed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import Any

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from edge import errors
from edge.request_ids import current_request_id

CONTENT_TYPE = "application/problem+json"
TYPE_BASE = "/problems/"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """How one class of error is answered."""

    slug: str
    status: int
    title: str
    """French, the same for every occurrence."""
    members: tuple[str, ...] = ()
    """Attributes of the error that become extension members, in camelCase. Named one by one: an error may hold
    what the caller must not see."""
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Header name → attribute of the error; left out where the attribute is None."""

    @property
    def type(self) -> str:
        return TYPE_BASE + self.slug


ProblemTable = Mapping[type[Exception], Problem]

EDGE_PROBLEMS: ProblemTable = {
    errors.MalformedJson: Problem("malformed-json", 400, "Corps JSON mal formé", members=("line", "column")),
    errors.InvalidBody: Problem("invalid-body", 422, "Corps qui ne suit pas le contrat", members=("path",)),
    errors.UnsupportedMediaType: Problem(
        "unsupported-media-type", 415, "Type de contenu non pris en charge", headers={"Accept": "accept"}
    ),
    errors.BodyTooLarge: Problem("body-too-large", 413, "Corps trop grand", members=("max_bytes",)),
    errors.BodyTooSlow: Problem("body-too-slow", 408, "Corps trop lent"),
    errors.InvalidParameter: Problem("invalid-parameter", 400, "Paramètre invalide", members=("parameter",)),
    errors.Unauthenticated: Problem(
        "unauthenticated", 401, "Identification requise", headers={hdrs.WWW_AUTHENTICATE: "challenge"}
    ),
    errors.Forbidden: Problem("forbidden", 403, "Accès interdit"),
    errors.Unavailable: Problem(
        "unavailable", 503, "Service momentanément indisponible", headers={hdrs.RETRY_AFTER: "retry_after"}
    ),
    errors.TooManyRequests: Problem(
        "too-many-requests",
        429,
        "Trop de requêtes",
        members=("violated_policies",),
        headers={hdrs.RETRY_AFTER: "retry_after"},
    ),
}
"""The edge's own refusals, part of every face."""

UNKNOWN_ROUTE = Problem("unknown-route", 404, "Adresse inconnue")
CRASH = Problem("internal-error", 500, "Erreur interne")
ROUTER_PROBLEMS: Mapping[int, Problem] = {
    404: UNKNOWN_ROUTE,
    405: Problem("method-not-allowed", 405, "Méthode non permise"),
    413: EDGE_PROBLEMS[errors.BodyTooLarge],
    417: Problem("expectation-failed", 417, "Attente non satisfaite"),
    500: CRASH,
}
"""What aiohttp itself raises."""


def problem_response(
    problem: Problem,
    *,
    detail: str | None = None,
    members: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> web.Response:
    """The answer for `problem`: standard members, the request's id, then the extension members given."""
    content: dict[str, Any] = {"type": problem.type, "title": problem.title, "status": problem.status}
    if detail:
        content["detail"] = detail
    content |= {"requestId": current_request_id()} | dict(members or {})
    return web.Response(
        status=problem.status,
        body=msgspec.json.encode(content),
        headers={hdrs.CACHE_CONTROL: "no-store"} | dict(headers or {}) | {hdrs.CONTENT_TYPE: CONTENT_TYPE},
    )


def problems(table: ProblemTable = MappingProxyType({})) -> Middleware:
    """The middleware that answers whatever is raised below it. `table` adds to `EDGE_PROBLEMS`.

    A subclass is answered as its nearest ancestor in the table. What is in no table is a crash: logged with its
    traceback under the request's id, told to the caller by that id alone. Once an answer has begun nothing else
    can be said: the error goes on to aiohttp, which cuts the connection.
    """
    known = {**EDGE_PROBLEMS, **table}

    @web.middleware
    async def translate(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            return _of_router(error)
        except Exception as error:
            if request.writer.output_size > 0:
                raise
            problem = next((known[kind] for kind in type(error).__mro__ if kind in known), None)
            if problem is None:
                _log.exception("request %s crashed", current_request_id())
                return problem_response(CRASH, detail="L'incident est consigné sous ce numéro de requête.")
            return _of_error(problem, error)

    return translate


def by_slug(*tables: ProblemTable) -> Mapping[str, Problem]:
    """All problems the faces of these tables can answer with, the edge's and the router's among them, by slug.

    Raises ValueError where one slug means two things.
    """
    found: dict[str, Problem] = {}
    for problem in chain(EDGE_PROBLEMS.values(), ROUTER_PROBLEMS.values(), *(table.values() for table in tables)):
        if found.setdefault(problem.slug, problem) != problem:
            raise ValueError(f"the problem slug {problem.slug} means two things")
    return found


def within(table: ProblemTable, error: Exception) -> dict[str, Any] | None:
    """The problem that `error` is by `table` and `EDGE_PROBLEMS`, to stand within an answer; None for a crash."""
    known = {**EDGE_PROBLEMS, **table}
    problem = next((known[kind] for kind in type(error).__mro__ if kind in known), None)
    if problem is None:
        return None
    standard = {"type": problem.type, "title": problem.title, "status": problem.status, "detail": str(error)}
    return standard | _members(problem, error)


def _of_error(problem: Problem, error: Exception) -> web.Response:
    told = {name: getattr(error, attribute) for name, attribute in problem.headers.items()}
    return problem_response(
        problem,
        detail=str(error),
        members=_members(problem, error),
        headers={name: str(value) for name, value in told.items() if value is not None},
    )


def _members(problem: Problem, error: Exception) -> dict[str, Any]:
    members = {_camel(name): getattr(error, name) for name in problem.members}
    return {name: value for name, value in members.items() if value is not None}


def _of_router(error: web.HTTPException) -> web.Response:
    problem = ROUTER_PROBLEMS.get(error.status)
    if problem is None:
        # A status a handler raised by hand, which has no description of its own (RFC 9457 §4.2.1).
        problem = Problem(f"http-{error.status}", error.status, error.reason)
    kept = {name: value for name, value in error.headers.items() if not name.lower().startswith("content-")}
    return problem_response(problem, detail=router_sentence(error), headers=kept)


def router_sentence(error: web.HTTPException) -> str | None:
    """What to do about an unknown address or a wrong method; None for any other status."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        *most, last = sorted(error.allowed_methods) or [""]
        allowed = f"{', '.join(most)} ou {last}" if most else last
        return f"{error.method} n'est pas permis à cette adresse : {allowed}."
    if isinstance(error, web.HTTPNotFound):
        return "Rien n'est à cette adresse. Les contrats de nos API sont sous /docs/."
    return None


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
