"""Why this face itself says no."""

from __future__ import annotations


class OfferUnknown(Exception):
    """There is no such offer, or it has been withdrawn."""

    def __init__(self) -> None:
        super().__init__("Cette offre n'existe pas, ou plus.")
