"""Refusals of this face's own."""

from __future__ import annotations


class TooManyItems(Exception):
    """A batch holds more things than one may."""

    def __init__(self, max_items: int) -> None:
        super().__init__(f"Un envoi porte au plus {max_items} éléments, séances et stocks compris.")
        self.max_items = max_items
