"""What a request looks like to the application."""

from contextvars import ContextVar
from typing import Any

import pytest

from microframe.http.url import URL
from microframe.testing import AsyncTestClient
from tests.testing.applications import Routes, answering, echo, header

current: ContextVar[str] = ContextVar("current", default="nobody")


async def echoed(method: str = "GET", url: str = "/", **options: Any) -> dict[str, Any]:
    """What `echo` says of one request."""
    response = await AsyncTestClient(echo).request(method, url, **options)
    answer: dict[str, Any] = response.json()
    return answer


async def test_scope_is_a_servers() -> None:
    app = Routes(a=answering())
    await AsyncTestClient(app).get("/a?x=1")
    assert app.last == {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/a",
        "raw_path": b"/a",
        "query_string": b"x=1",
        "root_path": "",
        "headers": [
            (b"host", b"testserver"),
            (b"accept", b"*/*"),
            (b"accept-encoding", b"gzip, deflate"),
            (b"connection", b"keep-alive"),
            (b"user-agent", b"testclient"),
        ],
        "client": ("127.0.0.1", 50000),
        "server": ("testserver", 80),
        "state": {},
        "extensions": {"http.response.early_hint": {}, "microframe.raise": {}},
    }


async def test_server_errors_to_be_answered_are_not_asked_for() -> None:
    app = Routes(a=answering())
    await AsyncTestClient(app, raise_server_exceptions=False).get("/a")
    assert "microframe.raise" not in app.last["extensions"]


async def test_base_url_says_scheme_server_and_where_paths_begin() -> None:
    app = Routes(**{"api/a": answering(b"found")})
    response = await AsyncTestClient(app, "https://shop.example:8443/api/").get("a")
    assert (response.text, str(response.url)) == ("found", "https://shop.example:8443/api/a")
    assert (app.last["scheme"], app.last["server"]) == ("https", ("shop.example", 8443))
    assert app.last["headers"][0] == (b"host", b"shop.example:8443")


async def test_client_address_and_extensions_are_given_to_the_client() -> None:
    app = Routes(a=answering())
    await AsyncTestClient(app, client=("10.0.0.9", 1), extensions={"tls": {"sni": "a"}}).get("/a")
    assert app.last["client"] == ("10.0.0.9", 1)
    assert app.last["extensions"]["tls"] == {"sni": "a"}


@pytest.mark.parametrize("url", ["/a", "/api/a"])
async def test_root_path_stands_in_the_path_once(url: str) -> None:
    app = Routes(**{"api/a": answering()})
    assert (await AsyncTestClient(app, root_path="/api").get(url)).status_code == 200
    assert (app.last["path"], app.last["raw_path"], app.last["root_path"]) == ("/api/a", b"/api/a", "/api")


async def test_an_option_that_nobody_reads_is_refused() -> None:
    with pytest.raises(TypeError, match="param"):
        await AsyncTestClient(echo).get("/", param={})  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="base"):
        AsyncTestClient(echo, base="/x")  # type: ignore[call-arg]


async def test_context_variables_of_the_test_reach_the_application_and_none_comes_back() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        name = current.get()
        current.set("application")
        await answering(name.encode())(scope, receive, send)

    current.set("test")
    assert (await AsyncTestClient(app).get("/")).text == "test"
    assert current.get() == "test"


# The address


@pytest.mark.parametrize(
    ("url", "raw_path", "path"),
    [
        ("/a%2Fb", "/a%2Fb", "/a/b"),
        ("/caf%C3%A9", "/caf%C3%A9", "/café"),
        ("/café", "/caf%C3%A9", "/café"),
        ("/a b{c}`<>", "/a%20b%7Bc%7D%60%3C%3E", "/a b{c}`<>"),
        ("/100%", "/100%25", "/100%"),
        ("/a/../b/./c", "/a/../b/./c", "/a/../b/./c"),
        ("//evil.example/x", "//evil.example/x", "//evil.example/x"),
        ("/:@!$&'()*+,;=-._~|^[]\\", "/:@!$&'()*+,;=-._~|^[]\\", "/:@!$&'()*+,;=-._~|^[]\\"),
        ("relative", "/relative", "/relative"),
        ("", "/", "/"),
        ("http://other.example", "/", "/"),
        ("/a#fragment?x", "/a", "/a"),
    ],
)
async def test_paths_are_sent_as_they_are_written_and_decoded_once(
    url: str, raw_path: str, path: str
) -> None:
    told = await echoed(url=url)
    assert (told["raw_path"], told["path"]) == (raw_path, path)


@pytest.mark.parametrize(
    ("url", "params", "query"),
    [
        ("/?a=1;b=2&c=%41", None, "a=1;b=2&c=%41"),
        ("/?q=é <\"'", None, "q=%C3%A9%20%3C%22'"),
        ("/", {"a": "1 2&=", "b": ["x", "y"], "c": (1, 2.5)}, "a=1+2%26%3D&b=x&b=y&c=1&c=2.5"),
        ("/", {"yes": True, "no": False, "none": None, "raw": b"\xff"}, "yes=true&no=false&none=&raw=%FF"),
        ("/", [("a", "1"), ("a", "2")], "a=1&a=2"),
        ("/", "a=1&b", "a=1&b"),
        ("/?a=1", {"b": 2}, "a=1&b=2"),
        ("/", {}, ""),
    ],
)
async def test_queries(url: str, params: Any, query: str) -> None:
    assert (await echoed(url=url, params=params))["query"] == query


async def test_a_whole_url_may_be_given_as_text_or_as_url() -> None:
    for url in ("https://other.example:443/x", URL.of("https://other.example:443/x")):
        app = Routes(x=answering())
        await AsyncTestClient(app).get(url)
        assert (app.last["scheme"], app.last["server"]) == ("https", ("other.example", 443))
        assert app.last["headers"][0] == (b"host", b"other.example")


async def test_hosts_in_any_script_and_ipv6_addresses() -> None:
    assert header(await echoed(url="http://bücher.example/"), "host") == ["xn--bcher-kva.example"]
    assert header(await echoed(url="http://[::1]:8000/"), "host") == ["[::1]:8000"]


async def test_no_other_scheme_than_http() -> None:
    with pytest.raises(ValueError, match="ftp"):
        await echoed(url="ftp://testserver/")


# Headers


async def test_headers_of_a_request_replace_the_clients_whatever_their_case() -> None:
    client = AsyncTestClient(echo, headers={"X-Client": "1", "User-Agent": "mine"})
    told = (await client.get("/", headers={"x-CLIENT": " 2 ", "X-New": "3"})).json()
    assert (header(told, "x-client"), header(told, "x-new")) == (["2"], ["3"])
    assert header(told, "user-agent") == ["mine"]


async def test_a_header_may_be_repeated() -> None:
    assert header(await echoed(headers=[("x-a", "1"), ("X-A", "2")]), "x-a") == ["1", "2"]


async def test_a_header_that_is_none_is_not_sent() -> None:
    told = await echoed(headers={"Host": None, "Accept": None})
    assert (header(told, "host"), header(told, "accept")) == ([], [])


async def test_headers_of_the_client_can_change() -> None:
    client = AsyncTestClient(echo)
    client.headers["authorization"] = "Bearer x"
    client.headers["host"] = "other"
    told = (await client.get("/")).json()
    assert (header(told, "authorization"), header(told, "host")) == (["Bearer x"], ["other"])


async def test_auth_is_http_basic() -> None:
    assert header(await echoed(auth=("é", "b:c")), "authorization") == ["Basic w6k6Yjpj"]


async def test_methods_have_functions() -> None:
    client = AsyncTestClient(echo)
    for name in ("get", "options", "post", "put", "patch", "delete", "query"):
        assert (await getattr(client, name)("/")).json()["method"] == name.upper()
    assert (await client.head("/")).content == b""
    assert (await client.request("purge", "/")).json()["method"] == "PURGE"
