"""The flat tables of a dump: what columns they have, and how they refer to one another.

Column names are those of the JSON format; the first column of a table is its key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from open_data import rows
from open_data.rows import Row
from schemas.offers import Offer


@dataclass(frozen=True, slots=True)
class Column:
    """A field of Table Schema 1: its name, type and what it means."""

    name: str
    type: str
    description: str


@dataclass(frozen=True, slots=True)
class Table:
    """One CSV file. The first column is its key; a row is written once, whichever offers name it."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Callable[[Offer], Iterator[Row]]
    references: Mapping[str, str] = field(default_factory=dict)
    """Column → table whose key it holds."""

    @property
    def path(self) -> str:
        return f"{self.name}.csv"


def _text(name: str, description: str) -> Column:
    return Column(name, "string", description)


def _id(name: str, description: str) -> Column:
    return _text(name, f"Identifiant public {description}")


TABLES: tuple[Table, ...] = (
    Table(
        "venues",
        "Lieux",
        (
            _id("id", "du lieu"),
            _text("name", "Nom du lieu"),
            _text("timeZone", "Fuseau horaire IANA"),
            _text("siret", "Numéro SIRET, s'il est connu"),
            _text("street", "Voie"),
            _text("postalCode", "Code postal"),
            _text("city", "Commune"),
            _text("inseeCode", "Code INSEE de la commune"),
            _text("country", "Pays, ISO 3166-1 alpha-2"),
            Column("latitude", "number", "Latitude, degrés WGS 84"),
            Column("longitude", "number", "Longitude, degrés WGS 84"),
            _text("url", "Site du lieu"),
        ),
        rows.venues,
    ),
    Table(
        "works",
        "Œuvres",
        (_id("id", "de l'œuvre"), _text("title", "Titre"), _text("type", "book, film, show, music…")),
        rows.works,
    ),
    Table(
        "products",
        "Produits (éditions, supports)",
        (
            _id("id", "du produit"),
            _id("workId", "de l'œuvre"),
            _text("title", "Titre"),
            _text("subtitle", "Sous-titre"),
            _text("ean", "EAN-13"),
            _text("contributors", "Personnes, avec leur rôle"),
            _text("publisher", "Éditeur"),
            _text("collection", "Collection"),
            _text("volume", "Tome"),
            _text("language", "Langue"),
            _text("publishedOn", "Parution : année, mois ou jour, selon la source"),
            Column("pageCount", "integer", "Nombre de pages"),
            Column("priceCents", "integer", "Prix unique ou conseillé TTC, en centimes d'euro"),
        ),
        rows.products,
        {"workId": "works"},
    ),
    Table(
        "events",
        "Événements",
        (
            _id("id", "de l'événement"),
            _id("venueId", "du lieu"),
            _id("workId", "de l'œuvre"),
            _text("title", "Titre"),
            _text("contributors", "Personnes, avec leur rôle"),
            Column("durationMinutes", "integer", "Durée, en minutes"),
            _text("url", "Page de l'événement"),
        ),
        rows.events,
        {"venueId": "venues", "workId": "works"},
    ),
    Table(
        "sessions",
        "Séances à venir",
        (
            _id("id", "de la séance"),
            _id("eventId", "de l'événement"),
            Column("beginsAt", "datetime", "Début, UTC"),
            Column("endsAt", "datetime", "Fin, UTC"),
            _text("hall", "Salle"),
            _text("version", "Cinéma : VF, VO, VOST…"),
        ),
        rows.sessions,
        {"eventId": "events"},
    ),
    Table(
        "offers",
        "Offres : ce qu'un lieu propose",
        (
            _id("id", "de l'offre"),
            _id("venueId", "du lieu"),
            _id("productId", "du produit, pour un bien"),
            _id("eventId", "de l'événement, pour une sortie"),
            _text("subcategory", "Sous-catégorie du pass Culture"),
            Column("isDuo", "boolean", "Réservable pour deux"),
            Column("isDigital", "boolean", "S'utilise en ligne"),
            _text("licence", "Licence du tout ; AND quand plusieurs s'appliquent"),
            _text("sources", "Protocoles des sources"),
            Column("updatedAt", "datetime", "Dernier changement, UTC"),
        ),
        rows.offers,
        {"venueId": "venues", "productId": "products", "eventId": "events"},
    ),
    Table(
        "stocks",
        "Lignes réservables",
        (
            _id("id", "de la ligne"),
            _id("offerId", "de l'offre"),
            _id("sessionId", "de la séance, s'il y en a une"),
            Column("priceCents", "integer", "Prix, en centimes d'euro ; vide : celui du produit"),
            _text("priceLabel", "Catégorie de prix"),
            Column("sellableUntil", "datetime", "Fin des réservations, UTC"),
        ),
        rows.stocks,
        {"offerId": "offers"},
    ),
)


def schema(table: Table) -> dict[str, Any]:
    """The table's Table Schema (v1)."""
    key = table.columns[0].name
    found: dict[str, Any] = {
        "fields": [
            {"name": column.name, "type": column.type, "description": column.description}
            | ({"constraints": {"required": True, "unique": True}} if column.name == key else {})
            for column in table.columns
        ],
        "primaryKey": [key],
        "missingValues": [""],
    }
    if table.references:
        found["foreignKeys"] = [
            {"fields": [column], "reference": {"resource": other, "fields": ["id"]}}
            for column, other in table.references.items()
        ]
    return found
