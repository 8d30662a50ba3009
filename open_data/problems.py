"""How this face answers refusals. Slugs are public: described in docs/problems.md, never renamed."""

from __future__ import annotations

from edge.problems import Problem, ProblemTable
from open_data.errors import NotPublished
from schemas.ids import UnknownId

PROBLEMS: ProblemTable = {
    UnknownId: Problem("unknown-id", 404, "Identifiant inconnu"),
    NotPublished: Problem("offer-unknown", 404, "Offre inconnue"),
}
