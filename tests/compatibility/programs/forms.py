"""Forms and files: fields, models of fields, files in memory and as uploads, several, optional, with other data."""

from typing import Annotated, List, Optional

from fastapi import Depends, FastAPI, File, Form, HTTPException, UploadFile
from fastapi.security import OAuth2PasswordRequestForm
from pydantic import BaseModel, ConfigDict, Field

app = FastAPI()


class Login(BaseModel):
    username: str
    password: str = Field(min_length=2)
    tags: List[str] = []


class StrictLogin(BaseModel):
    model_config = ConfigDict(extra="forbid")

    username: str
    age: Optional[int] = None


@app.post("/login")
async def login(username: Annotated[str, Form()], password: Annotated[str, Form(min_length=2)]):
    return {"username": username, "password": len(password)}


@app.post("/optional")
async def optional(a: Annotated[Optional[int], Form()] = None, b: Annotated[bool, Form()] = False):
    return [a, b]


@app.post("/list")
async def many(items: Annotated[List[int], Form()]):
    return items


@app.post("/old")
def old(a: str = Form(...), b: int = Form(2, gt=1), c: str = Form("c", alias="the-c")):
    return [a, b, c]


@app.post("/model")
async def model(data: Annotated[Login, Form()]):
    return data


@app.post("/strict")
async def strict(data: Annotated[StrictLogin, Form()]):
    return data


@app.post("/files")
async def files(file: Annotated[bytes, File()]):
    return {"size": len(file)}


@app.post("/upload")
async def upload(file: UploadFile):
    content = await file.read()
    return {"name": file.filename, "type": file.content_type, "size": file.size, "content": content.decode()}


@app.post("/upload-sync")
def upload_sync(file: UploadFile):
    return {"name": file.filename, "content": file.file.read().decode()}


@app.post("/upload-optional")
async def upload_optional(file: Optional[UploadFile] = None):
    return file and file.filename


@app.post("/uploads")
async def uploads(files: List[UploadFile]):
    return [file.filename for file in files]


@app.post("/bytes")
async def several(files: Annotated[List[bytes], File(description="several")]):
    return [len(file) for file in files]


@app.post("/mixed")
async def mixed(
    file: Annotated[bytes, File()], other: Annotated[UploadFile, File()], token: Annotated[str, Form()]
):
    return [len(file), other.content_type, token]


@app.post("/token")
async def token(form: Annotated[OAuth2PasswordRequestForm, Depends()]):
    if form.password != "secret":
        raise HTTPException(400, "Incorrect username or password")
    return [form.username, form.scopes, form.grant_type]


def part(name: str, content: str, filename: Optional[str] = None, kind: Optional[str] = None) -> str:
    file = f'; filename="{filename}"' if filename is not None else ""
    type_ = f"\r\nContent-Type: {kind}" if kind else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{file}{type_}\r\n\r\n{content}\r\n'


def parts(*given: str) -> tuple:
    return ({"content-type": "multipart/form-data; boundary=b"}, "".join(given) + "--b--\r\n")


def plain(text: str) -> tuple:
    return ({"content-type": "application/x-www-form-urlencoded"}, text)


FORMS = [
    plain("username=a&password=secret"),
    plain("username=a&password=x"),
    plain("username=a"),
    plain("username=&password="),
    plain("username=a&username=b&password=ab&tags=1&tags=2&scope=a+b&grant_type=password"),
    plain("username=a&password=ab&more=1&age=x"),
    plain("a=1&b=yes&the-c=d"),
    plain("a=x&b=0"),
    plain("items=1&items=2"),
    plain("items=1&items=x"),
    plain("items="),
    plain(""),
    parts(part("username", "a"), part("password", "secret")),
    parts(part("items", "1"), part("items", "2")),
]
FILES = [
    parts(part("file", "hello", "a.txt", "text/plain")),
    parts(part("file", "", "a.txt", "text/plain")),
    parts(part("file", "hello", "", "text/plain")),
    parts(part("file", "", "", "application/octet-stream")),
    parts(part("file", "hello")),
    parts(part("files", "a", "a"), part("files", "bc", "b")),
    parts(part("files", "a", "a"), part("files", "b")),
    parts(part("file", "a", "a"), part("other", "b", "b", "image/png"), part("token", "t")),
    parts(part("file", "a", "a"), part("token", "t")),
    parts(),
]
ASKS = [
    *[
        (f"POST /{route}", *form)
        for route in ("login", "optional", "list", "old", "model", "strict", "token")
        for form in FORMS
    ],
    *[
        (f"POST /{route}", *form)
        for route in ("files", "upload", "upload-sync", "upload-optional", "uploads", "bytes", "mixed")
        for form in FILES
    ],
]
