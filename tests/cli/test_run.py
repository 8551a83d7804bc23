"""`microframe run`: what is refused before anything is served."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from microframe import __version__
from tests.cli.programs import HELLO, call, environment, only_line
from tests.wire import LIMIT


@pytest.fixture
def program(folder: Path) -> Path:
    (folder / "app.py").write_text(HELLO)
    return folder


def test_debug_is_not_served_to_other_machines(program: Path) -> None:
    result = call("run", "--host", "0.0.0.0", "--port", "0")
    assert result.exit_code == 2
    assert only_line(result) == (
        "microframe: debug is on, and 0.0.0.0 can be reached from other machines: set MICROFRAME_DEBUG=false or "
        "MICROFRAME_ENVIRONMENT=production, or insist with --allow-remote-debug"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--uds", "x", "--fd", "3"], "--uds and --fd are two places to listen: choose one"),
        (["--reload", "--workers", "2"], "--reload has one worker: leave --workers out"),
        (["--host", ""], "host: expected one line of text, not ''"),
        (["--fd", "987"], "file descriptor 987 is no socket: bad file descriptor"),
    ],
)
def test_what_cannot_go_together_is_refused(program: Path, arguments: list[str], message: str) -> None:
    result = call("run", *arguments)
    assert (result.exit_code, only_line(result)) == (2, f"microframe: {message}")


@pytest.mark.parametrize(
    "arguments", [["--port", "70000"], ["--workers", "0"], ["--log-level", "loud"], ["--nothing"]]
)
def test_a_wrong_option_is_exit_code_2(program: Path, arguments: list[str]) -> None:
    assert call("run", *arguments).exit_code == 2


def test_production_does_not_reload(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MICROFRAME_ENVIRONMENT", "production")
    monkeypatch.setenv("MICROFRAME_ALLOWED_HOSTS", "example.com")
    result = call("run", "--reload")
    assert (result.exit_code, only_line(result)) == (
        2,
        "microframe: production does not reload: leave --reload out",
    )


@pytest.mark.parametrize(
    "made", ["Application(AppConfig())", "Application(root_path='/x', trusted_proxies=['10.0.0.1'])"]
)
def test_an_option_that_the_application_does_not_hear_is_refused(folder: Path, made: str) -> None:
    (folder / "app.py").write_text(f"from microframe import AppConfig, Application\napp = {made}\n")
    for option, value in (("root-path", "/api"), ("trusted-proxies", "10.0.0.0/8")):
        result = call("run", f"--{option}", value)
        assert result.exit_code == 2
        assert only_line(result).startswith(f"microframe: --{option} has no effect: the application sets")


def test_an_option_that_is_no_setting_names_its_variable(program: Path) -> None:
    result = call("run", "--trusted-proxies", "10.0.0.1,nowhere")
    assert result.exit_code == 3
    assert "MICROFRAME_TRUSTED_PROXIES in environment: expected an address or a network" in only_line(result)


def test_a_setting_for_an_application_that_is_not_ours_is_refused(folder: Path) -> None:
    (folder / "app.py").write_text("async def app(scope, receive, send): ...\n")
    result = call("run", "--root-path", "/api")
    assert result.exit_code == 2
    assert only_line(result) == (
        "microframe: --root-path means nothing to an application that is not MicroFrame's"
    )


def test_an_address_in_use_is_exit_code_1(program: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = call("run", "--port", str(port))
    assert (result.exit_code, only_line(result)) == (
        1,
        f"microframe: cannot listen on 127.0.0.1:{port}: it is already in use",
    )


def test_the_version_is_that_of_the_package() -> None:
    assert call("--version").stdout == f"microframe {__version__}\n"


def test_the_exit_codes_are_in_the_help() -> None:
    assert "3  the application cannot be imported or built" in call("--help").stdout


@pytest.mark.parametrize(
    ("missing", "arguments", "said"),
    [
        ("click", "--version", "click is not installed: pip install '{}[cli]'"),
        ("uvicorn", "run", "uvicorn is not installed: pip install '{}[server]'"),
        ("watchfiles", "run --reload", "watchfiles is not installed: pip install '{}[server]'"),
    ],
)
def test_a_missing_package_is_one_line_and_exit_code_1(
    program: Path, missing: str, arguments: str, said: str
) -> None:
    from microframe.extras import DISTRIBUTION

    code = f"import sys; sys.modules[{missing!r}] = None; from microframe.cli import main; main({arguments.split()!r})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=program,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=LIMIT,
    )
    assert (done.stderr, done.returncode) == (f"microframe: {said.format(DISTRIBUTION)}\n", 1)
