"""Load: every source, their order, and messages that name key and source."""

import itertools
import json
import os
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Optional, cast

import pytest

from microframe.configurations import AppConfig, ConfigOptions, Secret, load_config
from microframe.configurations.sources import APP_KEYS
from microframe.exceptions import SetupError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(environ: Optional[Mapping[str, str]] = None, *, path: Any = None, **given: Any) -> AppConfig:
    return load_config(path, environ=environ or {}, **given)


def refusal(environ: Optional[Mapping[str, str]] = None, **given: Any) -> str:
    with pytest.raises(SetupError) as caught:
        load(environ, **given)
    assert "\n" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return str(caught.value)


def write(name: str, text: str) -> None:
    file = Path(name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def load_with(name: str, text: str, **given: Any) -> AppConfig:
    write(name, text)
    return load(**given)


# Every field ------------------------------------------------------------------------------------------------

FIELDS: "dict[str, tuple[str, object, object]]" = {
    # field: text in a variable, value in a file, what is kept
    "title": ("Team board", "Team board", "Team board"),
    "summary": ("Cards", "Cards", "Cards"),
    "description": ("two\nlines", "two\nlines", "two\nlines"),
    "version": ("2.1", "2.1", "2.1"),
    "terms_of_service": ("https://a.test/terms", "https://a.test/terms", "https://a.test/terms"),
    "contact": ('{"name": "Ada"}', {"name": "Ada"}, {"name": "Ada"}),
    "license_info": ('{"name": "MIT"}', {"name": "MIT"}, {"name": "MIT"}),
    "openapi_tags": ('[{"name": "cards"}]', [{"name": "cards"}], ({"name": "cards"},)),
    "openapi_external_docs": ('{"url": "/more"}', {"url": "/more"}, {"url": "/more"}),
    "servers": ('[{"url": "/v1"}]', [{"url": "/v1"}], ({"url": "/v1"},)),
    "root_path_in_servers": ("off", False, False),
    "separate_input_output_schemas": ("off", False, False),
    "openapi_version": ("3.2.0", "3.2.0", "3.2.0"),
    "openapi_url": ("/api.json", "/api.json", "/api.json"),
    "docs_url": ("/swagger", "/swagger", "/swagger"),
    "redoc_url": ("/reference", "/reference", "/reference"),
    "scalar_url": ("/reference", "/reference", "/reference"),
    "swagger_ui_oauth2_redirect_url": ("/back", "/back", "/back"),
    "swagger_ui_init_oauth": ('{"clientId": "board"}', {"clientId": "board"}, {"clientId": "board"}),
    "swagger_ui_parameters": ('{"deepLinking": false}', {"deepLinking": False}, {"deepLinking": False}),
    "redoc_parameters": ('{"disableSearch": true}', {"disableSearch": True}, {"disableSearch": True}),
    "scalar_parameters": ('{"theme": "moon"}', {"theme": "moon"}, {"theme": "moon"}),
    "docs_color_scheme": ("dark", "dark", "dark"),
    "docs_css_url": ("/docs.css", "/docs.css", "/docs.css"),
    "docs_favicon_url": ("/icon.svg", "/icon.svg", "/icon.svg"),
    "environment": ("test", "test", "test"),
    "debug": ("off", False, False),
    "strict": ("yes", True, True),
    "secret_key": ("kY3vQ9wZ1xR7tB5nM2cL8jH4gF6dS0aP",) * 2
    + ((Secret("kY3vQ9wZ1xR7tB5nM2cL8jH4gF6dS0aP"),),),
    "allowed_hosts": ("a.test, b.test", ["a.test", "b.test"], ("a.test", "b.test")),
    "trusted_proxies": ("10.0.0.0/8,::1", ["10.0.0.0/8", "::1"], ("10.0.0.0/8", "::1/128")),
    "root_path": ("/api", "/api", "/api"),
    "https_only": ("1", True, True),
    "redirect_slashes": ("0", False, False),
    "request_id_header": ("X-Trace", "X-Trace", "x-trace"),
    "error_format": ("detail", "detail", "detail"),
    "problem_base": ("https://x.test/p/",) * 3,
    "max_body_size": ("1_000", 1000, 1000),
    "max_form_parts": ("15", 15, 15),
    "max_form_files": ("16", 16, 16),
    "max_form_field_size": ("17", 17, 17),
    "max_form_file_size": ("18", 18, 18),
    "max_form_memory": ("19", 19, 19),
    "max_part_headers": ("20", 20, 20),
    "max_part_header_size": ("21", 21, 21),
    "max_header_count": ("10", 10, 10),
    "max_header_size": ("11", 11, 11),
    "max_query_params": ("12", 12, 12),
    "max_path_size": ("13", 13, 13),
    "threads": ("4", 4, 4),
    "cancel_on_disconnect": ("on", True, True),
    "request_timeout": ("2.5", 2.5, 2.5),
    "websocket_max_message_size": ("14", 14, 14),
    "websocket_allowed_origins": ('["https://a.test"]', ["https://a.test"], ("https://a.test",)),
    "host": ("0.0.0.0", "0.0.0.0", "0.0.0.0"),
    "port": ("9000", 9000, 9000),
    "workers": ("2", 2, 2),
    "log_level": ("debug", "debug", "debug"),
    "redis_url": ("redis://a:1", "redis://a:1", "redis://a:1"),
    "store_url": ("memory://",) * 3,
    "broker_url": ("memory://",) * 3,
}


def test_the_table_of_fields_is_complete() -> None:
    assert tuple(FIELDS) == APP_KEYS
    for name, (_, _, kept) in FIELDS.items():
        assert getattr(AppConfig(), name) != kept, f"the default of {name} would hide that nothing was read"


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_can_be_set_in_every_source(name: str) -> None:
    text, value, kept = FIELDS[name]
    variable = f"MICROFRAME_{name.upper()}"
    write("a.env", f"{variable}='{text}'\n")
    write("a.json", json.dumps({name: value}))
    write("secrets/" + variable, text + "\n")
    for config in (
        load({variable: text}),
        load(env_file="a.env"),
        load(secrets_dir="secrets"),
        load(path="a.json"),
        load(None, **{name: value}),
    ):
        assert getattr(config, name) == kept
        assert config == AppConfig().replace(**cast(ConfigOptions, {name: value}))


def test_a_list_in_a_file_is_a_key_ring_and_so_is_a_json_list_in_a_variable() -> None:
    write("a.json", json.dumps({"secret_key": ["new", "old"]}))
    ring = (Secret("new"), Secret("old"))
    assert (
        load(path="a.json").secret_keys
        == load({"MICROFRAME_SECRET_KEY": '["new", "old"]'}).secret_keys
        == ring
    )


def test_a_comma_in_a_secret_separates_nothing() -> None:
    assert load({"MICROFRAME_SECRET_KEY": "a,b"}).secret_keys == (Secret("a,b"),)


def test_an_empty_variable_is_no_secret_no_hosts_and_no_choice_of_debug() -> None:
    config = load({"MICROFRAME_SECRET_KEY": "", "MICROFRAME_ALLOWED_HOSTS": "", "MICROFRAME_DEBUG": ""})
    assert (config.secret_keys, config.allowed_hosts, config.debug) == ((), (), True)


# Precedence -------------------------------------------------------------------------------------------------

SOURCES = ("keyword", "environment", "secrets", ".env.test", ".env", "file", "default")


def title_from(sources: List[str]) -> str:
    """The title when each of these sources sets its own name as title."""
    for source in ("secrets/microframe_title", ".env.test", ".env", "microframe.toml"):
        Path(source).unlink(missing_ok=True)
    given: Dict[str, Any] = {"environment": "test"}
    environ = {}
    if "secrets" in sources:
        write("secrets/microframe_title", "secrets")
        given["secrets_dir"] = "secrets"
    for name in (".env.test", ".env"):
        if name in sources:
            write(name, f"MICROFRAME_TITLE={name}\n")
    if "file" in sources:
        write("microframe.toml", 'title = "file"\n')
    if "environment" in sources:
        environ["MICROFRAME_TITLE"] = "environment"
    if "keyword" in sources:
        given["title"] = "keyword"
    return load(environ, **given).title


def test_of_every_two_sources_the_nearer_one_wins() -> None:
    assert title_from([]) == AppConfig().title
    for near, far in itertools.combinations(SOURCES[:-1], 2):
        assert title_from([near, far]) == near, f"{near} comes before {far}"


def test_of_all_sources_the_nearest_one_wins_as_they_are_taken_away() -> None:
    for number, nearest in enumerate(SOURCES[:-1]):
        assert title_from(list(SOURCES[number:-1])) == nearest


def test_sources_are_merged_key_by_key() -> None:
    write("microframe.toml", 'title = "Board"\nport = 1\n[plugins.cache]\nttl = 1\nsize = 2\n')
    write(".env", "MICROFRAME_PORT=2\nMICROFRAME_CACHE__TTL=3\n")
    config = load({"MICROFRAME_HOST": "0.0.0.0"})
    assert (config.title, config.port, config.host) == ("Board", 2, "0.0.0.0")
    table = config.sections.table("cache")  # type: ignore[union-attr]
    assert {key: setting.value for key, setting in table.items()} == {"ttl": "3", "size": 2}


def test_what_a_nearer_source_overrides_need_not_be_right() -> None:
    assert load({"MICROFRAME_PORT": "eighty"}, port=80).port == 80


# Locations --------------------------------------------------------------------------------------------------


def test_nothing_has_to_be_there() -> None:
    assert load() == AppConfig()


@pytest.mark.parametrize("name", ["microframe.toml", "pyproject.toml"])
def test_a_file_in_the_working_directory_is_found(name: str) -> None:
    write(name, ("[tool.microframe]\n" if name == "pyproject.toml" else "") + "port = 9\n")
    assert load().port == 9


def test_variables_say_where_to_look() -> None:
    write("conf/a.toml", "port = 1\n")
    write("conf/b.env", "MICROFRAME_WORKERS=2\n")
    write("conf/b.env.test", "MICROFRAME_THREADS=3\n")
    write("conf/secrets/MICROFRAME_TITLE", "4")
    write("microframe.toml", "this is not read")
    write(".env", "this is not read")
    environ = {
        "MICROFRAME_CONFIG": "conf/a.toml",
        "MICROFRAME_ENV_FILE": "conf/b.env",
        "MICROFRAME_SECRETS_DIR": "conf/secrets",
    }
    config = load(environ, environment="test")
    assert (config.port, config.workers, config.threads, config.title) == (1, 2, 3, "4")


def test_arguments_say_it_before_variables() -> None:
    write("a.toml", "port = 1\n")
    assert load({"MICROFRAME_CONFIG": "b.toml"}, path=Path("a.toml")).port == 1


@pytest.mark.parametrize("name", ["path", "env_file", "secrets_dir"])
def test_a_location_that_was_named_must_be_there(name: str) -> None:
    assert refusal(None, **{name: "gone.toml"}) == "gone.toml: No such file or directory"


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MICROFRAME_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MICROFRAME_PORT", "9001")
    assert load_config().port == 9001


# .env.<environment> -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "say",
    [
        lambda: load(environment="test"),
        lambda: load({"MICROFRAME_ENVIRONMENT": "test"}),
        lambda: load_with(".env", "MICROFRAME_ENVIRONMENT=test\n"),
        lambda: load_with("microframe.toml", 'environment = "test"\n'),
        lambda: load_with("secrets/MICROFRAME_ENVIRONMENT", "test\n", secrets_dir="secrets"),
    ],
)
def test_the_environment_chooses_its_env_file_wherever_it_is_said(say: Callable[[], AppConfig]) -> None:
    write(".env.test", "MICROFRAME_PORT=1\n")
    write(".env.development", "MICROFRAME_PORT=2\n")
    assert say().port == 1


def test_without_a_word_the_env_file_of_development_is_read() -> None:
    write(".env.development", "MICROFRAME_PORT=2\n")
    assert load().port == 2


def test_an_env_file_cannot_choose_another_environment_than_its_own() -> None:
    write(".env.test", "MICROFRAME_ENVIRONMENT=test\n")
    assert load(environment="test").environment == "test"
    write(".env.test", "\nMICROFRAME_ENVIRONMENT=production\n")
    assert refusal(environment="test") == (
        "MICROFRAME_ENVIRONMENT in .env.test:2: this file is read in test, and cannot choose another one"
    )


def test_an_environment_is_one_of_three_before_it_names_a_file() -> None:
    assert refusal({"MICROFRAME_ENVIRONMENT": "../../etc/passwd"}) == (
        "MICROFRAME_ENVIRONMENT in environment: expected development, test or production,"
        " not '../../etc/passwd'"
    )


# What belongs to others -------------------------------------------------------------------------------------


def test_what_has_another_prefix_belongs_to_others() -> None:
    write(".env", "DATABASE_URL=postgresql://x\nPORT=1\nNOT_MICROFRAME_PORT=2\n")
    write("secrets/password", "hunter2")
    write("secrets/port", "1")
    write("secrets/..data", "hunter2")
    write("secrets/.hidden", "hunter2")
    write("secrets/more/MICROFRAME_PORT", "2")
    write("secrets/microframe_workers", "3")
    config = load({"PORT": "1", "microframe_port": "2", "HOME": "/root"}, secrets_dir="secrets")
    assert config == AppConfig(workers=3)


def test_secrets_of_kubernetes_are_links_to_links() -> None:
    write("secrets/..2024_01_01/MICROFRAME_SECRET_KEY", "hunter2\r\n")
    Path("secrets/..data").symlink_to("..2024_01_01")
    Path("secrets/MICROFRAME_SECRET_KEY").symlink_to("..data/MICROFRAME_SECRET_KEY")
    assert load(secrets_dir="secrets").secret_keys == (Secret("hunter2"),)


# Messages ---------------------------------------------------------------------------------------------------

FILE = "microframe.toml"


@pytest.mark.parametrize(
    ("files", "given", "message"),
    [
        (
            {},
            {"environ": {"MICROFRAME_PORT": "x"}},
            "MICROFRAME_PORT in environment: expected a whole number, not 'x'",
        ),
        (
            {},
            {"environ": {"MICROFRAME_PORT": "70000"}},
            "MICROFRAME_PORT in environment: expected a whole number from 0 to 65535, not 70000",
        ),
        (
            {},
            {"environ": {"MICROFRAME_DEBUG": "maybe"}},
            "MICROFRAME_DEBUG in environment: expected true or false (1 or 0, on or off, yes or no),"
            " not 'maybe'",
        ),
        (
            {},
            {"environ": {"MICROFRAME_LOG_LEVEL": "loud"}},
            "MICROFRAME_LOG_LEVEL in environment: expected critical, error, warning, info or debug,"
            " not 'loud'",
        ),
        ({}, {"port": "80"}, "port given to load_config: expected a whole number from 0 to 65535, not '80'"),
        ({}, {"prot": 80}, "prot: AppConfig has no such field; did you mean port?"),
        (
            {".env": "A=1\n\nMICROFRAME_PORT=x\n"},
            {},
            "MICROFRAME_PORT in .env:3: expected a whole number, not 'x'",
        ),
        (
            {FILE: 'port = "80"\n'},
            {},
            "port in microframe.toml: expected a whole number from 0 to 65535, not '80'",
        ),
        ({FILE: "version = 1.0\n"}, {}, "version in microframe.toml: expected text, not 1.0"),
        (
            {FILE: 'allowed_hosts = "a.test"\n'},
            {},
            "allowed_hosts in microframe.toml: expected a list of host names, not 'a.test'",
        ),
        (
            {"pyproject.toml": "[tool.microframe]\nport = -1\n"},
            {},
            "tool.microframe.port in pyproject.toml: expected a whole number from 0 to 65535, not -1",
        ),
        (
            {"s/microframe_port": "x"},
            {"secrets_dir": "s"},
            "microframe_port in s: expected a whole number, not 'x'",
        ),
        (
            {},
            {"environ": {"MICROFRAME_PROT": "hunter2"}},
            "MICROFRAME_PROT in environment: no such setting; did you mean MICROFRAME_PORT?",
        ),
        (
            {},
            {"environ": {"MICROFRAME_port": "1"}},
            "MICROFRAME_port in environment: no such setting; did you mean MICROFRAME_PORT?",
        ),
        (
            {},
            {"environ": {"MICROFRAME_QQQQ": "hunter2"}},
            "MICROFRAME_QQQQ in environment: no such setting"
            " (a plugin has its own as MICROFRAME_<PLUGIN>__<KEY>)",
        ),
        (
            {},
            {"environ": {"MICROFRAME_SECTIONS": "hunter2"}},
            "MICROFRAME_SECTIONS in environment: no such setting"
            " (a plugin has its own as MICROFRAME_<PLUGIN>__<KEY>)",
        ),
        (
            {},
            {"environ": {"MICROFRAME_CONFG": "hunter2"}},
            "MICROFRAME_CONFG in environment: no such setting; did you mean MICROFRAME_CONFIG?",
        ),
        (
            {".env": "MICROFRAME_HOTS=x\n"},
            {},
            "MICROFRAME_HOTS in .env:1: no such setting; did you mean MICROFRAME_HOST?",
        ),
        (
            {".env": "MICROFRAME_CONFIG=x.toml\n"},
            {},
            "MICROFRAME_CONFIG in .env:1: it is read from the environment alone",
        ),
        ({FILE: "prot = 1\n"}, {}, "prot in microframe.toml: no such setting; did you mean port?"),
        (
            {FILE: "[plugin.cache]\nttl = 1\n"},
            {},
            "plugin in microframe.toml: no such setting; did you mean plugins?",
        ),
        ({FILE: "[sections.cache]\nttl = 1\n"}, {}, "sections in microframe.toml: no such setting"),
        ({FILE: "plugins = 1\n"}, {}, "plugins in microframe.toml: expected a table for each plugin, not 1"),
        (
            {FILE: "[plugins]\ncache = 'hunter2'\n"},
            {},
            "plugins.cache in microframe.toml: expected a table, not 'hunter2'",
        ),
        (
            {FILE: "[plugins.cache]\nttl = 1\nTTL = 2\n"},
            {},
            "plugins.cache.TTL in microframe.toml: it is there twice",
        ),
        (
            {"microframe.yaml": "on: 1\n"},
            {},
            "True in microframe.yaml: no such setting",
        ),
        (
            {"s/other": "hunter2"},
            {"secrets_dir": "s"},
            "s: no file of this secrets directory has a name such as MICROFRAME_SECRET_KEY",
        ),
        (
            {"s/MICROFRAME_PORT": "1", "s/microframe_port": "2"},
            {"secrets_dir": "s"},
            "s: MICROFRAME_PORT and microframe_port are one setting",
        ),
        (
            {"s/MICROFRAME_PORT": "1" * 65_537},
            {"secrets_dir": "s"},
            f"s{os.sep}MICROFRAME_PORT: larger than 65536 bytes",
        ),
        (
            {},
            {"environ": {"MICROFRAME_ENVIRONMENT": "production"}},
            "allowed_hosts: production must name the hosts it answers for, such as example.com"
            " (MICROFRAME_ALLOWED_HOSTS)",
        ),
        (
            {".env": "MICROFRAME_DEBUG=1\n"},
            {"environment": "production", "allowed_hosts": ["a.test"]},
            "MICROFRAME_DEBUG in .env:1: production refuses it: error pages would show the program's source",
        ),
        (
            {},
            {"environ": {"MICROFRAME_SECRET_KEY": '["hunter2"'}},
            "MICROFRAME_SECRET_KEY in environment: expected one text or a JSON list of texts",
        ),
        (
            {FILE: "secret_key = 31337\n"},
            {},
            "secret_key in microframe.toml: expected a list of texts",
        ),
        (
            {},
            {"environ": {"MICROFRAME_SECRET_KEY": "hunter2", "MICROFRAME_STRICT": "1"}},
            "MICROFRAME_SECRET_KEY in environment: strict refuses it: key 1 is too short: 7 bytes,"
            " and 32 are the least",
        ),
        (
            {},
            {"sections": {"cache": 1}},
            "sections: expected a table of sections, each a table of settings, not 1",
        ),
    ],
)
def test_a_message_names_key_and_source(files: Dict[str, str], given: Dict[str, Any], message: str) -> None:
    for name, text in files.items():
        write(name, text)
    assert refusal(**given) == message
