"""Documentation: which pages an application has and where, and the endpoints that answer them."""

import posixpath
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from microframe.endpoint import Endpoint
from microframe.exceptions import NotFoundException
from microframe.http.conditional import is_not_modified
from microframe.http.downloads import FileResponse
from microframe.http.request import Request
from microframe.http.responses import HTMLResponse, Response, build_response
from microframe.openapi.assets import PACKAGES, Asset
from microframe.openapi.policy import content_security_policy
from microframe.openapi.ui import (
    BUNDLE,
    CONTAINERS,
    PLAIN,
    REDIRECT,
    REDOC_BUNDLE,
    SCALAR_BUNDLE,
    STYLES,
    Look,
    Page,
    oauth2_redirect_page,
    redoc_page,
    scalar_page,
    script,
    swagger_page,
)

Document = Mapping[str, Any]
Write = Callable[[Page], str]

KEPT_FOREVER = "public, max-age=31536000, immutable"
# A login is a window that a page has opened, and that comes back to tell it; `same-origin` would part the two.
PAGE_HEADERS = {"cache-control": "no-cache", "cross-origin-opener-policy": "same-origin-allow-popups"}
REDIRECT_HEADERS = {
    "cache-control": "no-cache",
    "cross-origin-opener-policy": "unsafe-none",
    "referrer-policy": "no-referrer",
}


@dataclass(frozen=True)
class Documentation:
    """The pages of one application; a URL that is None is a page it does not have."""

    title: str
    openapi_url: Optional[str] = "/openapi.json"
    docs_url: Optional[str] = "/docs"
    redoc_url: Optional[str] = "/redoc"
    scalar_url: Optional[str] = "/scalar"
    swagger_ui_oauth2_redirect_url: Optional[str] = "/docs/oauth2-redirect"
    swagger_ui_init_oauth: Optional[Mapping[str, Any]] = None
    swagger_ui_parameters: Optional[Mapping[str, Any]] = None
    redoc_parameters: Optional[Mapping[str, Any]] = None
    scalar_parameters: Optional[Mapping[str, Any]] = None
    look: Look = PLAIN

    @property
    def assets_url(self) -> str:
        """Where their files are served: below the first page there is."""
        first = self.docs_url or self.redoc_url or self.scalar_url or ""
        return f"{first.rstrip('/')}/assets"


class Served(NamedTuple):
    """A path, and the endpoint that answers GET there."""

    path: str
    endpoint: Endpoint


class Shown(NamedTuple):
    """One page: where it is, what it is called, the files it loads, and what writes it."""

    path: str
    name: str
    assets: Sequence[Asset]
    write: Write


def documentation_pages(documentation: Documentation, document: Callable[[], Document]) -> List[Served]:
    """The pages that are wanted, and their files; nothing where there is no document to show.

    `document` is called when a page is first asked for: the servers it names are those that a page may ask.
    """
    shown = list(pages_of(documentation)) if documentation.openapi_url else []
    pages = [Served(page.path, build_page(page, documentation, document)) for page in shown]
    redirect = documentation.swagger_ui_oauth2_redirect_url
    if pages and documentation.docs_url and redirect:
        pages.append(Served(redirect, build_redirect(relative_url(documentation.assets_url, redirect))))
    if pages:
        pages.append(Served(f"{documentation.assets_url}/{{name}}", build_assets()))
    return pages


def pages_of(documentation: Documentation) -> Iterator[Shown]:
    """The pages that have a path."""
    if documentation.docs_url:
        write: Write = partial(swagger_at, documentation)
        yield Shown(documentation.docs_url, "Swagger UI", (BUNDLE, STYLES), write)
    if documentation.redoc_url:
        write = partial(redoc_page, parameters=documentation.redoc_parameters)
        yield Shown(documentation.redoc_url, "ReDoc", (REDOC_BUNDLE,), write)
    if documentation.scalar_url:
        write = partial(scalar_page, parameters=documentation.scalar_parameters)
        yield Shown(documentation.scalar_url, "Scalar", (SCALAR_BUNDLE,), write)


def swagger_at(documentation: Documentation, page: Page) -> str:
    redirect = documentation.swagger_ui_oauth2_redirect_url
    return swagger_page(
        page,
        documentation.swagger_ui_parameters,
        init_oauth=documentation.swagger_ui_init_oauth,
        oauth2_redirect_url=relative_url(redirect, documentation.docs_url or "/") if redirect else None,
    )


# Endpoints -----------------------------------------------------------------------------------------------------------


def build_page(shown: Shown, documentation: Documentation, document: Callable[[], Document]) -> Endpoint:
    """What answers with a page. It is written once: every URL in it is relative."""
    written: List[Tuple[str, Dict[str, str]]] = []

    async def answer_page(request: Request) -> Response:
        if not written:
            policy = content_security_policy(shown.assets, documentation.look, document())
            headers = {**PAGE_HEADERS, "content-security-policy": policy}
            written.append((shown.write(page_for(shown, documentation)), headers))
        text, headers = written[0]
        return HTMLResponse(text, headers=headers)

    return answer_page


def page_for(shown: Shown, documentation: Documentation) -> Page:
    look, here = documentation.look, shown.path
    return Page(
        openapi_url=relative_url(documentation.openapi_url or "", here),
        title=f"{documentation.title} - {shown.name}",
        assets_url=relative_url(documentation.assets_url, here),
        look=Look(relative_url(look.favicon_url, here), relative_url(look.css_url, here), look.color_scheme),
    )


def build_redirect(assets_url: str) -> Endpoint:
    """What answers with the page that an authorization server sends the browser back to, the code in its URL."""

    async def answer_redirect(request: Request) -> Response:
        policy = content_security_policy((REDIRECT,), PLAIN, {})
        headers = {**REDIRECT_HEADERS, "content-security-policy": policy}
        return HTMLResponse(oauth2_redirect_page(assets_url), headers=headers)

    return answer_redirect


def build_assets() -> Endpoint:
    """What answers with the files of the pages, the libraries' and our own scripts: `name` is in the path."""
    assets = {asset.name: asset for package in PACKAGES for asset in package.assets}
    scripts = {found.name: found.content for found in map(script, CONTAINERS)}

    async def answer_asset(request: Request) -> Response:
        name = request.path_params["name"]
        if name in scripts:
            headers = {"cache-control": KEPT_FOREVER, "content-type": "text/javascript; charset=utf-8"}
            return Response(scripts[name], headers=headers)
        file = assets[name].find() if name in assets else None
        if file is None:
            raise NotFoundException()
        response = FileResponse(file, headers={"cache-control": KEPT_FOREVER})
        etag = response.headers["etag"]
        if is_not_modified(request.headers, etag):
            return build_response(304, [(b"etag", etag.encode("ascii"))], b"")
        return response

    return answer_asset


def relative_url(url: str, page: str) -> str:
    """A path of the application as a page at another path has to write it; any other URL as it is.

    So the page needs not know which prefix a proxy has cut off, or where the application is mounted.
    """
    if not url.startswith("/") or url.startswith("//"):
        return url
    path = posixpath.relpath(url, posixpath.dirname(page))
    return f"./{path}" if ":" in path.partition("/")[0] else path
