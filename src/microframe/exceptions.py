"""Exceptions: what answers the client (`HTTPException`) and what stops the program from starting (`SetupError`)."""

import json
import re
from typing import Any, ClassVar, Dict, List, Mapping, Optional, Sequence, Union


class MicroFrameException(Exception):
    """Everything MicroFrame raises on purpose."""


# What stops the program ----------------------------------------------------------------------------------------------


class SetupError(MicroFrameException):
    """The program is wrong, found while it is being put together; the text names the handler and its file:line."""


# What answers the client ---------------------------------------------------------------------------------------------


# IANA's registry of status codes. Our own copy, because `http.HTTPStatus` calls some differently from one Python to the
# next, and the code of a problem is made from its phrase.
PHRASES: Mapping[int, str] = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    407: "Proxy Authentication Required",
    408: "Request Timeout",
    409: "Conflict",
    410: "Gone",
    411: "Length Required",
    412: "Precondition Failed",
    413: "Content Too Large",
    414: "URI Too Long",
    415: "Unsupported Media Type",
    416: "Range Not Satisfiable",
    417: "Expectation Failed",
    418: "I'm a Teapot",
    421: "Misdirected Request",
    422: "Unprocessable Content",
    423: "Locked",
    424: "Failed Dependency",
    425: "Too Early",
    426: "Upgrade Required",
    428: "Precondition Required",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    451: "Unavailable For Legal Reasons",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    505: "HTTP Version Not Supported",
    506: "Variant Also Negotiates",
    507: "Insufficient Storage",
    508: "Loop Detected",
    511: "Network Authentication Required",
}


def phrase_of(status_code: int) -> str:
    """The reason phrase of an error's status code (RFC 9110 §15), or `Error` where the registry has none."""
    return PHRASES.get(status_code, "Error")


def code_of_status(status_code: int) -> str:
    """`404` -> `not_found`: the stable slug of an error that has no class of its own."""
    phrase = phrase_of(status_code).lower().replace("'", "")
    return re.sub(r"[^a-z]+", "_", phrase)


def code_of(name: str) -> str:
    """`BoardNotFoundException` -> `board_not_found`: the stable slug of a class."""
    name = re.sub(r"(Exception|Error)$", "", name) or name
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class HTTPException(MicroFrameException):
    """An answer to the client, raised instead of returned.

    Raised with a `status_code`, as in FastAPI; children of `StatusException` have one of their own instead.
    `detail` is text for the reader, or any JSON value where the application's `error_format` is `detail`. Children
    give `status`, `code` (default: the class name as a slug) and `message` (default: the first line of the docstring),
    a template whose `{fields}` are the keywords given when it is raised.
    """

    status: ClassVar[int] = 500
    code: str = "internal_server_error"
    message: ClassVar[str] = ""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        own = vars(cls)
        if "code" not in own:
            cls.code = code_of(cls.__name__)
        if "message" not in own and cls.__doc__:
            # Kept now: `python -OO` has no docstrings left to read later on.
            cls.message = cls.__doc__.strip().splitlines()[0].strip()

    def __init__(
        self,
        status_code: Optional[int] = None,
        detail: Any = None,
        headers: Optional[Mapping[str, str]] = None,
        **fields: Any,
    ) -> None:
        status_code = self.status if status_code is None else status_code
        self.status_code = status_code
        self.headers = dict(headers) if headers else None
        self.fields: Dict[str, Any] = fields
        self.given_detail = detail
        if type(self) is HTTPException:
            self.code = code_of_status(status_code)
        super().__init__(status_code, detail)

    @property
    def title(self) -> str:
        """The short name of this kind of problem, the same on every occurrence (RFC 9457 §3.1.3)."""
        return phrase_of(self.status_code)

    @property
    def detail(self) -> Any:
        """What the reader is told: the detail it was raised with, else the message with its fields filled in."""
        if self.given_detail is not None:
            return self.given_detail
        return fill(self.message, self.fields) if self.message else self.title

    def __str__(self) -> str:
        return f"{self.status_code}: {self.detail}"


def fill(message: str, fields: Mapping[str, Any]) -> str:
    """A message template with its `{fields}` filled in; a field nobody gave stays as it is written."""
    return re.sub(r"\{(\w+)\}", lambda found: str(fields.get(found[1], found[0])), message)


class StatusException(HTTPException):
    """An `HTTPException` whose class says the status, so it is raised with a detail alone."""

    def __init__(
        self, detail: Any = None, headers: Optional[Mapping[str, str]] = None, **fields: Any
    ) -> None:
        super().__init__(self.status, detail, headers, **fields)


class BadRequestException(StatusException):
    """The request cannot be understood."""

    status = 400


class UnauthorizedException(StatusException):
    """Authentication is required."""

    status = 401

    def __init__(
        self, detail: Any = None, headers: Optional[Mapping[str, str]] = None, **fields: Any
    ) -> None:
        # RFC 9110 §15.5.2: a 401 must say how to authenticate.
        super().__init__(detail, {"WWW-Authenticate": "Bearer"} if headers is None else headers, **fields)


class ForbiddenException(StatusException):
    """You may not do this."""

    status = 403


class NotFoundException(StatusException):
    """There is nothing here."""

    status = 404


class MethodNotAllowedException(StatusException):
    """This method is not allowed here."""

    status = 405


class NotAcceptableException(StatusException):
    """There is no answer of a kind that you accept."""

    status = 406


class UnknownVersionException(BadRequestException):
    """This API has no version {version}: it has {known}."""


class PreconditionFailedException(StatusException):
    """This has changed since you read it, or is not what you expect: read it again."""

    status = 412


class PayloadTooLargeException(StatusException):
    """The request body is larger than this endpoint accepts."""

    status = 413


class UnsupportedMediaTypeException(StatusException):
    """This endpoint does not read that content type."""

    status = 415


class RangeNotSatisfiableException(StatusException):
    """The part you ask for begins behind the end; Content-Range says how long the whole is."""

    status = 416


class PreconditionRequiredException(StatusException):
    """Say which version you mean to change: send If-Match with the ETag that you read."""

    status = 428


class TooManyRequestsException(StatusException):
    """You ask too often: try again later."""

    status = 429


class HeadersTooLargeException(StatusException):
    """The request's headers are too many or too large."""

    status = 431


class ValidationException(StatusException):
    """The request does not have the expected shape."""

    status = 422
    code = "validation_error"

    def __init__(self, errors: Sequence[Mapping[str, Any]], *, body: Any = None) -> None:
        super().__init__()
        self._errors = [dict(error) for error in errors]
        self._body = body

    @property
    def body(self) -> Any:
        """What was sent: JSON as plain values, a text that is none as text, a form as its fields; None without any.

        It is repeated to nobody unless a handler of this exception does so.
        """
        if isinstance(self._body, bytes):
            self._body = plain_or_text(self._body)
        return self._body

    def errors(self) -> List[Dict[str, Any]]:
        """One record for each fault: `loc`, `msg`, `type`, and `ctx` and `input` where there are any."""
        return self._errors


def plain_or_text(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return body.decode("utf-8", "replace")


class GatewayTimeoutException(StatusException):
    """The answer was not ready in time."""

    status = 504


class ResponseValidationException(MicroFrameException):
    """A handler returned what its declared response does not allow: a fault of the program, answered as a 500."""

    def __init__(self, errors: Sequence[Mapping[str, Any]], where: str) -> None:
        self._errors = [dict(error) for error in errors]
        listed = "; ".join(f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in self._errors)
        super().__init__(f"{where} returned what its response does not allow: {listed}")

    def errors(self) -> List[Dict[str, Any]]:
        return self._errors


class Invalid(MicroFrameException):
    """A value that a codec refuses; `errors` have `loc`s relative to that value. Its reader adds where it stood."""

    def __init__(self, errors: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(errors)
        self.errors = errors

    def under(self, *loc: Union[str, int]) -> List[Dict[str, Any]]:
        """The same errors with `loc` put in front."""
        return [{**error, "loc": (*loc, *error["loc"])} for error in self.errors]


# Connections that ended ----------------------------------------------------------------------------------------------


class ClientDisconnect(MicroFrameException):
    """The client left before the request was read or answered."""


class WebSocketDisconnect(MicroFrameException):
    """The peer closed the socket; `code` as in RFC 6455 §7.4."""

    def __init__(self, code: int = 1000, reason: Optional[str] = None) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason or ""


class WebSocketException(MicroFrameException):
    """Close the socket with this code (RFC 6455 §7.4); before `accept` the handshake is refused with 403."""

    def __init__(self, code: int, reason: Optional[str] = None) -> None:
        super().__init__(code, reason)
        self.code = code
        self.reason = reason or ""


# Foreign exceptions --------------------------------------------------------------------------------------------------


def status_of(exc: BaseException) -> Optional[int]:
    """The integer `http_status` that an exception of another package may carry, so a domain need not import us."""
    status = getattr(exc, "http_status", None)
    return status if isinstance(status, int) and 400 <= status <= 599 else None


def wait_of(exc: BaseException) -> Optional[Dict[str, str]]:
    """The header `Retry-After` of an exception that carries `retry_after`, whole seconds; None where it does not."""
    seconds = getattr(exc, "retry_after", None)
    return {"Retry-After": str(seconds)} if type(seconds) is int and seconds >= 0 else None
