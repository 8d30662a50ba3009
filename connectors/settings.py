"""The base of every connector's settings: frozen, checked, secrets kept as secrets, fit for a form."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter, model_validator

_ADDRESS = TypeAdapter(HttpUrl)


class SettingsRefused(Exception):
    """The settings of a source cannot be used. The text is French, names the fields, shows no secret."""


class Settings(BaseModel):
    """What a source's row holds for its connector. Values may come as text; an empty one is an absent one."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, str_strip_whitespace=True)

    path: Path | None = Field(
        default=None,
        title="Fichier ou dossier",
        description="Réponse enregistrée, ou dossier de réponses, lue à la place de l'adresse.",
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        return {name: value for name, value in values.items() if value is not None and value != ""}

    def account(self) -> str:
        """The provider's account these settings speak of, when the source's row gives none."""
        return self.path.name if self.path is not None else "sans compte"

    def require(self, *names: str) -> None:
        """Raises ValueError naming what is missing of `names`, unless a path takes the address's place."""
        missing = [name for name in names if getattr(self, name) is None]
        if missing and self.path is None:
            raise ValueError(f"il manque {', '.join(missing)} (ou path)")


def address(text: str) -> str:
    """`text` without its last slash, when it is an http(s) address. Raises ValueError."""
    _ADDRESS.validate_python(text)
    return text.rstrip("/")
