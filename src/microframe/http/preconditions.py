"""Preconditions: what a request demands of the version it meets, and the answers 304, 412 and 428."""

from datetime import datetime
from typing import Optional, Union

from microframe.exceptions import PreconditionFailedException, PreconditionRequiredException
from microframe.http.conditional import (
    READING,
    UNCONDITIONAL,
    Validators,
    Version,
    format_etag,
    format_last_modified,
    is_conditional,
    precondition_status,
    seconds_of,
)
from microframe.http.headers import RawHeaders
from microframe.http.request import Request
from microframe.http.responses import Response, build_response

OF_THE_BODY = frozenset(
    f"content-{part}".encode()
    for part in ("disposition", "encoding", "language", "length", "location", "range", "type")
)
OF_THE_VERSION = frozenset(
    [b"accept-ranges", b"age", b"cache-control", b"etag", b"expires", b"last-modified"]
)


def check_preconditions(
    request: Request,
    *,
    etag: Optional[Version] = None,
    last_modified: Optional[Union[datetime, float]] = None,
    required: bool = False,
) -> Optional[Response]:
    """Compare a request's preconditions with the version that it meets, None where there is none yet.

    Gives the 304 to answer with where a GET or HEAD asks for what the client has already, else None. With `required`,
    what changes something must say from which version.

    Raises:
        PreconditionFailedException: the version is not the one that the client demands (RFC 9110 §13).
        PreconditionRequiredException: `required`, and the client demands none (RFC 6585 §3).
    """
    return check_version(request, as_validators(etag, last_modified), required)


def as_validators(
    etag: Optional[Version], last_modified: Optional[Union[datetime, float]] = None
) -> Validators:
    return Validators(
        None if etag is None else format_etag(etag),
        None if last_modified is None else seconds_of(last_modified),
    )


def check_version(request: Request, now: Validators, required: bool) -> Optional[Response]:
    changes = request.method not in READING and request.method not in UNCONDITIONAL
    if required and changes and not is_conditional(request.headers, now):
        raise PreconditionRequiredException()
    status = precondition_status(request.method, request.headers, now)
    if status is None:
        return None
    if status == 412:
        raise PreconditionFailedException()
    return not_modified(headers_of(now))


def headers_of(now: Validators) -> RawHeaders:
    """The headers that tell a version."""
    headers: RawHeaders = []
    if now.etag is not None:
        headers.append((b"etag", now.etag.encode("latin-1")))
    if now.modified is not None:
        headers.append((b"last-modified", format_last_modified(now.modified).encode("latin-1")))
    return headers


def not_modified(headers: RawHeaders) -> Response:
    """A 304 instead of an answer with these headers: what describes the body stays away (RFC 9110 §15.4.5)."""
    dropped = OF_THE_BODY
    if any(name == b"etag" for name, _ in headers):
        dropped = dropped | {b"last-modified"}
    return build_response(304, [pair for pair in headers if pair[0] not in dropped], b"")


def headers_for_refusal(headers: RawHeaders) -> RawHeaders:
    """What of an answer's headers an error in its place keeps: all that was not said of its representation."""
    return [pair for pair in headers if pair[0] not in OF_THE_BODY and pair[0] not in OF_THE_VERSION]
