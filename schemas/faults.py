"""What is wrong with a document, told in French to whoever sent it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import jsonschema_rs


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong, at one place."""

    path: str
    """JSONPath of the value: `$`, `$.ref.key`, `$.identifiers[0].value`."""
    why: str
    """In French, without the path."""

    def __str__(self) -> str:
        return f"{self.path} : {self.why}"


def explain(faults: Iterable[Fault]) -> str:
    """All faults in one French line: what the quarantine and problems show as the reason."""
    return " ; ".join(map(str, faults))


def faults_of(errors: Iterable[jsonschema_rs.ValidationError], *, choices: Iterable[str]) -> list[Fault]:
    """The faults behind the validator's errors: one for each place, sorted by path.

    `choices` are the fields of which the schema wants exactly one.
    """
    first: dict[str, Fault] = {}
    for error in errors:
        for fault in _told(error, choices):
            first.setdefault(fault.path, fault)
    return sorted(first.values())


# What a definition of common.schema.json asks for, when the validator only says "pattern" or "format".
ASKED = {
    "moment": "il faut une date et heure réelle avec son décalage horaire, comme 2026-12-05T20:30:00+01:00",
    "day": "il faut une date réelle : AAAA, AAAA-MM ou AAAA-MM-JJ",
    "ean": "il faut les 13 chiffres d'un EAN",
    "timeZone": "il faut un fuseau IANA, comme Europe/Paris",
    "language": "il faut un code de langue, comme fr",
    "webAddress": "il faut une adresse http(s) sans espace",
    "connector": "il faut un nom de connecteur, comme stocks_api",
    "publicId": "il faut un identifiant public de la plateforme",
}
FIELDS = {
    "inseeCode": "il faut un code INSEE de commune, comme 67482",
    "country": "il faut deux lettres majuscules (ISO 3166-1)",
    "postalCode": "il faut un code postal",
}
TYPES = {
    "string": "un texte",
    "integer": "un nombre entier",
    "number": "un nombre",
    "boolean": "vrai ou faux",
    "object": "un objet",
    "array": "une liste",
    "null": "null",
}
LISTED = 8
"""An enumeration longer than this is named, not recited."""


def _told(error: jsonschema_rs.ValidationError, choices: Iterable[str]) -> list[Fault]:
    path = path_of(error.instance_path)
    match error.kind:
        case jsonschema_rs.ValidationErrorKind.Required(name):
            return [Fault(f"{path}.{name}", "champ obligatoire absent")]
        case jsonschema_rs.ValidationErrorKind.AdditionalProperties(names):
            return [Fault(f"{path}.{_cut(name)}", "champ inconnu") for name in names]
        case jsonschema_rs.ValidationErrorKind.Type(types):
            wanted = " ou ".join(TYPES[name] for name in sorted(types, key=list(TYPES).index))
            return [Fault(path, f"{_shown(error)} : il faut {wanted}")]
        case jsonschema_rs.ValidationErrorKind.Enum(options):
            known = ", ".join(map(str, options)) if len(options) <= LISTED else f"{len(options)} possibles"
            return [Fault(path, f"{_shown(error)} : valeur inconnue ({known})")]
        case jsonschema_rs.ValidationErrorKind.Constant(expected):
            return [Fault(path, f"{_shown(error)} : il faut « {expected} »")]
        case jsonschema_rs.ValidationErrorKind.Minimum(limit):
            return [Fault(path, f"{_shown(error)} : il faut au moins {limit}")]
        case jsonschema_rs.ValidationErrorKind.Maximum(limit):
            return [Fault(path, f"{_shown(error)} : il faut au plus {limit}")]
        case jsonschema_rs.ValidationErrorKind.MinLength():
            return [Fault(path, "texte vide")]
        case jsonschema_rs.ValidationErrorKind.MaxLength(limit):
            asked = _asked(error) or f"{limit} caractères au plus"
            return [Fault(path, f"{_shown(error)} : texte trop long, {asked}")]
        case jsonschema_rs.ValidationErrorKind.MinItems(limit):
            return [Fault(path, f"liste trop courte : il en faut au moins {limit}")]
        case jsonschema_rs.ValidationErrorKind.MaxItems(limit):
            return [Fault(path, f"liste trop longue : {limit} au plus")]
        case jsonschema_rs.ValidationErrorKind.Pattern() | jsonschema_rs.ValidationErrorKind.Format():
            asked = _asked(error) or "texte vide ou avec un caractère nul"
            return [Fault(path, f"{_shown(error)} : {asked}")]
        case jsonschema_rs.ValidationErrorKind.OneOfNotValid() | (
            jsonschema_rs.ValidationErrorKind.OneOfMultipleValid()
        ):
            return [Fault(path, f"il faut exactement un des champs {', '.join(choices)}")]
        case other:
            return [Fault(path, f"refusé par la règle {other.name} du format")]


def path_of(parts: Iterable[str | int]) -> str:
    """The JSONPath of a list of names and places."""
    steps = (f"[{part}]" if isinstance(part, int) else f".{_cut(part)}" for part in parts)
    return "$" + "".join(steps)


def _asked(error: jsonschema_rs.ValidationError) -> str | None:
    where = list(error.schema_path)
    definition = str(where[where.index("$defs") + 1]) if "$defs" in where else ""
    field = str(error.instance_path[-1]) if error.instance_path else ""
    return ASKED.get(definition) or FIELDS.get(field)


def _shown(error: jsonschema_rs.ValidationError) -> str:
    value = error.instance
    if isinstance(value, dict):
        return "un objet"
    if isinstance(value, list):
        return "une liste"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "vrai" if value else "faux"
    return f"« {_cut(str(value))} »"


def _cut(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
