"""Why two entities cannot be made one, or one taken apart: sentences for the person who asked."""

from __future__ import annotations


class MergeRefused(Exception):
    """What was asked contradicts what stands; nothing was changed. The message is French."""


class UnknownEntity(LookupError):
    """There is no such entity, record or merge. The message is French."""


class QuestionUnknown(LookupError):
    """Nobody ever asked that."""

    def __init__(self) -> None:
        super().__init__("Cette question est inconnue.")


class QuestionAnswered(Exception):
    """Another answer stands."""

    def __init__(self, verdict: str) -> None:
        super().__init__("Une autre réponse a été donnée : défaites-la d'abord.")
        self.verdict = verdict


class QuestionClosed(Exception):
    """It is no question any more."""

    def __init__(self) -> None:
        super().__init__("La question ne se pose plus : l'une des fiches a été retirée, ou réunie à l'autre.")


class NotAnswered(Exception):
    """There is no answer to take back."""

    def __init__(self) -> None:
        super().__init__("Cette question n'a pas de réponse à défaire.")
