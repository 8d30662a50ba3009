"""msgspec's validation messages (0.22) in French. A message without translation says what it can: the path."""

from __future__ import annotations

import re
from collections.abc import Callable

_PLACE = re.compile(r" - at `(?:key in )?([^`]*)`$")

_TYPES = {
    "int": "un entier",
    "str": "un texte",
    "bool": "un booléen",
    "float": "un nombre",
    "decimal": "un nombre décimal",
    "object": "un objet",
    "array": "un tableau",
    "null": "null",
    "datetime": "une date avec heure",
    "date": "une date",
    "time": "une heure",
    "uuid": "un UUID",
    "bytes": "un texte en base64",
}

_COMPARED = {">=": "d'au moins", "<=": "d'au plus", ">": "supérieur à", "<": "inférieur à"}


def _types(names: str) -> str:
    return " ou ".join(_TYPES.get(name, name) for name in names.split(" | "))


_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), say)
    for pattern, say in (
        (r"Object missing required field `(.+)`", lambda m: f"Le champ {m[1]} manque."),
        (r"Object contains unknown field `(.+)`", lambda m: f"Le champ {m[1]} n'existe pas."),
        (r"Expected `datetime` with a timezone component", lambda _: "La date doit porter son fuseau horaire."),
        (r"Expected `datetime` with no timezone component", lambda _: "La date ne doit pas porter de fuseau."),
        (r"Expected `(.+)`, got `(.+)`", lambda m: f"Attendu {_types(m[1])}, reçu {_types(m[2])}."),
        (r"Expected `(.+)` of length >= (\d+)", lambda m: f"Attendu {_types(m[1])} de longueur {m[2]} ou plus."),
        (r"Expected `(.+)` of length <= (\d+)", lambda m: f"Attendu {_types(m[1])} de longueur {m[2]} au plus."),
        (r"Expected `(.+)` matching regex .+", lambda _: "Ce texte n'a pas la forme attendue."),
        (r"Expected `(.+)` (>=|<=|>|<) (\S+)", lambda m: f"Attendu {_types(m[1])} {_COMPARED[m[2]]} {m[3]}."),
        (r"Expected `(.+)`", lambda m: f"Attendu {_types(m[1])}."),
        (r"Invalid enum value (.+)", lambda m: f"La valeur {m[1]} n'est pas admise."),
        (r"Invalid value (.+)", lambda m: f"La valeur {m[1]} n'est pas admise."),
        (r"Invalid RFC3339 encoded datetime", lambda _: "Date avec heure illisible (RFC 3339 attendue)."),
        (r"Invalid RFC3339 encoded date", lambda _: "Date illisible (aaaa-mm-jj attendue)."),
        (r"Invalid UUID", lambda _: "UUID illisible."),
        (r"Invalid decimal string", lambda _: "Nombre décimal illisible."),
        (r"(Number|Integer value) out of range", lambda _: "Nombre hors limites."),
    )
)


def in_french(message: str) -> tuple[str, str]:
    """The sentence and the JSON path of a `msgspec.ValidationError`; `$` is the whole body."""
    place = _PLACE.search(message)
    path = place[1] if place else "$"
    reason = message[: place.start()] if place else message
    for pattern, say in _RULES:
        if found := pattern.fullmatch(reason):
            return say(found), path
    return "Cette valeur ne suit pas le contrat.", path
