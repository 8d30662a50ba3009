"""Why this face itself says no."""

from __future__ import annotations


class NotPublished(Exception):
    """There is no such offer, or not any more, or a licence keeps it in: which of these is not told."""

    def __init__(self) -> None:
        super().__init__("Cette offre n'est pas, ou plus, dans les données ouvertes : retirez-la de votre copie.")
