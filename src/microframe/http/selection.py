"""Selection: which part of a file answers a request: all of it, the ranges asked for, or none."""

from hashlib import blake2b
from typing import Optional

from microframe.exceptions import PreconditionFailedException, RangeNotSatisfiableException
from microframe.http.conditional import (
    READING,
    is_range_current,
    precondition_status,
    read_validators,
)
from microframe.http.files import FileSlice
from microframe.http.headers import RawHeaders, find
from microframe.http.preconditions import not_modified
from microframe.http.ranges import format_content_range, join_ranges, parse_ranges
from microframe.http.request import Request
from microframe.http.responses import Body, Response, build_response

PRECONDITIONS = frozenset([b"if-match", b"if-none-match", b"if-modified-since", b"if-unmodified-since"])


def select_part(request: Request, response: Response) -> Response:
    """What of a file a request gets: the answer itself, 304, or 206 with what its Range asks for (RFC 9110 §13.2.2).

    HEAD is answered as GET. Only an answer 200 is looked at, and none that has `Accept-Ranges: none` is cut.

    Raises:
        PreconditionFailedException: another version is demanded.
        RangeNotSatisfiableException: all of the ranges begin behind the end.
    """
    body = response.body
    if response.status_code != 200 or request.method not in READING or not isinstance(body, FileSlice):
        return response
    known = select_version(request, response)
    if known is not None:
        return known
    headers = response.raw_headers
    accepted = find(headers, b"accept-ranges")
    if accepted is None:
        headers = [*headers, (b"accept-ranges", b"bytes")]
    elif accepted != b"bytes":
        return response
    part = select_ranges(request, body, headers) if find(request.raw_headers, b"range") is not None else None
    return build_response(200, headers, body) if part is None else part


def select_version(request: Request, response: Response) -> Optional[Response]:
    """The 304 to a GET or HEAD whose client has this very answer already; None where it is to be sent.

    Raises:
        PreconditionFailedException: another version is demanded.
    """
    if response.status_code != 200 or request.method not in READING:
        return None
    if not any(name in PRECONDITIONS for name, _ in request.raw_headers):
        return None
    now = read_validators(response.raw_headers)
    status = precondition_status(request.method, request.headers, now)
    if status == 412:
        raise PreconditionFailedException()
    if status is None:
        return None
    known = not_modified(response.raw_headers)
    known.after = response.after
    return known


def with_own_tag(response: Response) -> Response:
    """An answer with a strong entity tag made of its body, unless it has one or its body is not there yet."""
    body = response.body
    if (
        response.status_code == 200
        and isinstance(body, bytes)
        and find(response.raw_headers, b"etag") is None
    ):
        # Its type is a part of it: two representations of one resource never share a tag.
        kind = find(response.raw_headers, b"content-type") or b""
        digest = blake2b(body, digest_size=16, key=blake2b(kind).digest()).hexdigest()
        response.raw_headers = [*response.raw_headers, (b"etag", f'"{digest}"'.encode("ascii"))]
    return response


def select_ranges(request: Request, body: FileSlice, headers: RawHeaders) -> Optional[Response]:
    """The answer 206 to a Range; None for one that does not count: of another version, or not understood."""
    sent = request.headers.getlist("range")
    if len(sent) > 1 or not is_range_current(request.headers, read_validators(headers)):
        return None
    ranges = parse_ranges(sent[0], body.length)
    if ranges is None:
        return None
    if not ranges:
        raise RangeNotSatisfiableException(headers={"Content-Range": f"bytes */{body.length}"})
    if len(ranges) == 1:
        one = ranges[0]
        content_range = format_content_range(one, body.length).encode("ascii")
        part: Body = FileSlice(body.path, body.offset + one.start, one.end - one.start, body.stat)
        return build_response(206, [*headers, (b"content-range", content_range)], part)
    kind = find(headers, b"content-type")
    parts, media_type = join_ranges(body, ranges, None if kind is None else kind.decode("latin-1"))
    kept = [pair for pair in headers if pair[0] != b"content-type"]
    return build_response(206, [*kept, (b"content-type", media_type.encode("ascii"))], parts)
