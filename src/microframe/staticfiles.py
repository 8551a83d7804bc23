"""StaticFiles: an endpoint that answers with the files of a folder, and with nothing outside it."""

import os
from stat import S_ISDIR, S_ISREG
from typing import List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union

from microframe.concurrency import run_in_threadpool
from microframe.exceptions import MethodNotAllowedException, NotFoundException, SetupError
from microframe.http.conditional import file_etag
from microframe.http.downloads import FileResponse
from microframe.http.filenames import is_device
from microframe.http.filetypes import media_type_of
from microframe.http.headers import Headers
from microframe.http.media import accepts_encoding
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.http.selection import select_version
from microframe.http.url import is_local_path, quote_path, quote_query

Folder = Union[str, "os.PathLike[str]"]

INDEX = "index.html"
MISSING = "404.html"
WELL_KNOWN = ".well-known"  # RFC 8615


CODINGS = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""Content codings and how their files are named, the smallest first."""


class Found(NamedTuple):
    """A file that may be served; `is_index` where a folder was asked for, `coding` where it is compressed."""

    path: str
    stat: os.stat_result
    is_index: bool = False
    coding: Optional[str] = None


class StaticFiles:
    """The files of a folder: `app.mount("/static", StaticFiles(directory="static"))`.

    `packages` adds the folder `statics` of installed packages, or `(package, folder)`. With `html`, a folder
    is answered with its `index.html`, and what is not there with `404.html`. Links that lead outside the
    folder are refused unless `follow_symlink`. Folders are never listed. `headers` are put on every file that is
    sent: `{"Cache-Control": "public, max-age=31536000, immutable"}`.

    Answers have ETag and Last-Modified, a client that has the file is told 304, and one that asks for a range gets
    it. With `precompressed`, `app.js.br`, `app.js.zst` or `app.js.gz` beside `app.js` is sent in its place to who
    accepts the coding; make them anew whenever the file changes.

    The path is taken as it is written: `//`, `/./` and `/../` are not there, so a guard in front sees what is
    served. Not served, on any system: hidden files (`.env`, `.git/…`; `/.well-known/…` is), names that mean
    something else on Windows (`NUL.txt`, `a:b`, `a\\b`, a dot or space at the end), what is no regular file.
    A hard link is a file of the folder: who may make one decides what is served.

    Raises:
        SetupError: there is no such folder or package (`check_dir=False` leaves the folder for later), or a header
            that cannot be sent.
    """

    def __init__(
        self,
        *,
        directory: Optional[Folder] = None,
        packages: Optional[Sequence[Union[str, Tuple[str, str]]]] = None,
        html: bool = False,
        check_dir: bool = True,
        follow_symlink: bool = False,
        precompressed: bool = False,
        headers: Optional[Mapping[str, str]] = None,
    ) -> None:
        self.html = html
        self.follow_symlink = follow_symlink
        self.precompressed = precompressed
        try:
            self.headers = Headers.of(headers or {})
        except ValueError as exc:
            raise SetupError(f"StaticFiles: {exc}") from exc
        self.folders: List[str] = []
        if directory is not None:
            self.folders.append(os.path.abspath(directory))
            if check_dir and not os.path.isdir(directory):
                raise SetupError(f"StaticFiles: there is no folder {os.fspath(directory)!r}")
        self.folders += [folder_of(package) for package in packages or ()]
        if not self.folders:
            raise SetupError("StaticFiles needs a directory or packages")

    async def __call__(self, request: Request) -> Response:
        """The file at the request's path below where this is mounted."""
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowedException(headers={"Allow": "GET, HEAD"})
        names = split_path(request)
        as_folder = asks_for_folder(request)
        codings = self.accepted_codings(request)
        found = None if names is None else await run_in_threadpool(self.find, names, as_folder, codings)
        if found is None or names is None:
            return await self.answer_missing()
        if found.is_index and not as_folder:
            return redirect_to_folder(request)
        return self.answer_with(found, INDEX if found.is_index else names[-1], request)

    def accepted_codings(self, request: Request) -> Sequence[str]:
        """The codings a compressed file may be in, best first."""
        accept = request.headers.get("accept-encoding") if self.precompressed else None
        left, accepted = list(CODINGS), []
        while accept and left:
            coding = accepts_encoding(accept, *left)
            if coding is None:
                break
            accepted.append(coding)
            left.remove(coding)
        return accepted

    def answer_with(self, found: Found, name: str, request: Request) -> Response:
        """The file under the name it was asked by, or 304 where the client has it."""
        headers = dict(self.headers)
        if found.coding is not None:
            headers["content-encoding"] = found.coding
            # Another representation than the plain file, so never the same tag.
            headers["etag"] = f'{file_etag(found.stat)[:-1]}-{found.coding}"'
        response = FileResponse(found.path, 200, headers, media_type_of(name), stat_result=found.stat)
        if self.precompressed:
            response.headers.add_vary("Accept-Encoding")
        # The edge would do so too, but middleware between it and this may have work to save.
        return select_version(request, response) or response

    async def answer_missing(self) -> Response:
        page = await run_in_threadpool(self.find, [MISSING], False) if self.html else None
        if page is None:
            raise NotFoundException()
        response = FileResponse(page.path, 404, media_type="text/html", stat_result=page.stat)
        # These would be taken for those of what is missing.
        del response.headers["etag"]
        del response.headers["last-modified"]
        return response

    def find(self, names: List[str], as_folder: bool, codings: Sequence[str] = ()) -> Optional[Found]:
        """The file with these names in the first folder that has one; reads the disk."""
        for folder in self.folders:
            found = look_up(folder, names, self.follow_symlink)
            if found is None:
                continue
            if S_ISREG(found.stat.st_mode) and not as_folder:
                return self.compressed(folder, names, codings) or found
            if S_ISDIR(found.stat.st_mode) and self.html:
                inside = [*names, INDEX]
                index = look_up(folder, inside, self.follow_symlink)
                if index is not None and S_ISREG(index.stat.st_mode):
                    index = self.compressed(folder, inside, codings) or index
                    return index._replace(is_index=True)
        return None

    def compressed(self, folder: str, names: List[str], codings: Sequence[str]) -> Optional[Found]:
        """The file beside one that is the same in a coding; the rules for what may be served are the same."""
        for coding in codings:
            found = look_up(folder, [*names[:-1], names[-1] + CODINGS[coding]], self.follow_symlink)
            if found is not None and S_ISREG(found.stat.st_mode):
                return found._replace(coding=coding)
        return None


def folder_of(package: Union[str, Tuple[str, str]]) -> str:
    """The folder of static files that an installed package has."""
    from importlib.util import find_spec

    name, inside = (package, "statics") if isinstance(package, str) else package
    try:
        spec = find_spec(name)
    except (ImportError, ValueError) as exc:
        raise SetupError(f"StaticFiles: the package {name!r} cannot be found: {exc}") from exc
    if spec is None or spec.origin is None:
        raise SetupError(f"StaticFiles: there is no package {name!r}")
    folder = os.path.join(os.path.dirname(os.path.abspath(spec.origin)), inside)
    if not os.path.isdir(folder):
        raise SetupError(f"StaticFiles: the package {name!r} has no folder {inside!r}")
    return folder


# Paths ------------------------------------------------------------------------------------------------------


def split_path(request: Request) -> Optional[List[str]]:
    """The names along the path, none for `/`; None where one of them could mean something else."""
    path = request.path
    if path[:1] != "/":
        return None
    if request.escaped:
        if "%2F" in path:
            return None  # a slash inside a name
        path = path.replace("%25", "%")
    names = path[1:].split("/")
    if not names[-1]:
        names.pop()
    if not all(is_plain(name) for name in names):
        return None
    hidden = [name for name in names if name[0] == "."]
    return names if not hidden or (hidden == [WELL_KNOWN] and names[0] == WELL_KNOWN) else None


def is_plain(name: str) -> bool:
    """Whether a name is one file's name on every system."""
    if not name or name in (".", "..") or name[-1] in ". ":
        return False
    if any(character in "/\\:\x7f" or character < " " for character in name):
        return False
    return not is_device(name)


def look_up(folder: str, names: List[str], follow_symlink: bool) -> Optional[Found]:
    """What stands there, if it is inside the folder; the same None for what is outside, closed or missing."""
    path = os.path.join(folder, *names)
    try:
        if not follow_symlink:
            path = os.path.realpath(path)
            root = os.path.realpath(folder)
            if os.path.commonpath([path, root]) != root:
                return None
        # A file that may not be read is found out now, and not after the answer has begun.
        return Found(path, os.stat(path)) if os.access(path, os.R_OK) else None
    except (OSError, ValueError):
        return None


def asks_for_folder(request: Request) -> bool:
    """Whether the path ends in a slash that the client wrote: below a mount, `/` also stands for nothing."""
    if request.path == "/" and request._outer is not None:
        return request._outer.path[-1:] == "/"
    return request.path[-1:] == "/"


# Answers ----------------------------------------------------------------------------------------------------


def redirect_to_folder(request: Request) -> Response:
    """Send the client to the same path with a slash, on this host: the location has no scheme and no host."""
    path = quote_path(f"{request.root_path}{request.plain_path}".rstrip("/") + "/")
    if not is_local_path(path):
        raise NotFoundException()
    query = quote_query(request.query_string.decode("latin-1"))
    location = f"{path}?{query}" if query else path
    return build_response(307, [(b"location", location.encode("ascii"))], b"")
