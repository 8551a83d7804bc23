"""Schemas in the document: every model library, names that clash, one schema or two, and what is said beside a type."""

from typing import Any, Callable, Dict, List, Optional, Sequence

import attrs
import msgspec
import pytest
from pydantic import BaseModel, Field, computed_field
from typing_extensions import Annotated

from microframe import Application, Body, Depends, Form, FormData, FormParts, Query, SetupError
from microframe.exceptions import Invalid
from microframe.validation import Codecs, Schemas, Wanted
from microframe.validation.codecs.attrs import AttrsCodec
from microframe.validation.codecs.msgspec import MsgspecCodec
from microframe.validation.codecs.pydantic import PydanticCodec


class Struct(msgspec.Struct):
    n: int
    m: str = "a"


@attrs.define
class Attrs:
    n: int
    m: str = "a"


class Inner(BaseModel):
    n: int


def other_inner() -> Any:
    class Inner(msgspec.Struct):
        text: str

    class Outer(msgspec.Struct):
        inner: Inner

    return Outer


def third_inner() -> Any:
    class Inner(BaseModel):
        flag: bool

    return Inner


class Computed(BaseModel):
    n: int

    @computed_field  # type: ignore[prop-decorator]
    @property
    def double(self) -> int:
        return 2 * self.n


class Defaulted(BaseModel):
    n: int = 1
    inner: Optional[Inner] = None


def schemas(app: Application) -> Dict[str, Any]:
    found: Dict[str, Any] = app.openapi()["components"]["schemas"]
    return found


def body(app: Application, path: str = "/") -> Dict[str, Any]:
    found: Dict[str, Any] = app.openapi()["paths"][path]["post"]["requestBody"]
    return found


@pytest.mark.parametrize("kind", [Struct, Attrs, List[Struct], Optional[Attrs]])
def test_every_library_has_schemas(kind: Any) -> None:
    app = Application()

    async def take(value):  # type: ignore[no-untyped-def]
        return value

    take.__annotations__ = {"value": kind, "return": kind}
    app.post("/")(take)
    name = "Struct" if "Struct" in str(kind) else "Attrs"
    assert schemas(app)[name]["required"] == ["n"]
    assert list(schemas(app)[name]["properties"]) == ["n", "m"]
    assert f"#/components/schemas/{name}" in str(app.openapi()["paths"])


def test_types_of_two_libraries_with_one_name_are_told_apart_by_the_library() -> None:
    app = Application()
    outer = other_inner()

    @app.post("/one")
    async def one(value: Inner) -> None: ...

    async def two(value):  # type: ignore[no-untyped-def]
        ...

    two.__annotations__ = {"value": outer}
    app.post("/two")(two)
    found = schemas(app)
    assert list(found["Inner"]["properties"]) == ["n"]
    assert list(found["msgspec.Inner"]["properties"]) == ["text"]
    assert found["Outer"]["properties"]["inner"] == {"$ref": "#/components/schemas/msgspec.Inner"}


def test_types_of_one_name_are_told_apart_by_their_modules() -> None:
    app = Application()

    async def take(one, two):  # type: ignore[no-untyped-def]
        ...

    take.__annotations__ = {"one": Inner, "two": third_inner()}
    app.post("/")(take)
    named = [name for name in schemas(app) if name.endswith("Inner")]
    assert len(named) == 2
    assert all("test_schemas" in name for name in named)


@pytest.mark.parametrize(
    ("separate", "expected"), [(True, ["Computed-Input", "Computed-Output"]), (False, [])]
)
def test_what_is_computed_needs_two_schemas(separate: bool, expected: List[str]) -> None:
    app = Application(separate_input_output_schemas=separate)

    @app.post("/")
    async def take(value: Computed, other: Defaulted) -> List[Computed]:
        return [value]

    @app.get("/")
    async def give() -> Defaulted:
        return Defaulted()

    names = [name for name in schemas(app) if name.startswith("Computed")]
    assert names == ["Computed-Input", "Computed-Output"]
    defaulted = [name for name in schemas(app) if name.startswith("Defaulted")]
    assert defaulted == ["Defaulted"]


class Fancy(BaseModel):
    """In short.\f
    And at length."""

    content: bytes
    at: Annotated[bytes, Field(description="Where")] = b""


def test_bytes_have_a_media_type_and_descriptions_end_at_a_form_feed() -> None:
    app = Application()

    @app.post("/")
    async def take(value: Fancy) -> None: ...

    fancy = schemas(app)["Fancy"]
    assert fancy["description"] == "In short."
    assert fancy["properties"]["content"] == {
        "type": "string",
        "contentMediaType": "application/octet-stream",
        "title": "Content",
    }


def test_everything_that_a_marker_says_is_in_the_schema() -> None:
    app = Application()

    @app.get("/")
    async def read(
        q: Annotated[
            int,
            Query(
                alias="Q",
                title="The number",
                description="Of what",
                examples=[3],
                ge=1,
                lt=9,
                deprecated="use another",
                json_schema_extra={"x-unit": "kg"},
            ),
        ] = 2,
        odd: Annotated[object, Query()] = print,
        many: Annotated[List[str], Query()] = [],  # noqa: B006
    ) -> None: ...

    q, odd, many = app.openapi()["paths"]["/"]["get"]["parameters"]
    assert q == {
        "name": "Q",
        "in": "query",
        "required": False,
        "schema": {
            "type": "integer",
            "minimum": 1,
            "exclusiveMaximum": 9,
            "title": "The number",
            "description": "Of what",
            "examples": [3],
            "deprecated": True,
            "default": 2,
            "x-unit": "kg",
        },
        "description": "Of what",
        "deprecated": True,
    }
    assert "default" not in odd["schema"]
    assert many["schema"]["default"] == []


def test_two_types_that_both_take_the_whole_body_are_both_of_it() -> None:
    app = Application()

    def first(value: Inner) -> Inner:
        return value

    @app.post("/")
    async def take(value: Defaulted, other: Any = Depends(first)) -> None: ...

    assert body(app)["content"]["application/json"]["schema"] == {
        "allOf": [{"$ref": "#/components/schemas/Defaulted"}, {"$ref": "#/components/schemas/Inner"}]
    }


def test_one_embedded_value_is_a_member_of_an_object() -> None:
    app = Application()

    @app.post("/")
    async def take(value: Annotated[Optional[Inner], Body(embed=True)] = None) -> None: ...

    assert body(app) == {
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body_take__post"}}}
    }
    assert schemas(app)["Body_take__post"]["properties"] == {
        "value": {"anyOf": [{"$ref": "#/components/schemas/Inner"}, {"type": "null"}]}
    }


def test_a_form_that_is_taken_as_it_is_has_any_fields() -> None:
    app = Application()

    @app.post("/form")
    async def form(form: FormData) -> None: ...

    @app.post("/parts")
    async def parts(parts: FormParts) -> None: ...

    anything = {"schema": {"type": "object"}}
    for path in ("/form", "/parts"):
        content = body(app, path)["content"]
        assert content["multipart/form-data"] == anything
        assert body(app, path)["required"] is True


def test_a_form_of_models_and_fields_is_one_object() -> None:
    app = Application()

    @app.post("/")
    async def take(
        inner: Annotated[Inner, Form()], word: Annotated[str, Form(alias="Word")] = ""
    ) -> None: ...

    assert schemas(app)["Body_take__post"] == {
        "type": "object",
        "title": "Body_take__post",
        "properties": {
            "n": {"type": "integer", "title": "N"},
            "Word": {"type": "string", "default": "", "title": "Word"},
        },
        "required": ["n"],
    }


class Metres:
    pass


class MetresCodec(PydanticCodec):
    name = "metres"

    def handles(self, annotation: Any) -> bool:
        return annotation is Metres

    def is_structured(self, annotation: Any) -> bool:
        return False

    def decoder(self, annotation: Any) -> Any:
        def decode(value: Any) -> Any:
            raise Invalid([])

        return decode

    def json_decoder(self, annotation: Any) -> Any:
        return self.decoder(annotation)

    def schemas(self, wanted: Sequence[Wanted], template: str, separate: bool) -> Schemas:
        return Schemas(
            [{"$ref": template.replace("{name}", "Metres")} for _ in wanted], {"Metres": {"type": "number"}}
        )


def test_a_codec_of_a_plugin_has_schemas_of_its_own() -> None:
    app = Application()
    app.injector.codecs.add(MetresCodec())

    @app.post("/")
    async def take(value: Annotated[Metres, Body()]) -> None: ...

    assert schemas(app)["Metres"] == {"type": "number"}


def test_what_has_no_schema_is_a_mistake_of_the_program() -> None:
    template = "#/{name}"
    with pytest.raises(SetupError, match="no JSON Schema"):
        PydanticCodec().schemas(
            [Wanted(int, "validation"), Wanted(Callable[[], None], "validation")], template, True
        )
    with pytest.raises(SetupError, match="msgspec has no JSON Schema"):
        MsgspecCodec().schemas([Wanted(Metres, "validation")], template, True)


def test_attrs_are_read_and_written_by_one_name() -> None:
    found = AttrsCodec().schemas(
        [Wanted(Attrs, "validation"), Wanted(Attrs, "serialization")], "#/{name}", True
    )
    assert found.schemas == [{"$ref": "#/Attrs"}] * 2


def test_a_registry_asks_one_codec_for_all_of_its_types() -> None:
    assert Codecs().for_annotation(Struct).name == "msgspec"
