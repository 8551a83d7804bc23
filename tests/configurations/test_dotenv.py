"""Dotenv: the grammar of `.env` files, and what is said about what is none."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from microframe.configurations.dotenv import parse_dotenv
from microframe.exceptions import SetupError
from tests.growth import assert_linear


def values_of(text: str) -> "dict[str, str]":
    return {name: value for name, (value, _) in parse_dotenv(text, ".env").items()}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("A=", ""),
        ("A = b ", "b"),
        ("  A=b", "b"),
        ("\tA\t=\tb\t", "b"),
        ("export A=b", "b"),
        ("A=b c", "b c"),
        ("A=b=c", "b=c"),
        ("A=b # comment", "b"),
        ("A=b\t# comment", "b"),
        ("A=b#c", "b#c"),
        ("A=#c", "#c"),
        ("A= # comment", ""),
        ("A= #c", ""),
        ("A=$HOME ${HOME} `date` $(date)", "$HOME ${HOME} `date` $(date)"),
        ("A=b\\nc", "b\\nc"),
        ("A=it's", "it's"),
        ("A='b'", "b"),
        ("A=''", ""),
        ("A='b # c'", "b # c"),
        ("A='b' # c", "b"),
        ("A='b\\n$c\"'", 'b\\n$c"'),
        ("A='b\nc'", "b\nc"),
        ('A="b"', "b"),
        ('A=""', ""),
        ('A="b # c" # d', "b # c"),
        ('A="b\\nc\\td\\re"', "b\nc\td\re"),
        ('A="say \\"hi\\""', 'say "hi"'),
        ('A="a\\\\n"', "a\\n"),
        ('A="\\$HOME $HOME"', "$HOME $HOME"),
        ('A="C:\\dir"', "C:\\dir"),
        ('A="b\nc\n\nd"', "b\nc\n\nd"),
        ("A=é", "é"),
        ("A.b-c_1=d", "d"),
    ],
)
def test_a_line_is_a_name_and_a_value(line: str, value: str) -> None:
    assert list(values_of(line).values()) == [value]
    assert values_of(f"# before\n{line}\nLAST=yes\n") == {
        line.split("=")[0].split()[-1]: value,
        "LAST": "yes",
    }
    assert list(values_of(line.replace("\n", "\r\n") + "\r\n").values()) == [value]


@pytest.mark.parametrize("text", ["", "\n", "\n\n", "# a\n", "  # a", " \n\t\n", "\r\n"])
def test_blank_lines_and_comments_say_nothing(text: str) -> None:
    assert values_of(text) == {}


def test_lines_are_counted_across_values_of_several_lines() -> None:
    found = parse_dotenv("# one\n\nA='1\n2\n3'\nB=4\n\nC=5", ".env")
    assert {name: line for name, (_, line) in found.items()} == {"A": 3, "B": 6, "C": 8}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A=1\nhunter2\n", ".env:2: expected NAME=value"),
        ("A=1\n=hunter2", ".env:2: expected NAME=value"),
        ("1A=hunter2", ".env:1: expected NAME=value"),
        ("a b=hunter2", ".env:1: expected NAME=value"),
        ("export A", ".env:1: expected NAME=value"),
        ("\nA='hunter2\nB=1", ".env:2: the quote is never closed"),
        ('A="hunter2\\"', ".env:1: the quote is never closed"),
        ("A='hunter2' hunter3", ".env:1: only a comment may follow the closing quote"),
        ('A="hunter2"hunter3', ".env:1: only a comment may follow the closing quote"),
        ("A=hunter2\n\nA=hunter3", ".env:3: A is already in line 1"),
    ],
)
def test_what_is_no_dotenv_is_refused_with_its_line_and_nothing_of_it(text: str, message: str) -> None:
    with pytest.raises(SetupError) as caught:
        parse_dotenv(text, ".env")
    assert str(caught.value) == message


@given(st.text(st.characters(exclude_characters="'", exclude_categories=["Cs"])))
def test_any_text_without_single_quotes_can_be_quoted(text: str) -> None:
    expected = text.replace("\r\n", "\n")
    assert values_of(f"BEFORE=1\nA='{text}'\nAFTER=2") == {"BEFORE": "1", "A": expected, "AFTER": "2"}


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_can_be_in_double_quotes(text: str) -> None:
    written = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r")
    assert values_of(f'A="{written}"') == {"A": text}


@given(st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(SetupError):
        assert all(isinstance(value, str) for value in values_of(text).values())


def test_reading_takes_time_in_proportion() -> None:
    def lines(count: int) -> str:
        return "".join(f"NAME_{number}=\"a 'value'\" # and more\n" for number in range(count))

    assert_linear(lines, values_of)
    assert_linear(lambda count: "A='" + "\n" * count + "'", values_of)
    assert_linear(lambda count: " \t" * count + "A=1", values_of)
    assert_linear(lambda count: "A=1" + " \t" * count + "#", values_of)
    assert_linear(lambda count: 'A="' + '\\"' * count + '"', values_of)
