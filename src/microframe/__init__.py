"""MicroFrame: a small, very fast ASGI framework with the batteries real products need."""

from typing import TYPE_CHECKING, Any

from microframe import status
from microframe.application import Application
from microframe.concurrency import run_in_threadpool
from microframe.configurations import AppConfig, load_config
from microframe.context import Context, Deadline, State
from microframe.endpoint import Endpoint, Guard, Middleware
from microframe.exceptions import (
    BadRequestException,
    ForbiddenException,
    GatewayTimeoutException,
    HTTPException,
    MicroFrameException,
    NotFoundException,
    PreconditionFailedException,
    PreconditionRequiredException,
    SetupError,
    StatusException,
    TooManyRequestsException,
    UnauthorizedException,
    ValidationException,
    WebSocketDisconnect,
    WebSocketException,
)
from microframe.http.background import BackgroundTask, BackgroundTasks
from microframe.http.cache_control import Cache
from microframe.http.conditional import format_etag
from microframe.http.connection import Connection
from microframe.http.downloads import FileResponse
from microframe.http.events import EventSourceResponse, ServerSentEvent
from microframe.http.files import FileSlice
from microframe.http.form_limits import FormLimits
from microframe.http.forms import FormData
from microframe.http.headers import Headers, MutableHeaders
from microframe.http.parts import FormPart, FormParts
from microframe.http.preconditions import check_preconditions
from microframe.http.query import QueryParams
from microframe.http.redirects import safe_redirect
from microframe.http.request import Request
from microframe.http.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    StreamingResponse,
)
from microframe.http.streams import JSONLinesResponse
from microframe.http.uploads import UploadFile
from microframe.http.url import URL
from microframe.identity import Identity
from microframe.injection.last_event import LastEventID
from microframe.markers import (
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    Path,
    Provided,
    Query,
    Security,
    SecurityScopes,
    raises,
)
from microframe.middleware.cors import CORSMiddleware
from microframe.plugin import Host, Plugin
from microframe.routing.controller import Controller, route
from microframe.routing.idempotency import Idempotency
from microframe.routing.router import Router
from microframe.routing.versions import Deprecation, HeaderVersions, MediaTypeVersions, PathVersions
from microframe.staticfiles import StaticFiles
from microframe.validation.encoder import jsonable_encoder
from microframe.websocket import WebSocket

if TYPE_CHECKING:
    from microframe.shield import SecurityMiddleware

__version__ = "3.0.0.dev0"

__all__ = [
    "URL",
    "AppConfig",
    "Application",
    "BackgroundTask",
    "BackgroundTasks",
    "BadRequestException",
    "Body",
    "CORSMiddleware",
    "Cache",
    "Connection",
    "Context",
    "Controller",
    "Cookie",
    "Deadline",
    "Depends",
    "Deprecation",
    "Endpoint",
    "EventSourceResponse",
    "File",
    "FileResponse",
    "FileSlice",
    "ForbiddenException",
    "Form",
    "FormData",
    "FormLimits",
    "FormPart",
    "FormParts",
    "GatewayTimeoutException",
    "Guard",
    "HTMLResponse",
    "HTTPException",
    "Header",
    "HeaderVersions",
    "Headers",
    "Host",
    "Idempotency",
    "Identity",
    "JSONLinesResponse",
    "JSONResponse",
    "LastEventID",
    "MediaTypeVersions",
    "MicroFrameException",
    "Middleware",
    "MutableHeaders",
    "NotFoundException",
    "Path",
    "PathVersions",
    "PlainTextResponse",
    "Plugin",
    "PreconditionFailedException",
    "PreconditionRequiredException",
    "Provided",
    "Query",
    "QueryParams",
    "RedirectResponse",
    "Request",
    "Response",
    "Router",
    "Security",
    "SecurityMiddleware",
    "SecurityScopes",
    "ServerSentEvent",
    "SetupError",
    "State",
    "StaticFiles",
    "StatusException",
    "StreamingResponse",
    "TooManyRequestsException",
    "UnauthorizedException",
    "UploadFile",
    "ValidationException",
    "WebSocket",
    "WebSocketDisconnect",
    "WebSocketException",
    "check_preconditions",
    "format_etag",
    "jsonable_encoder",
    "load_config",
    "raises",
    "route",
    "run_in_threadpool",
    "safe_redirect",
    "status",
]


def __getattr__(name: str) -> Any:
    """What few programs use, and what it takes to import it, is imported when it is asked for (PEP 562)."""
    if name == "SecurityMiddleware":
        from microframe.shield import SecurityMiddleware

        return SecurityMiddleware
    raise AttributeError(f"module 'microframe' has no attribute {name!r}")
