"""Debug page: source lines for the developer on this machine, and nothing for anybody else."""

import re
from base64 import b64encode
from hashlib import sha256
from typing import Any, Callable, Optional

import pytest

from microframe.http.problems import ProblemFormat
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.middleware.debug_page import build_debug_page
from microframe.middleware.errors import Errors
from tests.connections import body_of, header_of, make_request

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


def asked(**changes: Any) -> Request:
    """A browser on this machine asks."""
    headers = {**BROWSER, **changes.pop("headers", {})}
    return make_request(**{"host": "localhost:8000", "client": "127.0.0.1", "headers": headers, **changes})


def raised(fail: Callable[[], object]) -> BaseException:
    try:
        fail()
    except BaseException as exc:
        return exc
    raise AssertionError("nothing was raised")


def divide() -> float:
    divisor = 0
    return 1 / divisor


async def page_of(exc: BaseException, request: Optional[Request] = None, **options: Any) -> str:
    answer = build_debug_page(**options)(request or asked(), exc)
    assert answer is not None
    return (await body_of(answer)).decode()


async def test_the_page_shows_where_it_happened_and_the_lines_around() -> None:
    request = asked(path="/cards", method="POST")
    page = await page_of(raised(divide), request)
    line = divide.__code__.co_firstlineno + 2
    assert "ZeroDivisionError" in page
    assert "division by zero" in page
    assert f"{__file__}:{line}" in page
    assert f"<b>{line:5}      return 1 / divisor</b>" in page
    assert "divisor = 0" in page
    assert "POST /cards" in page
    assert request.id in page


async def test_the_innermost_place_is_the_first_and_open() -> None:
    page = await page_of(raised(divide))
    assert page.index("return 1 / divisor</b>") < page.index("fail()</b>")
    assert page.count("<details open>") == 1


async def test_causes_and_contexts_are_shown_and_suppressed_ones_are_not() -> None:
    def explicit() -> None:
        try:
            divide()
        except ZeroDivisionError as exc:
            raise KeyError("the explicit one") from exc

    def implicit() -> None:
        try:
            divide()
        except ZeroDivisionError:
            raise KeyError("the implicit one")  # noqa: B904

    def suppressed() -> None:
        try:
            divide()
        except ZeroDivisionError:
            raise KeyError("the only one") from None

    explicit_page, implicit_page = await page_of(raised(explicit)), await page_of(raised(implicit))
    assert "caused by" in explicit_page
    assert "division by zero" in explicit_page
    assert "raised while handling" in implicit_page
    assert "division by zero" in implicit_page
    assert (await page_of(raised(suppressed))).count("<section>") == 1


async def test_members_of_a_group_are_shown() -> None:
    class Group(Exception):  # ExceptionGroup, which 3.9 and 3.10 do not have, has this attribute too
        exceptions = (ValueError("first member"), raised(divide))

    page = await page_of(Group("two of them"))
    assert "first member" in page
    assert "division by zero" in page


async def test_a_chain_that_is_a_circle_ends() -> None:
    one, other = ValueError("one"), ValueError("other")
    one.__cause__, other.__cause__ = other, one
    page = await page_of(one)
    assert page.count("<section>") == 2


async def test_a_recursion_is_cut_short() -> None:
    def recurse() -> None:
        recurse()

    page = await page_of(raised(recurse))
    assert "frames left out" in page
    assert len(page) < 100_000


async def test_source_that_is_gone_is_no_obstacle() -> None:
    exc = raised(lambda: eval("1 / 0"))
    assert "&lt;string&gt;:1" in await page_of(exc)


async def test_an_exception_without_a_readable_text_is_shown() -> None:
    class Mute(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    assert "its text cannot be read: RuntimeError" in await page_of(Mute())


async def test_a_page_that_cannot_be_made_is_left_to_the_problem(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Exception):
        @property
        def exceptions(self) -> object:
            raise RuntimeError("no")

    assert build_debug_page()(asked(), Broken()) is None
    assert "could not be made" in caplog.text


async def test_a_foreign_status_above_500_is_kept() -> None:
    class Busy(Exception):
        http_status = 503

    answer = build_debug_page()(asked(), Busy())
    assert answer is not None
    assert answer.status_code == 503


# Who may see it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("client", "host"),
    [
        ("127.0.0.1", "localhost"),
        ("127.0.0.1", "127.0.0.1:8000"),
        ("127.9.9.9", "app.localhost:8000"),
        ("::1", "[::1]:8000"),
        ("::ffff:127.0.0.1", "localhost"),
    ],
)
def test_a_browser_on_this_machine_sees_it(client: str, host: str) -> None:
    assert build_debug_page()(asked(client=client, host=host), ValueError()) is not None


@pytest.mark.parametrize(
    "client",
    [
        None,
        "192.168.0.2",
        "10.0.0.1",
        "203.0.113.7",
        "::2",
        "::ffff:10.0.0.1",
        "localhost",
        "127.0.0.1.evil.test",
    ],
)
def test_a_peer_elsewhere_never_sees_it(client: Optional[str]) -> None:
    assert build_debug_page()(asked(client=client), ValueError()) is None


@pytest.mark.parametrize("host", ["evil.test", "localhost.evil.test", "evillocalhost", "192.168.0.2", None])
def test_a_page_of_another_name_never_sees_it(host: Optional[str]) -> None:
    assert build_debug_page()(asked(host=host), ValueError()) is None


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-Ip", "Via", "x-forwarded-for"]
)
@pytest.mark.parametrize("value", ["127.0.0.1", ""])
def test_what_a_proxy_forwards_never_sees_it(header: str, value: str) -> None:
    assert build_debug_page()(asked(headers={header: value}), ValueError()) is None


def test_a_client_that_a_trusted_proxy_told_of_never_sees_it() -> None:
    request = asked()
    from microframe.http.client import Address

    request.client = Address("203.0.113.7", 0)
    assert build_debug_page()(request, ValueError()) is None


@pytest.mark.parametrize("accept", ["application/json", "*/*", "", "application/json, text/html;q=0.5"])
def test_a_program_gets_the_problem_instead(accept: str) -> None:
    assert build_debug_page()(asked(headers={"Accept": accept}), ValueError()) is None


# What it does not show --------------------------------------------------------------------------------------

CANARY = "canary-5d41402abc4b2a76"


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Authorization", f"Bearer {CANARY}"),
        ("Authorization", CANARY),
        ("Authorization", f'Digest username="u", response="{CANARY}"'),
        ("Proxy-Authorization", f"Basic {CANARY}"),
        ("Cookie", f"a=b; session={CANARY}"),
        ("Set-Cookie", f"session={CANARY}"),
        ("X-Api-Key", CANARY),
        ("X-CSRF-Token", CANARY),
        ("X-Client-Secret", CANARY),
    ],
)
async def test_a_secret_that_was_sent_is_nowhere_on_the_page(header: str, value: str) -> None:
    page = await page_of(KeyError(f"no session {CANARY}, sent {value!r}"), asked(headers={header: value}))
    assert CANARY not in page
    assert "[hidden]" in page


async def test_a_secret_of_the_application_is_nowhere_on_the_page() -> None:
    def fail() -> None:
        key = "configured-key-0123456789"
        raise ValueError(f"bad signature with {key}")

    assert "configured-key-0123456789" in await page_of(raised(fail))
    assert "configured-key-0123456789" not in await page_of(
        raised(fail), secrets=["configured-key-0123456789"]
    )


async def test_a_login_in_an_address_is_hidden() -> None:
    page = await page_of(OSError("cannot connect to postgres://owner:hunter2@db/board"))
    assert "hunter2" not in page
    assert "postgres://[hidden]@db/board" in page


async def test_values_of_variables_are_not_shown() -> None:
    def fail(value: str) -> None:
        raise ValueError("no")

    page = await page_of(raised(lambda: fail("1234-" * 3)))
    assert "1234-" * 3 not in page


async def test_the_query_is_not_shown() -> None:
    assert CANARY not in await page_of(ValueError(), asked(query=f"token={CANARY}".encode()))


# What it cannot do ------------------------------------------------------------------------------------------


async def test_nothing_runs_loads_or_is_kept() -> None:
    answer = build_debug_page()(asked(), raised(divide))
    assert answer is not None
    page = (await body_of(answer)).decode()
    policy = header_of(answer, "content-security-policy")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert policy is not None
    assert style is not None
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert header_of(answer, "cache-control") == "no-store"
    assert header_of(answer, "content-type") == "text/html; charset=utf-8"
    for forbidden in (
        "<script",
        "<form",
        "<input",
        "<img",
        "<link",
        "<iframe",
        " on",
        "src=",
        "href=",
        "style=",
    ):
        tags = "".join(re.findall(r"<[^>]*>", page))
        assert forbidden not in tags, forbidden


async def test_the_boundary_answers_with_the_page_and_logs(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(request: Request) -> Response:
        raise ValueError("told to the developer")

    endpoint = Errors({}, ProblemFormat(), build_debug_page())(fail)
    local, remote = asked(), asked(client="203.0.113.7")
    seen, unseen = await endpoint(local), await endpoint(remote)
    assert (seen.status_code, unseen.status_code) == (500, 500)
    assert b"told to the developer" in await body_of(seen)
    assert b"told to the developer" not in await body_of(unseen)
    assert local.id in caplog.text
    assert remote.id in caplog.text
