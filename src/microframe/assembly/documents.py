"""Documents: an application's API document and the pages that show it, as routes of the application."""

import hashlib
from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    Iterator,
    Mapping,
    NamedTuple,
    Optional,
    Protocol,
    Sequence,
    Tuple,
)

from microframe.configurations.config import AppConfig
from microframe.endpoint import Endpoint
from microframe.exceptions import NotFoundException, SetupError
from microframe.http.conditional import is_not_modified
from microframe.http.json import write_json
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.routing.route import Route
from microframe.routing.router import Router
from microframe.routing.versions import Versions

Document = Dict[str, Any]

MOST_PLACES = 8
"""Places that a document is kept for: a root path is what the server, or a trusted proxy, says it is."""


class Written(NamedTuple):
    """A document as it is sent."""

    document: Mapping[str, Any]
    body: bytes
    etag: str


class Documented(Protocol):
    """What serving a document needs of its application."""

    config: AppConfig

    @property
    def versioning(self) -> Optional[Versions]: ...

    def openapi(self) -> Document: ...

    def openapi_of(self, version: str) -> Document: ...


def documentation_router(application: Documented) -> Router:
    """The routes of the document and of its pages, as the configuration wants them. None of them is in the document."""
    router = Router(include_in_schema=False)
    config = application.config
    if config.openapi_url:
        router.get(config.openapi_url, name="openapi")(document_endpoint(application))
        pages = Pages(application)
        for path, name in pages.paths():
            router.get(path, name=name)(pages.endpoint(path))
    return router


class Pages:
    """The pages that show a document. What writes them is imported when the first is asked for."""

    def __init__(self, application: Documented) -> None:
        self._application = application
        self._endpoints: Dict[str, Endpoint] = {}

    def paths(self) -> Iterator[Tuple[str, str]]:
        """Where there are pages, and what their routes are called."""
        config = self._application.config
        named = {"swagger_ui": config.docs_url, "redoc": config.redoc_url, "scalar": config.scalar_url}
        shown = {name: url for name, url in named.items() if url}
        for name, url in shown.items():
            yield url, name
        if config.docs_url and config.swagger_ui_oauth2_redirect_url:
            yield config.swagger_ui_oauth2_redirect_url, "swagger_ui_oauth2_redirect"
        if shown:
            first = next(iter(shown.values()))
            yield f"{first.rstrip('/')}/assets/{{name}}", "documentation_assets"

    def endpoint(self, path: str) -> Callable[[Request], Awaitable[Response]]:
        async def page(request: Request) -> Response:
            if not self._endpoints:
                self._endpoints = self._write()
            return await self._endpoints[path](request)

        return page

    def _write(self) -> Dict[str, Endpoint]:
        from microframe.openapi.documentation import Documentation, documentation_pages
        from microframe.openapi.ui import Look

        application = self._application
        config = application.config
        documentation = Documentation(
            config.title,
            config.openapi_url,
            config.docs_url,
            config.redoc_url,
            config.scalar_url,
            config.swagger_ui_oauth2_redirect_url,
            config.swagger_ui_init_oauth,
            config.swagger_ui_parameters,
            config.redoc_parameters,
            config.scalar_parameters,
            Look(config.docs_favicon_url, config.docs_css_url, config.docs_color_scheme),
        )
        # Called late: another function may stand in `openapi` by then.
        return dict(documentation_pages(documentation, lambda: application.openapi()))


def document_endpoint(application: Documented) -> Callable[[Request], Awaitable[Response]]:
    """Answers with the document, or with that of one `?version=`; each is made for the first who asks."""
    kept: Dict[Tuple[str, Optional[str]], Written] = {}
    versions: Dict[str, Document] = {}
    config = application.config

    async def openapi(request: Request) -> Response:
        version = request.query_params.get("version")
        document = application.openapi() if version is None else of_version(version)
        place = request.root_path, version
        written = kept.get(place)
        if written is None or written.document is not document:
            if len(kept) >= MOST_PLACES:
                kept.clear()
            written = kept[place] = write(document, request.root_path, config.root_path_in_servers)
        headers = [(b"content-type", b"application/json"), (b"etag", written.etag.encode())]
        if is_not_modified(request.headers, written.etag):
            return build_response(304, headers[1:], b"")
        return build_response(200, headers, written.body)

    def of_version(version: str) -> Document:
        versioning = application.versioning
        if versioning is None or version not in versioning.versions:
            raise NotFoundException("There is no such version of this API.")
        if version not in versions:
            versions[version] = application.openapi_of(version)
        return versions[version]

    return openapi


def write(document: Document, root_path: str, in_servers: bool) -> Written:
    """The document as JSON, for an application that stands below `root_path`."""
    from microframe.openapi.document import at

    placed = at(document, root_path) if root_path else document
    servers = [*placed.get("servers", ())]
    if root_path and in_servers and all(server.get("url") != root_path for server in servers):
        placed = {**placed, "servers": [{"url": root_path}, *servers]}
    body = write_json(placed).encode()
    return Written(document, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def check_operation_ids(routes: Sequence[Route]) -> None:
    """See that no two handlers were given one name.

    Raises:
        SetupError: two were; the text names both.
    """
    known: Dict[str, Route] = {}
    for route in routes:
        name: Optional[str] = route.options.get("operation_id")
        if name and known.setdefault(name, route).handler is not route.handler:
            raise SetupError(f"two operations are called {name!r}: {known[name].where} and {route.where}")
