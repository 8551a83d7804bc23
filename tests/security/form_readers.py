"""Every way there is to read a form, as routes of one application."""

from typing import Annotated, Any, Dict, List, Optional

from pydantic import BaseModel

from microframe import Application, Body, File, Form, FormData, FormParts, Request, UploadFile
from tests.forms import BOUNDARY, MULTIPART

OPENING = f"--{BOUNDARY}\r\n".encode()
CLOSING = f"\r\n--{BOUNDARY}--\r\n".encode()
FIELD = b'Content-Disposition: form-data; name="a"\r\n\r\n'
FILE = b'Content-Disposition: form-data; name="f"; filename="x"\r\n\r\n'

IS_MULTIPART = ("content-type", MULTIPART)
IS_URLENCODED = ("content-type", "application/x-www-form-urlencoded")


class Model(BaseModel):
    a: str = ""


def build(**config: Any) -> Application:
    app = Application(**config)

    @app.post("/fields")
    async def fields(a: Annotated[str, Form()] = "", f: Optional[UploadFile] = None) -> int:
        return len(a) + (f.size or 0 if f else 0)

    @app.post("/model")
    async def model(value: Annotated[Model, Form()]) -> int:
        return len(value.a)

    @app.post("/bytes")
    async def content(f: Annotated[bytes, File()] = b"") -> int:
        return len(f)

    @app.post("/data")
    async def data(form: FormData) -> int:
        return len(form.multi_items())

    @app.post("/request")
    async def request(request: Request) -> int:
        async with request.form() as form:
            return len(form.multi_items())

    @app.post("/formats")
    async def formats(
        value: Annotated[Model, Body(media_type=["application/json", "application/x-www-form-urlencoded"])],
    ) -> int:
        return len(value.a)

    @app.post("/dict")
    async def mapping(value: Dict[str, Any]) -> int:
        return len(value)

    inner = Application(**config)

    @inner.post("/data")
    async def inner_data(form: FormData) -> int:
        return len(form.multi_items())

    app.mount("/mounted", inner)

    @app.post("/parts")
    async def parts(parts: FormParts) -> List[int]:
        return [sum([len(piece) async for piece in part]) async for part in parts]

    @app.post("/skipped")
    async def skipped(parts: FormParts) -> int:
        return len([part.name async for part in parts])

    @app.post("/texts")
    async def texts(parts: FormParts) -> List[str]:
        return [await part.text() async for part in parts]

    return app


WHOLE = ["/fields", "/model", "/bytes", "/data", "/request", "/mounted/data"]
"""Those that read the whole form before the handler runs."""

STREAMED = ["/parts", "/skipped", "/texts"]
