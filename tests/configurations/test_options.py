"""Options: a section of the settings as a dataclass or a Pydantic model."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Mapping, Optional, Type

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic.dataclasses import dataclass as pydantic_dataclass

from microframe.configurations import AppConfig, Secret, load_config, read_section, refuse_unknown_sections
from microframe.exceptions import SetupError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass(frozen=True)
class Redis:
    host: str = "localhost"
    password: Optional[Secret] = None


@dataclass(frozen=True)
class CacheOptions:
    url: str
    ttl: float = 60.0
    tags: List[str] = field(default_factory=list)
    on: bool = True
    redis: Optional[Redis] = None
    seen: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        if self.ttl < 0:
            raise ValueError(f"ttl cannot be {self.ttl}\nwith {self.url}")


class CacheModel(BaseModel):
    url: str
    ttl: float = Field(default=60, ge=0)
    tags: List[str] = []
    on: bool = True
    redis: Optional[Dict[str, str]] = None
    token: Optional[SecretStr] = None

    @field_validator("tags")
    @classmethod
    def no_empty_tags(cls, tags: List[str]) -> List[str]:
        if "bad" in tags:
            raise ValueError(f"a bad tag\nin {tags}")
        return tags


def config_of(environ: Optional[Mapping[str, str]] = None, **tables: Mapping[str, object]) -> AppConfig:
    return load_config(environ=environ or {}, sections=tables)


def refusal(kind: Type[Any], config: AppConfig, name: str = "cache") -> str:
    with pytest.raises(SetupError) as caught:
        read_section(config, name, kind)
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


BOTH = pytest.mark.parametrize("kind", [CacheOptions, CacheModel])


# What both do -----------------------------------------------------------------------------------------------


@BOTH
def test_a_section_is_read_from_text(kind: Any) -> None:
    environ = {
        "MICROFRAME_CACHE__URL": "memory:",
        "MICROFRAME_CACHE__TTL": "1.5",
        "MICROFRAME_CACHE__TAGS": "a, b",
        "MICROFRAME_CACHE__ON": "off",
        "MICROFRAME_CACHE__REDIS": '{"host": "r.test"}',
    }
    found = read_section(config_of(environ), "cache", kind)
    assert (found.url, found.ttl, found.tags, found.on) == ("memory:", 1.5, ["a", "b"], False)
    assert found.redis in (Redis("r.test"), {"host": "r.test"})


@BOTH
@pytest.mark.parametrize("name", ["microframe.toml", "pyproject.toml"])
def test_a_section_is_read_from_a_file(kind: Any, name: str) -> None:
    prefix = "tool.microframe." if name == "pyproject.toml" else ""
    text = f'[{prefix}plugins.cache]\nurl = "memory:"\nttl = 2\ntags = ["a"]\nredis = {{ host = "r.test" }}\n'
    Path(name).write_text(text, encoding="utf-8")
    found = read_section(load_config(environ={}), "cache", kind)
    assert (found.url, found.ttl, found.tags, found.on) == ("memory:", 2.0, ["a"], True)
    assert found.redis in (Redis("r.test"), {"host": "r.test"})


@BOTH
def test_a_section_is_read_from_the_program(kind: Any) -> None:
    found = read_section(AppConfig(sections={"cache": {"url": "memory:", "ttl": 3}}), "cache", kind)
    assert (found.url, found.ttl) == ("memory:", 3)


@BOTH
def test_a_variable_comes_before_a_file_and_a_keyword_before_both(kind: Any) -> None:
    Path("microframe.toml").write_text(
        '[plugins.cache]\nURL = "file"\nttl = 1\non = false\n', encoding="utf-8"
    )
    environ = {"MICROFRAME_CACHE__URL": "variable", "MICROFRAME_CACHE__TTL": "2"}
    found = read_section(config_of(environ, cache={"Url": "keyword"}), "cache", kind)
    assert (found.url, found.ttl, found.on) == ("keyword", 2.0, False)


@BOTH
def test_an_empty_text_is_nothing_where_nothing_is_allowed(kind: Any) -> None:
    environ = {"MICROFRAME_CACHE__URL": "", "MICROFRAME_CACHE__REDIS": "", "MICROFRAME_CACHE__TAGS": ""}
    found = read_section(config_of(environ), "cache", kind)
    assert (found.url, found.redis, found.tags) == ("", None, [])


@BOTH
def test_a_missing_key_is_named_with_the_places_to_set_it(kind: Any) -> None:
    assert refusal(kind, AppConfig()) == (
        "plugins.cache.url: it is not set; give it as [plugins.cache] url in a file or MICROFRAME_CACHE__URL"
    )
    config = AppConfig(sections={"my-cache": {"ttl": 1}})
    assert refusal(kind, config, "my-cache").endswith("or MICROFRAME_MY_CACHE__URL")


@BOTH
def test_an_unknown_key_is_refused_with_its_source(kind: Any) -> None:
    assert refusal(kind, config_of({"MICROFRAME_CACHE__TTLS": "hunter2", "MICROFRAME_CACHE__URL": "x"})) == (
        "MICROFRAME_CACHE__TTLS in environment: no such setting; did you mean ttl?"
    )
    Path("microframe.toml").write_text('[plugins.cache]\nqqq = "hunter2"\n', encoding="utf-8")
    assert refusal(kind, load_config(environ={})) == "plugins.cache.qqq in microframe.toml: no such setting"


@BOTH
def test_a_wrong_value_is_refused_with_its_source(kind: Any) -> None:
    message = refusal(kind, config_of({"MICROFRAME_CACHE__TTL": "soon", "MICROFRAME_CACHE__URL": "x"}))
    assert message.startswith("MICROFRAME_CACHE__TTL in environment: ")
    message = refusal(kind, config_of({"MICROFRAME_CACHE__TAGS": "[1", "MICROFRAME_CACHE__URL": "x"}))
    assert message == (
        "MICROFRAME_CACHE__TAGS in environment: expected a list, separated by commas or as JSON"
    )
    message = refusal(kind, config_of({"MICROFRAME_CACHE__REDIS": "[", "MICROFRAME_CACHE__URL": "x"}))
    assert message == "MICROFRAME_CACHE__REDIS in environment: expected a table as JSON"


@BOTH
def test_names_of_sections_are_one_with_dash_and_underscore(kind: Any) -> None:
    Path("microframe.toml").write_text("[plugins.my-cache]\nttl = 1\n", encoding="utf-8")
    config = load_config(environ={"MICROFRAME_MY_CACHE__URL": "x"})
    for name in ("my-cache", "my_cache", "My-Cache"):
        assert (read_section(config, name, kind).url, read_section(config, name, kind).ttl) == ("x", 1)


# Dataclasses ------------------------------------------------------------------------------------------------


def test_a_wrong_value_of_a_dataclass_is_shown() -> None:
    assert refusal(CacheOptions, config_of({"MICROFRAME_CACHE__TTL": "soon"})) == (
        "MICROFRAME_CACHE__TTL in environment: expected a number, not 'soon'"
    )
    assert refusal(CacheOptions, AppConfig(sections={"cache": {"tags": ["a", 1]}})) == (
        "cache.tags in AppConfig.sections: expected text, not 1 (put it in quotes)"
    )
    assert refusal(CacheOptions, AppConfig(sections={"cache": {"redis": 1}})) == (
        "cache.redis in AppConfig.sections: expected a table, not 1"
    )


def test_a_dataclass_inside_a_dataclass_is_a_table() -> None:
    config = AppConfig(sections={"cache": {"url": "x", "redis": {"host": "r", "password": "hunter2"}}})
    assert read_section(config, "cache", CacheOptions).redis == Redis("r", Secret("hunter2"))
    config = AppConfig(sections={"cache": {"url": "x", "redis": Redis("given")}})
    assert read_section(config, "cache", CacheOptions).redis == Redis("given")


def test_faults_in_an_inner_table_name_both_keys() -> None:
    table = '{"password": 31337}'
    assert (
        refusal(CacheOptions, config_of({"MICROFRAME_CACHE__REDIS": table}))
        == ("password of MICROFRAME_CACHE__REDIS in environment: expected text or nothing").replace(
            " or nothing", ""
        )
        + " (put it in quotes)"
    )
    assert refusal(CacheOptions, AppConfig(sections={"cache": {"redis": {"hots": 1}}})) == (
        "hots of cache.redis in AppConfig.sections: no such setting; did you mean host?"
    )


def test_a_field_that_is_not_given_to_init_is_no_setting() -> None:
    assert refusal(CacheOptions, AppConfig(sections={"cache": {"url": "x", "seen": 1}})).startswith(
        "cache.seen in AppConfig.sections: no such setting"
    )


def test_what_a_dataclass_says_itself_is_one_line_without_secrets() -> None:
    config = AppConfig(sections={"cache": {"url": "redis://:hunter2@r.test", "ttl": -1}})
    assert refusal(CacheOptions, config) == "plugins.cache: ttl cannot be -1.0 with ***"


def test_a_type_that_no_setting_can_be_is_named() -> None:
    @dataclass
    class Odd:
        number: complex = 0j

    assert refusal(Odd, AppConfig(sections={"cache": {"number": "1"}})) == (
        "cache.number in AppConfig.sections: no setting can be read as <class 'complex'>"
    )


def test_a_dataclass_with_hints_that_cannot_be_read_is_named() -> None:
    @dataclass
    class Odd:
        number: "Nowhere" = 0  # type: ignore[name-defined]  # noqa: F821

    assert "Odd cannot be read: name 'Nowhere' is not defined" in refusal(Odd, AppConfig())


def test_a_pydantic_dataclass_does_not_show_secrets() -> None:
    @pydantic_dataclass
    class Strict:
        password: str = Field(default="", max_length=3)
        size: int = Field(default=1, ge=1)

    assert read_section(config_of({"MICROFRAME_CACHE__SIZE": "5"}), "cache", Strict).size == 5
    message = refusal(Strict, AppConfig(sections={"cache": {"password": "hunter2"}}))
    assert "password" in message
    assert "hunter2" not in message


# Pydantic models --------------------------------------------------------------------------------------------


def test_what_a_model_says_is_told_with_its_source_and_place() -> None:
    config = config_of({"MICROFRAME_CACHE__URL": "x", "MICROFRAME_CACHE__TTL": "-1"})
    assert refusal(CacheModel, config) == (
        "MICROFRAME_CACHE__TTL in environment: Input should be greater than or equal to 0"
    )
    config = AppConfig(sections={"cache": {"url": "x", "tags": ["a", 1]}})
    assert (
        refusal(CacheModel, config) == "cache.tags in AppConfig.sections: Input should be a valid string (1)"
    )
    config = config_of({"MICROFRAME_CACHE__URL": "x", "MICROFRAME_CACHE__TAGS": "bad"})
    assert refusal(CacheModel, config) == (
        "MICROFRAME_CACHE__TAGS in environment: Value error, a bad tag in ['bad']"
    )


def test_a_model_takes_our_secrets_and_its_own() -> None:
    config = AppConfig(sections={"cache": {"url": Secret("x"), "token": "hunter2"}})
    found = read_section(config, "cache", CacheModel)
    assert (found.url, found.token) == ("x", SecretStr("hunter2"))


def test_a_model_is_read_by_its_aliases() -> None:
    class Aliased(BaseModel):
        base_url: str = Field(alias="baseUrl")

    found = read_section(config_of({"MICROFRAME_CACHE__BASEURL": "x"}), "cache", Aliased)
    assert found.base_url == "x"
    assert refusal(Aliased, AppConfig(sections={"cache": {"base_url": "x"}})) == (
        "cache.base_url in AppConfig.sections: no such setting; did you mean baseUrl?"
    )


def test_a_model_that_allows_more_gets_more() -> None:
    class Open(BaseModel, extra="allow"):
        size: int = 1

    found = read_section(
        config_of({"MICROFRAME_CACHE__SIZE": "2", "MICROFRAME_CACHE__MORE": "x"}), "cache", Open
    )
    assert found.model_dump() == {"size": 2, "more": "x"}


def test_a_table_inside_a_model_may_be_json() -> None:
    class Inner(BaseModel):
        port: int

    class Outer(BaseModel):
        inner: Optional[Inner] = None

    config = config_of({"MICROFRAME_CACHE__INNER": '{"port": 5}'})
    assert read_section(config, "cache", Outer) == Outer(inner=Inner(port=5))
    config = config_of({"MICROFRAME_CACHE__INNER": '{"port": "x"}'})
    assert refusal(Outer, config).startswith("MICROFRAME_CACHE__INNER in environment: ")
    assert refusal(Outer, config).endswith(" (port)")


def test_a_type_that_is_neither_is_refused() -> None:
    assert refusal(dict, AppConfig()).startswith("<class 'dict'> cannot hold the section cache")


# Sections that nobody reads ---------------------------------------------------------------------------------


def test_a_section_that_nobody_reads_is_refused() -> None:
    config = config_of({"MICROFRAME_CAHCE__TTL": "1", "MICROFRAME_TASKS__SIZE": "1"})
    refuse_unknown_sections(config, ["cahce", "tasks", "other"])
    with pytest.raises(SetupError) as caught:
        refuse_unknown_sections(config, ["cache", "tasks"])
    assert str(caught.value) == (
        "MICROFRAME_CAHCE__TTL in environment: nothing here is called cahce; did you mean cache?"
    )
    refuse_unknown_sections(AppConfig(sections={"my-cache": {"ttl": 1}}), ["my-cache"])
