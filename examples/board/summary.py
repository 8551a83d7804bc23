"""Summary: how far a board has come; counted once for everybody who asks, and again when something changes."""

import os
from datetime import datetime, timezone

from pydantic import BaseModel

from examples.board.boards import CurrentBoard
from examples.board.cards import Cards
from examples.board.policies import OF_BOARD
from examples.board.records import Stage
from microframe import Provided, Router

summary = Router(prefix="/summary", tags=["boards"])


class Summary(BaseModel):
    cards: dict[Stage, int]
    counted: datetime
    process: int
    """Which of the processes has counted."""


@summary.get(cache=OF_BOARD)
async def summarize(board: CurrentBoard, cards: Provided[Cards]) -> Summary:
    """How many cards there are at each stage."""
    found = await cards.of(board.id, [], None)
    counts = {stage: sum(card.stage is stage for card in found) for stage in Stage}
    return Summary(cards=counts, counted=datetime.now(timezone.utc), process=os.getpid())
