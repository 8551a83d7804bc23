"""Debug page: what a 500 shows to the developer on this very machine: the exceptions and their source."""

import html
import linecache
import logging
import re
from base64 import b64encode
from hashlib import sha256
from ipaddress import ip_address
from traceback import walk_tb
from types import FrameType
from typing import Callable, Iterable, Iterator, List, Optional, Tuple

from microframe.exceptions import phrase_of, status_of
from microframe.http.client import canonical_ip
from microframe.http.connection import Connection
from microframe.http.headers import SECRETS, RawHeaders, find
from microframe.http.problems import HTML_TYPE, wants_html
from microframe.http.request import Request
from microframe.http.responses import Response, build_response
from microframe.http.url import parse_host

logger = logging.getLogger("microframe.errors")

AROUND = 4  # lines of source before and after the one that was reached
MOST_EXCEPTIONS = 10
MOST_FRAMES = 30  # of one exception: a recursion has a thousand
MOST_TEXT = 4_000
SHORTEST_SECRET = 6  # characters; to hide a shorter one would riddle the page with holes

HIDDEN = "[hidden]"
FORWARDING = (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")
SECRET_NAME = re.compile(r"auth|cookie|credential|csrf|key|passw|secret|session|signature|token")
LOGIN = re.compile(r"(?<=://)[^/@\s]+(?=@)")
CONTROLS = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)}

Show = Callable[[str], str]
"""Text as HTML that says it: what is secret hidden, everything escaped."""


def build_debug_page(
    secrets: Iterable[str] = (),
) -> Callable[[Request, BaseException], Optional[Response]]:
    """Make the page that `Errors` shows while an application is debugged; `secrets` are texts it never shows.

    Only a browser on this machine gets one: the peer is a loopback address, it asked for a loopback name (so
    no other site's page reads it by way of DNS), and no proxy forwarded it. It has no script, no console and
    no values of variables.
    """
    known = tuple(secrets)

    def debug_page(request: Request, exc: BaseException) -> Optional[Response]:
        if not is_local(request) or not wants_html(request):
            return None
        try:
            page = build_page(request, exc, build_show([*known, *secrets_of(request)]))
        except Exception as failure:
            # Whatever an exception's own methods do, the answer stays a 500.
            logger.error("the debug page could not be made", exc_info=failure)
            return None
        return build_response(status_of(exc) or 500, list(HEADERS), page.encode("utf-8", "replace"))

    return debug_page


# Who may see it ---------------------------------------------------------------------------------------------


def is_local(request: Request) -> bool:
    """Whether a browser on this machine asked, without anybody in between."""
    peer, client, host = request.edge.client, request.client, parse_host(request.host)
    if peer is None or client is None or host is None:
        return False
    return (
        is_loopback(peer.host)
        and is_loopback(client.host)
        and is_loopback_name(host[0])
        and all(find(request.raw_headers, name) is None for name in FORWARDING)
    )


def is_loopback(text: str) -> bool:
    address = canonical_ip(text)
    return address is not None and ip_address(address).is_loopback


def is_loopback_name(host: str) -> bool:
    """Whether a host is an address of this machine, or a name that no DNS may answer for (RFC 6761 §6.3)."""
    return host == "localhost" or host.endswith(".localhost") or is_loopback(host.strip("[]"))


# What it never shows ----------------------------------------------------------------------------------------


def is_secret(name: bytes) -> bool:
    return name in SECRETS or SECRET_NAME.search(name.decode("latin-1")) is not None


def secrets_of(connection: Connection) -> Iterator[str]:
    """What this request sent that nobody else may read, whole and in parts: exceptions like to quote it."""
    for name, value in connection.raw_headers:
        if is_secret(name):
            whole = value.decode("latin-1")
            yield whole
            if name != b"cookie":
                # `Bearer`, the first word, is no secret; a word that stands alone is.
                words = re.split(r"[\s;,=\"]+", whole)
                yield from words[1:] if len(words) > 1 else words
    yield from connection.cookies.values()


def build_show(secrets: Iterable[str]) -> Show:
    # The longest first: a part must not be cut out of the whole before the whole is found.
    hidden = sorted({text for text in secrets if len(text) >= SHORTEST_SECRET}, key=len, reverse=True)

    def show(text: str) -> str:
        for secret in hidden:
            text = text.replace(secret, HIDDEN)
        text = LOGIN.sub(HIDDEN, text)
        if len(text) > MOST_TEXT:
            text = f"{text[:MOST_TEXT]} … ({len(text) - MOST_TEXT} characters more)"
        return html.escape(text.translate(CONTROLS))

    return show


# What it shows ----------------------------------------------------------------------------------------------


def build_page(request: Request, exc: BaseException, show: Show) -> str:
    status = status_of(exc) or 500
    title = f"{status} {phrase_of(status)}"
    headers = "".join(
        f"<tr><th>{show(name.decode('latin-1'))}</th>"
        f"<td>{HIDDEN if is_secret(name) else show(value.decode('latin-1'))}</td></tr>"
        for name, value in request.raw_headers
    )
    return PAGE.format(
        style=STYLE,
        title=html.escape(f"{type(exc).__name__}: {title}"),
        status=html.escape(title),
        asked=show(f"{request.method} {request.path}"),
        request_id=show(request.id),
        exceptions="".join(describe(one, relation, show) for one, relation in chain_of(exc)),
        headers=headers,
    )


def chain_of(exc: BaseException) -> List[Tuple[BaseException, str]]:
    """The exception, then what it came from, then the members of groups; each once, with its relation."""
    found: List[Tuple[BaseException, str]] = []
    waiting: List[Tuple[Optional[BaseException], str]] = [(exc, "")]
    while waiting and len(found) < MOST_EXCEPTIONS:
        one, relation = waiting.pop(0)
        if one is None or any(one is other for other, _ in found):
            continue
        found.append((one, relation))
        if one.__cause__ is not None:
            waiting.append((one.__cause__, "caused by"))
        elif not one.__suppress_context__:
            waiting.append((one.__context__, "raised while handling"))
        members = getattr(one, "exceptions", ())
        waiting += [(member, "in this group") for member in members if isinstance(member, BaseException)]
    return found


def describe(exc: BaseException, relation: str, show: Show) -> str:
    kind = type(exc)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    frames = list(walk_tb(exc.__traceback__))
    left_out = f"<p>{len(frames) - MOST_FRAMES} frames left out</p>" if len(frames) > MOST_FRAMES else ""
    # The place it was raised at is what one looks for: the innermost frame comes first.
    listed = "".join(
        describe_frame(frame, line, show, is_open=not number)
        for number, (frame, line) in enumerate(frames[: -MOST_FRAMES - 1 : -1])
    )
    above = f"<p>{html.escape(relation)}</p>" if relation else ""
    return f"<section>{above}<h2>{show(name)}</h2><pre>{show(text_of(exc))}</pre>{listed}{left_out}</section>"


def text_of(exc: BaseException) -> str:
    try:
        return "\n".join([str(exc), *getattr(exc, "__notes__", ())])
    except Exception as failure:
        return f"(its text cannot be read: {type(failure).__name__})"


def describe_frame(frame: FrameType, line: int, show: Show, is_open: bool) -> str:
    """One place in the source, with the lines around it; the values of its variables stay where they are."""
    code = frame.f_code
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, frame.f_globals)
    first = max(line - AROUND, 1)
    shown = [
        f"<b>{number:5}  {show(text)}</b>" if number == line else f"{number:5}  {show(text)}"
        for number, text in enumerate((text.rstrip() for text in lines[first - 1 : line + AROUND]), first)
    ]
    source = f"<pre>{chr(10).join(shown)}</pre>" if shown else ""
    place = f"{code.co_filename}:{line}"
    opened = " open" if is_open else ""
    return f"<details{opened}><summary>{show(place)} <i>{show(code.co_name)}</i></summary>{source}</details>"


STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
body{color:#222;background:#fff}h1{font-size:1.2rem}h2{font-size:1.4rem;margin:0}section{margin:2rem 0}
pre{overflow:auto;padding:.5rem;background:#f4f4f4;font:14px/1.4 monospace}
pre b{background:#ffe1e1}summary{font:14px monospace;cursor:pointer;overflow-wrap:anywhere}
th{text-align:left;padding-right:1rem}td{overflow-wrap:anywhere}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}pre{background:#222}pre b{background:#522}}
"""

# The one style is known by its hash; nothing else may load, run, be sent or be framed.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: RawHeaders = [
    HTML_TYPE,
    (b"cache-control", b"no-store"),
    (b"content-security-policy", POLICY.encode()),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"vary", b"Accept"),
]

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style></head>
<body><h1>{status}</h1><p><code>{asked}</code><br>request <code>{request_id}</code></p>
{exceptions}
<h2>Headers</h2><table>{headers}</table>
<p>Shown to this machine only, because the application is being debugged.</p></body></html>
"""
