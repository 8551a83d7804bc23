"""AppConfig: what each field accepts and refuses, what is derived, and that a copy is checked anew."""

import copy
import dataclasses
import sys
from typing import Any, Tuple, cast, get_type_hints

import pytest
from typing_extensions import get_type_hints as hints_of_dictionary

from microframe.configurations import AppConfig, ConfigOptions, Secret
from microframe.configurations.checks import CHECKS
from microframe.exceptions import SetupError

PRODUCTION: ConfigOptions = {"environment": "production", "allowed_hosts": ["example.com"]}
STRONG = "kY3vQ9wZ1xR7tB5nM2cL8jH4gF6dS0aP"


def config_of(**fields: object) -> AppConfig:
    """An AppConfig of fields whose types are not known to be right."""
    return AppConfig(**cast(ConfigOptions, fields))


def refusal(**fields: object) -> str:
    """What is said when these fields are refused."""
    with pytest.raises(SetupError) as caught:
        config_of(**fields)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# Defaults and derived values --------------------------------------------------------------------------------


def test_the_defaults_are_those_of_development() -> None:
    config = AppConfig()
    assert (config.environment, config.debug, config.is_development, config.is_production) == (
        "development",
        True,
        True,
        False,
    )
    assert (config.host, config.port, config.workers, config.threads) == ("127.0.0.1", 8000, 1, 40)
    assert (config.allowed_hosts, config.trusted_proxies, config.secret_keys) == ((), (), ())
    assert (config.max_body_size, config.max_header_count, config.max_header_size) == (
        10_000_000,
        100,
        32_768,
    )
    assert (config.max_query_params, config.max_path_size) == (1000, 8192)
    assert (config.websocket_max_message_size, config.websocket_allowed_origins) == (1_048_576, ())
    assert (config.error_format, config.problem_base) == ("problem", "/problems/")
    assert config.redirect_slashes
    assert not any([config.strict, config.https_only, config.cancel_on_disconnect])


def test_debug_follows_the_environment_unless_it_is_chosen() -> None:
    assert AppConfig(environment="test").debug is False
    assert AppConfig(**PRODUCTION).debug is False
    assert AppConfig(environment="test", debug=True).debug is True
    assert AppConfig(debug=False).debug is False


def test_a_derived_value_is_derived_again_in_a_copy() -> None:
    development = AppConfig(title="Board")
    production = development.replace(**PRODUCTION)
    assert (development.debug, production.debug, production.title) == (True, False, "Board")


def test_a_chosen_value_stays_in_a_copy() -> None:
    with pytest.raises(SetupError, match="debug: production refuses it"):
        AppConfig(debug=True).replace(**PRODUCTION)


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace is new in 3.13")
def test_copy_replace_is_replace() -> None:
    made = cast(Any, copy).replace(AppConfig(), **PRODUCTION)
    assert made == AppConfig(**PRODUCTION)


def test_a_copy_is_checked() -> None:
    with pytest.raises(SetupError, match=r"^port: expected"):
        AppConfig().replace(port=-1)
    with pytest.raises(SetupError, match="prot: AppConfig has no such field; did you mean port"):
        cast(Any, AppConfig()).replace(prot=1)


def test_a_configuration_cannot_be_changed_and_can_be_compared_and_hashed() -> None:
    config = AppConfig(allowed_hosts=["example.com"], sections={"cache": {"ttl": 1}})
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.port = 1  # type: ignore[misc]
    assert config == AppConfig(allowed_hosts=("example.com",), sections={"cache": {"ttl": 1}})
    assert config != config.replace(port=1)
    assert len({config, config.replace()}) == 1
    assert copy.deepcopy(config) == config


def test_every_field_is_checked_and_is_a_keyword() -> None:
    names = [entry.name for entry in dataclasses.fields(AppConfig)]
    assert list(CHECKS) == names
    assert hints_of_dictionary(ConfigOptions) == {
        name: hint for name, hint in get_type_hints(AppConfig).items() if name in names
    }


def test_no_field_accepts_an_object_that_is_no_data() -> None:
    for name in CHECKS:
        assert refusal(**{name: object()}).startswith(f"{name}: expected ")


# Each kind of field -----------------------------------------------------------------------------------------

NUMBERS = (
    "max_body_size",
    "max_header_count",
    "max_header_size",
    "max_query_params",
    "max_path_size",
    "threads",
    "websocket_max_message_size",
    "port",
    "workers",
)
FLAGS = ("strict", "https_only", "redirect_slashes", "cancel_on_disconnect")


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, True, "8", 1.0, None])
def test_a_number_is_a_whole_one_in_its_range(name: str, value: object) -> None:
    assert refusal(**{name: value}).startswith(f"{name}: expected a whole number")


@pytest.mark.parametrize("value", [-1, -0.5, True, "8", None, float("nan"), float("inf")])
def test_a_time_is_some_seconds(value: object) -> None:
    assert refusal(request_timeout=value).startswith("request_timeout: expected a number of seconds, or 0")


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("value", [0, 1, "true", None])
def test_a_flag_is_true_or_false(name: str, value: object) -> None:
    assert refusal(**{name: value}).startswith(f"{name}: expected true or false, not ")


@pytest.mark.parametrize("name", ["title", "version", "host"])
@pytest.mark.parametrize("value", ["", "  ", "two\nlines", "two\r\nlines", "nul\x00", None, b"bytes"])
def test_a_line_is_one_line_of_text(name: str, value: object) -> None:
    assert refusal(**{name: value}).startswith(f"{name}: expected ")


def test_a_title_leaves_room_for_what_follows_it_in_a_store() -> None:
    assert AppConfig(title="é" * 100).title == "é" * 100
    assert refusal(title="é" * 100 + "e").startswith("title: expected a title of at most 200 bytes")


def test_a_description_may_have_several_lines() -> None:
    assert AppConfig(description="# Board\n\n\tA board.").description == "# Board\n\n\tA board."


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("environment", "development, test or production"),
        ("error_format", "problem or detail"),
        ("log_level", "critical, error, warning, info or debug"),
    ],
)
def test_a_choice_is_one_of_its_words(name: str, words: str) -> None:
    assert refusal(**{name: "prod"}) == f"{name}: expected {words}, not 'prod'"


@pytest.mark.parametrize("name", ["allowed_hosts", "trusted_proxies", "websocket_allowed_origins"])
def test_one_text_is_not_taken_for_a_list_of_its_letters(name: str) -> None:
    assert refusal(**{name: "example.com"}).startswith(f"{name}: expected a list of ")


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["Example.COM"], ("example.com",)),
        (["a.test", "b.test", "a.test"], ("a.test", "b.test")),
        ({"b.test", "a.test"}, ("a.test", "b.test")),
        (("*.example.com", "localhost", "10.0.0.1", "[::1]", "*", "xn--bcher-kva.example"),) * 2,
    ],
)
def test_hosts_are_kept_in_small_letters_once_each(given: Any, kept: Tuple[str, ...]) -> None:
    assert AppConfig(allowed_hosts=given).allowed_hosts == kept


@pytest.mark.parametrize(
    "host",
    [
        "",
        "http://a.test",
        "a.test:80",
        "a.test/",
        "*.",
        "a.*.test",
        "**",
        "-a.test",
        "a b",
        "::1",
        "a.test\n",
        5,
    ],
)
def test_what_is_no_host_name_is_refused(host: object) -> None:
    assert refusal(allowed_hosts=[host]).startswith("allowed_hosts: expected a host name")


def test_an_international_host_name_is_asked_for_in_its_ascii_form() -> None:
    assert refusal(allowed_hosts=["bücher.example"]).endswith("write an international name in its xn-- form")


def test_proxies_are_addresses_and_networks() -> None:
    config = AppConfig(trusted_proxies=["10.0.0.7", "192.168.0.0/16", "fd00::/8", "::1"])
    assert config.trusted_proxies == ("10.0.0.7/32", "192.168.0.0/16", "fd00::/8", "::1/128")


@pytest.mark.parametrize("proxy", ["*", "", "proxy.local", "10.0.0.0/33", "10.0.0", 10])
def test_what_is_no_network_is_refused(proxy: object) -> None:
    assert refusal(trusted_proxies=[proxy]).startswith("trusted_proxies: expected an address or a network")


def test_a_network_with_host_bits_gets_a_proposal() -> None:
    assert refusal(trusted_proxies=["10.1.2.3/8"]).endswith("not '10.1.2.3/8'; did you mean 10.0.0.0/8?")


@pytest.mark.parametrize(("given", "kept"), [("", ""), ("/", ""), ("/api", "/api"), ("/api/v1/", "/api/v1")])
def test_a_root_path_is_kept_without_its_last_slash(given: str, kept: str) -> None:
    assert AppConfig(root_path=given).root_path == kept


@pytest.mark.parametrize(
    "path", ["api", "//evil.test", "/a//b", "/a b", "/a?b", "/a#b", "/a\r\nX: y", "/\\evil", 5]
)
def test_what_is_no_path_is_refused_as_root_path(path: object) -> None:
    assert refusal(root_path=path).startswith("root_path: expected a path such as /api")


@pytest.mark.parametrize("base", ["/", "/problems/", "https://x.test/problems#", "urn:problem:", "about:"])
def test_a_problem_base_is_what_a_code_is_put_behind(base: str) -> None:
    assert AppConfig(problem_base=base).problem_base == base


@pytest.mark.parametrize("base", ["", "problems/", "/problems", "https://x.test/p q/", "/a\n/", None])
def test_what_a_code_cannot_be_put_behind_is_refused(base: object) -> None:
    assert refusal(problem_base=base).startswith("problem_base: expected a path or an address")


def test_the_request_id_header_is_a_header_name_in_small_letters() -> None:
    assert AppConfig(request_id_header="X-Correlation-ID").request_id_header == "x-correlation-id"
    assert AppConfig(request_id_header="").request_id_header == ""
    for name in ("x id", "x:id", "x\r\nid", "é"):
        assert refusal(request_id_header=name).startswith("request_id_header: expected the name of a header")


@pytest.mark.parametrize(
    "origin", ["https://example.com", "http://localhost:3000", "https://[::1]:8443", "*"]
)
def test_origins_are_what_browsers_send(origin: str) -> None:
    assert AppConfig(websocket_allowed_origins=[origin.upper()]).websocket_allowed_origins == (origin,)


@pytest.mark.parametrize(
    "origin", ["example.com", "https://a.test/", "https://a.test/x", "null", "", "https://", 1]
)
def test_what_is_no_origin_is_refused(origin: object) -> None:
    assert refusal(websocket_allowed_origins=[origin]).startswith(
        "websocket_allowed_origins: expected an origin"
    )


# Secrets ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (None, []),
        ("", []),
        ([], []),
        ("one", ["one"]),
        (Secret("one"), ["one"]),
        (["new", Secret("old")], ["new", "old"]),
        (("", "old"), ["old"]),
    ],
)
def test_a_secret_key_is_a_ring_however_it_is_given(given: Any, kept: "list[str]") -> None:
    assert [key.reveal() for key in AppConfig(secret_key=given).secret_keys] == kept


def test_a_secret_key_stays_in_a_copy() -> None:
    assert AppConfig(secret_key=["new", "old"]).replace(port=1).secret_keys == (Secret("new"), Secret("old"))


def test_a_secret_key_and_sections_are_not_shown() -> None:
    config = AppConfig(secret_key="hunter2-in-the-key", sections={"db": {"password": "hunter2-in-a-section"}})
    for text in (repr(config), str(config), f"{config}", str(config.secret_key), repr(config.sections)):
        assert "hunter2" not in text
    assert "hunter2" not in str(dataclasses.asdict(config)["secret_key"])


def test_a_wrong_secret_key_is_not_shown() -> None:
    assert refusal(secret_key=31337) == "secret_key: expected a list of texts"
    assert refusal(secret_key=["hunter2", 31337]) == "secret_key: expected text"


# Fields together --------------------------------------------------------------------------------------------


def test_production_must_name_its_hosts() -> None:
    assert refusal(environment="production").startswith("allowed_hosts: production must name the hosts")
    assert AppConfig(environment="production", allowed_hosts=["*"]).allowed_hosts == ("*",)


def test_production_refuses_debug() -> None:
    assert refusal(**PRODUCTION, debug=True).startswith("debug: production refuses it")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"allowed_hosts": ["a.test", "*"]}, "allowed_hosts: strict refuses '*'"),
        ({"websocket_allowed_origins": ["*"]}, "websocket_allowed_origins: strict refuses '*'"),
        (
            {"trusted_proxies": ["0.0.0.0/0"]},
            "trusted_proxies: strict refuses 0.0.0.0/0: it trusts everybody",
        ),
        ({"trusted_proxies": ["::/0"]}, "trusted_proxies: strict refuses ::/0: it trusts everybody"),
        ({"secret_key": [STRONG, "old"]}, "secret_key: strict refuses it: key 2 is too short: 3 bytes"),
    ],
)
def test_strict_refuses_what_is_weak_although_allowed(fields: "dict[str, object]", message: str) -> None:
    config_of(**fields)
    assert refusal(**fields, strict=True).startswith(message)


def test_strict_accepts_what_is_strong() -> None:
    config = AppConfig(
        strict=True, secret_key=STRONG, allowed_hosts=["a.test"], trusted_proxies=["10.0.0.0/8"]
    )
    assert config.strict


# The API document -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["openapi_url", "docs_url", "redoc_url", "scalar_url", "swagger_ui_oauth2_redirect_url"],
)
@pytest.mark.parametrize("value", ["", "docs", "https://x.test/docs", "/a b", 3, "/docs?a"])
def test_what_is_no_path_is_refused_as_the_place_of_a_page(name: str, value: object) -> None:
    assert refused(name, value)


def refused(name: str, value: object) -> bool:
    with pytest.raises(SetupError, match=name):
        AppConfig(**{name: value})  # type: ignore[arg-type]
    return True


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("contact", "Ada"),
        ("contact", {1: "Ada"}),
        ("license_info", {}),
        ("license_info", {"name": ""}),
        ("license_info", {"name": 3}),
        ("openapi_external_docs", {"description": "no url"}),
        ("servers", {"url": "/"}),
        ("servers", ["/"]),
        ("servers", [{"description": "no url"}]),
        ("openapi_tags", [{}]),
        ("openapi_version", "3.0.3"),
        ("summary", 3),
        ("swagger_ui_parameters", []),
        ("root_path_in_servers", 1),
    ],
)
def test_what_is_no_part_of_a_document_is_refused(name: str, value: object) -> None:
    assert refused(name, value)


def test_the_document_is_off_in_production_unless_its_place_is_chosen() -> None:
    assert AppConfig().openapi_url == "/openapi.json"
    production = AppConfig().replace(environment="production", allowed_hosts=["example.com"])
    assert production.openapi_url is None
    assert production.replace(openapi_url="/openapi.json").openapi_url == "/openapi.json"
    assert production.replace(environment="test").openapi_url == "/openapi.json"
    chosen = AppConfig(openapi_url="/api.json").replace(environment="production", allowed_hosts=["a.test"])
    assert chosen.openapi_url == "/api.json"
    assert AppConfig(openapi_url=None).replace(environment="test").openapi_url is None


def test_tables_of_a_configuration_are_its_own() -> None:
    given = {"name": "Ada"}
    config = AppConfig(contact=given, servers=[{**given, "url": "/"}])
    given["name"] = "Eve"
    assert config.contact == {"name": "Ada"}
    assert hash(config) == hash(AppConfig(contact={"name": "Ada"}, servers=config.servers))
