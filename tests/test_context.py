"""Context: the state of a piece of work, and the resources it closes."""

import copy
from typing import List, Optional

import pytest

from microframe import AppConfig, Application, Context, State


def test_state_is_read_and_written_as_attributes_and_as_items() -> None:
    state = State()
    state.user = "ada"
    state["board"] = 7
    assert (state["user"], state.board) == ("ada", 7)
    assert "user" in state
    assert "card" not in state
    assert len(state) == 2
    assert dict(state) == {"user": "ada", "board": 7}
    assert list(state) == list(state.keys())
    assert dict(state.items()) == dict(state)


def test_what_is_not_in_the_state_is_an_attribute_error() -> None:
    state = State({"user": "ada"})
    del state.user
    with pytest.raises(AttributeError, match="the state has no 'user'"):
        _ = state.user
    with pytest.raises(AttributeError, match="the state has no 'user'"):
        del state.user
    assert not hasattr(copy.copy(state), "user")


async def test_resources_close_in_reverse_and_hear_what_went_wrong() -> None:
    heard: List[str] = []

    def note(name: str, raises: Optional[Exception] = None) -> None:
        async def close(error: Optional[BaseException]) -> None:
            heard.append(f"{name}: {error}")
            if raises is not None:
                raise raises

        context.on_close(close)

    context = Context(Application(AppConfig(debug=False)))
    note("first")
    note("second", ValueError("worse"))
    note("third")
    with pytest.raises(ValueError, match="worse"):
        async with context:
            raise LookupError("bad")
    assert heard == ["third: bad", "second: bad", "first: worse"]


async def test_resources_of_the_function_close_before_those_of_the_request() -> None:
    heard: List[str] = []
    async with Context(Application(AppConfig(debug=False))) as context:
        for scope in ("function", "request"):

            async def close(error: Optional[BaseException], scope: str = scope) -> None:
                heard.append(scope)

            context.on_close(close, scope)
    assert heard == ["function", "request"]
