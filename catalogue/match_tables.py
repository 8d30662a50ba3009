"""What matching keeps of the whole catalogue besides its keys."""

from __future__ import annotations

from sqlalchemy import Column, Integer, SmallInteger, Text
from sqlmodel import Field, SQLModel

from catalogue.columns import BYTEWISE


class MatchWord(SQLModel, table=True):
    """How many entities of a kind have a word in their folded texts (`catalogue.rarity`); rare words have no row, and
    under the empty word stands the number of entities counted.
    """

    __tablename__ = "match_word"

    kind: int = Field(sa_column=Column(SmallInteger, primary_key=True))
    word: str = Field(sa_column=Column(Text(collation=BYTEWISE), primary_key=True))
    entities: int = Field(sa_column=Column(Integer, nullable=False))
