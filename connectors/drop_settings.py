"""The settings of connectors that read files, dropped in a folder or served at an address."""

from __future__ import annotations

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.settings import Settings, address


class DropSettings(Settings):
    """Where the files are, and whether they hold everything."""

    url: str | None = Field(default=None, title="Adresse du fichier")
    token: SecretStr | None = Field(default=None, title="Jeton (Bearer)")
    whole: bool = Field(
        default=True,
        title="Les fichiers contiennent tout",
        description="Ce qui n'y est plus est retiré ; sinon ils ne disent que des changements.",
    )

    @field_validator("url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @model_validator(mode="after")
    def _complete(self) -> DropSettings:
        self.require("url")
        return self

    def account(self) -> str:
        return self.url or super().account()
