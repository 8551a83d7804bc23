"""Front page: what a browser sees of the board; plain files, which talk to the API."""

from pathlib import Path

from microframe import FileResponse, Router, StaticFiles

STATIC = Path(__file__).parent / "static"

front = Router(include_in_schema=False)
front.mount("/static", StaticFiles(directory=STATIC), name="static")


@front.get("/")
async def front_page() -> FileResponse:
    return FileResponse(STATIC / "index.html")
