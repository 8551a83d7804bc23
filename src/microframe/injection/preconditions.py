"""Preconditions of a route: `etag=` and `last_modified=`, compiled to what is asked before its handler runs."""

import functools
from datetime import datetime
from typing import Any, Awaitable, Callable, Mapping, NamedTuple, Optional

from microframe.endpoint import Endpoint
from microframe.exceptions import SetupError
from microframe.http.conditional import READING, UNCONDITIONAL, Validators, format_etag, seconds_of
from microframe.http.downloads import describe_file
from microframe.http.files import FileSlice
from microframe.http.headers import RawHeaders
from microframe.http.preconditions import check_version, headers_of
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.http.selection import select_version, with_own_tag
from microframe.injection.signature import Asked, Signature, read_signature
from microframe.markers import MISSING, Depends
from microframe.routing.route import Route, where_is

GATE = "precondition of the route"
"""The name under which the handler's plan has it: no parameter can be called so."""
VERSION = "version of what the route shows"


class Preconditions(NamedTuple):
    """What a route says of the version of what it shows or changes."""

    etag: Optional[Callable[..., Any]]
    last_modified: Optional[Callable[..., Any]]
    of_body: bool
    """The tag is made of the body, so it is known only when the handler has run."""
    required: bool

    def before(self, signature: Signature) -> Signature:
        """The handler as it is called when its preconditions hold; otherwise it gives the 304 instead.

        The version is a dependency like the handler's others, and the last of them: who may not see the resource is
        not told its version, and what both ask for is made once. A 412 or 428 comes before the body is read.
        """
        gate = Asked(GATE, Any, Depends(self.build_check()), MISSING)
        parameters = (*signature.parameters, gate)
        return signature._replace(call=gated(signature), parameters=parameters)

    def build_check(self) -> Callable[..., Awaitable[Optional[Response]]]:
        tag, date = self.etag or unknown, self.last_modified or unknown
        of_body, required = self.of_body, self.required

        async def check(
            request: Request, version: Any = Depends(tag), changed: Any = Depends(date)
        ) -> Optional[Response]:
            now = Validators(as_tag(version, tag), as_seconds(changed, date))
            request.values[VERSION] = now
            return None if of_body else check_version(request, now, required)

        return check

    def around(self, endpoint: Endpoint) -> Endpoint:
        """Put the version on the answers that show it; one that shows what was changed has another by now."""
        of_body = self.of_body

        async def versioned(request: Request) -> Response:
            response = await endpoint(request)
            if request.method not in READING or not 200 <= response.status_code < 300:
                return response
            response.raw_headers = with_version(response, headers_of(request.values[VERSION]))
            if not of_body:
                return response
            response = with_own_tag(response)
            return select_version(request, response) or response

        return versioned


def read_preconditions(route: Route) -> Optional[Preconditions]:
    """The preconditions of a route, None where it has none.

    Raises:
        SetupError: what is given is no function, or cannot say what the route needs.
    """
    options, where = route.options, route.where
    of_body = options.get("etag") is True
    etag = None if of_body else read_function(options, "etag", where)
    date = read_function(options, "last_modified", where)
    required = bool(options.get("require_precondition"))
    changing = ", ".join(sorted(route.methods - {*READING, *UNCONDITIONAL}))
    if of_body and changing:
        raise SetupError(
            f"etag=True of {where}: that tag is made of the answer, and {changing} needs to know it before: "
            "give a function that says the version"
        )
    if required and etag is None and date is None:
        raise SetupError(f"require_precondition of {where} needs etag= or last_modified= to compare with")
    if required and not changing:
        raise SetupError(f"require_precondition of {where}: it changes nothing, so it needs no precondition")
    if etag is None and date is None and not of_body:
        return None
    return Preconditions(etag, date, of_body, required)


def read_function(options: Mapping[str, Any], name: str, where: str) -> Optional[Callable[..., Any]]:
    given = options.get(name)
    if given is None or given is False:
        return None
    if not callable(given):
        raise SetupError(f"{name} of {where} must be a function that gives the version, not {given!r}")
    parameters = read_signature(given).parameters
    if parameters and parameters[0].name == "self":
        raise SetupError(
            f"{name} of {where}: {where_is(given)} is a method; a version is said by a plain function"
        )
    function: Callable[..., Any] = given
    return function


def with_version(response: Response, version: RawHeaders) -> RawHeaders:
    """The headers of an answer and those of its version; what the handler has said itself stands.

    What a file says of itself gives way: it is compared with what the next request is asked for before the handler.
    """
    names = {name for name, _ in version}
    own = describe_file(response.body) if isinstance(response.body, FileSlice) else []
    said = [pair for pair in response.raw_headers if pair[0] not in names or pair not in own]
    taken = {name for name, _ in said}
    return said + [pair for pair in version if pair[0] not in taken]


async def unknown() -> None:
    """The version where nobody says one."""


def gated(signature: Signature) -> Callable[..., Any]:
    """The handler, called only where its gate gives no answer; run as the handler is run."""
    call = signature.call
    if signature.style == "async":

        @functools.wraps(call)
        async def gate(*placed: Any, **arguments: Any) -> Any:
            answer = arguments.pop(GATE)
            return await call(*placed, **arguments) if answer is None else answer

    else:

        @functools.wraps(call)
        def gate(*placed: Any, **arguments: Any) -> Any:
            answer = arguments.pop(GATE)
            return call(*placed, **arguments) if answer is None else answer

    return gate


def as_tag(version: Any, source: Callable[..., Any]) -> Optional[str]:
    if version is None:
        return None
    if not isinstance(version, (str, int, datetime)):
        raise TypeError(f"{where_is(source)} gives a version as text, number or datetime, not {version!r}")
    return format_etag(version)


def as_seconds(changed: Any, source: Callable[..., Any]) -> Optional[float]:
    if changed is None:
        return None
    if not isinstance(changed, (datetime, int, float)):
        raise TypeError(f"{where_is(source)} gives a time as datetime or seconds, not {changed!r}")
    return seconds_of(changed)
