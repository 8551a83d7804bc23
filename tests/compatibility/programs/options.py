"""Static files, CORS, settings, additional responses and other options of routes."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, JSONResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel

Path("static").mkdir(exist_ok=True)
Path("static/a.txt").write_text("static text")
LOG = []
app = FastAPI(
    title="Events",
    description="All of it.",
    version="2.5",
    summary="Short",
    openapi_tags=[{"name": "items", "description": "Things."}],
    contact={"name": "Ada"},
    license_info={"name": "MIT"},
    terms_of_service="http://example.com/terms",
    redoc_url=None,
    openapi_url="/api/openapi.json",
)
app.add_middleware(
    CORSMiddleware,
    allow_origins=["http://localhost"],
    allow_credentials=True,
    allow_methods=["GET", "POST"],
    allow_headers=["X-One"],
)


class Settings(BaseModel):
    name: str = "Awesome"


class Message(BaseModel):
    message: str


@lru_cache
def get_settings():
    return Settings()


@app.get(
    "/info",
    tags=["items"],
    summary="Tell",
    description="All of it",
    response_description="It",
    deprecated=True,
)
async def info(settings: Annotated[Settings, Depends(get_settings)]):
    return settings


@app.get(
    "/responses/{number}",
    response_model=Message,
    responses={404: {"model": Message}},
    operation_id="responses",
)
async def responses(number: int):
    if number:
        return JSONResponse({"message": "none"}, status_code=404)
    return {"message": "yes"}


@app.get("/hidden", include_in_schema=False, name="the-hidden")
async def hidden(request: Request):
    return [str(request.url_for("the-hidden")), str(app.url_path_for("responses", number=3))]


@app.get("/file")
def file():
    return FileResponse("static/a.txt", media_type="text/plain", headers={"X-A": "b"})


@app.get("/download", response_class=FileResponse)
def download():
    return "static/a.txt"


class Teapot(JSONResponse):
    media_type = "application/vnd.tea+json"


@app.get("/tea", response_class=Teapot, status_code=418)
def tea():
    return {"tea": "é"}


class Upper(Response):
    media_type = "text/upper"

    def render(self, content: Any) -> bytes:
        return str(content).upper().encode()


@app.get("/upper", response_class=Upper)
def upper():
    return "text"


@app.head("/head")
def head(response: Response):
    response.headers["X-Head"] = "1"


@app.options("/options")
def options():
    return ["a"]


@app.trace("/trace")
def trace():
    return "trace"


app.mount("/static", StaticFiles(directory="static"), name="static")
router = APIRouter(default_response_class=Teapot)


@router.get("/router-tea")
def router_tea():
    return 1


app.include_router(router)

ASKS = [
    "GET /info",
    "GET /responses/0",
    "GET /responses/1",
    "GET /hidden",
    "GET /static/a.txt",
    "GET /static/none.txt",
    "GET /static/../events.py",
    "GET /tea",
    "GET /upper",
    "GET /router-tea",
    "HEAD /head",
    "OPTIONS /options",
    "TRACE /trace",
    ("GET /info", {"origin": "http://localhost"}),
    "GET /redoc",
    "GET /openapi.json",
]
