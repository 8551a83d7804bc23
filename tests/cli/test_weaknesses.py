"""`microframe check`: what of an application is weak, each fault planted once, and nothing where there is none."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import List

import pytest

from tests.cli.programs import Result, call, environment, only_line
from tests.docs.pages import ROOT

SECRET = "kY3vQ9wZ1xR7tB5nM2cL8jH4gF6dS0aPxx"
BEGIN = """
from typing import Annotated
from pydantic import BaseModel, SecretStr
from microframe import *
from microframe.http.cache_control import Cache
from microframe.middleware.csrf import CSRFMiddleware
from microframe.middleware.rate_limit import Limit, RateLimit, RateLimitMiddleware
from microframe.middleware.sessions import SessionMiddleware
from microframe.posture import Posture, says
from microframe.security import *
from microframe.sessions import Session
from microframe.shield import SecurityMiddleware
from microframe.store import Store
"""
BROKEN = """
app = Application(
    secret_key="changeme",
    host="0.0.0.0",
    workers=4,
    trusted_proxies=["0.0.0.0/0"],
    websocket_allowed_origins=["*"],
    max_body_size=10**12,
)
app.add_middleware(SessionMiddleware, server_side=True)
app.add_middleware(CORSMiddleware, allow_origin_regex=r"https://.*board.example", allow_credentials=True)

@app.post("/token")
async def login(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> None: ...

@app.post("/cart", csrf=False)
async def cart(session: Session) -> None: ...

@app.get("/news", limit="9/minute")
async def news() -> None: ...

@app.websocket("/live")
async def live(socket: WebSocket) -> None: ...
"""
EXPECTED = [
    ("secret-key-weak", "error", 15),
    ("debug-public", "error", 15),
    ("proxies-any", "error", 15),
    ("socket-origins-any", "error", 15),
    ("body-limit-off", "warning", 15),
    ("cors-wide", "error", 24),
    ("csrf-missing", "error", 29),
    ("login-unlimited", "error", 26),
    ("limits-per-process", "error", 32),
    ("store-per-process", "error", 15),
]


def check(folder: Path, program: str, *arguments: str) -> Result:
    (folder / "app.py").write_text(BEGIN + program)
    sys.modules.pop("app", None)
    return call("check", *arguments)


def codes(folder: Path, program: str, *arguments: str) -> List[str]:
    """The codes of what is found."""
    result = check(folder, program, "--format", "json", *arguments)
    return [one["code"] for one in json.loads(result.stdout)]


def test_every_planted_fault_is_found_and_none_more(folder: Path) -> None:
    result = check(folder, BROKEN, "--format", "json")
    found = json.loads(result.stdout)
    assert [(one["code"], one["severity"], one["line"]) for one in found] == EXPECTED
    assert {one["file"] for one in found} == {"app.py"}
    assert all(one["remedy"] for one in found)
    assert result.exit_code == 1


def test_findings_say_what_is_wrong_and_how_to_mend_it(folder: Path) -> None:
    lines = check(folder, BROKEN).stdout.splitlines()
    assert lines[:2] == [
        "app.py:15: error: secret_key: key 1 is too short: 8 bytes, and 32 are the least [secret-key-weak]",
        "    Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'",
    ]
    assert "changeme" not in "".join(lines)


def test_scanners_are_told_of_each_with_its_place(folder: Path) -> None:
    log = json.loads(check(folder, BROKEN, "--format", "sarif").stdout)
    (run,) = log["runs"]
    assert [one["ruleId"] for one in run["results"]] == [code for code, _, _ in EXPECTED]
    assert {one["level"] for one in run["results"]} == {"error", "warning"}
    places = [one["locations"][0]["physicalLocation"] for one in run["results"]]
    assert places[5] == {"artifactLocation": {"uri": "app.py"}, "region": {"startLine": 24}}


# Each weakness, and what is none ------------------------------------------------------------------------------------

NONE: List[str] = []


@pytest.mark.parametrize(
    ("options", "middleware", "expected"),
    [
        ("secret_key='changeme'", "SessionMiddleware", ["secret-key-weak"]),
        ("secret_key='changeme'", "", NONE),
        (f"secret_key='{SECRET}'", "SessionMiddleware", NONE),
        (f"secret_key=['{SECRET}', 'a'*40]", "CSRFMiddleware", ["secret-key-weak"]),
        ("host='::'", "", ["debug-public"]),
        ("host='board.example'", "", ["debug-public"]),
        ("host='0.0.0.0', debug=False", "", NONE),
        ("host='::1'", "", NONE),
        ("host='localhost'", "", NONE),
        ("trusted_proxies=['::/0']", "", ["proxies-any"]),
        ("trusted_proxies=['10.0.0.0/8']", "", NONE),
        ("allowed_hosts=['*']", "", NONE),
        ("websocket_allowed_origins=['*']", "", NONE),
        ("max_body_size=2**30", "", NONE),
        ("max_body_size=2**30+1", "", ["body-limit-off"]),
        ("debug=False", "SessionMiddleware", ["cookie-insecure"]),
        ("environment='test'", "SessionMiddleware", NONE),
        ("", "SessionMiddleware", NONE),
    ],
)
def test_settings_are_weak_or_not(folder: Path, options: str, middleware: str, expected: List[str]) -> None:
    added = f"app.add_middleware({middleware})" if middleware else ""
    assert codes(folder, f"app = Application({options})\n{added}\n") == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("allow_origins=['*']", ["warning"]),
        ("allow_origins=['https://a.example']", []),
        ("allow_origin_regex='.*'", ["warning"]),
        ("allow_origin_regex='null|https://a[.]example'", ["warning"]),
        (r"allow_origin_regex=r'https://.*a\.example', allow_credentials=True", ["error"]),
        (r"allow_origin_regex=r'https://a.example', allow_credentials=True", ["error"]),
        (r"allow_origin_regex=r'https://a\.example.*', allow_credentials=True", ["error"]),
        (r"allow_origin_regex=r'https://([a-z]+\.)?a\.example', allow_credentials=True", []),
        (r"allow_origin_regex=r'https://[a-z]+\.a\.example'", []),
        (r"allow_origin_regex=r'https?://localhost:\d+'", []),
    ],
)
def test_origins_are_too_many_or_not(folder: Path, options: str, expected: List[str]) -> None:
    program = f"app = Application()\napp.add_middleware(CORSMiddleware, {options})\n"
    found = json.loads(check(folder, program, "--format", "json").stdout)
    assert [(one["code"], one["severity"], one["line"]) for one in found] == [
        ("cors-wide", severity, 15) for severity in expected
    ]


LOGIN = "class Login(BaseModel):\n    name: str\n    password: SecretStr\napp = Application(%s)\n"


@pytest.mark.parametrize(
    ("options", "route", "expected"),
    [
        ("", "post('/')\nasync def a(login: Login): ...", ["login-unlimited"]),
        ("", "post('/', limit='5/minute')\nasync def a(login: Login): ...", NONE),
        ("", "post('/', dependencies=[Depends(RateLimit('5/minute'))])\nasync def a(login: Login): ...", NONE),
        ("middleware=[RateLimitMiddleware('9/minute')]", "post('/')\nasync def a(login: Login): ...", NONE),
        ("", "post('/', dependencies=[Depends(HTTPBearer())])\nasync def a(login: Login): ...", NONE),
        ("", "post('/')\nasync def a(login: Annotated[Login, Form()]): ...", ["login-unlimited"]),
        ("", "post('/')\nasync def a(pin: Annotated[str, Form(json_schema_extra={'format': 'password'})]): ...",
         ["login-unlimited"]),
        ("", "post('/')\nasync def a(password: Annotated[str, Form()]): ...", ["login-unlimited"]),
        ("", "post('/')\nasync def a(name: Annotated[str, Form()]): ...", NONE),
        ("", "post('/', metadata=[Posture(is_login=True)])\nasync def a(): ...", ["login-unlimited"]),
        ("", "get('/', metadata=[Posture(is_login=True)])\nasync def a(): ...", ["login-unlimited"]),
        ("", "post('/')\nasync def a(form: Annotated[OAuth2PasswordRequestFormStrict, Depends()]): ...",
         ["login-unlimited"]),
        ("redis_url='redis://127.0.0.1:1/0'", "post('/', limit='5/minute')\nasync def a(login: Login): ...",
         ["login-limit-open"]),
        ("redis_url='redis://127.0.0.1:1/0'",
         "post('/', limit=['9/hour', Limit('5/minute', fail_closed=True)])\nasync def a(login: Login): ...", NONE),
        ("redis_url='redis://127.0.0.1:1/0'", "post('/', limit='5/minute')\nasync def a(): ...", NONE),
    ],
)  # fmt: skip
def test_a_login_is_limited_or_not(folder: Path, options: str, route: str, expected: List[str]) -> None:
    assert codes(folder, f"{LOGIN % options}@app.{route}\n") == expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ("post('/', dependencies=[Depends(key)])", ["csrf-missing"]),
        ("get('/', dependencies=[Depends(key)])", NONE),
        ("post('/', dependencies=[Depends(HTTPBearer())])", NONE),
        ("post('/', guards=[member])", ["csrf-missing"]),
        ("post('/', dependencies=[Depends(user)])", ["csrf-missing"]),
        ("websocket('/', guards=[member])", NONE),
    ],
)
def test_cookies_are_protected_or_not(folder: Path, route: str, expected: List[str]) -> None:
    program = f"""
app = Application()
key = APIKeyCookie(name="key")

@says(auth=["member"], cookies=["who"])
async def member(connection): ...

@raises(UnauthorizedException)
async def user(who: Annotated[str, Cookie()]): ...

@app.{route}
async def act(): ...
"""
    assert codes(folder, program) == expected
    assert codes(folder, program.replace("key = ", "app.add_middleware(CSRFMiddleware); key = ")) == NONE


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("workers=2", ["limits-per-process", "store-per-process"]),
        ("workers=1", NONE),
        ("workers=2, redis_url='redis://127.0.0.1:1/0'", NONE),
    ],
)
def test_workers_share_or_not(folder: Path, options: str, expected: List[str]) -> None:
    program = (
        f"app = Application({options})\n@app.get('/', limit='5/minute')\nasync def a(store: Store): ...\n"
    )
    assert codes(folder, program) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("workers=2", ["messages-per-process"]),
        ("workers=1", NONE),
        ("workers=2, broker_url='redis://127.0.0.1:1/0'", NONE),
    ],
)
def test_workers_hear_each_other_or_not(folder: Path, options: str, expected: List[str]) -> None:
    program = f"app = Application({options})\n@app.get('/')\nasync def a(broker: Broker): ...\n"
    assert codes(folder, f"from microframe.broker import Broker\n{program}") == expected


def test_what_is_mounted_is_looked_at_too(folder: Path) -> None:
    program = LOGIN % "" + (
        "inner = Application()\n@inner.post('/login')\nasync def a(login: Login): ...\napp.mount('/inner', inner)\n"
    )
    result = check(folder, program)
    assert "POST /inner/login takes passwords, and has no rate limit [login-unlimited]" in result.stdout
    around = program.replace("app.mount", "app.add_middleware(RateLimitMiddleware, '5/minute')\napp.mount")
    assert codes(folder, around) == NONE


# Production ----------------------------------------------------------------------------------------------------------


def test_production_is_looked_at_before_it_is_there(folder: Path) -> None:
    program = "app = Application()\napp.add_middleware(SessionMiddleware)\n"
    assert codes(folder, program) == NONE
    assert "allowed_hosts: production must name the hosts" in check(folder, program, "--production").stdout


def test_a_production_that_answers_for_any_host_is_told(folder: Path) -> None:
    (folder / ".env").write_text("# settings\nMICROFRAME_ALLOWED_HOSTS=*\n")
    result = check(folder, "app = Application()\n", "--production")
    assert result.stdout.splitlines()[0] == (
        ".env:2: warning: MICROFRAME_ALLOWED_HOSTS in .env:2: production answers for any host name [hosts-any]"
    )
    assert result.exit_code == 1


def test_an_environment_that_is_chosen_elsewhere_cannot_be_looked_at(folder: Path) -> None:
    result = check(folder, "app = Application(environment='development')\n", "--production")
    assert result.exit_code == 2
    assert only_line(result).startswith("microframe: --production has no effect: the application sets its")


# Settings ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [(".env", "\nMICROFRAME_PROT=80\n", 2), ("microframe.toml", 'prot = "x"\n', None)],
    ids=["variable", "file"],
)
def test_an_unknown_setting_is_told_where_it_is(folder: Path, file: str, text: str, line: object) -> None:
    (folder / file).write_text(text)
    found = json.loads(check(folder, "app = Application()\n", "--format", "json").stdout)
    assert [(one["code"], one["file"], one["line"]) for one in found] == [("unknown-setting", file, line)]
    assert "did you mean" in found[0]["message"]


def test_an_unknown_variable_is_told_where_settings_are_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "MICROFRAME_PROT", "80")
    found = json.loads(check(folder, "app = Application()\n", "--format", "json").stdout)
    assert [(one["code"], one["file"], one["line"]) for one in found] == [("unknown-setting", "app.py", 14)]


def test_variables_that_nobody_reads_are_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "MICROFRAME_DEBUG", "false")
    whole = "app = Application(AppConfig())\n"
    assert codes(folder, whole) == ["setting-ignored"]
    assert codes(folder, whole.replace("AppConfig()", "title='x'")) == NONE
    assert (
        codes(folder, "from microframe import load_config\napp = Application(load_config(), title='x')\n")
        == NONE
    )


def test_a_setting_is_told_at_its_source(folder: Path) -> None:
    (folder / "microframe.toml").write_text('trusted_proxies = ["0.0.0.0/0"]\n')
    result = check(folder, "app = Application()\n")
    assert result.stdout.startswith(
        "microframe.toml: error: trusted_proxies in microframe.toml: 0.0.0.0/0 is everybody"
    )
    loaded = (
        "from microframe import load_config\napp = Application(load_config(), trusted_proxies=['::/0'])\n"
    )
    result = check(folder, loaded)
    assert result.stdout.startswith("app.py:15: error: trusted_proxies: ::/0 is everybody")


def test_notes_alone_are_no_failure(folder: Path) -> None:
    program = """
from microframe.plugin import Check, Finding

class Noting:
    name = "noting"
    def setup(self, host) -> None:
        host.contribute(Check("noted", lambda: [Finding("noted", "by the way", severity="note")]))

app = Application(plugins=[Noting()])
"""
    result = check(folder, program)
    assert (result.exit_code, result.stdout) == (0, "note: by the way [noted]\n")


# Strict --------------------------------------------------------------------------------------------------------------

STRICT = """app = Application(strict=True)
@app.post('/code', metadata=[Posture(is_login=True)])
async def code(): ...
"""


def test_of_a_strict_application_each_weakness_is_a_finding(folder: Path) -> None:
    assert codes(folder, STRICT) == ["login-unlimited"]


def test_a_strict_application_that_is_weak_is_not_served(folder: Path) -> None:
    (folder / "app.py").write_text(BEGIN + STRICT)
    result = call("run")
    assert result.exit_code == 3
    assert result.stderr.splitlines() == [
        "microframe: app:app is strict, and does not start while something of it is weak:",
        "  app.py:15: POST /code takes passwords, and has no rate limit [login-unlimited] "
        'Give it one: limit=Limit("5/minute", fail_closed=True).',
    ]


def test_of_a_body_without_a_schema_nothing_is_known(folder: Path) -> None:
    program = """
from typing import Callable

class Work(BaseModel):
    call: Callable[[], int]

app = Application()

@app.post("/", include_in_schema=False)
async def work(work: Work): ...
"""
    assert codes(folder, program) == NONE


# Examples ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["examples.board.app:app", "examples.hello:app"])
@pytest.mark.parametrize("production", [False, True], ids=["development", "production"])
def test_nothing_is_weak_in_the_examples(target: str, production: bool) -> None:
    settings = {"MICROFRAME_ALLOWED_HOSTS": "board.example", "MICROFRAME_SECRET_KEY": SECRET}
    done = subprocess.run(
        [sys.executable, "-m", "microframe", "check", target, *(["--production"] if production else [])],
        cwd=ROOT,
        env={**environment(), **(settings if production else {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
