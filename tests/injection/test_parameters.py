"""Path, query, header and cookie parameters: their types, names, repetition and limits."""

import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Dict, FrozenSet, List, Optional, Sequence, Set, Tuple, Union

import pytest
from annotated_types import Len
from pydantic import AfterValidator, BaseModel, Json
from typing_extensions import Literal

from microframe import Application, Cookie, Header, Path, Query, SetupError
from tests.injection.asking import ask


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1


class Pair(BaseModel):
    a: int


ID = uuid.UUID("12345678-1234-5678-1234-567812345678")

# type, text, value; a text that is refused has the type of its fault instead.
READ: List[Tuple[Any, str, Any]] = [
    (str, "a%20b", "a b"),
    (int, "-5", -5),
    (int, "5.0", 5),
    (float, "1e3", 1000.0),
    (bool, "on", True),
    (bool, "0", False),
    (Decimal, "1.10", Decimal("1.10")),
    (uuid.UUID, str(ID), ID),
    (dt.date, "2024-02-29", dt.date(2024, 2, 29)),
    (dt.datetime, "2024-02-29T12:00:00Z", dt.datetime(2024, 2, 29, 12, tzinfo=dt.timezone.utc)),
    (dt.time, "12:30", dt.time(12, 30)),
    (dt.timedelta, "PT1H", dt.timedelta(hours=1)),
    (Color, "red", Color.RED),
    (Level, "1", Level.LOW),
    (Literal["a", "b"], "b", "b"),
    (Optional[int], "3", 3),
    (Union[int, str], "x", "x"),
    (bytes, "ab", b"ab"),
    (Annotated[str, AfterValidator(str.upper)], "ab", "AB"),
    (Json[List[int]], "[1,2]", [1, 2]),
]
REFUSED: List[Tuple[Any, str, str]] = [
    (int, "5.5", "int_parsing"),
    (int, "", "int_parsing"),
    (int, "1_000x", "int_parsing"),
    (int, "9" * 5000, "int_parsing_size"),
    (float, "x", "float_parsing"),
    (bool, "maybe", "bool_parsing"),
    (Decimal, "x", "decimal_parsing"),
    (uuid.UUID, "x", "uuid_parsing"),
    (dt.date, "2023-02-29", "date_from_datetime_parsing"),
    (Color, "green", "enum"),
    (Literal["a", "b"], "c", "literal_error"),
    (Optional[int], "", "int_parsing"),
    (Json[List[int]], "[1,", "json_invalid"),
]


def named(case: Tuple[Any, str, Any]) -> str:
    return f"{getattr(case[0], '__name__', case[0])}-{case[1][:20]}"


def asking_for(annotation: Any, **markers: Any) -> Tuple[Application, List[Any]]:
    """An application that notes what it is given for a type, from the path and from the query."""
    app, seen = Application(), []

    async def show(value, other=None) -> None:  # type: ignore[no-untyped-def]
        seen.append((value, other))

    show.__annotations__.update(value=annotation, other=Annotated[annotation, Query()])
    app.get("/{value}")(show)
    return app, seen


@pytest.mark.parametrize("case", READ, ids=named)
async def test_a_text_is_read_as_the_type_that_is_asked_for(case: Tuple[Any, str, Any]) -> None:
    annotation, text, value = case
    app, seen = asking_for(annotation)
    answer = await ask(app, f"/{text}?other={text}")
    assert (answer.status, seen) == (200, [(value, value)])
    assert type(seen[0][0]) is type(seen[0][1]) is type(value)


@pytest.mark.parametrize("case", REFUSED, ids=named)
async def test_a_text_that_is_no_such_value_is_refused(case: Tuple[Any, str, str]) -> None:
    annotation, text, fault = case
    app, seen = asking_for(annotation)
    answer = await ask(app, f"/{text or '%20'}?other={text}")
    places = {place for place, kind in answer.faults if kind == fault}
    assert "query.other" in places
    assert not seen


async def test_limits_hold_in_every_place() -> None:
    app = Application()

    @app.get("/{number}")
    async def show(
        number: Annotated[int, Path(gt=0, le=10)],
        text: Annotated[str, Query(min_length=2, max_length=3, pattern="^[a-z]+$")],
        many: Annotated[List[Annotated[int, Query(ge=0)]], Query(max_length=2), Len(1, 2)],
        part: Annotated[Decimal, Header(max_digits=3, decimal_places=1, multiple_of=Decimal("0.5"))],
        token: Annotated[str, Cookie(min_length=3)] = "none",
    ) -> None: ...

    good = {"part": "2.5", "cookie": "token=abc"}
    assert (await ask(app, "/10?text=ab&many=1", headers=good)).status == 200
    bad = {"part": "2.25", "cookie": "token=a"}
    assert (await ask(app, "/0?text=A&many=1&many=2&many=3", headers=bad)).faults == [
        ("path.number", "greater_than"),
        ("query.text", "string_too_short"),
        ("query.many", "too_long"),
        ("header.part", "decimal_max_places"),
        ("cookie.token", "string_too_short"),
    ]
    assert ("query.text", "string_pattern_mismatch") in (await ask(app, "/1?text=AB&many=1")).faults


async def test_strict_and_infinity_are_options_too() -> None:
    app = Application()

    @app.get("/")
    async def show(
        a: Annotated[float, Query(allow_inf_nan=False)] = 0, b: Annotated[bool, Query(strict=True)] = False
    ) -> None: ...

    assert (await ask(app, "/?a=nan&b=true")).faults == [
        ("query.a", "finite_number"),
        ("query.b", "bool_type"),
    ]


class TestNames:
    async def test_an_alias_is_the_name_outside_and_in_faults(self) -> None:
        app = Application()

        @app.get("/{the_id}")
        async def show(
            number: Annotated[int, Path(alias="the_id")],
            word: Annotated[int, Query(alias="the word")],
            other: Annotated[int, Query(validation_alias="seen")],
            token: Annotated[int, Header(alias="X_Token")],
        ) -> List[int]:
            return [number, word, other, token]

        answer = await ask(app, "/1?the%20word=2&seen=3", headers={"x_token": "4"})
        assert answer.value == [1, 2, 3, 4]
        assert (await ask(app, "/x?word=2&other=3", headers={"x-token": "4"})).faults == [
            ("path.the_id", "int_parsing"),
            ("query.the word", "missing"),
            ("query.seen", "missing"),
            ("header.X_Token", "missing"),
        ]

    async def test_a_header_is_written_with_hyphens_unless_it_says_otherwise(self) -> None:
        app = Application()

        @app.get("/")
        async def show(
            user_agent: Annotated[str, Header()],
            odd_name: Annotated[str, Header(convert_underscores=False)] = "none",
        ) -> List[str]:
            return [user_agent, odd_name]

        assert (await ask(app, headers={"User-Agent": "u", "odd_name": "o"})).value == ["u", "o"]
        assert (await ask(app, headers={"user-agent": "u", "odd-name": "o"})).value == ["u", "none"]
        assert (await ask(app)).faults == [("header.user-agent", "missing")]

    async def test_two_parameters_may_read_the_same_value(self) -> None:
        app = Application()

        @app.get("/")
        async def show(a: Annotated[int, Query(alias="n")], b: Annotated[str, Query(alias="n")]) -> List[Any]:
            return [a, b]

        assert (await ask(app, "/?n=1")).value == [1, "1"]


class TestRepetition:
    @pytest.mark.parametrize(
        ("annotation", "value"),
        [
            (List[int], [1, 2, 1]),
            (Set[int], {1, 2}),
            (FrozenSet[int], frozenset({1, 2})),
            (Tuple[int, ...], (1, 2, 1)),
            (Tuple[int, str, int], (1, "2", 1)),
            (Sequence[int], [1, 2, 1]),
            (list, ["1", "2", "1"]),
            (Optional[List[int]], [1, 2, 1]),
            (Union[int, List[int]], [1, 2, 1]),
        ],
        ids=str,
    )
    async def test_a_sequence_takes_every_value_of_its_name(self, annotation: Any, value: Any) -> None:
        app, seen = Application(), []

        async def show(q, h) -> None:  # type: ignore[no-untyped-def]
            seen.append((q, h))

        show.__annotations__.update(q=Annotated[annotation, Query()], h=Annotated[annotation, Header()])
        app.get("/")(show)
        headers = [("h", "1"), ("h", "2"), ("h", "1")]
        assert (await ask(app, "/?q=1&q=2&q=1", headers=headers)).status == 200
        assert seen == [(value, value)]

    async def test_the_place_of_a_wrong_one_is_told(self) -> None:
        app = Application()

        @app.get("/")
        async def show(q: Annotated[List[int], Query()]) -> None: ...

        assert (await ask(app, "/?q=1&q=x&q=y")).faults == [
            ("query.q.1", "int_parsing"),
            ("query.q.2", "int_parsing"),
        ]
        assert (await ask(app)).faults == [("query.q", "missing")]

    async def test_of_a_scalar_the_last_one_counts(self) -> None:
        app = Application()

        @app.get("/")
        async def show(q: int) -> int:
            return q

        assert (await ask(app, "/?q=1&q=2")).value == 2

    async def test_a_strict_application_refuses_a_scalar_given_twice(self) -> None:
        app = Application(strict=True)

        @app.get("/")
        async def show(q: int = 0, h: Annotated[int, Header()] = 0) -> int:
            return q + h

        assert (await ask(app, "/?q=1", headers={"h": "2"})).value == 3
        answer = await ask(app, "/?q=1&q=2", headers=[("h", "1"), ("h", "2")])
        assert answer.faults == [("query.q", "duplicate_parameter"), ("header.h", "duplicate_parameter")]


async def test_a_cookie_is_read_by_its_name() -> None:
    app = Application()

    @app.get("/")
    async def show(session_id: Annotated[str, Cookie()], theme: str = Cookie("light")) -> List[str]:
        return [session_id, theme]

    assert (await ask(app, headers={"cookie": "session_id=a; theme=dark"})).value == ["a", "dark"]
    assert (await ask(app, headers={"cookie": "session_id=a"})).value == ["a", "light"]
    assert (await ask(app)).faults == [("cookie.session_id", "missing")]


async def test_two_requests_never_share_a_value() -> None:
    app, seen = Application(), []

    @app.get("/")
    async def show(q: Annotated[List[str], Query()]) -> List[str]:
        seen.append(q)
        q.append("mine")
        return q

    assert (await ask(app, "/?q=a")).value == (await ask(app, "/?q=a")).value == ["a", "mine"]
    assert seen[0] is not seen[1]


@pytest.mark.parametrize("annotation", [Pair, Dict[str, int], List[int]], ids=str)
async def test_a_part_of_the_path_is_one_text(annotation: Any) -> None:
    with pytest.raises(SetupError, match=r"value of .*show .*path, which holds no"):
        asking_for(annotation)[0].build()


@pytest.mark.parametrize("marker", [Query(), Header(), Cookie()], ids=["query", "header", "cookie"])
async def test_a_mapping_of_any_keys_cannot_be_read_from_there(marker: Any) -> None:
    app = Application()

    async def show(value) -> None:  # type: ignore[no-untyped-def]
        ...

    show.__annotations__["value"] = Annotated[Dict[str, int], marker]
    app.get("/")(show)
    with pytest.raises(SetupError, match=r"value of .*show .*which holds no"):
        app.build()


async def test_a_cookie_holds_one_value() -> None:
    app = Application()

    @app.get("/")
    async def show(value: Annotated[List[str], Cookie()]) -> None: ...

    with pytest.raises(SetupError, match="cookie, which holds no"):
        app.build()


@pytest.mark.parametrize("marker", [Path(1), Path(default_factory=int)])
async def test_a_part_of_the_path_has_no_default(marker: Any) -> None:
    app = Application()

    @app.get("/{value}")
    async def show(value: int = marker) -> None: ...

    with pytest.raises(SetupError, match=r"value of .*show .*a path parameter cannot have a default"):
        app.build()
