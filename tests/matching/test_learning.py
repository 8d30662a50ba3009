"""What answers add: they move what is wrong and leave alone what is right."""

from __future__ import annotations

import numpy as np

from matching.agreement import FIELDS
from matching.learning import learn


def pairs(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Levels of the title and the price, and the truth: the price decides, and the title says little."""
    chance = np.random.default_rng(seed)
    truth = chance.random(count) < 0.4
    levels = np.zeros((count, len(FIELDS)), np.uint8)
    levels[:, FIELDS.index("title")] = chance.integers(1, 16, count)
    levels[:, FIELDS.index("price")] = np.where(truth ^ (chance.random(count) < 0.05), 5, 1)
    return levels, truth


def test_answers_correct_what_was_thought_without() -> None:
    """A field that was given no weight gets one, and serves for pairs that nobody spoke of."""
    levels, truth = pairs(600, 1)
    answers = np.where(np.arange(600) < 200, truth, -1).astype(np.int8)
    flat = np.zeros(600)
    learned = learn(levels, flat, flat, answers, np.arange(600))
    assert learned is not None
    called = learned.odds(levels, flat, flat)[200:] > 0
    assert (called == truth[200:]).mean() > 0.9


def test_answers_that_say_what_was_known_change_nothing() -> None:
    """Where every answer is as it was thought without them, nothing is learned."""
    levels, truth = pairs(600, 2)
    odds = np.where(truth, 6.0, -6.0)
    assert learn(levels, odds, odds, truth.astype(np.int8), np.arange(600)) is None


def test_few_answers_teach_nothing() -> None:
    """Nine of a sort are too few."""
    levels, _ = pairs(18, 3)
    answers = np.array([1] * 9 + [0] * 9, np.int8)
    assert learn(levels, np.zeros(18), np.zeros(18), answers, np.arange(18)) is None
