"""Bigger applications: routers in routers, prefixes, dependencies, mounts, sub-applications, callbacks."""

from typing import Annotated

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request


async def token(x_token: Annotated[str, Header()]):
    if x_token != "fake":
        raise HTTPException(status_code=400, detail="X-Token header invalid")


async def query_token(token: str):
    if token != "jessica":
        raise HTTPException(status_code=400, detail="No Jessica token provided")


app = FastAPI(dependencies=[Depends(query_token)], title="Big", version="2")
users = APIRouter()
items = APIRouter(
    prefix="/items", tags=["items"], dependencies=[Depends(token)], responses={404: {"description": "No"}}
)
nested = APIRouter(prefix="/nested")
admin = APIRouter()
sub = FastAPI()


@users.get("/users/", tags=["users"])
async def read_users():
    return [{"username": "Rick"}]


@users.get("/users/me")
async def read_me():
    return "me"


@items.get("/")
async def read_items():
    return {"plumbus": {}}


@items.get("/{item_id}")
async def read_item(item_id: str):
    if item_id == "x":
        raise HTTPException(status_code=404, detail="Item not found")
    return item_id


@nested.get("/deep/{number}", name="deep")
async def deep(number: int, request: Request):
    return {"number": number, "path": request.url.path, "for": str(request.url_for("deep", number=3))}


@nested.get("")
async def empty():
    return "empty"


@admin.post("/")
async def update():
    return {"message": "Admin getting schwifty"}


@sub.get("/here")
async def here(request: Request):
    return [request.scope.get("root_path"), request.url.path]


@sub.get("/broken")
async def broken():
    raise HTTPException(400, "sub")


items.include_router(nested)
app.include_router(users)
app.include_router(items)
app.include_router(admin, prefix="/admin", tags=["admin"], dependencies=[Depends(token)], responses={418: {}})
app.include_router(users, prefix="/again")
app.mount("/sub", sub)


@app.get("/")
async def root():
    return {"message": "Hello"}


@app.api_route("/both", methods=["GET", "POST"])
async def both(request: Request):
    return request.method


async def added(name: str = "x"):
    return name


app.add_api_route("/added", added, methods=["PUT"], status_code=202)

ASKS = [
    "GET /",
    "GET /?token=jessica",
    "GET /users/?token=jessica",
    "GET /users?token=jessica",
    "GET /users/me?token=jessica",
    "GET /users/me/?token=jessica",
    "GET /again/users/?token=jessica",
    "GET /items/?token=jessica",
    ("GET /items/?token=jessica", {"x-token": "fake"}),
    ("GET /items/?token=no", {"x-token": "no"}),
    ("GET /items/x?token=jessica", {"x-token": "fake"}),
    ("GET /items/plumbus?token=jessica", {"x-token": "fake"}),
    ("GET /items/nested/deep/4?token=jessica", {"x-token": "fake"}),
    ("GET /items/nested/deep/x?token=jessica", {"x-token": "fake"}),
    ("POST /admin/?token=jessica", {"x-token": "fake"}),
    "POST /admin/?token=jessica",
    "GET /sub/here?token=jessica",
    "GET /sub/broken?token=jessica",
    "GET /sub/nowhere?token=jessica",
    "GET /both?token=jessica",
    "POST /both?token=jessica",
    "PUT /added?token=jessica&name=a",
    "GET /added?token=jessica",
]
