"""The chat of the team board: what is told, to whom, and how it ends."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from examples.board.app import app
from examples.board.rooms import KEPT, WAITING, Message, Rooms
from microframe import WebSocketDisconnect
from microframe.brokers.memory import MemoryBroker
from microframe.stores.memory import MemoryStore
from microframe.testing import TestClient, WebSocketDenied
from microframe.testing.blocking import WebSocketSession

ADA, GRACE, BOARD, TODO, DOING, DONE = range(1, 7)  # the ids of the sample


def chat_url(member: int, board: int = BOARD) -> str:
    return f"/boards/{board}/chat?member_id={member}"


def heard_until(socket: WebSocketSession, kind: str, who: str = "") -> list[str]:
    """What is heard, as text, up to the message of this kind."""
    heard = []
    while True:
        message = socket.receive_json()
        heard.append(" ".join(filter(None, (message["who"], message["kind"], message["text"]))))
        if message["kind"] == kind and message["who"] == who:
            return heard


def test_what_is_said_is_heard_by_everybody_on_the_board() -> None:
    with TestClient(app) as client, client.websocket_connect(chat_url(ADA)) as ada:
        heard_until(ada, "joined", "Ada")
        with client.websocket_connect(chat_url(GRACE)) as grace:
            heard_until(grace, "joined", "Grace")
            grace.send_json({"text": "hello"})
            assert heard_until(ada, "said", "Grace") == ["Grace joined", "Grace said hello"]
            assert heard_until(grace, "said", "Grace") == ["Grace said hello"]
        assert heard_until(ada, "left", "Grace") == ["Grace left"]


def test_changes_of_cards_are_heard_at_once() -> None:
    with TestClient(app) as client, client.websocket_connect(chat_url(ADA)) as ada:
        heard_until(ada, "joined", "Ada")
        place = client.post(f"/boards/{BOARD}/cards", json={"title": "New"}).headers["location"]
        assert heard_until(ada, "card added") == ["card added New"]
        client.patch(place, json={"title": "Newer"})
        assert heard_until(ada, "card changed") == ["card changed Newer"]
        client.delete(place)
        assert heard_until(ada, "card removed") == ["card removed Newer"]


def test_who_comes_later_hears_what_was_told_before() -> None:
    with TestClient(app) as client:
        with client.websocket_connect(chat_url(ADA)) as ada:
            ada.send_json({"text": "first"})
            heard_until(ada, "said", "Ada")
        with client.websocket_connect(chat_url(GRACE)) as grace:
            heard = heard_until(grace, "joined", "Grace")
        assert heard[-4:] == ["Ada joined", "Ada said first", "Ada left", "Grace joined"]


@pytest.mark.parametrize("text", ["", "no JSON", "[]", '{"text": "  "}', '{"text": 1}', '{"text": "\ud83d"}'])
def test_what_is_no_message_is_refused_and_the_chat_goes_on(text: str) -> None:
    with TestClient(app) as client, client.websocket_connect(chat_url(ADA)) as ada:
        heard_until(ada, "joined", "Ada")
        ada.send_text(text)
        assert len(heard_until(ada, "refused")) == 1
        ada.send_json({"text": "still here"})
        assert heard_until(ada, "said", "Ada") == ["Ada said still here"]


@pytest.mark.parametrize(
    ("url", "code"),
    [(chat_url(99), "member_not_found"), (chat_url(ADA, board=99), "board_not_found")],
)
def test_strangers_and_unknown_boards_are_denied_with_their_problem(url: str, code: str) -> None:
    with TestClient(app) as client:
        with pytest.raises(WebSocketDenied) as denied, client.websocket_connect(url):
            pass
        assert denied.value.response.status_code == 404
        assert denied.value.response.json()["code"] == code


def test_a_chat_without_a_member_is_denied() -> None:
    with TestClient(app) as client:
        with pytest.raises(WebSocketDenied) as denied, client.websocket_connect(f"/boards/{BOARD}/chat"):
            pass
        assert denied.value.response.status_code == 401


def test_a_board_that_goes_closes_its_chat() -> None:
    with TestClient(app) as client:
        board = client.post("/boards", json={"title": "Short"}).json()["id"]
        with client.websocket_connect(chat_url(ADA, board)) as ada:
            heard_until(ada, "joined", "Ada")
            assert client.delete(f"/boards/{board}").status_code == 204
            with pytest.raises(WebSocketDisconnect) as closed:
                ada.receive_json()
        assert closed.value.code == 1013


async def test_who_says_much_at_once_sends_nobody_away() -> None:
    words = [
        {"type": "websocket.receive", "text": f'{{"text": "{number}"}}'} for number in range(3 * WAITING)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:  # a server that has everything there already
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    messages: list[dict[str, Any]] = [
        {"type": "websocket.connect"},
        *words,
        {"type": "websocket.disconnect", "code": 1000},
    ]
    async with app.lifespan_context():
        await app(socket_scope(chat_url(ADA)), receive, send)
    assert sent[0]["type"] == "websocket.accept"
    assert sum('"said"' in message.get("text", "") for message in sent) == len(words)


def socket_scope(url: str) -> dict[str, Any]:
    path, _, query = url.partition("?")
    headers = [(b"host", b"testserver")]
    return {"type": "websocket", "path": path, "query_string": query.encode(), "headers": headers}


# Rooms, without any application --------------------------------------------------------------------------


@pytest.fixture
def rooms() -> Rooms:
    return Rooms(MemoryStore(), MemoryBroker())


async def texts_of(messages: AsyncIterator[Message]) -> list[str]:
    return [message.text async for message in messages]


async def test_who_does_not_listen_is_sent_away_and_the_others_stay(rooms: Rooms) -> None:
    async with rooms.listen(1) as slow, rooms.listen(1) as quick:
        await rooms.tell(1, "said", "0")
        assert [(await one.__anext__()).text for one in (slow, quick)] == ["0", "0"]
        for number in range(1, WAITING + 2):
            await rooms.tell(1, "said", str(number))
            assert (await quick.__anext__()).text == str(number)
        assert await texts_of(slow) == []
        await rooms.close(1)
        assert await texts_of(quick) == []


async def test_a_newcomer_hears_no_more_than_what_is_kept_and_nothing_twice(rooms: Rooms) -> None:
    for number in range(KEPT + 10):
        await rooms.tell(1, "said", str(number))
    async with rooms.listen(1) as messages:
        await rooms.tell(1, "said", "meanwhile")
        heard = [(await messages.__anext__()).text for _ in range(KEPT)]
        await rooms.tell(1, "said", "now")
        assert (await messages.__anext__()).text == "now"
    assert heard == [*(str(number) for number in range(11, KEPT + 10)), "meanwhile"]


async def test_of_many_who_tell_at_once_nothing_is_lost(rooms: Rooms) -> None:
    await asyncio.gather(*(rooms.tell(1, "said", str(number)) for number in range(KEPT)))
    async with rooms.listen(1) as messages:
        heard = {(await messages.__anext__()).text for _ in range(KEPT)}
    assert heard == {str(number) for number in range(KEPT)}


async def test_a_room_is_forgotten_with_its_board(rooms: Rooms) -> None:
    await rooms.tell(1, "said", "words")
    await rooms.close(1)
    async with rooms.listen(1) as messages:
        await rooms.tell(1, "said", "new words")
        assert (await messages.__anext__()).text == "new words"
