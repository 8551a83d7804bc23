"""Testing: requests and sockets to an application without a server, in tests that fail instead of hanging."""

from microframe.testing.blocking import TestClient, WebSocketSession
from microframe.testing.client import AsyncTestClient
from microframe.testing.cookies import Cookies
from microframe.testing.events import ReceivedEvent
from microframe.testing.failures import ClientTimeout, ProtocolError, TooManyRedirects
from microframe.testing.request import ClientRequest
from microframe.testing.response import ClientResponse, HTTPStatusError
from microframe.testing.socket import AsyncWebSocketSession, WebSocketDenied

__all__ = [
    "AsyncTestClient",
    "AsyncWebSocketSession",
    "ClientRequest",
    "ClientResponse",
    "ClientTimeout",
    "Cookies",
    "HTTPStatusError",
    "ProtocolError",
    "ReceivedEvent",
    "TestClient",
    "TooManyRedirects",
    "WebSocketDenied",
    "WebSocketSession",
]
