"""Versions: what is matched in each version of an API, and how a message gets to the version it asks for."""

from dataclasses import replace
from typing import Any, Awaitable, Callable, Iterable, List, Mapping, Optional, Sequence, TypeVar, Union

from microframe.endpoint import Endpoint
from microframe.exceptions import HTTPException, SetupError
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.routing.dispatch import (
    Missing,
    SocketHandler,
    build_dispatch,
    build_socket_dispatch,
    host_name,
)
from microframe.routing.matcher import Entry, Matcher, build_matcher
from microframe.routing.route import Mount, Route
from microframe.routing.versions import Deprecation, PathVersions, Versions

Answer = TypeVar("Answer")
Found = Union[Route, Mount]
JSON_TYPE = (b"content-type", b"application/json")


def spread(item: Found, versioning: Optional[Versions]) -> List[Found]:
    """A route or mount at each path where it stands because of its versions.

    Raises:
        SetupError: it is in a version that there is not.
    """
    versions = item.inherited.versions
    if versions is None:
        return [item]
    if versioning is None:
        raise SetupError(
            f"{item} is in versions {', '.join(versions)}: tell the application of them (versioning=…)"
        )
    for version in versions:
        versioning.check(version, str(item))
    return [
        replace(item, path=path, inherited=item.inherited._replace(versions=tuple(here)))
        for path, here in versioning.paths(item.path, versions)
    ]


def names_of(route: Route, versioning: Optional[Versions]) -> List[str]:
    """What a route is called: where its version is in its path, `2:list_cards` too."""
    versions = route.inherited.versions
    if not isinstance(versioning, PathVersions) or versions is None:
        return [route.name]
    return [route.name, f"{versions[0]}:{route.name}"]


def deprecation_of(item: Found, versioning: Optional[Versions]) -> Optional[Deprecation]:
    """What clients of a route are told: what it says itself, else what is said of the version in its path."""
    said = item.inherited.deprecated
    if isinstance(said, Deprecation):
        return said
    if isinstance(versioning, PathVersions) and item.inherited.versions is not None:
        return versioning.deprecated.get(item.inherited.versions[0])
    return None


def deprecated(endpoint: Endpoint, deprecation: Deprecation) -> Endpoint:
    """Tell it on every answer, errors included."""
    headers = deprecation.headers()

    def told(request: Request) -> Awaitable[Response]:
        request.reply_headers.extend(headers)
        return endpoint(request)

    return told


def entries_of(entries: Iterable[Entry[Any]], version: Optional[str]) -> List[Entry[Any]]:
    """What is matched in one version: what belongs to it, and what belongs to none; None: the latter alone."""
    found = []
    for entry in entries:
        versions = entry.payload[1].inherited.versions
        if versions is None or version in versions:
            found.append(entry)
    return found


def dispatch_requests(
    entries: Sequence[Entry[Any]], versioning: Optional[Versions], redirect_slashes: bool, last_word: Missing
) -> Endpoint:
    """The endpoint that finds the route, in the version that is asked for where that is not part of the path."""
    by_host = any(entry.host is not None for entry in entries)

    def build(matcher: "Matcher[Any]", last_word: Missing) -> Endpoint:
        return build_dispatch(matcher, redirect_slashes, last_word, by_host)

    if versioning is None or isinstance(versioning, PathVersions):
        return build(matcher_of(entries), last_word)
    matchers = {version: matcher_of(entries_of(entries, version)) for version in versioning.versions}
    by_version = {
        version: in_version(build(matcher, last_word), versioning, version)
        for version, matcher in matchers.items()
    }

    def refuse(request: Request) -> Optional[Response]:
        host = host_name(request.host) if by_host else ""
        if any(matcher.allowed(request.path, request.escaped, host) for matcher in matchers.values()):
            request.reply_headers.extend(versioning.vary)
            versioning.read(request)  # raises: otherwise that version would have been asked
        return last_word(request)

    return choose(versioning, by_version, build(matcher_of(entries_of(entries, None)), refuse))


def dispatch_sockets(entries: Sequence[Entry[Any]], versioning: Optional[Versions]) -> SocketHandler:
    """The same for sockets: a handshake that asks for no version gets what is in none."""
    by_host = any(entry.host is not None for entry in entries)
    if versioning is None or isinstance(versioning, PathVersions):
        return build_socket_dispatch(matcher_of(entries), by_host)
    by_version = {
        version: build_socket_dispatch(matcher_of(entries_of(entries, version)), by_host)
        for version in versioning.versions
    }
    return choose(
        versioning, by_version, build_socket_dispatch(matcher_of(entries_of(entries, None)), by_host)
    )


def matcher_of(entries: Sequence[Entry[Any]]) -> "Matcher[Any]":
    return build_matcher(entries, describe=lambda target: str(target[1]))


def choose(
    versioning: Versions, by_version: Mapping[str, Callable[[Any], Answer]], plain: Callable[[Any], Answer]
) -> Callable[[Any], Answer]:
    """Ask the version that a message names; what has no version, where it names none."""

    def chosen(connection: Any) -> Answer:
        try:
            version = versioning.read(connection)
        except HTTPException:
            return plain(connection)
        connection.api_version = version
        return by_version[version](connection)

    return chosen


def in_version(inner: Endpoint, versioning: Versions, version: str) -> Endpoint:
    """Answer for one version, and say so: in headers, and in the media type where that tells versions apart."""
    vary, headers = versioning.vary, versioning.headers(version)
    kind = (b"content-type", versioning.media_type(version).encode())
    renames = kind != JSON_TYPE

    async def answer(request: Request) -> Response:
        try:
            response = await inner(request)
        finally:
            if belongs(request):
                request.reply_headers.extend([*vary, *headers])
            elif request.route is None:
                request.reply_headers.extend(vary)  # what is not there may be in another version
        if renames and belongs(request):
            response.raw_headers = [kind if pair == JSON_TYPE else pair for pair in response.raw_headers]
        return response

    return answer


def belongs(request: Request) -> bool:
    """Whether what was matched is in some version, and not what every version has."""
    inherited = getattr(request.route, "inherited", None)
    return inherited is not None and inherited.versions is not None
