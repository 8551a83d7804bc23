"""Downloads: a file as an answer."""

import os
from stat import S_ISREG
from typing import Mapping, Optional, Union

from microframe.http.conditional import file_etag, format_http_date
from microframe.http.files import FileChanged, FileSlice
from microframe.http.filetypes import media_type_of
from microframe.http.headers import RawHeaders
from microframe.http.media import format_disposition
from microframe.http.responses import Response, Task, build_response


class FileResponse(Response):
    """A file, sent the cheapest way the server knows, with its length, its ETag and its date of change.

    Answered to a GET or HEAD it keeps to what the request says: a client that has it gets 304, a Range 206 and that
    part alone (RFC 9110 §13, §14). `headers={"Accept-Ranges": "none"}` has it always sent whole.

    With `filename` the browser is told to save it under this name, or with
    `content_disposition_type="inline"` to show it. The media type follows from the name. Never make a `path`
    of what a client sent: that is for `StaticFiles`.

    A response is plain data, so the file is looked at now, in the event loop: microseconds on a local disk.
    Where they may be more, give `stat_result=await run_in_threadpool(os.stat, path)`.

    Raises:
        OSError: there is no such file.
        ValueError: it is no regular file.
    """

    __slots__ = ()

    def __init__(
        self,
        path: Union[str, "os.PathLike[str]"],
        status_code: int = 200,
        headers: Optional[Mapping[str, str]] = None,
        media_type: Optional[str] = None,
        background: Optional[Task] = None,
        filename: Optional[str] = None,
        stat_result: Optional[os.stat_result] = None,
        content_disposition_type: str = "attachment",
    ) -> None:
        found = os.stat(path) if stat_result is None else stat_result
        if not S_ISREG(found.st_mode):
            raise ValueError(f"{os.fspath(path)!r} is no regular file")
        kind = media_type or self.media_type or media_type_of(filename or os.path.basename(path))
        super().__init__(None, status_code, headers, kind, background)
        self.body = FileSlice(os.path.abspath(path), 0, found.st_size, found)
        sent = self.headers
        if filename is not None:
            sent.setdefault("content-disposition", format_disposition(content_disposition_type, filename))
        sent.setdefault("last-modified", format_http_date(found.st_mtime))
        sent.setdefault("etag", file_etag(found))


def describe_file(body: FileSlice) -> RawHeaders:
    """The headers that tell the version of a file, as far as it was looked at."""
    if body.stat is None:
        return []
    date, etag = format_http_date(body.stat.st_mtime), file_etag(body.stat)
    return [(b"last-modified", date.encode("ascii")), (b"etag", etag.encode("ascii"))]


def describe_again(response: Response, found: os.stat_result) -> Response:
    """The same answer with another file, which has come to the place of the one it was made for.

    Raises:
        FileChanged: it is not of a whole file, so nobody knows which part it would be now.
    """
    body = response.body
    assert isinstance(body, FileSlice)
    old = body.stat
    if old is None or (body.offset, body.length) != (0, old.st_size):
        raise FileChanged(body.path)
    again = FileSlice(body.path, 0, found.st_size, found)
    before, now = dict(describe_file(body)), dict(describe_file(again))
    headers: RawHeaders = []
    for name, value in response.raw_headers:
        if name in now:
            # The tag of a compressed file has that of the file in it.
            value = value.replace(before[name].strip(b'"'), now[name].strip(b'"'))
        headers.append((name, value))
    return build_response(response.status_code, headers, again)
