"""WebSockets: what both ends say, and that no wait is without an end."""

import asyncio
from typing import Any

import pytest

from microframe.exceptions import WebSocketDisconnect
from microframe.testing import (
    AsyncTestClient,
    AsyncWebSocketSession,
    ClientTimeout,
    ProtocolError,
    TestClient,
    WebSocketDenied,
)
from microframe.testing.waiting import ASGIApplication, Message, Receive, Scope, Send
from tests.testing.applications import Routes, answering

pytestmark = pytest.mark.virtual_time

ACCEPT: Message = {"type": "websocket.accept"}
CLOSE: Message = {"type": "websocket.close"}


def text(data: str) -> Message:
    return {"type": "websocket.send", "text": data}


def closing(code: int, reason: str = "") -> Message:
    return {"type": "websocket.close", "code": code, "reason": reason}


def saying(*messages: Message, then: Any = None) -> ASGIApplication:
    """Sends these messages, then ends, raises an exception, or waits for the client to leave."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "websocket.connect"
        for message in messages:
            await send(message)
        if isinstance(then, BaseException):
            raise then
        if then == "wait":
            while (await receive())["type"] != "websocket.disconnect":
                pass

    return app


class Echo:
    """Sends back what it receives; keeps the message that ends it."""

    end: Message

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send(ACCEPT)
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                self.end = message
                return
            await send({**message, "type": "websocket.send"})


def connect(app: ASGIApplication, timeout: float = 5, **options: Any) -> AsyncWebSocketSession:
    return AsyncTestClient(app, **options).websocket_connect("/ws", timeout=timeout)


# Messages


async def test_text_bytes_and_json_go_and_come() -> None:
    async with connect(Echo()) as socket:
        await socket.send_text("é")
        assert await socket.receive_text() == "é"
        await socket.send_bytes(b"\xff")
        assert await socket.receive_bytes() == b"\xff"
        await socket.send_json({"a": "é"})
        assert await socket.receive() == {"type": "websocket.send", "text": '{"a":"é"}'}
        await socket.send_json([1], mode="binary")
        assert await socket.receive_json(mode="binary") == [1]
        await socket.send({"type": "websocket.receive", "text": "[2]", "bytes": None})
        assert await socket.receive_json() == [2]


async def test_leaving_the_block_closes_the_socket() -> None:
    app = Echo()
    async with connect(app):
        pass
    assert app.end == {"type": "websocket.disconnect", "code": 1000, "reason": ""}


async def test_the_client_closes_with_a_code() -> None:
    app = Echo()
    async with connect(app) as socket:
        await socket.close(4001, "bye")
        with pytest.raises(RuntimeError, match="closed"):
            await socket.send_text("x")
        with pytest.raises(WebSocketDisconnect):
            await socket.receive()
    assert app.end == {"type": "websocket.disconnect", "code": 4001, "reason": "bye"}


async def test_the_application_closes_with_a_code() -> None:
    async with connect(saying(ACCEPT, text("a"), closing(4002, "why"))) as socket:
        assert await socket.receive_text() == "a"
        for _ in range(2):
            with pytest.raises(WebSocketDisconnect) as caught:
                await socket.receive_text()
            assert (caught.value.code, caught.value.reason) == (4002, "why")


async def test_a_close_can_be_received_as_a_message() -> None:
    async with connect(saying(ACCEPT, closing(4002))) as socket:
        assert await socket.receive() == closing(4002)
        with pytest.raises(WebSocketDisconnect):
            await socket.receive()


async def test_iteration_ends_with_a_normal_close() -> None:
    messages = [ACCEPT, text("a"), {"type": "websocket.send", "bytes": b"b"}]
    async with connect(saying(*messages, CLOSE)) as socket:
        assert [message async for message in socket] == ["a", b"b"]
        assert [message async for message in socket] == []
    async with connect(saying(*messages, closing(4000))) as socket:
        assert await socket.__anext__() == "a"
        with pytest.raises(WebSocketDisconnect):
            assert [message async for message in socket] == [b"b"]
        with pytest.raises(WebSocketDisconnect):
            await socket.__anext__()


async def test_the_other_kind_of_message_is_a_failure() -> None:
    async with connect(saying(ACCEPT, text("a"), then="wait")) as socket:
        with pytest.raises(ProtocolError, match=r"waits for bytes; the application sent .*'a'"):
            await socket.receive_bytes()
        with pytest.raises(TypeError, match="str"):
            await socket.send_text(b"x")  # type: ignore[arg-type]


async def test_the_applications_send_waits_for_a_slow_test() -> None:
    sent = 0

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal sent
        await send(ACCEPT)
        while True:
            await send(text(str(sent)))
            sent += 1

    async with connect(app) as socket:
        assert await socket.receive_text() == "0"
        await asyncio.sleep(0.01)
        assert sent == 256
        assert await socket.receive_text() == "1"


# The handshake


async def test_scope_is_a_servers() -> None:
    app = Routes(ws=saying(ACCEPT, then="wait"))
    client = AsyncTestClient(app, "https://shop.example", cookies={"a": "1"})
    async with client.websocket_connect("/ws?x=1", subprotocols=["v1", "v2"], headers={"x-a": "b"}):
        pass
    scope = app.last
    headers = dict(scope.pop("headers"))
    assert len(headers.pop(b"sec-websocket-key")) == 24
    assert headers == {
        b"host": b"shop.example",
        b"user-agent": b"testclient",
        b"connection": b"Upgrade",
        b"upgrade": b"websocket",
        b"origin": b"https://shop.example",
        b"sec-websocket-version": b"13",
        b"sec-websocket-protocol": b"v1, v2",
        b"x-a": b"b",
        b"cookie": b"a=1",
    }
    assert scope == {
        "type": "websocket",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "wss",
        "path": "/ws",
        "raw_path": b"/ws",
        "query_string": b"x=1",
        "root_path": "",
        "client": ("127.0.0.1", 50000),
        "server": ("shop.example", 443),
        "subprotocols": ["v1", "v2"],
        "state": {},
        "extensions": {"http.response.early_hint": {}, "microframe.raise": {}, "websocket.http.response": {}},
    }


async def test_headers_of_the_handshake_are_the_tests() -> None:
    app = Routes(ws=saying(ACCEPT, then="wait"))
    client = AsyncTestClient(app)
    async with client.websocket_connect("ws://other.example/ws", headers={"origin": "http://evil.example"}):
        pass
    assert (app.last["scheme"], app.last["server"]) == ("ws", ("other.example", 80))
    assert (b"origin", b"http://evil.example") in app.last["headers"]
    async with client.websocket_connect("/ws", headers={"origin": None}, auth=("a", "b"), params={"q": 1}):
        pass
    assert b"origin" not in dict(app.last["headers"])
    assert (dict(app.last["headers"])[b"authorization"], app.last["query_string"]) == (b"Basic YTpi", b"q=1")
    with pytest.raises(TypeError, match="json"):
        client.websocket_connect("/ws", json={})  # type: ignore[call-arg]


async def test_what_the_application_accepts_with() -> None:
    headers = [(b"x-a", b"b"), (b"set-cookie", b"c=d")]
    app = saying({**ACCEPT, "subprotocol": "v2", "headers": headers}, then="wait")
    client = AsyncTestClient(app)
    async with client.websocket_connect("/ws", subprotocols=["v1", "v2"]) as socket:
        assert (socket.accepted_subprotocol, socket.headers["x-a"]) == ("v2", "b")
        assert dict(client.cookies) == {"c": "d"}
    async with connect(saying(ACCEPT, then="wait")) as socket:
        assert socket.accepted_subprotocol is None


async def test_a_close_before_accept_is_a_403() -> None:
    with pytest.raises(WebSocketDenied) as caught:
        async with connect(saying(closing(4003, "no"))):
            raise AssertionError("entered")
    assert isinstance(caught.value, WebSocketDisconnect)
    assert (caught.value.code, caught.value.reason, caught.value.response.status_code) == (4003, "no", 403)


async def test_a_denial_has_its_response() -> None:
    begin = {"type": "websocket.http.response.start", "status": 401, "headers": [(b"set-cookie", b"a=b")]}
    pieces = [
        {"type": "websocket.http.response.body", "body": b, "more_body": b == b"sor"} for b in (b"sor", b"ry")
    ]
    client = AsyncTestClient(saying(begin, *pieces))
    with pytest.raises(WebSocketDenied) as caught:
        await client.websocket_connect("/ws").__aenter__()
    response = caught.value.response
    assert (response.status_code, response.text, dict(response.cookies)) == (401, "sorry", {"a": "b"})
    assert dict(client.cookies) == {"a": "b"}


# Faults


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([], "neither accepted nor refused"),
        ([text("a")], "websocket.send during the handshake"),
        ([{"type": "websocket.http.response.body"}], "during the handshake"),
        ([{**ACCEPT, "subprotocol": "v9"}], "'v9'; offered were"),
        ([{**ACCEPT, "headers": [(b"A", b"")]}], "lower-case"),
        ([closing(99)], "code 99"),
    ],
)
async def test_handshakes_against_the_protocol(messages: list[Message], told: str) -> None:
    with pytest.raises(ProtocolError, match=told):
        await connect(saying(*messages)).__aenter__()


@pytest.mark.parametrize(
    ("messages", "told"),
    [
        ([ACCEPT], "websocket.accept after the socket is accepted"),
        ([{"type": "http.response.start"}], "http.response.start after"),
        ([{"type": "websocket.send"}], "either text or bytes"),
        ([{"type": "websocket.send", "text": "a", "bytes": b"b"}], "either text or bytes"),
        ([{"type": "websocket.send", "text": b"a"}], "either text or bytes"),
        ([closing(1000, "x" * 124)], "123 bytes"),
        ([CLOSE, text("late")], "websocket.send after the end"),
    ],
)
async def test_messages_against_the_protocol(messages: list[Message], told: str) -> None:
    async def receive_twice() -> None:
        async with connect(saying(ACCEPT, *messages)) as socket:
            await socket.receive()
            await socket.receive()

    with pytest.raises(ProtocolError, match=told):
        await receive_twice()


# The application's failures


async def test_what_the_application_raises_is_raised_by_the_next_receive_or_send() -> None:
    for action in ("receive_text", "send_text"):
        async with connect(saying(ACCEPT, text("before"), then=LookupError("own"))) as socket:
            assert await socket.receive_text() == "before"
            with pytest.raises(LookupError, match="own"):
                await getattr(socket, action)(*["x"] * (action == "send_text"))


async def test_or_by_leaving_the_block() -> None:
    with pytest.raises(LookupError, match="own"):
        async with connect(saying(ACCEPT, then=LookupError("own"))):
            pass
    with pytest.raises(LookupError, match="own"):
        async with connect(saying(ACCEPT, closing(4000), then=LookupError("own"))) as socket:
            await socket.receive_text()


async def test_it_is_behind_a_close_that_says_so() -> None:
    async with connect(saying(ACCEPT, closing(1011), then=LookupError("own"))) as socket:
        with pytest.raises(LookupError, match="own"):
            await socket.receive_text()


async def test_it_is_behind_a_refusal() -> None:
    for messages in ([], [CLOSE]):
        with pytest.raises(LookupError, match="own"):
            await connect(saying(*messages, then=LookupError("own"))).__aenter__()


async def test_or_the_socket_is_only_gone() -> None:
    app = saying(ACCEPT, then=LookupError("own"))
    async with connect(app, raise_server_exceptions=False) as socket:
        with pytest.raises(WebSocketDisconnect, match="LookupError") as caught:
            await socket.receive_text()
    assert caught.value.code == 1006
    with pytest.raises(WebSocketDenied) as denied:
        await connect(saying(then=LookupError("own")), raise_server_exceptions=False).__aenter__()
    assert denied.value.response.status_code == 500


async def test_the_tests_own_failure_goes_first() -> None:
    with pytest.raises(ArithmeticError):
        async with connect(saying(ACCEPT, then=LookupError("own"))):
            raise ArithmeticError


async def test_sending_to_a_client_that_has_left_is_an_os_error_and_no_failure() -> None:
    errors: list[BaseException] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send(ACCEPT)
        while True:
            try:
                await send(text("tick"))
            except OSError as exc:
                errors.append(exc)
                await send(CLOSE)
                raise

    async with connect(app):
        pass
    assert len(errors) == 1


async def test_nor_is_the_disconnect_of_any_framework_after_it() -> None:
    class Foreign(Exception): ...

    Foreign.__name__ = "WebSocketDisconnect"
    for error in (Foreign(), WebSocketDisconnect()):
        async with connect(saying(ACCEPT, then=error)):
            pass


# Waits


async def test_a_receive_fails_at_once_when_the_application_has_ended() -> None:
    async with connect(saying(ACCEPT), timeout=60) as socket:
        with pytest.raises(WebSocketDisconnect, match="ended without closing") as caught:
            await socket.receive_text()
    assert caught.value.code == 1006


async def test_a_receive_fails_when_nothing_comes() -> None:
    async with connect(saying(ACCEPT, then="wait"), timeout=0.02) as socket:
        with pytest.raises(
            ClientTimeout, match=r"WebSocket /ws: the application sent nothing after 0.02 s; .*receive"
        ):
            await socket.receive_text()
        with pytest.raises(ClientTimeout, match=r"0.01 s"):
            await socket.receive_bytes(timeout=0.01)
        await socket.send_text("still open")


async def test_a_handshake_fails_that_nobody_answers() -> None:
    with pytest.raises(ClientTimeout, match="has not accepted the socket"):
        await connect(saying(then="wait"), timeout=0.02).__aenter__()


@pytest.mark.parametrize("messages", [[], [CLOSE]])
async def test_leaving_fails_when_the_application_does_not_end(messages: list[Message]) -> None:
    ended = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await saying(ACCEPT, *messages)(scope, receive, send)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(True)

    with pytest.raises(ClientTimeout, match=r"has not ended after 0\.02 s; .*in app"):
        async with connect(app, timeout=0.02):
            pass
    assert ended == [True]


async def test_the_application_is_told_of_the_end_as_often_as_it_asks() -> None:
    seen: list[Message] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await saying(ACCEPT, closing(4005))(scope, receive, send)
        seen.extend([await receive(), await receive()])

    async with connect(app) as socket:
        with pytest.raises(WebSocketDisconnect):
            await socket.receive_text()
    assert seen == [{"type": "websocket.disconnect", "code": 4005, "reason": ""}] * 2


# The blocking client


def test_the_blocking_session_says_the_same() -> None:
    app = Echo()
    client = TestClient(Routes(ws=app, http=answering()))
    with client.websocket_connect("/ws") as socket:
        socket.send_text("a")
        socket.send_bytes(b"b")
        socket.send_json([1])
        socket.send_json([2], mode="binary")
        socket.send({"type": "websocket.receive", "text": "c"})
        assert (socket.receive_text(), socket.receive_bytes()) == ("a", b"b")
        assert (socket.receive_json(), socket.receive_json(mode="binary")) == ([1], [2])
        assert socket.receive()["text"] == "c"
        assert (socket.accepted_subprotocol, dict(socket.headers), socket.request.method) == (None, {}, "GET")
        with pytest.raises(ClientTimeout):
            socket.receive_text(timeout=0.01)
        socket.close(4006)
    assert app.end["code"] == 4006


def test_the_blocking_session_is_iterated_and_denied() -> None:
    client = TestClient(Routes(ws=saying(ACCEPT, text("a"), text("b"), CLOSE), no=saying(CLOSE)))
    with client.websocket_connect("/ws", subprotocols=["v1"]) as socket:
        assert list(socket) == ["a", "b"]
    with pytest.raises(WebSocketDenied), client.websocket_connect("/no"):
        raise AssertionError("entered")
