"""Where one venue's stocks, events or films are read from the common provider API."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors.settings import Settings, address
from connectors.stocks_api_stocks import Refs
from schemas.identifiers import normalise


class StocksApiSettings(Settings):
    """Where one venue's stocks are read."""

    base_url: str | None = Field(default=None, title="Adresse de l'API, sans /stocks")
    siret: str | None = Field(default=None, title="SIRET du lieu")
    token: SecretStr | None = Field(default=None, title="Jeton")
    authorization: Literal["Basic", "Bearer"] = Field(
        default="Basic", title="Devant le jeton", description="Basic en 2018, Bearer dans la forme finie."
    )
    serves: Literal["stocks", "events,stocks", "films,sessions"] = Field(
        default="stocks", title="Ce que sert l'API", description="films,sessions : la forme finie seule."
    )
    refs: Refs | None = Field(
        default=None,
        title="Ce que désigne ref",
        description="ean : des livres ; session : des séances (par défaut si l'API sert des événements).",
    )
    page_size: int = Field(default=1000, ge=2, le=10_000, title="Lignes par page")
    prices_in_cents: bool = Field(default=False, title="Les prix sont en centimes")
    is_duo: bool = Field(default=False, title="Deux places peuvent être réservées ensemble")

    @field_validator("base_url")
    @classmethod
    def _address(cls, text: str) -> str:
        return address(text)

    @field_validator("siret")
    @classmethod
    def _siret(cls, text: str) -> str:
        return normalise("siret", text)

    @model_validator(mode="after")
    def _complete(self) -> StocksApiSettings:
        self.require("base_url", "siret")
        return self

    def account(self) -> str:
        return self.siret or super().account()
