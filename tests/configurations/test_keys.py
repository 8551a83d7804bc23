"""Keys: what signs in each environment, and the file that development keeps its secret in."""

import base64
import hashlib
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import List, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.configurations import AppConfig, development_secret, require_secret
from microframe.configurations.keys import _process_secret
from microframe.configurations.secret import weakness_of
from microframe.exceptions import SetupError
from microframe.signing import Signer

STRONG = "kY3vQ9wZ1xR7tB5nM2cL8jH4gF6dS0aP"
OLDER = "pZ0uX8cV6bN4mQ2wE1rT3yU5iO7aS9dF"


def production(*keys: str) -> AppConfig:
    return AppConfig(environment="production", allowed_hosts=["example.com"], secret_key=keys)


def refusal(config: AppConfig) -> str:
    with pytest.raises(SetupError) as caught:
        require_secret(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# require_secret ---------------------------------------------------------------------------------------------


def test_a_strong_ring_is_given_in_its_order() -> None:
    assert require_secret(production(STRONG, OLDER)) == (STRONG, OLDER)
    signer = Signer(require_secret(production(STRONG, OLDER)), "session")
    assert Signer([STRONG], "session").verify(signer.sign(b"x")) == b"x"


def test_production_without_a_secret_does_not_sign() -> None:
    assert refusal(production()).startswith(
        "secret_key: production signs with it, and there is none (MICROFRAME_"
    )


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("hunter2", "is too short: 7 bytes, and 32 are the least"),
        (STRONG[:31], "is too short: 31 bytes, and 32 are the least"),
        ("changeme" * 5, "looks like a placeholder out of an example"),
        ("CHANGE-ME-" + STRONG, "looks like a placeholder out of an example"),
        ("my-super-secret-key-for-this-application", "looks like a placeholder out of an example"),
        ("django-insecure-" + STRONG, "looks like a placeholder out of an example"),
        ("0123456789012345678901234567890123456789", "looks like a placeholder out of an example"),
        ("x" * 64, "repeats a few letters"),
        ("abcab" * 10, "repeats a few letters"),
    ],
)
def test_production_refuses_a_weak_secret_without_showing_it(key: str, reason: str) -> None:
    message = refusal(production(key))
    assert message.startswith(f"secret_key: key 1 {reason}; make one with: python -c ")
    assert key not in message
    assert refusal(production(STRONG, key)).startswith(f"secret_key: key 2 {reason}")


def test_development_and_test_take_any_configured_secret() -> None:
    assert require_secret(AppConfig(secret_key="changeme")) == ("changeme",)
    assert require_secret(AppConfig(environment="test", secret_key=["a", "b"])) == ("a", "b")


def test_a_secret_is_measured_in_bytes() -> None:
    assert weakness_of("ßöäüéèàçñõåøæœðþ") == ""


@given(st.binary(min_size=32, max_size=64))
def test_random_secrets_are_strong_in_every_usual_spelling(raw: bytes) -> None:
    raw = hashlib.sha256(raw).digest()  # Hypothesis likes zeros; a random key has none to spare
    for text in (
        raw.hex(),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ):
        assert weakness_of(text) == ""


def test_a_test_has_a_secret_for_its_process_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (secret,) = require_secret(AppConfig(environment="test"))
    assert require_secret(AppConfig(environment="test", title="other")) == (secret,)
    assert weakness_of(secret) == ""
    assert list(tmp_path.iterdir()) == []
    _process_secret.cache_clear()
    assert require_secret(AppConfig(environment="test")) != (secret,)


def test_development_keeps_its_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (secret,) = require_secret(AppConfig())
    assert require_secret(AppConfig()) == (secret,)
    assert require_secret(AppConfig(strict=True), tmp_path) == (secret,)
    assert (tmp_path / ".microframe" / "secret").read_text() == secret


# development_secret -----------------------------------------------------------------------------------------


def test_a_secret_is_made_once_for_a_folder(tmp_path: Path) -> None:
    first = development_secret(tmp_path)
    assert weakness_of(first) == ""
    assert development_secret(tmp_path) == first
    (tmp_path / "other").mkdir()
    assert development_secret(tmp_path / "other") != first


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize("umask", ["000", "022", "077", "277", "777"])
def test_the_secret_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: str) -> None:
    # A process of its own: the umask belongs to the whole process, and tests run in threads.
    code = (
        "import sys, pathlib; from microframe.configurations.keys import development_secret;"
        "development_secret(pathlib.Path(sys.argv[1]))"
    )
    script = f'umask {umask}; exec "$0" -B -c "$1" "$2"'
    subprocess.run(["sh", "-c", script, sys.executable, code, str(tmp_path)], check=True)
    assert mode(tmp_path / ".microframe") == 0o700
    assert mode(tmp_path / ".microframe" / "secret") == 0o600


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
def test_a_secret_that_others_can_read_is_closed_to_them(tmp_path: Path) -> None:
    secret = development_secret(tmp_path)
    (tmp_path / ".microframe" / "secret").chmod(0o644)
    assert development_secret(tmp_path) == secret
    assert mode(tmp_path / ".microframe" / "secret") == 0o600


def test_git_ignores_the_folder(tmp_path: Path) -> None:
    development_secret(tmp_path)
    assert (tmp_path / ".microframe" / ".gitignore").read_text() == "*\n"


def test_many_at_once_get_the_same_secret(tmp_path: Path) -> None:
    found: List[Optional[str]] = [None] * 8
    start = threading.Barrier(len(found))

    def make(number: int) -> None:
        start.wait()
        found[number] = development_secret(tmp_path)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(len(found))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(found) == {development_secret(tmp_path)}


def test_a_secret_being_written_by_another_process_is_waited_for(tmp_path: Path) -> None:
    (tmp_path / ".microframe").mkdir()
    file = tmp_path / ".microframe" / "secret"
    file.touch()
    writer = threading.Timer(0.05, file.write_text, [STRONG])
    writer.start()
    assert development_secret(tmp_path) == STRONG
    writer.join()


@pytest.mark.parametrize("content", [b"short", b"\xff" * 64, b"x" * 10_000, b"   \n"])
def test_a_file_that_holds_no_secret_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".microframe").mkdir()
    (tmp_path / ".microframe" / "secret").write_bytes(content)
    with pytest.raises(SetupError, match=r"holds no secret; delete it, and a new one is made$"):
        development_secret(tmp_path)


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="needs O_NOFOLLOW")
def test_a_link_in_its_place_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("s" * 64)
    (tmp_path / ".microframe").mkdir()
    (tmp_path / ".microframe" / "secret").symlink_to(elsewhere)
    with pytest.raises(SetupError, match="set MICROFRAME_SECRET_KEY instead"):
        development_secret(tmp_path)


def test_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / ".microframe").write_text("a file is in the way")
    with pytest.raises(SetupError, match="set MICROFRAME_SECRET_KEY instead"):
        development_secret(tmp_path)
