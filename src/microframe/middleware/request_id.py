"""Request id: a guard that gives every message the id it came with, or one of its own."""

from typing import Optional

from microframe.endpoint import Guard
from microframe.exceptions import SetupError
from microframe.http.connection import Connection
from microframe.http.headers import check_header, find
from microframe.http.media import is_token
from microframe.http.responses import Response
from microframe.posture import says

LONGEST = 128


def assign_request_id(header: str = "x-request-id") -> Guard:
    """Take the id that stands in this header, and send it, or a new one, back with whatever answers.

    Only a token (RFC 9110 §5.6.2) of at most 128 characters is taken: an id goes into logs and problem
    documents. It comes first of all guards, so that their refusals carry the id too.

    Raises:
        SetupError: this cannot be the name of a header.
    """
    try:
        name = check_header(header, "")[0]
    except ValueError as exc:
        raise SetupError(f"the header of the request id: {exc}") from exc

    @says()
    async def guard(connection: Connection) -> Optional[Response]:
        reply = connection.reply_headers
        if find(reply, name) is not None:
            return None  # the application that this one is mounted in has seen to it
        sent = find(connection.raw_headers, name)
        if sent is not None and len(sent) <= LONGEST and is_token(sent.decode("latin-1")):
            connection.id = sent.decode("ascii")
        reply.append((name, connection.id.encode("latin-1")))
        return None

    return guard
