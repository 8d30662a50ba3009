"""How alike two texts are, and whether two values agree where both were told."""

from __future__ import annotations

from rapidfuzz import fuzz


def ratio(left: str, right: str) -> float:
    """Return the likeness of two folded texts, 0 to 100, whatever the order of their words. Symmetric."""
    return max(fuzz.ratio(left, right), fuzz.token_sort_ratio(left, right))


def agree(left: str, right: str) -> bool | None:
    """Return whether two texts are equal; None where either is empty: not told is neither yes nor no."""
    return left == right if left and right else None
