"""Records: what the board is about, as it is stored and sent, and as clients write it."""

from datetime import datetime
from enum import Enum
from typing import Annotated, Optional

from pydantic import BaseModel, Field, StringConstraints
from typing_extensions import TypedDict

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Text = Annotated[str, Field(max_length=5_000)]


class Stage(str, Enum):
    """How far a card has come."""

    TODO = "todo"
    DOING = "doing"
    DONE = "done"


class NewMember(BaseModel):
    name: Name


class Member(NewMember):
    id: int
    joined: datetime


class NewBoard(BaseModel):
    title: Title
    text: Text = ""


class Board(NewBoard):
    id: int
    created: datetime


class NewCard(BaseModel):
    title: Title
    text: Text = ""
    stage: Stage = Stage.TODO
    assignee: Optional[int] = None
    """The id of a member."""


class Card(NewCard):
    id: int
    board_id: int
    created: datetime


class Attachment(BaseModel):
    id: int
    card_id: int
    name: str
    """What its sender calls it."""
    note: str
    size: int
    """Bytes."""
    added: datetime


class StoredFile(Attachment):
    stored: str
    """The name under which it is stored: nobody else's affair, so it is never sent."""


# What a PATCH may say: only the keys that were sent are there, so "not said" and "set to null" stay apart.


class BoardChanges(TypedDict, total=False):
    title: Title
    text: Text


class CardChanges(TypedDict, total=False):
    title: Title
    text: Text
    stage: Stage
    assignee: Optional[int]
