"""Secrets: they show in no representation and in no message, whatever else is wrong."""

import copy
import hashlib
import json
import logging
import os
import pickle
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, SecretStr, model_validator

from microframe.configurations import AppConfig, Secret, load_config, read_section
from microframe.configurations.faults import scrub, shown
from microframe.configurations.secret import is_secret_name, is_secret_type
from microframe.exceptions import SetupError

# Of one kind that no message has by chance, and of the kind that people use.
SECRETS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=4).map(
        "☃{}☃".format
    ),
    st.binary().map(lambda raw: hashlib.sha256(raw).hexdigest()),
)
SOME = max(10, settings().max_examples // 4)  # each test runs for many cases
FRIENDLY = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


# Secret -----------------------------------------------------------------------------------------------------


def test_a_secret_shows_itself_to_reveal_alone() -> None:
    secret = Secret("hunter2")
    texts = [
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r:>30}",
        f"{secret} {secret!r}",
        str([secret]),
    ]
    assert all("hunter2" not in text and "***" in text for text in texts)
    assert secret.reveal() == "hunter2"


def test_a_secret_does_not_show_in_logs(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("test").warning("%s and %s", Secret("hunter2"), {"key": Secret("hunter2")})
    assert "hunter2" not in caplog.text


def test_secrets_are_compared_hashed_copied_and_have_a_truth() -> None:
    secret = Secret("hunter2")
    assert secret == Secret("hunter2")
    assert secret not in (Secret("other"), "hunter2", None)
    assert len({secret, Secret("hunter2")}) == 1
    assert copy.deepcopy(secret) == secret == pickle.loads(pickle.dumps(secret))
    assert Secret("é\ud800") == Secret("é\ud800")
    assert bool(secret)
    assert not Secret("")


def test_a_configuration_can_be_sent_to_another_process_with_its_secrets() -> None:
    config = AppConfig(secret_key="hunter2", sections={"db": {"password": "x"}})
    assert pickle.loads(pickle.dumps(config)) == config


SECRET_NAMES = """
    secret secret_key SECRET_KEY password passwd db_password passphrase token access_token tokens credentials
    private_key api_key apiKey key keys url redis_url database_url databaseUrl uri dsn sentry_dsn auth
    basic_auth salt pepper client-secret refreshToken pin cookie
"""
OPEN_NAMES = """
    title port host monkey keyboard security author during tokyo ttl size pinned curl burial passing
"""


@pytest.mark.parametrize("name", SECRET_NAMES.split())
def test_a_name_like_this_hides_its_value(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", OPEN_NAMES.split())
def test_a_name_like_this_shows_its_value(name: str) -> None:
    assert not is_secret_name(name)


def test_types_tell_secrets_too() -> None:
    assert all(
        map(
            is_secret_type,
            (Secret, SecretStr, Optional[Secret], List[Secret], Dict[str, Optional[SecretStr]]),
        )
    )
    assert not any(map(is_secret_type, (str, Optional[str], List[int], None, Any)))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        ("x", "'x'"),
        ("two\nlines", "'two\\nlines'"),
        ("x" * 100, "'" + "x" * 59 + "…"),
        ("redis://:hunter2@r.test", "an address with credentials"),
        (True, "True"),
        (1.5, "1.5"),
        (10**30, "a value of type int"),
        (float("nan"), "a value of type float"),
        (["hunter2"], "a list"),
        ({"hunter2": 1}, "a table"),
        (Secret("hunter2"), "a value of type Secret"),
    ],
)
def test_a_value_is_shown_in_one_short_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_scrubbing_takes_out_each_spelling_and_the_longest_first() -> None:
    assert scrub("no 'a\\nb', a\nb, abc or abcd", ["a\nb", "abc", "abcd", ""]) == "no '***', ***, *** or ***"


# No message -------------------------------------------------------------------------------------------------


@dataclass
class Options:
    password: Secret = Secret("")  # noqa: RUF009 - it is immutable
    token: int = 0
    api_keys: Optional[List[int]] = None
    plain: str = ""
    dsn: str = ""

    def __post_init__(self) -> None:
        raise ValueError(f"refused: {self.password.reveal()} {self.dsn!r} {self.dsn}")


class Model(BaseModel):
    password: Optional[SecretStr] = None
    token: int = 0
    api_keys: List[int] = []
    inner: Dict[str, str] = {}
    dsn: str = ""

    @model_validator(mode="after")
    def refuse(self) -> "Model":
        revealed = self.password.get_secret_value() if self.password else ""
        raise ValueError(f"refused: {revealed} {self.dsn!r} {self.dsn} {self.inner}")


def spellings(secret: str) -> List[str]:
    return [secret, repr(secret)[1:-1], json.dumps(secret)[1:-1]]


def check_hidden(call: Callable[[], object], secret: str) -> None:
    """The call is refused, and neither the message nor the traceback has the secret in it."""
    with pytest.raises(SetupError) as caught:
        call()
    text = "".join(traceback.format_exception_only(type(caught.value), caught.value)) + str(
        caught.value.__cause__
    )
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    for spelling in spellings(secret):
        assert spelling not in text


VARIABLES = [
    # A variable, and what stands around the secret in it.
    ("MICROFRAME_SECRET_KEY", '["{}"'),
    ("MICROFRAME_SECRET_KEY", "[{}, 1]"),
    ("MICROFRAME_SECRET_KYE", "{}"),
    ("MICROFRAME_NOTHING_LIKE_IT", "{}"),
]


@given(secret=SECRETS)
@settings(suppress_health_check=FRIENDLY, max_examples=SOME)
@pytest.mark.parametrize(("name", "around"), VARIABLES)
def test_no_variable_shows_its_secret(secret: str, name: str, around: str) -> None:
    check_hidden(lambda: load_config(environ={name: around.format(secret)}), secret)


FILES = [
    ("a.env", "MICROFRAME_SECRET_KEY='{}"),
    ("a.env", "={} = 1"),
    ("a.env", "MICROFRAME_SECRET_KEY='x' {}"),
    ("a.env", "MICROFRAME_SECRET_KEY=[{}\n"),
    ("a.env", "MICROFRAME_PORT=1\nMICROFRAME_PORT='{}'\n"),
    ("a.toml", 'secret_key = "{}'),
    ("a.toml", "secret_key = {}"),
    ("a.toml", "secret_key = [1, {!r}]"),
    ("a.toml", 'secret_kye = "{}"'),
    ("a.json", '{{"secret_key": "{}'),
    ("a.json", '{{"secret_key": {}}}'),
    ("a.json", '{{"secret_key": [1, "x"], "title": "{}"}}'),
    ("a.yaml", "secret_key: [{}"),
    ("a.yaml", "secret_key: '{}"),
    ("a.yaml", "secret_key: !!python/name:{}"),
    ("a.yaml", "secret_key: {{a: {!r}}}"),
    ("a.yaml", "- {}"),
]


@given(secret=SECRETS.filter(lambda text: not set(text) & set("'\"\\#\r\n")))
@settings(suppress_health_check=FRIENDLY, max_examples=SOME)
@pytest.mark.parametrize(("name", "around"), FILES)
def test_no_broken_file_shows_its_secret(tmp_path: Path, secret: str, name: str, around: str) -> None:
    file = tmp_path / name
    file.write_text(around.format(secret), encoding="utf-8")
    given: Dict[str, Any] = {"env_file": file} if name.endswith(".env") else {"path": file}
    check_hidden(lambda: load_config(environ={}, **given), secret)


@given(secret=SECRETS)
@settings(suppress_health_check=FRIENDLY, max_examples=SOME)
def test_no_keyword_shows_its_secret(secret: str) -> None:
    check_hidden(lambda: AppConfig(secret_key=[secret, 1]), secret)  # type: ignore[list-item]
    check_hidden(lambda: AppConfig(secret_key={secret: secret}), secret)  # type: ignore[arg-type]
    check_hidden(lambda: AppConfig(secret_key=secret, port=-1), secret)
    check_hidden(lambda: AppConfig(secret_key=secret[:8], strict=True), secret)
    assert secret not in repr(AppConfig(secret_key=secret, sections={"db": {"password": secret}}))


SECTIONS: "list[dict[str, Any]]" = [
    {"token": "{}"},
    {"api_keys": "{}"},
    {"api_keys": ["{}"]},
    {"password": ["{}"]},
    {"passwrod": "{}"},
    {"password": "{}"},
    {"dsn": "{}"},
    {"inner": {"password": "{}"}},
    {"inner": {"password": ["{}"]}},
    {"inner": "{}"},
]


def filled(value: Any, secret: str) -> Any:
    if isinstance(value, dict):
        return {key: filled(item, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, secret) for item in value]
    return value.replace("{}", secret)


@given(secret=SECRETS)
@settings(suppress_health_check=FRIENDLY, max_examples=SOME)
@pytest.mark.parametrize("kind", [Options, Model])
@pytest.mark.parametrize("table", SECTIONS)
def test_no_section_shows_its_secret(secret: str, kind: Any, table: Dict[str, Any]) -> None:
    given_in_program = AppConfig(sections={"db": filled(table, secret)})
    check_hidden(lambda: read_section(given_in_program, "db", kind), secret)
    (name, value), *_ = filled(table, secret).items()
    text = value if isinstance(value, str) else json.dumps(value)
    in_environment = load_config(environ={f"MICROFRAME_DB__{name.upper()}": text})
    check_hidden(lambda: read_section(in_environment, "db", kind), secret)


@pytest.mark.skipif(os.name != "posix", reason="surrogates come from POSIX environments")
def test_a_secret_that_is_no_utf8_is_a_secret_all_the_same() -> None:
    text = os.fsdecode(b"\xff\xfe" * 20)
    config = load_config(environ={"MICROFRAME_SECRET_KEY": text})
    assert config.secret_keys == (Secret(text),)
    assert repr(config)
