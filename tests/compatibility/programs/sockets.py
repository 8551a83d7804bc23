"""WebSockets: echo, parameters, dependencies, refusal before and after accepting."""

from typing import Annotated, Optional

from fastapi import (
    APIRouter,
    Cookie,
    Depends,
    FastAPI,
    Query,
    WebSocket,
    WebSocketDisconnect,
    WebSocketException,
    status,
)

app = FastAPI()
router = APIRouter(prefix="/rooms")


async def token_or_cookie(
    socket: WebSocket,
    session: Annotated[Optional[str], Cookie()] = None,
    token: Annotated[Optional[str], Query()] = None,
):
    if session is None and token is None:
        raise WebSocketException(code=status.WS_1008_POLICY_VIOLATION, reason="no")
    return session or token


@app.websocket("/ws")
async def echo(socket: WebSocket):
    await socket.accept()
    while True:
        await socket.send_text(f"Message text was: {await socket.receive_text()}")


@app.websocket("/items/{item_id}/ws")
async def items(
    socket: WebSocket,
    item_id: int,
    cookie_or_token: Annotated[str, Depends(token_or_cookie)],
    q: Optional[int] = None,
):
    await socket.accept()
    while True:
        data = await socket.receive_text()
        await socket.send_text(f"{cookie_or_token} {q} {item_id} {data}")


@router.websocket("/{room}")
async def room(socket: WebSocket, room: str):
    await socket.accept()
    try:
        while True:
            text = await socket.receive_text()
            if text == "close":
                await socket.close(4000, "bye")
                return
            if text == "raise":
                raise WebSocketException(4001, "raised")
            await socket.send_json({"room": room, "text": text}, mode="text")
    except WebSocketDisconnect:
        pass


@app.websocket("/never")
async def never(socket: WebSocket):
    await socket.close()


app.include_router(router)

ASKS = [
    ("WS /ws", {}, ["a", "b"]),
    ("WS /items/3/ws?token=t&q=5", {}, ["a"]),
    ("WS /items/3/ws", {"cookie": "session=s"}, ["a"]),
    ("WS /items/3/ws", {}, ["a"]),
    ("WS /items/x/ws?token=t", {}, ["a"]),
    ("WS /items/3/ws?token=t&q=x", {}, ["a"]),
    ("WS /rooms/blue", {}, ["a", "close"]),
    ("WS /rooms/blue", {}, ["raise"]),
    ("WS /never", {}, ["a"]),
    ("WS /nowhere", {}, ["a"]),
    "GET /ws",
]
