"""Memory: where the board keeps its records until it has a database."""

from collections.abc import Iterator
from itertools import count

from examples.board.records import Attachment, Board, Card, Member


class Memory:
    """Everything the application knows, for as long as it runs."""

    def __init__(self) -> None:
        self.members: dict[int, Member] = {}
        self.boards: dict[int, Board] = {}
        self.cards: dict[int, Card] = {}
        self.files: dict[int, Attachment] = {}
        self._ids: Iterator[int] = count(1)

    def next_id(self) -> int:
        """A number that no other record has."""
        return next(self._ids)
