"""Files: a file as the edge sends it: the part that was asked for, opened once, handed to the server if it takes it."""

import os
from typing import Any, AsyncIterator, List, Mapping, Optional, Union

from microframe.asgi.messages import Message
from microframe.concurrency import run_in_threadpool
from microframe.http.downloads import describe_again
from microframe.http.files import CHUNK, FileBody, FileParts, FileSlice, OpenFile, is_as_described
from microframe.http.headers import RawHeaders
from microframe.http.preconditions import headers_for_refusal
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.http.selection import select_part
from microframe.middleware.errors import Errors

PATHSEND = "http.response.pathsend"
ZEROCOPYSEND = "http.response.zerocopysend"
REPEATABLE = frozenset([b"set-cookie", b"vary"])


class TakenFile:
    """A file that is open, as a body to be sent and then closed.

    `data` is all that is sent of it, where that is little; it is closed by then.
    """

    __slots__ = ("_chunks", "body", "data", "file")

    def __init__(self, body: FileBody, reads: bool) -> None:
        self.body = body
        self.data: Optional[bytes] = None
        self._chunks: Optional[AsyncIterator[bytes]] = None
        self.file = OpenFile(body.path)
        try:
            if reads and body.length <= CHUNK and self.is_as_described:
                parts = [part if isinstance(part, bytes) else self.file.read(*part) for part in body.parts]
                self.data = b"".join(parts)
                self.file.close()
        except BaseException:
            self.file.close()
            raise

    @property
    def length(self) -> int:
        return self.body.length

    @property
    def is_as_described(self) -> bool:
        return is_as_described(self.body, self.file.stat)

    def __aiter__(self) -> AsyncIterator[bytes]:
        self._chunks = self.file.chunks(self.body.parts)
        return self._chunks

    async def aclose(self) -> None:
        close: Any = getattr(self._chunks, "aclose", None)
        if close is not None:
            await close()
        await run_in_threadpool(self.file.close)


def is_taken_by_server(body: FileBody, extensions: Mapping[str, Any]) -> bool:
    """Whether the server can send this itself: it offers to, and where it wants a path, a whole file is meant."""
    if ZEROCOPYSEND in extensions:
        return body.length > 0
    if PATHSEND not in extensions or not isinstance(body, FileSlice) or body.stat is None:
        return False
    return (body.offset, body.length) == (0, body.stat.st_size)


def hand_over(taken: TakenFile, extensions: Mapping[str, Any]) -> List[Message]:
    """What has the server send a file without a copy: by its path, or parts of the one that is open here."""
    body = taken.body
    if not is_taken_by_server(body, extensions):
        return []
    if ZEROCOPYSEND not in extensions:
        return [{"type": PATHSEND, "path": os.path.abspath(body.path)}]
    messages: List[Message] = []
    for number, part in enumerate(body.parts, 1):
        more = {"more_body": number < len(body.parts)}
        if isinstance(part, bytes):
            messages.append({"type": "http.response.body", "body": part, **more})
        else:
            place = {"offset": part[0], "count": part[1]}
            messages.append({"type": ZEROCOPYSEND, "file": taken.file.file, **place, **more})
    return messages


async def take_file(
    request: Request, response: Response, extensions: Mapping[str, Any], errors: Errors
) -> Response:
    """What a request gets of a file: a body of bytes, or a `TakenFile`, which whoever sends it must close.

    Before anything is sent it is known that the file can be read, and is the one that the headers tell of.
    """
    try:
        taken = await open_part(request, response, extensions)
    except Exception as exc:
        refusal = await errors.answer(request, exc)
        refusal.raw_headers = carried_over(response.raw_headers, refusal.raw_headers)
        is_file = isinstance(refusal.body, FileSlice)
        taken = await open_part(request, refusal, extensions) if is_file else refusal
        response.after.extend(refusal.after)
    taken.after = response.after
    return taken


def carried_over(headers: RawHeaders, own: RawHeaders) -> RawHeaders:
    """The headers of an error that comes instead of an answer: what middleware has put there still counts."""
    names = {name for name, _ in own} - REPEATABLE
    return [pair for pair in headers_for_refusal(headers) if pair[0] not in names] + own


async def open_part(request: Request, response: Response, extensions: Mapping[str, Any]) -> Response:
    chosen = select_part(request, response)
    body = chosen.body
    if not isinstance(body, (FileSlice, FileParts)):
        return chosen
    if request.method == "HEAD":
        headers = [pair for pair in chosen.raw_headers if pair[0] != b"content-length"]
        length = (b"content-length", b"%d" % body.length)
        return build_response(chosen.status_code, [*headers, length], b"")
    reads = not is_taken_by_server(body, extensions)
    opened: List[TakenFile] = []
    try:
        await run_in_threadpool(lambda: opened.append(TakenFile(body, reads)))
        taken = opened[0]
        if not taken.is_as_described:
            chosen = select_part(request, describe_again(response, taken.file.stat))
            if not isinstance(chosen.body, (FileSlice, FileParts)):
                await taken.aclose()
                return chosen
            taken.body = chosen.body
    except BaseException:
        for file in opened:
            await file.aclose()
        raise
    sent: Union[bytes, TakenFile] = taken if taken.data is None else taken.data
    return build_response(chosen.status_code, chosen.raw_headers, sent)
