"""Case 20 (CVE-2023-23934): a cookie without a name, or one that looks like another, takes nobody's place."""

import pytest

from microframe.http.cookies import parse_cookies


@pytest.mark.parametrize(
    "header",
    [
        "=__Host-session=x",
        " =__Host-session=x",
        "\t=__Host-session=x",
        "; =__Host-session=x; ",
        "__Host-session",
        '""=__Host-session=x',
    ],
)
def test_a_nameless_cookie_is_nobody(header: str) -> None:
    assert "__Host-session" not in parse_cookies(header)


@pytest.mark.parametrize(
    "space", ["\xa0", "\x85", "\u2000", "\u3000", "\x0b", "\x0c", "\x1c", "\x1f", "\ufeff"]
)
def test_what_unicode_calls_space_is_part_of_the_name(space: str) -> None:
    cookies = parse_cookies(f"{space}__Host-session=evil; __Host-session{space}=evil; __Host-session=good")
    assert cookies["__Host-session"] == "good"


def test_of_two_cookies_with_one_name_the_first_wins() -> None:
    assert parse_cookies("session=1; session=2") == {"session": "1"}


def test_quotes_hide_no_cookie() -> None:
    # RFC 2109's quoting would read one cookie here, and a guard that splits at semicolons another one.
    assert parse_cookies('a="b; session=evil; c="; session=good')["session"] == "evil"
    assert parse_cookies('$Version=1; a="; session=x"')["session"] == 'x"'


def test_names_that_mean_attributes_mean_cookies() -> None:
    assert parse_cookies("path=/; domain=evil.com; secure=1") == {
        "path": "/",
        "domain": "evil.com",
        "secure": "1",
    }


def test_three_thousand_cookies_are_all_read() -> None:
    header = "; ".join(f"n{number}={number}" for number in range(3000))
    assert len(parse_cookies(header)) == 3000
