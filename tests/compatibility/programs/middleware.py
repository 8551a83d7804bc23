"""Middleware: the function kind, its order, its request and its answer; background tasks; state; lifespan."""

from contextlib import asynccontextmanager

from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request

LOG: list = []


@asynccontextmanager
async def lifespan(app: FastAPI):
    app.state.started = True
    yield {"shared": "value"}
    app.state.started = False


app = FastAPI(lifespan=lifespan)


@app.middleware("http")
async def first(request: Request, call_next):
    LOG.append("first in")
    response = await call_next(request)
    response.headers["X-First"] = "1"
    LOG.append("first out")
    return response


@app.middleware("http")
async def second(request: Request, call_next):
    LOG.append("second in")
    request.state.seen = request.headers.get("x-seen", "nothing")
    response = await call_next(request)
    response.headers["X-Second"] = str(response.status_code)
    LOG.append("second out")
    return response


def write(text: str, end: str = "!"):
    LOG.append(text + end)


async def write_later(text: str):
    LOG.append(text)


def query_task(tasks: BackgroundTasks, q: str = ""):
    if q:
        tasks.add_task(write, q)
    return q


@app.get("/")
async def root(request: Request):
    return [request.state.seen, request.app.state.started, request.state.shared]


@app.post("/notify/{text}", status_code=202)
async def notify(text: str, tasks: BackgroundTasks, q: str = Depends(query_task)):
    tasks.add_task(write, text, end="?")
    tasks.add_task(write_later, "later")
    return {"message": "sent"}


@app.get("/fail")
async def fail():
    raise HTTPException(403, "no")


@app.get("/log")
async def log():
    told, LOG[:] = list(LOG), []
    return told


@app.get("/request/{name}")
async def about(request: Request, name: str):
    return {
        "method": request.method,
        "path": request.url.path,
        "query": request.url.query,
        "params": dict(request.query_params),
        "path_params": request.path_params,
        "client": request.client.host if request.client else None,
        "cookies": request.cookies,
        "agent": request.headers["user-agent"],
        "url": str(request.url),
        "base": str(request.base_url),
    }


@app.post("/raw")
async def raw(request: Request):
    body = await request.body()
    return {"size": len(body), "json": await request.json()}


ASKS = [
    "GET /",
    ("GET /", {"x-seen": "it"}),
    "GET /log",
    "POST /notify/hello?q=first",
    "GET /log",
    "GET /fail",
    "GET /nowhere",
    "GET /log",
    ("GET /request/a?x=1&x=2&y=%C3%A9", {"cookie": "a=1; b=2"}),
    'POST /raw {"a": 1}',
]
