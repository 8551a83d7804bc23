"""Writers: what makes a Response of the value that a handler returned."""

import json
from typing import Any, Callable, Dict, Optional, Type, cast

from microframe.context import Context
from microframe.exceptions import Invalid, ResponseValidationException
from microframe.http.background import BackgroundTasks
from microframe.http.responses import (
    HTMLResponse,
    JSONResponse,
    Response,
    build_response,
    content_type_header,
)
from microframe.validation.codec import Encode

Reply = Callable[[Any, Any], Response]
"""`(request, value) -> Response`."""

JSON_TYPE = (b"content-type", b"application/json")
HTML_TYPE = (b"content-type", content_type_header("text/html"))


def has_no_body(status_code: int) -> bool:
    return status_code < 200 or status_code in (204, 205, 304)


def reply_json(status_code: int, encode: Encode, where: str) -> Reply:
    def reply(request: Context, value: Any) -> Response:
        if isinstance(value, Response):
            return value
        try:
            return build_response(status_code, [JSON_TYPE], encode(value))
        except Invalid as exc:
            raise ResponseValidationException(exc.under("response"), where) from None

    return reply


def reply_anything(status_code: int, encode: Encode) -> Reply:
    """The reply of a handler that does not say what it returns: JSON, or a page where the value says it is HTML."""

    def reply(request: Context, value: Any) -> Response:
        if type(value) is dict:
            return build_response(status_code, [JSON_TYPE], encode(value))
        if isinstance(value, Response):
            return value
        if hasattr(type(value), "__html__"):
            return build_response(status_code, [HTML_TYPE], str(value.__html__()).encode())
        return build_response(status_code, [JSON_TYPE], encode(value))

    return reply


def checked(encode: Encode, where: str) -> Encode:
    def encode_checked(value: Any) -> bytes:
        try:
            return encode(value)
        except Invalid as exc:
            raise ResponseValidationException(exc.under("response"), where) from None

    return encode_checked


def reply_as(kind: Type[Response], status_code: Optional[int], encode: Encode) -> Reply:
    given: Dict[str, Any] = {} if status_code is None else {"status_code": status_code}

    def reply(request: Context, value: Any) -> Response:
        if isinstance(value, Response):
            return value
        if not isinstance(value, (str, bytes)) and (issubclass(kind, JSONResponse) or is_plain(value)):
            value = json.loads(encode(value))
        return kind(value, **given)

    return reply


def reply_text(kind: Type[Response], status_code: int, encode: Encode) -> Reply:
    """The reply of plain text and HTML: text goes out as it is, None as nothing, any other data as JSON text.

    In a page, what says that it is HTML is.
    """
    pair, charset = kind.type_header, kind.charset
    is_page = issubclass(kind, HTMLResponse)

    def reply(request: Context, value: Any) -> Response:
        if type(value) is str:
            return build_response(status_code, [] if pair is None else [pair], value.encode(charset))
        if isinstance(value, Response):
            return value
        if is_page and hasattr(type(value), "__html__"):
            return kind(str(value.__html__()), status_code)
        return kind(encode(value) if value is not None and is_plain(value) else value, status_code)

    return reply


def is_plain(value: Any) -> bool:
    """Whether a value is data to be written as text, rather than a path, an iterator, or what else a class takes."""
    return isinstance(value, (dict, list, tuple, int, float, type(None))) or hasattr(value, "model_dump")


def reply_empty(status_code: int) -> Reply:
    def reply(request: Context, value: Any) -> Response:
        return value if isinstance(value, Response) else build_response(status_code, [], b"")

    return reply


def add_own_parts(request: Context, response: Response, value: Any) -> None:
    """Add what the graph put into its `Response` and `BackgroundTasks`, where it asked for them."""
    own: Optional[Response] = request.values.get(Response)
    if own is not None and own is not response:
        if own.status_code and not isinstance(value, Response):
            response.status_code = own.status_code
            if has_no_body(own.status_code):
                response.body, response.raw_headers = b"", []
        # One type of content is all that an answer can have.
        given = {name for name, _ in own.raw_headers} & {b"content-type"}
        kept = (
            [pair for pair in response.raw_headers if pair[0] not in given] if given else response.raw_headers
        )
        response.raw_headers = kept + own.raw_headers
    tasks = cast(Optional[BackgroundTasks], request.values.get(BackgroundTasks))
    if tasks is not None and tasks.tasks:
        response.after.append(tasks)
