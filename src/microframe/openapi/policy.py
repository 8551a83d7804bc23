"""Policy: the Content-Security-Policy of a documentation page: what it may load, and whom it may speak to."""

import re
from typing import Any, Iterable, Iterator, List, Mapping, Sequence
from urllib.parse import urlsplit

from microframe.openapi.assets import Asset
from microframe.openapi.ui import Look

SELF = "'self'"
REQUESTS = ("http", "https", "ws", "wss")
PICTURE = re.compile(r"!\[[^\[\]]*\]\(\s*<?(https?://[^\s)>]+)")
"""A picture in Markdown."""


def content_security_policy(assets: Sequence[Asset], look: Look, document: Mapping[str, Any]) -> str:
    """The policy of a page that loads these files and shows this document.

    No script but these files and the application's own; no inline one. Styles may stand inline, because the
    libraries put theirs into the page. Requests go to the application, and to the servers that the document
    names; so whatever a library would tell its makers is not told.
    """
    elsewhere = [asset for asset in assets if asset.find() is None]
    scripts = [asset.cdn_url for asset in elsewhere if asset.path.endswith(".js")]
    styles = [asset.cdn_url for asset in elsewhere if asset.path.endswith(".css")]
    directives = {
        "default-src": ["'none'"],
        "script-src": [SELF, *scripts],
        "style-src": [SELF, "'unsafe-inline'", *styles, *origins([look.css_url])],
        "img-src": [SELF, "data:", "blob:", *origins([look.favicon_url, *pictures_of(document)])],
        "font-src": [SELF, "data:", *origins([look.css_url])],
        "connect-src": [SELF, *origins(servers_of(document))],
        "worker-src": [SELF, "blob:"],
        "form-action": [SELF],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in directives.items())


def pictures_of(document: Mapping[str, Any]) -> Iterator[str]:
    """The URLs of pictures in the document's own text, and of the logo that ReDoc shows."""
    info = document.get("info", {})
    yield info.get("x-logo", {}).get("url", "")
    yield from PICTURE.findall(info.get("description", ""))


def servers_of(document: Mapping[str, Any]) -> Iterator[str]:
    """The URLs that trying an operation out, or logging in before, sends requests to."""
    holders: List[Mapping[str, Any]] = [document]
    for path in document.get("paths", {}).values():
        holders += [path, *(operation for operation in path.values() if isinstance(operation, dict))]
    for holder in holders:
        for server in holder.get("servers", ()):
            yield server.get("url", "")
    for scheme in document.get("components", {}).get("securitySchemes", {}).values():
        yield scheme.get("openIdConnectUrl", "")
        for flow in scheme.get("flows", {}).values():
            yield flow.get("tokenUrl", "")
            yield flow.get("refreshUrl", "")


def origins(urls: Iterable[str]) -> List[str]:
    """`https://api.example.com/v1` -> `https://api.example.com`, each once; nothing for a URL on this host.

    A variable of a server's URL stands for any text where it is the first label of the name, as in
    `https://{region}.example.com`; with one elsewhere the server has to be named in full.
    """
    found: List[str] = []
    for url in urls:
        try:
            parts = urlsplit(url)
            scheme, host, port = parts.scheme, parts.hostname or "", parts.port
        except ValueError:
            continue
        first, dot, rest = host.partition(".")
        if dot and first[:1] == "{" and first[-1:] == "}":
            host = f"*.{rest}"
        if scheme in REQUESTS and is_host(host):
            origin = f"{scheme}://{host}" + (f":{port}" if port else "")
            if origin not in found:
                found.append(origin)
    return found


def is_host(host: str) -> bool:
    """Whether this can stand in a policy: a name or an address, and nothing that would end the directive."""
    return bool(host) and all(character.isalnum() or character in "-._*[]:" for character in host)
