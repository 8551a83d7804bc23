"""The client's cookies: kept, sent and forgotten as a browser does."""

from typing import Optional

import pytest

from microframe.http.url import URL
from microframe.testing import AsyncTestClient, Cookies
from tests.testing.applications import Routes, answering, echo, header

HERE = "https://www.shop.example/account/login"


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def sent(set_cookie: str, to: str = HERE, by: str = HERE) -> str:
    """What a browser sends to one URL after another has set a cookie."""
    jar = Cookies()
    jar.read(URL.of(by), [set_cookie])
    return jar.header(URL.of(to))


@pytest.mark.parametrize(
    ("set_cookie", "cookie"),
    [
        ("a=b", "a=b"),
        (" a = b ; Path=/", "a=b"),
        ("a=b=c", "a=b=c"),
        ("a=", "a="),
        ('a="b c"', 'a="b c"'),
        ("a", ""),
        ("=b", ""),
        ("=__Host-a=b", ""),
        ("a=b; unknown; Path", "a=b"),
        ("a=b; PATH=relative", "a=b"),
        ("a=b; HttpOnly; SameSite=Strict; Partitioned", "a=b"),
    ],
)
def test_set_cookie_is_read_as_it_is_written(set_cookie: str, cookie: str) -> None:
    assert sent(set_cookie) == cookie


@pytest.mark.parametrize(
    ("path", "url", "goes"),
    [
        ("", "/account/login", True),
        ("", "/account", True),
        ("", "/", False),
        ("/", "/x", True),
        ("/account", "/account", True),
        ("/account", "/account/x", True),
        ("/account", "/accounts", False),
        ("/account/", "/account", False),
        ("/Account", "/account", False),
    ],
)
def test_a_cookie_goes_to_its_path_and_below(path: str, url: str, goes: bool) -> None:
    assert sent(f"a=b; Path={path}", f"https://www.shop.example{url}") == ("a=b" if goes else "")


@pytest.mark.parametrize(
    ("domain", "host", "goes"),
    [
        (None, "www.shop.example", True),
        (None, "x.www.shop.example", False),
        ("shop.example", "shop.example", True),
        (".SHOP.example", "api.shop.example", True),
        ("shop.example", "evilshop.example", False),
        ("www.shop.example", "shop.example", False),
        ("other.example", "other.example", False),
        ("x.www.shop.example", "x.www.shop.example", False),
        ("example", "other.example", False),
    ],
)
def test_a_cookie_goes_to_its_host_or_domain(domain: Optional[str], host: str, goes: bool) -> None:
    attribute = "" if domain is None else f"; Domain={domain}"
    assert sent(f"a=b{attribute}", f"https://{host}/account/") == ("a=b" if goes else "")


def test_a_host_of_one_word_may_name_itself() -> None:
    assert sent("a=b; Domain=testserver", "http://testserver/", "http://testserver/") == "a=b"


def test_secure_cookies_stay_on_secure_connections() -> None:
    assert sent("a=b; Secure", "http://www.shop.example/account/") == ""
    assert sent("a=b; Secure", "wss://www.shop.example/account/") == "a=b"


@pytest.mark.parametrize(
    ("set_cookie", "kept"),
    [
        ("__Host-a=b; Secure; Path=/", True),
        ("__Host-a=b; Path=/", False),
        ("__host-a=b; Secure; Path=/account", False),
        ("__Host-a=b; Secure; Path=/; Domain=www.shop.example", False),
        ("__Secure-a=b; Secure", True),
        ("__Secure-a=b", False),
    ],
)
def test_prefixes_are_promises(set_cookie: str, kept: bool) -> None:
    assert bool(sent(set_cookie)) is kept


def test_longer_paths_go_first_then_older_cookies() -> None:
    jar = Cookies()
    jar.read(URL.of(HERE), ["a=1; Path=/", "b=2; Path=/account", "c=3; Path=/", "a=4; Path=/"])
    assert jar.header(URL.of(HERE)) == "b=2; a=4; c=3"


@pytest.mark.parametrize(
    ("attributes", "after", "there"),
    [
        ("Max-Age=10", 9, True),
        ("Max-Age=10", 10, False),
        ("Max-Age=0", 0, False),
        ("Max-Age=-5", 0, False),
        ("Max-Age=x", 1e9, True),
        ("Expires=Mon, 12 Jan 1970 13:46:50 GMT", 9, True),
        ("Expires=Mon, 12 Jan 1970 13:46:50 GMT", 10, False),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT", 0, False),
        ("Expires=never", 1e9, True),
        ("Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=5", 4, True),
    ],
)
def test_cookies_expire(attributes: str, after: float, there: bool) -> None:
    clock = Clock()
    jar = Cookies(clock=clock)
    jar.read(URL.of(HERE), [f"a=b; {attributes}"])
    clock.now += after
    assert ("a" in jar, len(jar), bool(jar.header(URL.of(HERE)))) == (there, int(there), there)


def test_an_expired_cookie_takes_the_old_one_away() -> None:
    jar = Cookies()
    jar.read(URL.of(HERE), ["a=b", "a=; Max-Age=0"])
    assert dict(jar) == {}


def test_a_jar_is_a_mapping() -> None:
    jar = Cookies({"a": "1"}, host="testserver")
    jar["b"] = "2"
    jar.update({"c": "3"})
    assert dict(jar) == {"a": "1", "b": "2", "c": "3"}
    assert (jar.get("a"), jar.get("x"), jar.get("x", "0"), len(jar)) == ("1", None, "0", 3)
    del jar["a"]
    with pytest.raises(KeyError):
        del jar["a"]
    with pytest.raises(KeyError):
        jar["a"]
    assert repr(jar) == "Cookies(b, c)"
    jar.clear()
    assert not jar


def test_one_name_on_several_paths() -> None:
    jar = Cookies(host="testserver")
    jar.set("a", "root")
    jar.set("a", "deep", path="/deep")
    jar.set("a", "other", domain="other.example", path="/deeper/than")
    assert (len(jar), len(jar.all()), jar["a"]) == (1, 3, "other")
    jar.delete("a", domain="other.example")
    assert jar["a"] == "deep"
    jar.delete("a", path="/deep")
    assert jar["a"] == "root"


@pytest.mark.parametrize(
    ("name", "value"),
    [("", "x"), ("a=b", "x"), ("a b", "x"), ("a;", "x"), ("a", "x;y"), ("a", "x\r\nY: 1"), ("a\n", "")],
)
def test_what_no_cookie_can_carry_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="cookie"):
        Cookies()[name] = value


# In the client


async def test_cookies_are_kept_from_request_to_request() -> None:
    app = Routes(
        login=answering(headers=[(b"set-cookie", b"session=1; Path=/"), (b"set-cookie", b"x=2")]), a=echo
    )
    client = AsyncTestClient(app)
    response = await client.get("/login")
    assert dict(response.cookies) == dict(client.cookies) == {"session": "1", "x": "2"}
    assert header((await client.get("/a")).json(), "cookie") == ["session=1; x=2"]


async def test_the_tests_own_cookies_are_replaced_by_the_applications() -> None:
    client = AsyncTestClient(
        Routes(a=answering(headers=[(b"set-cookie", b"a=2; Path=/")]), b=echo), cookies={"a": "1"}
    )
    client.cookies["b"] = "1"
    await client.get("/a")
    assert header((await client.get("/b")).json(), "cookie") == ["a=2; b=1"]
    assert header((await client.get("http://other.example/b")).json(), "cookie") == []


async def test_cookies_of_one_request_go_before_the_clients() -> None:
    client = AsyncTestClient(echo, cookies={"a": "1", "b": "2"})
    told = (await client.get("/", cookies={"a": "3", "c": "4"})).json()
    assert header(told, "cookie") == ["b=2; a=3; c=4"]
    assert dict(client.cookies) == {"a": "1", "b": "2"}


async def test_a_cookie_header_of_the_tests_own_is_sent_alone() -> None:
    client = AsyncTestClient(echo, cookies={"a": "1"})
    assert header((await client.get("/", headers={"cookie": "b=2"})).json(), "cookie") == ["b=2"]
