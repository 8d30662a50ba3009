"""All tables of the house in one metadata, as the models declare them."""

from sqlalchemy import MetaData
from sqlmodel import SQLModel

import accounts.tables
import bookings.outbox_tables
import bookings.tables
import bookings.token_tables
import catalogue.match_tables
import catalogue.merge_tables
import catalogue.offer_tables
import catalogue.record_tables
import catalogue.review_tables
import catalogue.tables
import sync.page_tables
import sync.push_tables
import sync.tables

ROOMS = (
    accounts.tables,
    bookings.outbox_tables,
    bookings.tables,
    bookings.token_tables,
    catalogue.match_tables,
    catalogue.merge_tables,
    catalogue.offer_tables,
    catalogue.record_tables,
    catalogue.review_tables,
    catalogue.tables,
    sync.page_tables,
    sync.push_tables,
    sync.tables,
)
"""Importing them is what fills the metadata."""
METADATA: MetaData = SQLModel.metadata
EXTENSIONS = ("pg_trgm",)
