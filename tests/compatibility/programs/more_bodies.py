"""More of bodies: dataclasses, partial updates, tagged unions, computed and nested models, generics, unusual types."""

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address
from typing import (
    Annotated,
    Any,
    Deque,
    Dict,
    FrozenSet,
    Generic,
    List,
    Literal,
    Optional,
    Sequence,
    TypeVar,
    Union,
)

from fastapi import Body, Cookie, FastAPI, Header, HTTPException, Query
from fastapi.encoders import jsonable_encoder
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    SecretStr,
    computed_field,
    field_validator,
    model_validator,
)
from typing_extensions import NotRequired, TypedDict

app = FastAPI()
T = TypeVar("T")


@dataclass
class Data:
    name: str
    price: float
    tags: List[str] = field(default_factory=list)
    tax: Optional[float] = None


class Typed(TypedDict):
    name: str
    size: NotRequired[int]


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    bark: str


class Page(BaseModel, Generic[T]):
    items: List[T]
    total: int


class Item(BaseModel):
    name: Optional[str] = None
    price: Optional[float] = None
    tax: float = 10.5
    tags: List[str] = []


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")

    a: int
    b: Optional["Forbidding"] = None


class Camel(BaseModel):
    model_config = ConfigDict(populate_by_name=True)

    first_name: str = Field(alias="firstName")
    secret: SecretStr = SecretStr("s")


class Computed(BaseModel):
    width: int
    height: int = 2

    @computed_field
    @property
    def area(self) -> int:
        return self.width * self.height


class Tags(RootModel[List[str]]):
    pass


class Size(str, Enum):
    small = "s"
    large = "l"


class Checked(BaseModel):
    low: int
    high: int
    sizes: List[Size] = []

    @field_validator("low")
    @classmethod
    def low_is_even(cls, value: int) -> int:
        assert value % 2 == 0, "low is odd"
        return value

    @model_validator(mode="after")
    def ordered(self) -> "Checked":
        if self.low > self.high:
            raise ValueError("low is above high")
        return self


STORE: Dict[str, Any] = {"foo": {"name": "Foo", "price": 50.2}}


@app.post("/dataclass")
async def a_dataclass(data: Data) -> Data:
    return data


@app.post("/typed")
async def a_typed(data: Typed) -> Typed:
    return data


@app.post("/tagged")
async def tagged(pet: Annotated[Union[Cat, Dog], Body(discriminator="kind")]):
    return pet


@app.post("/tagged-list")
async def tagged_list(pets: List[Annotated[Union[Cat, Dog], Field(discriminator="kind")]]):
    return pets


@app.post("/page", response_model=Page[Item])
async def page(page: Page[Item]):
    return page


@app.patch("/items/{name}", response_model=Item)
async def patch(name: str, item: Item):
    stored = Item(**STORE[name])
    updated = stored.model_copy(update=item.model_dump(exclude_unset=True))
    STORE[name] = jsonable_encoder(updated)
    return updated


@app.get("/items/{name}", response_model=Item)
async def read(name: str):
    if name not in STORE:
        raise HTTPException(404, detail=f"no {name}")
    return STORE[name]


@app.post("/forbidding")
async def forbidding(body: Forbidding):
    return body


@app.post("/camel")
async def camel(body: Camel):
    return body


@app.post("/computed")
async def computed(body: Computed) -> Computed:
    return body


@app.post("/root")
async def root(tags: Tags):
    return tags


@app.post("/checked")
async def checked(body: Checked):
    return body


@app.post("/frozen")
async def frozen(values: FrozenSet[int]):
    return sorted(values)


@app.post("/deque")
async def a_deque(values: Deque[int]):
    return list(values)


@app.post("/sequence")
async def sequence(values: Sequence[IPv4Address]):
    return values


@app.post("/nested-dict")
async def nested(values: Dict[str, List[Dict[Size, Optional[float]]]]):
    return values


@app.post("/examples")
async def examples(
    item: Annotated[Item, Body(openapi_examples={"a": {"value": {"name": "x"}}}, examples=[{"name": "x"}])],
):
    return item


@app.post("/mixed/{path}")
async def mixed(
    path: int,
    body: Annotated[Item, Body()],
    other: Annotated[Optional[Data], Body()] = None,
    q: Annotated[Optional[str], Query(max_length=2)] = None,
    h: Annotated[Optional[int], Header()] = None,
    c: Annotated[Optional[int], Cookie()] = None,
):
    return [path, body, other, q, h, c]


@app.post("/defaults")
async def defaults(a: Annotated[int, Body(ge=2)] = 5, b: Annotated[List[int], Body()] = [1]):
    return [a, b]


@app.post("/alias")
async def alias(a: Annotated[int, Body(alias="theA")], b: Annotated[int, Body(validation_alias="theB")] = 2):
    return [a, b]


ASKS = [
    'POST /dataclass {"name": "a", "price": 1}',
    'POST /dataclass {"name": 1}',
    "POST /dataclass []",
    'POST /typed {"name": "a"}',
    'POST /typed {"size": "x"}',
    'POST /typed {"name": "a", "more": 1}',
    "POST /typed []",
    'POST /tagged {"kind": "cat", "lives": 9}',
    'POST /tagged {"kind": "dog", "lives": 9}',
    'POST /tagged {"kind": "cow"}',
    "POST /tagged {}",
    'POST /tagged-list [{"kind": "cat", "lives": 9}, {"kind": "cow"}, {"kind": "dog"}, {}]',
    'POST /page {"items": [{"name": "a"}], "total": "1"}',
    'POST /page {"items": [{"name": 1}], "total": "x"}',
    'PATCH /items/foo {"tax": 3}',
    "GET /items/foo",
    'PATCH /items/foo {"name": null, "tags": ["a"]}',
    "GET /items/foo",
    "GET /items/bar",
    'POST /forbidding {"a": 1, "b": {"a": 2}}',
    'POST /forbidding {"a": 1, "b": {"c": 2}, "d": 3}',
    'POST /camel {"firstName": "a", "secret": "x"}',
    'POST /camel {"first_name": "a"}',
    "POST /camel {}",
    'POST /computed {"width": 3}',
    'POST /computed {"width": "x", "height": null}',
    'POST /root ["a"]',
    "POST /root [1]",
    "POST /root {}",
    'POST /checked {"low": 2, "high": 3, "sizes": ["s"]}',
    'POST /checked {"low": 4, "high": 3}',
    'POST /checked {"low": 3, "high": 4, "sizes": ["x", 3]}',
    "POST /frozen [1, 2, 2]",
    "POST /frozen {}",
    'POST /frozen ["a"]',
    "POST /deque [1, 2]",
    "POST /deque {}",
    'POST /sequence ["127.0.0.1"]',
    'POST /sequence ["127"]',
    'POST /nested-dict {"a": [{"s": 1.5, "l": null}]}',
    'POST /nested-dict {"a": [{"x": 1.5}], "b": {}, "c": [3]}',
    'POST /examples {"name": "a"}',
    ('POST /mixed/1?q=a {"body": {"name": "a"}}', {"h": "1", "cookie": "c=2"}),
    ('POST /mixed/x?q=abc {"body": [], "other": {}}', {"h": "x", "cookie": "c=y"}),
    "POST /defaults",
    "POST /defaults {}",
    'POST /defaults {"a": 1, "b": ["x"]}',
    'POST /defaults {"a": null}',
    'POST /alias {"theA": 1}',
    'POST /alias {"a": 1, "theB": "x"}',
    'POST /alias {"theA": "x", "b": 1}',
]
