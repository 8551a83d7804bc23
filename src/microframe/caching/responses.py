"""Response cache: the answers that an application keeps, and how they are forgotten."""

import logging
from collections import OrderedDict
from typing import Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple, Union
from urllib.parse import unquote, urlsplit

from microframe.caching.flights import Flights
from microframe.caching.kept import Kept, read_kept
from microframe.caching.keys import MOST_PREFIXES, path_tags, request_key, tag_of
from microframe.caching.shelf import Shelf
from microframe.http.headers import find
from microframe.http.request import Request
from microframe.http.responses import Response

logger = logging.getLogger("microframe.cache")

ALONE_FOR = 10.0
"""Seconds for which answers that could not be shared are not waited for: each request makes its own."""
MOST_ALONE = 4096
MOST_LATELY, LARGEST_LATELY = 256, 16_384
"""Answers that are remembered as they were read, and bytes of the largest: at most 8 MB in all."""

Names = Tuple[bytes, ...]


class Found(NamedTuple):
    """What is kept for a request, if anything, under which key, and all the headers on which answers to it depend."""

    kept: Optional[Kept]
    names: Names
    key: str


class Made(NamedTuple):
    """What came of asking for an answer: it, what of it others may have, under which key, and what to say of it."""

    response: Optional[Response]
    kept: Optional[Kept] = None
    key: str = ""
    note: bytes = b""


class ResponseCache:
    """The answers of routes with `cache=` that are kept: to forget them before their time is over.

    Ask for it in a handler, or with `await context.resolve(ResponseCache)`. What is being made meanwhile is forgotten
    too.
    """

    __provided__ = True

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.flights: Flights[Made] = Flights(shelf.locks, shelf.key("answer"))
        self._alone: OrderedDict[str, float] = OrderedDict()
        self._lately: Dict[str, Tuple[bytes, Union[Kept, Names]]] = {}
        """What was read lately, beside its bytes: while the store gives the same it says the same."""

    async def forget_tags(self, *tags: str) -> None:
        """Forget the answers of these tags, as their routes name them: `"board:7"`."""
        await self.shelf.forget([tag_of("tag", tag) for tag in tags])

    async def forget_url(self, url: str) -> None:
        """Forget the answers of one path, whatever the query: `"/boards/7"`, or a whole URL."""
        await self.shelf.forget([tag_of("path", unquote(urlsplit(url).path) or "/")])

    async def forget_prefix(self, path: str) -> None:
        """Forget the answers of a path and of all that is below it: `"/boards/7"`; `"/"` is everything.

        Raises:
            ValueError: there are more segments in it than are counted.
        """
        path = path.rstrip("/")
        if path.count("/") >= MOST_PREFIXES:
            raise ValueError(f"a prefix has less than {MOST_PREFIXES} segments: {path!r}")
        await self.shelf.forget([tag_of("below", path)])

    # For the middleware ----------------------------------------------------------------------------------------------

    async def find(self, request: Request, route: bytes, names: Names) -> Found:
        """Look for the answer to a request, by these of its headers and those that earlier answers have named."""
        key = request_key(request, route, names)
        found = await self._read(key)
        if isinstance(found, tuple):
            names = tuple(sorted({*names, *found}))
            key = request_key(request, route, names)
            found = await self._read(key)
        return Found(None if isinstance(found, tuple) else found, names, key)

    async def _read(self, key: str) -> Union[Kept, Names, None]:
        raw = await self.shelf.find(key)
        if raw is None:
            return None
        lately = self._lately.get(key)
        if lately is not None and lately[0] == raw:
            return lately[1]
        found = read_kept(raw)
        if found is None:
            logger.warning("what is kept under %s is no answer of ours, and is not looked at", key)
            await self.shelf.drop(key)
        elif len(raw) <= LARGEST_LATELY:
            if len(self._lately) >= MOST_LATELY:
                del self._lately[next(iter(self._lately))]
            self._lately[key] = raw, found
        return found

    def is_alone(self, key: str, now: float) -> bool:
        """Whether nobody need wait for others, because what they get is not for sharing."""
        until = self._alone.get(key)
        return until is not None and now < until

    def leave_alone(self, key: str, now: float) -> None:
        """Let nobody wait for others for some time."""
        self._alone[key] = now + ALONE_FOR
        self._alone.move_to_end(key)
        while len(self._alone) > MOST_ALONE:
            self._alone.popitem(last=False)

    async def has_changed(self, request: Request, response: Response, tags: Iterable[str]) -> None:
        """Forget what a request has changed: its own address, those that the answer names (RFC 9111 §4.4), and tags."""
        paths = [request.path]
        for name in (b"location", b"content-location"):
            said = find(response.raw_headers, name)
            path = None if said is None else own_path(request, said.decode("latin-1"))
            if path is not None:
                paths.append(path)
        found = [tag_of("path", path) for path in dict.fromkeys(paths)]
        await self.shelf.forget([*found, *tags])


def own_path(request: Request, url: str) -> Optional[str]:
    """The path of a URL of this host, as the application sees it; None where it is another's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if (parts.netloc and parts.netloc.lower() != request.host.lower()) or not parts.path.startswith("/"):
        return None
    path = unquote(parts.path)
    root = request.root_path
    return path[len(root) :] or "/" if root and path.startswith(root + "/") else path


def answer_tags(request: Request, templates: Sequence[str]) -> List[str]:
    """All that an answer is known by."""
    return [*path_tags(request.path), *named_tags(templates, request.path_params)]


def named_tags(templates: Sequence[str], params: Mapping[str, object]) -> List[str]:
    """The tags of a route, with the parameters of the path in them."""
    return [tag_of("tag", template.format_map(params)) for template in templates]
