"""`microframe routes`: what stands before each route, asked of the objects that serve it."""

import json
from pathlib import Path
from typing import Any, Dict

import pytest

from tests.cli.programs import Result, call

BEGIN = """
from typing import Annotated
from microframe import *
from microframe.http.cache_control import Cache
from microframe.identity import Identity
from microframe.middleware.csrf import CSRFMiddleware
from microframe.middleware.rate_limit import Limit, RateLimit, RateLimitMiddleware
from microframe.middleware.sessions import SessionMiddleware
from microframe.posture import Posture, says
from microframe.security import *
from microframe.sessions import Session
from microframe.shield import SecurityMiddleware

app = Application(title="Team board")
"""


def listed(folder: Path, program: str, *arguments: str) -> Result:
    (folder / "app.py").write_text(BEGIN + program)
    result = call("routes", *arguments)
    assert result.exit_code == 0, result.stderr
    return result


def records(folder: Path, program: str) -> Dict[str, Dict[str, Any]]:
    """What is told of each route, by its path."""
    return {one["path"]: one for one in json.loads(listed(folder, program, "--format", "json").stdout)}


def test_a_route_tells_all_that_is_done_for_it(folder: Path) -> None:
    program = """
token = OAuth2PasswordBearer("token")

@app.post("/cards", limit=["5/minute", Limit("1000/day", by="user")], timeout=2.5, idempotency=True, max_body_size=100,
          dependencies=[Security(token, scopes=["write"])])
async def add() -> None: ...
"""
    assert records(folder, program)["/cards"] == {
        "method": "POST",
        "path": "/cards",
        "handler": "app:add",
        "file": "app.py",
        "line": 18,
        "auth": ["OAuth2PasswordBearer[write]"],
        "csrf": "no cookies",
        "limits": ["5/minute per client, sliding window", "1000/day per user, sliding window"],
        "cache": None,
        "body_limit": 100,
        "timeout": 2.5,
        "idempotency": "optional",
    }


def test_who_may_come_is_told_by_schemes_guards_dependencies_and_metadata(folder: Path) -> None:
    program = """
cookie, header, basic = APIKeyCookie(name="key"), HTTPBearer(auto_error=False), HTTPBasic()

@says(auth=["member"])
async def member(connection): ...

@says()
async def counting(connection): ...

async def unsaid(connection): ...

@raises(UnauthorizedException)
async def user(key: Annotated[str, Cookie(alias="who")] = "") -> str: return key

async def inner(found: Annotated[str, Depends(user)]) -> str: return found

class Role:
    __posture__ = Posture(auth=("role admin",))

@app.get("/open")
async def open_to_all() -> None: ...
@app.get("/guarded", guards=[member, counting, unsaid])
async def guarded() -> None: ...
@app.get("/depends")
async def depends(found: Annotated[str, Depends(inner)]) -> None: ...
@app.get("/cookie", dependencies=[Depends(cookie), Depends(header), Depends(basic)])
async def schemes() -> None: ...
@app.get("/role", metadata=[Role(), Posture(auth=("second factor",)), "a text"])
async def role() -> None: ...

class Caller:
    id = "1"

app.provide(Identity, Caller)

@app.get("/identity")
async def identity(who: Provided[Identity]) -> None: ...
"""
    found = {path: one["auth"] for path, one in records(folder, program).items()}
    assert found == {
        "/open": [],
        "/guarded": ["member", "guard unsaid"],
        "/depends": ["user"],
        "/cookie": ["APIKeyCookie", "HTTPBearer (optional)", "HTTPBasic"],
        "/role": ["role admin", "second factor"],
        "/identity": ["identity"],
    }


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (
            "",
            {
                "/safe": "safe method",
                "/plain": "no cookies",
                "/key": "missing",
                "/off": "missing",
                "/theme": "not checked",
            },
        ),
        (
            "app.add_middleware(CSRFMiddleware)",
            {
                "/safe": "safe method",
                "/plain": "checked",
                "/key": "checked",
                "/off": "off (csrf=False)",
                "/theme": "checked",
            },
        ),
    ],
    ids=["without", "with"],
)
def test_csrf_says_whether_it_is_checked_and_why_not(
    folder: Path, setting: str, expected: Dict[str, str]
) -> None:
    program = f"""
{setting}
key = APIKeyCookie(name="key")

@app.get("/safe", dependencies=[Depends(key)])
async def safe() -> None: ...
@app.post("/plain")
async def plain() -> None: ...
@app.post("/key", dependencies=[Depends(key)])
async def by_key() -> None: ...
@app.post("/off", dependencies=[Depends(key)], csrf=False)
async def off() -> None: ...
@app.post("/theme")
async def theme(theme: Annotated[str, Cookie()] = "") -> None: ...
"""
    assert {path: one["csrf"] for path, one in records(folder, program).items()} == expected


def test_sessions_bring_the_check_of_origins_with_them(folder: Path) -> None:
    program = """
app.add_middleware(SessionMiddleware)

@app.post("/cart")
async def cart(session: Session) -> None: ...
"""
    assert records(folder, program)["/cart"]["csrf"] == "checked"


def test_a_socket_says_whose_pages_may_open_it_and_how_large_a_message_is(folder: Path) -> None:
    program = """
@app.websocket("/live")
async def live(socket: WebSocket) -> None: ...
"""
    found = records(folder, program)["/live"]
    assert (found["method"], found["csrf"], found["body_limit"]) == ("WEBSOCKET", "own origin", 1_048_576)


@pytest.mark.parametrize(
    ("allowed", "told"),
    [("https://a.example", "own origin, https://a.example"), ("*", "any origin")],
    ids=["one", "any"],
)
def test_a_socket_tells_of_other_origins(folder: Path, allowed: str, told: str) -> None:
    (folder / ".env").write_text(f"MICROFRAME_WEBSOCKET_ALLOWED_ORIGINS={allowed}\n")
    program = """
@app.websocket("/live")
async def live(socket: WebSocket) -> None: ...
"""
    assert records(folder, program)["/live"]["csrf"] == told


def test_limits_of_the_application_of_a_dependency_and_exemptions_are_told(folder: Path) -> None:
    program = """
app.add_middleware(RateLimitMiddleware, default=Limit("100 per 15 minutes", algorithm="gcra"), exempt=["/health", "10.0.0.1"])

def by_tenant(connection): return "one"

@app.get("/usual")
async def usual() -> None: ...
@app.get("/health")
async def health() -> None: ...
@app.get("/health/deep")
async def deep() -> None: ...
@app.get("/none", limit=None)
async def unlimited() -> None: ...
@app.get("/own", dependencies=[Depends(RateLimit(Limit("1/second", by=["key", by_tenant]), "2/hour"))], limit=Limit("3/day", by="route"))
async def own() -> None: ...
"""  # noqa: E501
    assert {path: one["limits"] for path, one in records(folder, program).items()} == {
        "/usual": ["100/15 minutes per client, gcra"],
        "/health": [],
        "/health/deep": [],
        "/none": [],
        "/own": [
            "3/day for all together, sliding window",
            "1/second per API key and per by_tenant, sliding window",
            "2/hour per client, sliding window",
        ],
    }


def test_what_is_kept_of_answers_is_told_as_caches_are_told(folder: Path) -> None:
    program = """
@app.get("/a", cache=Cache(max_age=60, stale_if_error=30))
async def kept() -> str: return ""
@app.get("/b", cache=Cache())
async def as_said() -> str: return ""
@app.get("/c")
async def not_kept() -> str: return ""
@app.post("/d", cache=Cache(max_age=60, tags=["a"]))
async def forgets() -> str: return ""
"""
    assert {path: one["cache"] for path, one in records(folder, program).items()} == {
        "/a": "max-age=60, stale-if-error=30",
        "/b": "as answers say themselves",
        "/c": None,
        "/d": None,
    }


def test_only_what_has_a_body_has_a_limit_of_it(folder: Path) -> None:
    program = """
@app.get("/get")
async def get() -> None: ...
@app.get("/get-with-body")
async def get_with_body(filter: dict = Body()) -> None: ...
@app.delete("/delete")
async def delete() -> None: ...
@app.post("/own", max_body_size=7)
async def own() -> None: ...
"""
    assert {path: one["body_limit"] for path, one in records(folder, program).items()} == {
        "/get": None,
        "/get-with-body": 10_000_000,
        "/delete": 10_000_000,
        "/own": 7,
    }


def test_what_is_mounted_has_what_its_mount_has_too(folder: Path) -> None:
    program = """
@says(auth=["member"])
async def member(connection): ...

app.add_middleware(CSRFMiddleware)
app.add_middleware(RateLimitMiddleware, default="9/minute")
inner = Application(title="Inner", max_body_size=500)

@inner.post("/users", limit="1/hour")
async def users() -> None: ...

around = Router(guards=[member], timeout=3, dependencies=[Depends(HTTPBearer())])
around.mount("/inner", inner)
around.mount("/files", StaticFiles(directory="."))
app.include_router(around)
"""
    found = records(folder, program)
    assert found["/inner/users"]["auth"] == ["member", "HTTPBearer"]
    assert found["/inner/users"]["csrf"] == "checked"
    assert found["/inner/users"]["limits"] == [
        "9/minute per client, sliding window",
        "1/hour per client, sliding window",
    ]
    assert (found["/inner/users"]["body_limit"], found["/inner/users"]["timeout"]) == (500, 3)
    assert found["/files"]["auth"] == ["member", "HTTPBearer"]
    assert found["/files"]["file"] is None


def test_columns_of_which_nothing_is_said_are_left_out(folder: Path) -> None:
    program = """
@app.get("/")
async def index() -> None: ...
"""
    assert listed(folder, program).stdout.splitlines() == [
        "METHOD  PATH  HANDLER    PLACE      AUTH  CSRF",
        "GET     /     app:index  app.py:16  open  safe method",
    ]


def test_the_table_says_what_is_not_there_with_a_dash(folder: Path) -> None:
    program = """
@app.get("/", cache=Cache(max_age=60), timeout=0.5)
async def index() -> str: return ""
@app.post("/a", max_body_size=2048, idempotency=True)
async def add() -> None: ...
@app.post("/b", max_body_size=1025)
async def other() -> None: ...
"""
    lines = listed(folder, program).stdout.splitlines()
    assert lines[0].split()[6:] == ["CACHE", "BODY", "TIMEOUT", "IDEMPOTENCY"]
    assert [line.split()[6:] for line in lines[1:]] == [
        ["method", "max-age=60", "–", "0.5", "s", "–"],  # noqa: RUF001
        ["cookies", "–", "2", "KiB", "–", "optional"],  # noqa: RUF001
        ["cookies", "–", "1025", "B", "–", "–"],  # noqa: RUF001
    ]


def test_a_scanner_is_told_of_each_route_with_its_place(folder: Path) -> None:
    program = """
@app.post("/open")
async def add() -> None: ...
@app.post("/closed", dependencies=[Depends(HTTPBearer())])
async def closed() -> None: ...
app.mount("/files", StaticFiles(directory="."))
"""
    result = listed(folder, program, "--format", "sarif", "-o", "routes.sarif")
    assert result.stdout == ""
    log = json.loads((folder / "routes.sarif").read_text())
    assert (log["version"], log["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "microframe"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["route"]
    assert [(one["level"], one.get("kind")) for one in run["results"]] == [
        ("note", None),
        ("none", "informational"),
        ("note", None),
    ]
    first = run["results"][0]
    assert first["message"]["text"].startswith("POST /open -> app:add (auth: open, csrf: no cookies")
    assert first["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "app.py"}, "region": {"startLine": 16}}}
    ]
    assert "locations" not in run["results"][2]


def test_verbose_tells_parameters_to_other_programs_too(folder: Path) -> None:
    program = """
@app.get("/{card}")
async def card(card: int) -> None: ...
"""
    told = json.loads(listed(folder, program, "-v", "--format", "json").stdout)
    assert told[0]["parameters"] == [
        {"depth": 0, "name": "card", "type": "int", "source": "path", "detail": ""}
    ]


def test_a_file_that_cannot_be_written_is_told(folder: Path) -> None:
    (folder / "app.py").write_text(BEGIN)
    result = call("routes", "-o", "missing/routes.txt")
    assert (result.exit_code, result.stderr) == (
        1,
        "microframe: missing/routes.txt: No such file or directory\n",
    )


def test_an_application_without_routes_leaves_an_empty_file(folder: Path) -> None:
    assert listed(folder, "", "-o", "routes.txt").stdout == ""
    assert (folder / "routes.txt").read_text() == ""
