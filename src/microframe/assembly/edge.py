"""Edge: one application as the server sees it: requests, sockets and the lifespan behind one callable."""

from typing import Awaitable, Mapping, NamedTuple, Optional, Protocol, Tuple

from microframe.asgi.heads import PAGE_HEADERS, SECURE_HEADERS, Heads
from microframe.asgi.http import build_http
from microframe.asgi.lifespan import serve_lifespan
from microframe.asgi.messages import (
    ASGIApp,
    HeadCheck,
    HeadLimits,
    Receive,
    Scope,
    Send,
    below,
    build_head_check,
)
from microframe.asgi.socket import SocketLimits, build_socket
from microframe.configurations.config import AppConfig
from microframe.context import Owner
from microframe.endpoint import Endpoint, Guard
from microframe.http.form_limits import DEFAULT_FORM_LIMITS, FormLimits
from microframe.injection.handler import limit_forms
from microframe.middleware.errors import DebugPage, Errors
from microframe.routing.dispatch import SocketHandler


class Served(Owner, Protocol):
    """What the edge needs of the application behind it."""

    config: AppConfig

    def start(self) -> Awaitable[Mapping[str, object]]: ...

    def stop(self) -> Awaitable[None]: ...


class Limits(NamedTuple):
    """What one application lets through, at the edge and where it is mounted in another; and what its answers say."""

    head: HeadCheck
    body: int
    form: FormLimits
    socket: SocketLimits
    heads: Heads


def configured_limits(config: AppConfig, says_headers: bool = False) -> Limits:
    """The limits of a configuration; `says_headers`: middleware puts the headers for browsers on answers."""
    head = build_head_check(
        HeadLimits(
            config.max_header_count, config.max_header_size, config.max_path_size, config.max_query_params
        )
    )
    socket = SocketLimits(head, config.websocket_max_message_size, config.websocket_allowed_origins)
    secure = SECURE_HEADERS if config.is_production else []
    heads = Heads([], []) if says_headers else Heads(PAGE_HEADERS, secure)
    return Limits(head, config.max_body_size, configured_form_limits(config), socket, heads)


def configured_form_limits(config: AppConfig) -> FormLimits:
    """The very defaults where they are configured: who compares sees at once that there is nothing to do."""
    limits = FormLimits(
        max_parts=config.max_form_parts,
        max_files=config.max_form_files,
        max_field_size=config.max_form_field_size,
        max_file_size=config.max_form_file_size,
        max_memory=config.max_form_memory,
        max_part_headers=config.max_part_headers,
        max_part_header_size=config.max_part_header_size,
    )
    return DEFAULT_FORM_LIMITS if limits == DEFAULT_FORM_LIMITS else limits


class Edge(NamedTuple):
    """`http` serves requests alone; `protocol` is everything."""

    http: ASGIApp
    protocol: ASGIApp


def build_edge(
    served: Served,
    endpoint: Endpoint,
    handler: SocketHandler,
    errors: Errors,
    guards: Tuple[Guard, ...],
    limits: Limits,
) -> Edge:
    """Put the edge together, with the limits that the configuration sets."""
    root = served.config.root_path
    if limits.form is not DEFAULT_FORM_LIMITS:
        endpoint = limit_forms(endpoint, limits.form)
    http = below(root, build_http(served, endpoint, errors, limits.head, limits.body, limits.heads))
    socket = below(root, build_socket(served, handler, guards, errors, limits.socket))

    async def protocol(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await http(scope, receive, send)
        elif scope["type"] == "websocket":
            await socket(scope, receive, send)
        elif scope["type"] == "lifespan":
            await serve_lifespan(served.start, served.stop, scope, receive, send)
        else:
            raise RuntimeError(f"this protocol is not spoken here: {scope['type']}")

    return Edge(http, protocol)


def configured_debug_page(config: AppConfig) -> Optional[DebugPage]:
    """The page of a 500 with its source lines, where the configuration allows it."""
    if not config.debug:
        return None
    from microframe.middleware.debug_page import build_debug_page  # what production does not load

    return build_debug_page([key.reveal() for key in config.secret_keys])
