"""What makes a protocol module a connector: its name, what it declares, its settings, and how it is made.

A package of somebody else's gives one `Entry` under the entry point group `passerelle.connectors`
(`connectors/plugins.py`); ours stand in `connectors/registry.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import SecretStr, ValidationError

from connectors.base import Connector
from connectors.manifest import Manifest
from connectors.selling import Selling
from connectors.settings import Settings, SettingsRefused
from connectors.times import Clock
from net.client import Http

Make = Callable[[Any, Http | None, str, Clock], Connector]
"""(checked settings, connection or None for recorded answers, account, clock) -> connector."""
Sell = Callable[[Any, Http], Selling]


@dataclass(frozen=True, slots=True)
class Entry:
    """One connector: what it declares, what it wants, how it is made."""

    name: str
    manifest: Manifest
    settings: type[Settings]
    make: Make
    sell: Sell | None = None

    @property
    def settings_schema(self) -> dict[str, Any]:
        """JSON Schema of the settings, for forms; secrets are `format: password`, `writeOnly`."""
        return self.settings.model_json_schema()

    @property
    def secret_fields(self) -> frozenset[str]:
        """The settings that are secrets: whoever stores a source encrypts these."""
        return secret_names(self.settings)

    def split_secrets(self, settings: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """(plain settings, secret settings), by field."""
        secret = {name: value for name, value in settings.items() if name in self.secret_fields}
        return {name: value for name, value in settings.items() if name not in secret}, secret

    def read_settings(self, settings: Mapping[str, Any]) -> Settings:
        """The settings, checked. Raises SettingsRefused naming each field that is wrong and why."""
        return check_settings(self.name, self.settings, settings)


def secret_names(settings: type[Settings]) -> frozenset[str]:
    """The fields of a settings model that are secrets."""
    return frozenset(
        name
        for name, field in settings.model_fields.items()
        if field.annotation is SecretStr or SecretStr in get_args(field.annotation)
    )


def check_settings(name: str, model: type[Settings], settings: Mapping[str, Any]) -> Settings:
    """The settings of `name`, checked. Raises SettingsRefused naming each field that is wrong and why."""
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        raise SettingsRefused(f"{name} : {_in_french(error, model)}") from None


def _in_french(error: ValidationError, settings: type[Settings]) -> str:
    """One clause a fault, in French, with what is allowed; never with the value, which may be a secret."""
    clauses: list[str] = []
    for fault in error.errors(include_url=False, include_context=True, include_input=False):
        field = ".".join(str(part) for part in fault["loc"])
        context = fault.get("ctx", {})
        kind = fault["type"]
        if kind == "extra_forbidden":
            why = f"réglage inconnu (connus : {', '.join(sorted(settings.model_fields))})"
        elif kind == "missing":
            why = "réglage obligatoire"
        elif kind in ("literal_error", "enum"):
            why = f"valeurs permises : {context.get('expected', '')}".replace(" or ", " ou ")
        elif kind == "value_error":
            why = str(context.get("error", "valeur refusée"))
        else:
            why = _LIMITS.get(kind, "valeur refusée").format(**context)
        clauses.append(f"{field} : {why}" if field else why)
    return " ; ".join(clauses)


_LIMITS = {
    "int_parsing": "un nombre entier est attendu",
    "int_type": "un nombre entier est attendu",
    "bool_parsing": "true ou false est attendu",
    "bool_type": "true ou false est attendu",
    "string_type": "un texte est attendu",
    "string_pattern_mismatch": "la forme attendue est {pattern}",
    "greater_than_equal": "au moins {ge}",
    "less_than_equal": "au plus {le}",
    "path_type": "un chemin est attendu",
    "model_type": "un objet est attendu",
}
