"""Program: one of everything that an API document describes."""

import dataclasses
import datetime as dt
import enum
from typing import Any, AsyncIterator, Dict, Generic, List, Literal, Optional, Set, TypeVar, Union
from uuid import UUID

from pydantic import BaseModel, Field, computed_field
from typing_extensions import Annotated, TypedDict

from microframe import (
    Application,
    Body,
    Controller,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    HTMLResponse,
    NotFoundException,
    PlainTextResponse,
    Provided,
    Query,
    RedirectResponse,
    Request,
    Response,
    Router,
    Security,
    UploadFile,
    WebSocket,
    route,
)
from microframe.markers import raises
from microframe.security import APIKeyHeader, OAuth2PasswordBearer

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Owner(BaseModel):
    """Whose card it is."""

    name: str = Field(min_length=1, max_length=80)
    cards: "List[Card]" = []


class NewCard(BaseModel):
    title: str = Field(description="In one line", examples=["Buy milk"])
    colour: Colour = Colour.RED
    labels: Set[str] = {"b", "a", "c"}


class Card(NewCard):
    id: int
    owner: Optional[Owner] = None
    due: dt.date = dt.date(2030, 1, 1)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def link(self) -> str:
        return f"/cards/{self.id}"


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


Pet = Annotated[Union[Cat, Dog], Field(discriminator="kind")]


class Page(BaseModel, Generic[T]):
    items: List[T]


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0


class Options(TypedDict, total=False):
    wide: bool


class Filters(BaseModel):
    search: Optional[str] = Field(None, description="Words to look for")
    limit: int = Field(20, le=100)


class Address(BaseModel):
    street: str


class BoardNotFound(NotFoundException):
    """There is no such board."""


class CardNotFound(NotFoundException):
    """There is no such card."""


class Locked(Exception):
    """The board is locked."""

    http_status = 423
    code = "board_locked"


class Cards:
    def __init__(self, tenant: str) -> None:
        self.tenant = tenant


@raises(Locked)
def open_cards(x_tenant: Annotated[str, Header()]) -> Cards:
    return Cards(x_tenant)


oauth2 = OAuth2PasswordBearer(tokenUrl="token", scopes={"read": "Read", "write": "Write"})
api_key = APIKeyHeader(name="X-API-Key", auto_error=False)


def current_user(token: str = Security(oauth2, scopes=["read"])) -> str:
    return token


def paging(page: Annotated[int, Query(ge=1, deprecated=True)] = 1) -> int:
    return page


boards = Router(
    prefix="/boards/{board_id}",
    tags=["boards"],
    raises=[BoardNotFound],
    responses={418: {"description": "A teapot"}},
)


@boards.get("/cards", response_model_exclude_none=True)
async def list_cards(
    board_id: UUID,
    cards: Provided[Cards],
    filters: Annotated[Filters, Query()],
    page: int = Depends(paging),
    hidden: Annotated[str, Query(include_in_schema=False)] = "",
    session: Annotated[Optional[str], Cookie(openapi_examples={"one": {"value": "abc"}})] = None,
) -> List[Card]:
    """The cards of one board, newest first.\f
    For who reads the program."""
    return []


@boards.post("/cards", status_code=201, response_description="The new card")
async def add_card(
    board_id: UUID, card: NewCard, user: str = Security(current_user, scopes=["write"])
) -> Card:
    raise CardNotFound()


@boards.get("/cards/{card_id:int}", raises=[CardNotFound], operation_id="readCard")
async def read_card(board_id: UUID, card_id: int, key: Optional[str] = Depends(api_key)) -> Card:
    raise CardNotFound()


@boards.put("/cards/{card_id:int}/{part}", deprecated=True)
async def replace_parts(
    board_id: UUID, card_id: int, a: Card, b: Annotated[int, Body(gt=0)], c: Optional[Owner] = None
) -> None: ...


@boards.delete("/cards/{card_id:int}", status_code=204)
async def delete_card(board_id: UUID) -> None: ...


@raises(CardNotFound)
async def guard(connection: Any) -> Optional[Response]:
    return None


events = Router()


@events.post("{$request.body.url}/paid/{number}")
async def paid(number: int, point: Point) -> None: ...


app = Application(
    title="Team board",
    summary="Cards",
    description="What it is for",
    version="2.0",
    terms_of_service="https://example.com/terms",
    contact={"name": "Ada", "email": "ada@example.com"},
    license_info={"name": "MIT", "identifier": "MIT"},
    openapi_tags=[{"name": "boards", "description": "All of them"}],
    openapi_external_docs={"url": "https://example.com/docs"},
    servers=[{"url": "https://example.com"}],
    guards=[guard],
)
app.provide(Cards, open_cards)
app.include_router(boards)


@app.post(
    "/pets",
    callbacks=events.routes,
    responses={"4XX": {"model": Address}, "default": {"description": "Else"}},
)
async def add_pet(pet: Pet, options: Annotated[Options, Body(media_type="application/json")]) -> Page[Point]:
    return Page(items=[])


@app.post("/forms/url")
async def form(name: Annotated[str, Form()], age: Annotated[int, Form(ge=0)] = 3) -> Dict[str, int]:
    return {}


@app.post("/forms/model")
async def form_model(address: Annotated[Address, Form()]) -> None: ...


@app.post("/forms/files")
async def upload(
    one: UploadFile,
    more: List[UploadFile],
    content: Annotated[bytes, File(description="Bytes")],
    note: Annotated[str, Form()] = "",
) -> None: ...


@app.post("/raw")
async def raw(body: Annotated[bytes, Body()]) -> PlainTextResponse:
    return PlainTextResponse("")


@app.post("/either")
async def either(
    card: Annotated[NewCard, Body(media_type=["application/json", "application/x-www-form-urlencoded"])],
) -> None: ...


@app.get("/page", response_class=HTMLResponse)
async def page() -> str:
    return ""


@app.get("/elsewhere")
async def elsewhere() -> RedirectResponse:
    return RedirectResponse("/")


@app.get("/lines")
async def lines() -> AsyncIterator[Card]:
    yield Card(id=1, title="a")


@app.api_route("/both/{name:path}", methods=["GET", "POST"])
async def both(name: str) -> str:
    return name


@app.get("/any/{day:date}/{number:float}", openapi_extra={"x-own": True, "tags": ["extra"]})
async def anything(request: Request) -> Any: ...


@app.get("/hidden", include_in_schema=False)
async def hidden() -> None: ...


@app.websocket("/live")
async def live(socket: WebSocket) -> None: ...


@app.controller("/notes")
class Notes(Controller):
    def __init__(self, page: int = Depends(paging)) -> None:
        self.page = page

    @route.get("/{note_id}")
    async def read(self, note_id: int) -> Point:
        return Point(1)


hosted = Router()


@hosted.get("/page")
async def hosted_page(tenant: str) -> str:
    return tenant


app.host("{tenant}.example.com", hosted)


@app.webhooks.post("card-added")
async def card_added(card: Card) -> None:
    """Sent for each card."""
