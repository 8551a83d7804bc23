"""Strict: an application that does not start while something of it is weak."""

from typing import Annotated

import pytest

from microframe import AppConfig, Application, Depends, SetupError, load_config
from microframe.checks.weak_application import WeakApplication
from microframe.plugin import Check, Finding, Host
from microframe.security import APIKeyCookie, OAuth2PasswordRequestForm
from microframe.testing import TestClient


def with_a_login(app: Application) -> Application:
    """A login that anybody may try as often as they like, and a route that any page may have called."""

    @app.post("/token")
    async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]) -> None: ...

    @app.post("/act", dependencies=[Depends(APIKeyCookie(name="key"))])
    async def act() -> None: ...

    return app


def test_it_does_not_start_and_tells_all_that_is_weak_with_its_place() -> None:
    app = with_a_login(Application(strict=True))
    with pytest.raises(WeakApplication) as caught:
        app.build()
    lines = str(caught.value).splitlines()
    assert lines[0] == "strict: this application does not start while something of it is weak:"
    assert [line.rpartition("[")[2].partition("]")[0] for line in lines[1:]] == [
        "csrf-missing",
        "login-unlimited",
    ]
    assert all("tests/app/test_strict.py:" in line for line in lines[1:])
    assert [one.code for one in caught.value.findings] == ["csrf-missing", "login-unlimited"]


def test_a_server_is_told_that_the_start_failed() -> None:
    with (
        pytest.raises(SetupError, match="login-unlimited"),
        TestClient(with_a_login(Application(strict=True))),
    ):
        pass


def test_what_is_not_strict_starts_all_the_same() -> None:
    with TestClient(with_a_login(Application())) as client:
        assert client.post("/act").status_code == 401


def test_a_strict_application_without_weaknesses_starts() -> None:
    app = Application(AppConfig(strict=True))

    @app.get("/")
    async def index() -> str:
        return "well"

    with TestClient(app) as client:
        assert client.get("/").json() == "well"


def test_the_environment_can_be_strict_too() -> None:
    app = with_a_login(Application(load_config(environ={"MICROFRAME_STRICT": "true"})))
    with pytest.raises(WeakApplication):
        app.build()


def test_what_is_strict_and_mounted_is_looked_at_where_it_stands() -> None:
    outer = Application(title="outer")
    outer.mount("/inner", with_a_login(Application(strict=True)))
    with pytest.raises(WeakApplication, match="POST /inner/token takes passwords"):
        outer.build()
    limited = Application(title="outer", limit="5/minute")
    inner = Application(strict=True)
    limited.mount("/inner", inner)

    @inner.post("/token")
    async def token() -> None: ...

    limited.build()


def test_only_what_is_strict_is_refused() -> None:
    outer = with_a_login(Application(title="outer"))
    outer.mount("/inner", Application(strict=True))
    outer.build()


class Finder:
    """A plugin that finds something."""

    name = "finder"

    def __init__(self, finding: object) -> None:
        self.finding = finding

    def setup(self, host: Host) -> None:
        host.contribute(Check("own", lambda: [self.finding]))  # type: ignore[list-item]


def test_what_a_plugin_finds_counts_but_for_notes() -> None:
    Application(strict=True, plugins=[Finder(Finding("own", "by the way", severity="note"))]).build()
    with pytest.raises(WeakApplication, match=r"it is slow \[own\]"):
        Application(strict=True, plugins=[Finder("it is slow")]).build()
