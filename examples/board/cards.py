"""Cards: what is to be done on a board."""

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Optional

from examples.board.attachments import Files
from examples.board.boards import BoardNotFound, CurrentBoard, board_of_path
from examples.board.memory import Memory, Records
from examples.board.paging import Page
from examples.board.policies import OF_BOARD, WRITES
from examples.board.records import Card, CardChanges, NewCard, Stage
from examples.board.rooms import Rooms
from microframe import (
    Depends,
    NotFoundException,
    Provided,
    Query,
    Request,
    Response,
    Router,
    StatusException,
)


class CardNotFound(NotFoundException):
    """There is no card {card_id} on board {board_id}."""


class NobodyToAssign(StatusException):
    """There is no member {member_id} who could do this card."""

    status = 409


class Cards:
    """The cards of all boards. Whoever looks at a board hears of every change."""

    def __init__(self, memory: Provided[Memory], files: Provided[Files], rooms: Provided[Rooms]) -> None:
        self._memory = memory
        self._files = files
        self._rooms = rooms

    async def of(self, board_id: int, stages: list[Stage], assignee: Optional[int]) -> list[Card]:
        """The cards of one board, the newest first; no stages are all of them."""
        return [
            card
            for card in reversed((await self._memory.read()).cards.values())
            if card.board_id == board_id
            and (not stages or card.stage in stages)
            and (assignee is None or card.assignee == assignee)
        ]

    async def get(self, board_id: int, card_id: int) -> Card:
        return find_card(await self._memory.read(), board_id, card_id)

    async def add(self, board_id: int, new: NewCard) -> Card:
        async with self._memory.change() as records:
            if board_id not in records.boards:
                raise BoardNotFound(board_id=board_id)
            check_assignee(records, new.assignee)
            now = datetime.now(timezone.utc)
            card = Card(id=records.next_id(), board_id=board_id, created=now, **new.model_dump())
            records.cards[card.id] = card
        await self._rooms.tell(board_id, "card added", card.title)
        return card

    async def change(self, card: Card, changes: Mapping[str, object]) -> Card:
        async with self._memory.change() as records:
            check_assignee(records, changes.get("assignee"))
            changed = find_card(records, card.board_id, card.id).model_copy(update=dict(changes))
            records.cards[card.id] = changed
        await self._rooms.tell(card.board_id, "card changed", changed.title)
        return changed

    async def remove(self, card: Card) -> None:
        async with self._memory.change() as records:
            del records.cards[find_card(records, card.board_id, card.id).id]
            self._files.remove_all(records, card.id)
        await self._rooms.tell(card.board_id, "card removed", card.title)


def find_card(records: Records, board_id: int, card_id: int) -> Card:
    card = records.cards.get(card_id)
    if card is None or card.board_id != board_id:
        raise CardNotFound(card_id=card_id, board_id=board_id)
    return card


def check_assignee(records: Records, assignee: object) -> None:
    # Not 404: the card that the address names is there.
    if isinstance(assignee, int) and assignee not in records.members:
        raise NobodyToAssign(member_id=assignee)


async def card_of_path(board_id: int, card_id: int, cards: Provided[Cards]) -> Card:
    """The card that the path names."""
    return await cards.get(board_id, card_id)


CurrentCard = Annotated[Card, Depends(card_of_path)]

cards = Router(prefix="/cards", tags=["cards"], dependencies=[Depends(board_of_path)])


@cards.get(versions=["2026-01"])
async def list_cards_by_stage(board: CurrentBoard, cards: Provided[Cards]) -> dict[Stage, list[Card]]:
    """All cards of one board by stage, as the first version of the API had them."""
    found = await cards.of(board.id, [], None)
    return {stage: [card for card in found if card.stage is stage] for stage in Stage}


@cards.get(versions=["2026-11"])
async def list_cards(
    board: CurrentBoard,
    cards: Provided[Cards],
    page: Annotated[Page, Depends()],
    stage: Annotated[list[Stage], Query(default_factory=list)],
    assignee: Optional[int] = None,
) -> list[Card]:
    """The cards of one board, the newest first: `?stage=todo&stage=doing&assignee=1`."""
    return page.cut(await cards.of(board.id, stage, assignee))


@cards.post(limit=WRITES, cache=OF_BOARD, idempotency=True, status_code=201, raises=[NobodyToAssign])
async def add_card(
    board: CurrentBoard, new: NewCard, cards: Provided[Cards], request: Request, response: Response
) -> Card:
    card = await cards.add(board.id, new)
    response.headers["Location"] = str(request.url_for("read_card", board_id=board.id, card_id=card.id))
    return card


@cards.get("/{card_id}", raises=[CardNotFound])
async def read_card(card: CurrentCard) -> Card:
    return card


@cards.patch("/{card_id}", limit=WRITES, cache=OF_BOARD, raises=[CardNotFound, NobodyToAssign])
async def change_card(card: CurrentCard, changes: CardChanges, cards: Provided[Cards]) -> Card:
    """Change what is sent, and nothing else: `{"assignee": null}` takes the card away from its member."""
    return await cards.change(card, changes)


@cards.delete("/{card_id}", limit=WRITES, cache=OF_BOARD, status_code=204, raises=[CardNotFound])
async def remove_card(card: CurrentCard, cards: Provided[Cards]) -> None:
    await cards.remove(card)
