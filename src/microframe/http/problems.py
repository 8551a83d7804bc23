"""Problems: an error as the one envelope that the framework answers with (RFC 9457)."""

import json
from base64 import b64encode
from hashlib import sha256
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple, Type

from microframe.context import Owner
from microframe.exceptions import PHRASES, HTTPException, ValidationException, code_of_status, phrase_of
from microframe.http.connection import Connection
from microframe.http.details import as_detail
from microframe.http.headers import RawHeaders, check_header
from microframe.http.media import accepts
from microframe.http.responses import Response, build_response
from microframe.http.url import quote_path

PROBLEM_TYPE = (b"content-type", b"application/problem+json")
JSON_TYPE = (b"content-type", b"application/json")
HTML_TYPE = (b"content-type", b"text/html; charset=utf-8")


write_problem = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode


def encode_problem(body: Mapping[str, Any]) -> bytes:
    return write_problem(body).encode("utf-8", "replace")


LONGEST_INSTANCE = 2_048
"""Characters of a path that an error says again; a 414 would send back all of what was too long."""


class ProblemFormat:
    """How one application writes its errors: `problem`, or FastAPI's `detail`."""

    def __init__(self, base: str = "/problems/", error_format: str = "problem") -> None:
        self.base = base
        self.is_detail = error_format == "detail"

    def respond(self, exc: HTTPException, connection: Connection) -> Response:
        """The answer to an error: JSON, or a page for who asks for HTML first."""
        headers = [check_header(name, value) for name, value in (exc.headers or {}).items()]
        if has_no_content(exc.status_code):
            return build_response(exc.status_code, headers, b"")
        if self.is_detail:
            status_code, detail = as_detail(exc)
            return build_response(status_code, [*headers, JSON_TYPE], encode_problem(detail))
        body = self.build_problem(exc, connection)
        if wants_html(connection):
            return build_response(exc.status_code, [*headers, *PAGE_HEADERS], error_page(body))
        return build_response(exc.status_code, [*headers, PROBLEM_TYPE], encode_problem(body))

    def build_problem(self, exc: HTTPException, connection: Connection) -> Dict[str, Any]:
        problem: Dict[str, Any] = {
            "type": self.type_of(exc, connection),
            "title": exc.title,
            "status": exc.status_code,
            "detail": detail_of(exc, connection.app, connection),
            "instance": quote_path((connection.root_path + connection.plain_path)[:LONGEST_INSTANCE]),
            "code": exc.code,
            "request_id": connection.id,
        }
        if isinstance(exc, ValidationException):
            problem["errors"] = [without_input(error) for error in exc.errors()]
        return problem

    def type_of(self, exc: HTTPException, connection: Connection) -> str:
        """Where this kind of problem is described: below the application, wherever that stands."""
        return f"{connection.root_path if self.base.startswith('/') else ''}{self.base}{exc.code}"


VARY_ACCEPT = (b"vary", b"Accept")


def detail_of(exc: HTTPException, app: Owner, connection: Connection) -> Any:
    if exc.given_detail is not None or not exc.message:
        return exc.detail
    return app.translate(exc.code, exc.message, exc.fields, connection)


def without_input(error: Mapping[str, Any]) -> Dict[str, Any]:
    """One fault as the client sees it: never what it sent, which may be a secret."""
    kept: Dict[str, Any] = {"loc": list(error["loc"]), "msg": error["msg"], "type": error["type"]}
    if error.get("ctx"):
        kept["ctx"] = error["ctx"]
    return kept


def has_no_content(status_code: int) -> bool:
    return status_code < 200 or status_code in (204, 205, 304)


def wants_html(connection: Connection) -> bool:
    """Whether HTML comes before JSON in what the client accepts, as in a browser's address bar."""
    accept: Optional[str] = connection.headers.get("accept")
    if accept is None or "text/html" not in accept:
        return False
    return accepts(accept, "application/json", "application/problem+json", "text/html") == "text/html"


def error_page(problem: Mapping[str, Any]) -> bytes:
    """The problem as a small page of its own, with nothing loaded from anywhere."""
    import html  # only for browsers

    lines: List[str] = [f"<p>{html.escape(str(problem['detail']))}</p>"]
    for error in problem.get("errors", ()):
        place = ".".join(str(part) for part in error["loc"])
        lines.append(f"<li><code>{html.escape(place)}</code> {html.escape(str(error['msg']))}</li>")
    title = html.escape(f"{problem['status']} {problem['title']}")
    body = "".join(lines)
    request_id = html.escape(str(problem["request_id"]))
    return PAGE.format(title=title, style=STYLE, body=body, request_id=request_id).encode("utf-8", "replace")


class ProblemPages:
    """What the `type` of a problem leads to: a page about that kind of problem (RFC 9457 §4)."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._known: Dict[str, Tuple[int, str]] = {}

    def answer(self, request: Connection) -> Optional[Response]:
        """The page for a path below the base; None for any other path, and for a problem that nobody declared."""
        if not request.path.startswith(self.base) or getattr(request, "method", "") not in ("GET", "HEAD"):
            return None
        record = self.describe(request.path[len(self.base) :])
        if record is None:
            return None
        if wants_html(request):
            return build_response(200, [*PAGE_HEADERS], error_page({**record, "request_id": request.id}))
        return build_response(200, [JSON_TYPE, VARY_ACCEPT], json.dumps(record, ensure_ascii=False).encode())

    def describe(self, code: str) -> Optional[Dict[str, Any]]:
        """What there is to say of a kind of problem; None for a code that no class and no status has."""
        if not self._known:
            plain = {code_of_status(status): (status, "") for status in PHRASES}
            declared = {kind.code: (kind.status, kind.message) for kind in every_kind(HTTPException)}
            self._known = {**plain, **declared}
        if code not in self._known:
            return None
        status, message = self._known[code]
        return {"code": code, "title": phrase_of(status), "status": status, "detail": message}


def every_kind(kind: Type[HTTPException]) -> Iterator[Type[HTTPException]]:
    yield kind
    for child in kind.__subclasses__():
        yield from every_kind(child)


STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto;padding:0 1rem;color:#222}
h1{font-size:1.5rem}small{color:#666}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#111}}
"""

# The one style is known by its hash; nothing else may load, run, be sent or be framed.
POLICY = (
    f"default-src 'none'; style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE_HEADERS: RawHeaders = [HTML_TYPE, VARY_ACCEPT, (b"content-security-policy", POLICY.encode())]

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<link rel="icon" href="data:,"><style>{style}</style></head>
<body><h1>{title}</h1>{body}<small>request {request_id}</small></body></html>
"""
