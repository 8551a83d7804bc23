"""Below: what a mounted application sees of a connection: its part of the path, and its state over that around it."""

from typing import Any, Awaitable, Dict, Iterator, MutableMapping, Optional

from microframe.context import Owner, State
from microframe.endpoint import Endpoint
from microframe.http.connection import Connection
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.routing.dispatch import SocketHandler
from microframe.routing.route import Mount
from microframe.websocket import WebSocket


def enter_mount(mount: Mount, endpoint: Endpoint, owner: Optional[Owner]) -> Endpoint:
    """From the request as the routes beside a mount see it to the one that is answered below it.

    `owner` is the application that the inner request belongs to, None where it is not one of ours.
    """

    def entered(request: Request) -> Awaitable[Response]:
        prefix, rest = request.mounted_at
        inner = request.below(prefix, rest, owner or request.app)
        if owner is not None:
            inner._state = state_below(request, owner)
        inner.path_params = request.path_params
        inner.route = mount
        return endpoint(inner)

    return entered


def enter_socket_mount(handler: SocketHandler, owner: Optional[Owner]) -> SocketHandler:
    """The same for sockets, of which there is one for everybody."""

    def entered(socket: WebSocket) -> Awaitable[None]:
        prefix, socket.path = socket.mounted_at
        socket.root_path += prefix
        if owner is not None:
            socket._state = state_below(socket, owner)
            socket.app = owner
        return handler(socket)

    return entered


def state_below(connection: Connection, owner: Owner) -> State:
    """The state that a mounted application sees: its own lifespan's, and what this request has noted so far.

    What it notes is noted outside too. Where two lifespans left something under one name, each sees its own.
    """
    own, noted = owner.new_state(), connection.state
    left = connection.app.new_state() if len(own) else own
    shown = {
        name: value
        for name, value in own.items()
        if name not in noted or (name in left and noted[name] is left[name])
    }
    return State(Below(noted, shown)) if shown else noted


class Below(MutableMapping[str, Any]):
    """Values that hide those of the state around them, until others are written over them."""

    def __init__(self, around: State, own: Dict[str, Any]) -> None:
        self.around = around
        self.own = own

    def __getitem__(self, name: str) -> Any:
        return self.own[name] if name in self.own else self.around[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.own.pop(name, None)
        self.around[name] = value

    def __delitem__(self, name: str) -> None:
        if name in self.own:
            del self.own[name]
        elif name in self.around:
            delattr(self.around, name)
        else:
            raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self.around, *self.own]))

    def __len__(self) -> int:
        return len({*self.around, *self.own})
