"""Body: what a request carries, from the options that describe it."""

import json
from email.message import Message as Fields
from typing import Any, AsyncGenerator, AsyncIterable, Generator, Iterable, Mapping, Optional, Tuple, Union
from urllib.parse import urlencode

from microframe.http.headers import RawHeaders, find
from microframe.testing.address import flatten
from microframe.testing.multipart import format_multipart, new_boundary

Body = Union[bytes, Iterable[bytes], AsyncIterable[bytes]]

CHUNK = 64 * 1024
"""The most that an application receives at once, as from a server."""

FORM = b"application/x-www-form-urlencoded"


def encode_body(options: Mapping[str, Any], sent: RawHeaders) -> Tuple[Body, RawHeaders]:
    """The body, and the headers that describe it, of `content`, `json`, or `data` and `files`.

    `sent` are the request's own headers: what they say of the body stands.

    Raises:
        TypeError: more than one body is given, or one that is none.
    """
    given = [name for name in ("content", "json", "data", "files") if options.get(name) is not None]
    if not given:
        return b"", []
    if len(given) > 1 and given != ["data", "files"]:
        raise TypeError(f"a request has one body, not {' and '.join(given)}")
    value = options[given[0]]
    if given[0] == "json":
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode(), [(b"content-type", b"application/json")]
    if given[-1] == "files":
        boundary = boundary_of(sent) or new_boundary()
        media_type = f"multipart/form-data; boundary={boundary}"
        body = format_multipart(options.get("data"), options["files"], boundary)
        return body, [(b"content-type", media_type.encode("ascii"))]
    if given[0] == "data" and is_form(value):
        return urlencode(flatten(value)).encode("ascii"), [(b"content-type", FORM)]
    return plain_body(value), []


def is_form(value: object) -> bool:
    """Whether `data` is a form: a mapping, or pairs; the rest is a body already."""
    return isinstance(value, Mapping) or (
        isinstance(value, (list, tuple)) and all(isinstance(item, tuple) for item in value)
    )


def plain_body(value: object) -> Body:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value)
    if isinstance(value, (AsyncIterable, Iterable)) and not isinstance(value, Mapping):
        return value
    raise TypeError(f"a body is bytes, text, or an iterable of bytes, not {type(value).__name__}")


def boundary_of(sent: RawHeaders) -> Optional[str]:
    """The boundary that the request's own Content-Type names."""
    content_type = find(sent, b"content-type")
    if content_type is None:
        return None
    fields = Fields()
    fields["content-type"] = content_type.decode("latin-1")
    return fields.get_boundary()


async def pieces_of(body: Body) -> AsyncGenerator[bytes, None]:
    """The body in the pieces it is sent in; an iterable that can be closed is, at the end."""
    if isinstance(body, bytes):
        for start in range(0, len(body), CHUNK):
            yield body[start : start + CHUNK]
        return
    try:
        if isinstance(body, AsyncIterable):
            async for piece in body:
                yield checked(piece)
        else:
            for piece in body:
                yield checked(piece)
    finally:
        await close(body)


async def close(body: object) -> None:
    if hasattr(body, "aclose"):
        await body.aclose()
    elif isinstance(body, Generator):
        body.close()


def checked(piece: object) -> bytes:
    if isinstance(piece, str):
        return piece.encode()
    if not isinstance(piece, bytes):
        raise TypeError(f"the pieces of a body are bytes, not {type(piece).__name__}")
    return piece


def framing(method: str, body: Body, sent: RawHeaders) -> RawHeaders:
    """The header that says where the body ends (RFC 9112 §6), unless the request says so itself."""
    if find(sent, b"content-length") is not None or find(sent, b"transfer-encoding") is not None:
        return []
    if not isinstance(body, bytes):
        return [(b"transfer-encoding", b"chunked")]
    if body or method in ("POST", "PUT", "PATCH"):
        return [(b"content-length", b"%d" % len(body))]
    return []
