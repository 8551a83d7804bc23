"""Bodies: one parameter takes it whole, several take a field each, wherever in the graph they are asked for."""

from typing import Annotated, Any, Dict, List, Optional, Union

import pytest
from pydantic import BaseModel, Field

from microframe import Application, Body, Depends, Request, SetupError
from tests.injection.asking import ask, post

JSON = {"content-type": "application/json"}


class Item(BaseModel):
    name: str
    size: int = 1


class User(BaseModel):
    id: int


async def test_one_model_is_the_whole_body() -> None:
    app = Application()

    @app.post("/")
    async def show(item: Item) -> Item:
        return item

    assert (await post(app, data={"name": "x"})).value == {"name": "x", "size": 1}
    assert (await post(app, data={"item": {"name": "x"}})).faults == [("body.name", "missing")]


async def test_two_models_are_a_field_each() -> None:
    app = Application()

    @app.put("/")
    async def show(item: Item, user: User) -> List[Any]:
        return [item.name, user.id]

    answer = await ask(app, "/", "PUT", data={"item": {"name": "x"}, "user": {"id": 1}, "other": 2})
    assert answer.value == ["x", 1]
    assert (await ask(app, "/", "PUT", data={"item": {}, "user": 1})).faults == [
        ("body.item.name", "missing"),
        ("body.user", "model_type"),
    ]
    assert (await ask(app, "/", "PUT", data=[])).faults == [
        ("body.item", "missing"),
        ("body.user", "missing"),
    ]


async def test_singular_values_are_fields_beside_models() -> None:
    app = Application()

    @app.post("/")
    async def show(
        item: Item, importance: Annotated[int, Body(gt=0)], note: Optional[str] = Body(None, alias="remark")
    ) -> List[Any]:
        return [item.name, importance, note]

    sent = {"item": {"name": "x"}, "importance": 2}
    assert (await post(app, data=sent)).value == ["x", 2, None]
    assert (await post(app, data={**sent, "remark": "r", "note": "n"})).value == ["x", 2, "r"]
    assert (await post(app, data={**sent, "importance": 0, "remark": 1})).faults == [
        ("body.importance", "greater_than"),
        ("body.remark", "string_type"),
    ]


async def test_embed_makes_the_only_one_a_field() -> None:
    app = Application()

    @app.post("/")
    async def show(item: Annotated[Item, Body(embed=True)]) -> str:
        return item.name

    assert (await post(app, data={"item": {"name": "x"}})).value == "x"


async def test_one_singular_value_is_the_whole_body() -> None:
    app = Application()

    @app.post("/")
    async def show(number: Annotated[int, Body(ge=1)]) -> int:
        return number

    assert (await post(app, data=5)).value == 5
    assert (await post(app, data=0)).faults == [("body", "greater_than_equal")]


@pytest.mark.parametrize(
    ("annotation", "sent", "value"),
    [
        (List[Item], [{"name": "a"}, {"name": "b"}], [{"name": "a", "size": 1}, {"name": "b", "size": 1}]),
        (Dict[str, float], {"a": 1, "b": 2.5}, {"a": 1.0, "b": 2.5}),
        (Dict[int, str], {"1": "a"}, {"1": "a"}),
        (dict, {"a": [1]}, {"a": [1]}),
        (list, [1, "a"], [1, "a"]),
        (Union[Item, User], {"id": 3}, {"id": 3}),
    ],
    ids=str,
)
async def test_what_is_no_scalar_is_a_body(annotation: Any, sent: Any, value: Any) -> None:
    app = Application()

    async def show(values) -> Any:  # type: ignore[no-untyped-def]
        return values

    show.__annotations__["values"] = annotation
    app.post("/", response_model=None)(show)
    assert (await post(app, data=sent)).value == value


async def test_the_place_in_a_list_is_told() -> None:
    app = Application()

    @app.post("/")
    async def show(items: Annotated[List[Item], Body(max_length=2)]) -> None: ...

    assert (await post(app, data=[{"name": "a"}, {}])).faults == [("body.1.name", "missing")]
    assert (await post(app, data=[{"name": "a"}] * 3)).faults == [("body", "too_long")]


async def test_a_body_may_be_optional() -> None:
    app = Application()

    @app.post("/none")
    async def none(item: Optional[Item] = None) -> Any:
        return item

    @app.post("/default")
    async def default(item: Item = Item(name="default")) -> Item:
        return item

    @app.post("/fields")
    async def fields(item: Optional[Item] = None, number: Annotated[int, Body()] = 7) -> List[Any]:
        return [item, number]

    assert (await post(app, "/none")).value is None
    assert (await post(app, "/none", data=None)).value is None
    assert (await post(app, "/none", data={"name": "x"})).value["name"] == "x"
    assert (await post(app, "/default")).value["name"] == "default"
    assert (await post(app, "/fields")).value == [None, 7]
    assert (await post(app, "/fields", data={"number": 1})).value == [None, 1]
    no_objects: List[Any] = [None, [], 5]
    for nothing in no_objects:
        assert (await post(app, "/fields", data=nothing)).faults == [
            ("body.item", "missing"),
            ("body.number", "missing"),
        ]
    assert (await post(app, "/none", data={})).faults == [("body.name", "missing")]


async def test_no_body_is_missing() -> None:
    app = Application()

    @app.post("/whole")
    async def whole(item: Item) -> None: ...

    @app.post("/fields")
    async def fields(item: Item, user: User) -> None: ...

    assert (await post(app, "/whole")).faults == [("body", "missing")]
    assert (await post(app, "/fields")).faults == [("body.item", "missing"), ("body.user", "missing")]


async def test_bytes_are_the_body_as_it_came_whatever_its_type() -> None:
    app = Application()

    @app.post("/")
    async def show(data: Annotated[bytes, Body()]) -> int:
        return len(data)

    @app.post("/default")
    async def default(data: bytes = Body(b"none")) -> str:
        return data.decode()

    assert (await post(app, body=b"\xff\x00{", headers={"content-type": "image/png"})).value == 3
    assert (await post(app, body=b"{}", headers=JSON)).value == 2
    assert (await post(app, "/default", body=b"sent")).value == "sent"
    assert (await post(app, "/default")).value == "none"
    assert (await post(app)).faults == [("body", "missing")]


async def test_bytes_and_something_else_contradict_each_other() -> None:
    app = Application()

    @app.post("/")
    async def show(data: Annotated[bytes, Body()], item: Item) -> None: ...

    with pytest.raises(SetupError, match=r"show .*reads the body as bytes and in another way too"):
        app.build()


async def test_a_body_can_be_asked_for_with_every_method() -> None:
    app = Application()

    @app.api_route("/", methods=["GET", "DELETE", "PATCH"])
    async def show(item: Item) -> str:
        return item.name

    for method in ("GET", "DELETE", "PATCH"):
        assert (await ask(app, "/", method, data={"name": method})).value == method


async def test_the_request_may_be_read_beside_the_parameters() -> None:
    app = Application()

    @app.post("/")
    async def show(request: Request, item: Item) -> List[Any]:
        return [item.name, await request.json(), (await request.body()).decode()]

    assert (await post(app, body=b'{"name":"x"}', headers=JSON)).value == ["x", {"name": "x"}, '{"name":"x"}']


class TestDependencies:
    async def test_a_dependency_may_take_the_whole_body(self) -> None:
        app = Application()

        async def named(item: Item) -> str:
            return item.name

        @app.post("/")
        async def show(name: Annotated[str, Depends(named)]) -> str:
            return name

        assert (await post(app, data={"name": "x"})).value == "x"

    async def test_with_the_handlers_own_it_is_a_field_of_each(self) -> None:
        app = Application()

        async def named(item: Item) -> str:
            return item.name

        @app.post("/")
        async def show(name: Annotated[str, Depends(named)], user: User) -> List[Any]:
            return [name, user.id]

        assert (await post(app, data={"item": {"name": "x"}, "user": {"id": 1}})).value == ["x", 1]

    async def test_who_asks_for_the_same_by_one_name_shares_it(self) -> None:
        app = Application()

        async def same(item: Item) -> Item:
            return item

        @app.post("/")
        async def show(item: Item, other: Annotated[Item, Depends(same)]) -> bool:
            return item is other

        assert (await post(app, data={"name": "x"})).value is True

    async def test_one_name_is_read_as_the_type_of_each(self) -> None:
        app = Application()

        async def as_user(item: User) -> int:
            return item.id

        @app.post("/")
        async def show(item: Item, number: Annotated[int, Depends(as_user)]) -> List[Any]:
            return [item.name, number]

        assert (await post(app, data={"name": "x", "id": 1})).value == ["x", 1]
        assert (await post(app, data={})).faults == [("body.id", "missing"), ("body.name", "missing")]

    async def test_one_name_beside_others_is_read_as_the_type_of_each(self) -> None:
        app = Application()

        async def as_user(item: User) -> int:
            return item.id

        @app.post("/")
        async def show(item: Item, number: Annotated[int, Depends(as_user)], note: str = Body()) -> List[Any]:
            return [item.name, number, note]

        assert (await post(app, data={"item": {"name": "x", "id": 1}, "note": "n"})).value == ["x", 1, "n"]

    async def test_a_blocking_chain_reads_parts_too(self) -> None:
        app = Application()

        def first(item: Item) -> str:
            return item.name

        def second(name: Annotated[str, Depends(first)], user: User) -> List[Any]:
            return [name, user.id]

        @app.post("/")
        def show(values: Annotated[List[Any], Depends(second)], note: Annotated[str, Body()]) -> List[Any]:
            return [*values, note]

        sent = {"item": {"name": "x"}, "user": {"id": 1}, "note": "n"}
        assert (await post(app, data=sent)).value == ["x", 1, "n"]
        assert (await post(app, data={"item": {}, "user": {}})).faults == [
            ("body.item.name", "missing"),
            ("body.user.id", "missing"),
            ("body.note", "missing"),
        ]


class TestContentType:
    @pytest.mark.parametrize(
        "sent",
        [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
            "application/geo+json",
        ],
    )
    async def test_json_by_any_of_its_names_is_read(self, sent: str) -> None:
        app = Application()

        @app.post("/")
        async def show(item: Item) -> str:
            return item.name

        assert (await post(app, body=b'{"name":"x"}', headers={"content-type": sent})).value == "x"

    async def test_a_parameter_may_name_another_type(self) -> None:
        app = Application()

        @app.post("/")
        async def show(item: Annotated[Item, Body(media_type="application/vnd.item")]) -> str:
            return item.name

        sent = b'{"name":"x"}'
        vendor = {"content-type": "application/vnd.item; v=1"}
        assert (await post(app, body=sent, headers=vendor)).value == "x"
        answer = await post(app, body=sent, headers=JSON)
        assert (answer.status, answer.headers["accept"]) == (415, "application/vnd.item")


async def test_a_field_is_validated_by_json_rules_or_by_python_rules_alike() -> None:
    """A model read whole and read as a field takes the same values."""

    class Wide(BaseModel):
        number: int
        when: Optional[str] = Field(None, pattern="^x")

    app = Application()

    @app.post("/whole")
    async def whole(item: Wide) -> int:
        return item.number

    @app.post("/field")
    async def field(item: Annotated[Wide, Body(embed=True)]) -> int:
        return item.number

    for number in (5, "5", 5.0):
        assert (await post(app, "/whole", data={"number": number})).value == 5
        assert (await post(app, "/field", data={"item": {"number": number}})).value == 5
    assert (await post(app, "/whole", data={"number": "x", "when": "y"})).faults == [
        ("body.number", "int_parsing"),
        ("body.when", "string_pattern_mismatch"),
    ]
    assert (await post(app, "/field", data={"item": {"number": "x", "when": "y"}})).faults == [
        ("body.item.number", "int_parsing"),
        ("body.item.when", "string_pattern_mismatch"),
    ]
