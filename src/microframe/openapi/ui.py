"""Pages: Swagger UI, ReDoc and Scalar as HTML: no script in it, nothing loaded but what they need."""

import hashlib
import html
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Optional, Sequence

from microframe.configurations.document import ColorScheme
from microframe.openapi.assets import REDOC, SCALAR, SWAGGER_UI, Asset

SCRIPTS = Path(__file__).parent / "scripts"
CONTAINERS = {"swagger": "swagger-ui", "redoc": "redoc", "scalar": "scalar"}
"""The id of the element that each page fills, for style sheets."""

BUNDLE, STYLES, REDIRECT = SWAGGER_UI.assets
REDOC_BUNDLE = REDOC.assets[0]
SCALAR_BUNDLE = SCALAR.assets[0]

SWAGGER_DEFAULTS: Mapping[str, Any] = {
    "dom_id": "#swagger-ui",
    "layout": "BaseLayout",
    "deepLinking": True,
    "showExtensions": True,
    "showCommonExtensions": True,
    # Without it the address of the document is sent to a service that says whether it is valid.
    "validatorUrl": "none",
}
"""FastAPI's, and nothing sent elsewhere."""

SCALAR_DEFAULTS: Mapping[str, Any] = {
    # What it would load, or send, from or to its makers' servers.
    "withDefaultFonts": False,
    "telemetry": False,
    "agent": {"disabled": True},
    "mcp": {"disabled": True},
    "showDeveloperTools": "never",
    "hideClientButton": True,
}


@dataclass(frozen=True)
class Look:
    """What may be changed about how the pages look. URLs may be relative to the page."""

    favicon_url: str = ""
    css_url: str = ""
    """A style sheet that comes after the page's own."""
    color_scheme: ColorScheme = "auto"
    """`auto` is what the reader's system is set to."""


PLAIN = Look()


@dataclass(frozen=True)
class Page:
    """What every page is told. URLs may be relative to it: then it works behind any proxy and below any mount."""

    openapi_url: str
    title: str
    assets_url: str
    """Where the application serves the files of the pages: what `documentation_pages` has for `{name}`."""
    look: Look = PLAIN


class Script(NamedTuple):
    """A script of ours that starts a page; its name changes with its content."""

    name: str
    content: bytes


@cache
def script(name: str) -> Script:
    """Read the script of a page: `swagger`, `redoc` or `scalar`."""
    content = (SCRIPTS / f"{name}.js").read_bytes()
    return Script(f"{name}.{hashlib.sha256(content).hexdigest()[:12]}.js", content)


# The pages -----------------------------------------------------------------------------------------------------------


def swagger_page(
    page: Page,
    parameters: Optional[Mapping[str, Any]] = None,
    *,
    init_oauth: Optional[Mapping[str, Any]] = None,
    oauth2_redirect_url: Optional[str] = None,
) -> str:
    """Swagger UI. `parameters` are added to FastAPI's defaults; `init_oauth` is what `ui.initOAuth` takes."""
    options = {
        "parameters": {**SWAGGER_DEFAULTS, **(parameters or {})},
        "initOAuth": init_oauth,
        "oauth2RedirectUrl": oauth2_redirect_url,
    }
    return document(page, "swagger", options, (BUNDLE,), (STYLES,))


def redoc_page(page: Page, parameters: Optional[Mapping[str, Any]] = None) -> str:
    """ReDoc, with its options as `parameters`."""
    return document(page, "redoc", {"parameters": dict(parameters or {})}, (REDOC_BUNDLE,))


def scalar_page(page: Page, parameters: Optional[Mapping[str, Any]] = None) -> str:
    """Scalar, with its options as `parameters`; those that would load or send something elsewhere are off."""
    return document(
        page, "scalar", {"parameters": {**SCALAR_DEFAULTS, **(parameters or {})}}, (SCALAR_BUNDLE,)
    )


def oauth2_redirect_page(assets_url: str) -> str:
    """Where Swagger UI lets an authorization server send the browser back to."""
    return REDIRECT_PAGE.format(script=script_tag(REDIRECT, assets_url))


# What they are made of -----------------------------------------------------------------------------------------------


def document(
    page: Page,
    name: str,
    options: Mapping[str, Any],
    scripts: Sequence[Asset],
    styles: Sequence[Asset] = (),
) -> str:
    """A page: its libraries, its options as data, and the script of ours that puts them together."""
    look = page.look
    heads = [style_tag(asset, page.assets_url) for asset in styles]
    if look.css_url:
        heads.append(f'<link rel="stylesheet" href="{attribute(look.css_url)}">')
    ends = [script_tag(asset, page.assets_url) for asset in scripts]
    ends.append(f'<script src="{attribute(page.assets_url)}/{script(name).name}"></script>')
    told = {"url": page.openapi_url, "colorScheme": look.color_scheme, **options}
    return PAGE.format(
        title=html.escape(page.title),
        favicon=attribute(look.favicon_url or "data:,"),
        scheme={"auto": "light dark"}.get(look.color_scheme, look.color_scheme),
        container=CONTAINERS[name],
        styles="\n".join(heads),
        options=json_in_script(told),
        scripts="\n".join(ends),
    )


def script_tag(asset: Asset, assets_url: str) -> str:
    return f'<script src="{source(asset, assets_url)}></script>'


def style_tag(asset: Asset, assets_url: str) -> str:
    return f'<link rel="stylesheet" href="{source(asset, assets_url)}>'


def source(asset: Asset, assets_url: str) -> str:
    """The address of a file and what follows it in its tag: ours where we have it, else the CDN's with its hash."""
    if asset.find() is not None:
        return f'{attribute(assets_url)}/{asset.name}"'
    return f'{attribute(asset.cdn_url)}" integrity="{asset.integrity}" crossorigin="anonymous"'


def attribute(text: str) -> str:
    return html.escape(text, quote=True)


def json_in_script(value: Any) -> str:
    """JSON that can stand inside of a `<script>`: nothing in it can end that, or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="{scheme}">
<title>{title}</title>
<link rel="icon" href="{favicon}">
<style>
body {{ margin: 0 }}
.dark-mode body {{ background: #1d2024 }}
.dark-mode #redoc h5 {{ color: #a3a9b3; border-color: #3a3f47 }}
.notice {{ font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 15vh auto; padding: 0 1rem }}
</style>
{styles}
</head>
<body>
<div id="{container}"></div>
<p id="missing" class="notice" hidden>This page could not be loaded: its files are not part of this installation, and
the CDN that has them cannot be reached.</p>
<noscript><p class="notice">This page needs JavaScript.</p></noscript>
<script type="application/json" id="options">{options}</script>
{scripts}
</body>
</html>
"""

REDIRECT_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<title>OAuth2</title>
</head>
<body>
{script}
</body>
</html>
"""
