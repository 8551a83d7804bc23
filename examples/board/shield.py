"""Shield: a page that shows what protects the board, and what all of its processes share."""

import hashlib
import os
from datetime import datetime, timezone

from pydantic import BaseModel

from examples.board.boards import Boards
from examples.board.front import news_of
from examples.board.html import Html, fill, join, show
from examples.board.visitors import SignedIn
from microframe import Connection, HTMLResponse, Provided, Request, Response, Router
from microframe.middleware.csrf import CsrfToken
from microframe.middleware.rate_limit import Limit
from microframe.middleware.security_headers import csp_nonce
from microframe.posture import says
from microframe.sessions import Session, Sessions

BROWSER = """
<li>since <time>$since</time> <code>$reference</code>
  <form method="post" action="/browsers/$reference/sign-out">$token<button>Sign out there</button></form></li>
"""

shield = Router(prefix="/shield", include_in_schema=False)


class Facts(BaseModel):
    """What an answer knows of its visitor."""

    session: str
    """A hash of the session's id, which nobody else should see; nothing where there is no session yet."""
    user: str


@says()
async def say_process(connection: Connection) -> None:
    """A guard that lets everybody pass; every answer says which process it comes from."""
    connection.reply_headers.append((b"served-by", b"%d" % os.getpid()))


@shield.get("/facts", limit=Limit("300/minute", name="facts"))
async def facts(session: Session, response: Response) -> Facts:
    """The next request shall be on another connection, which may lead to another process."""
    response.headers["Connection"] = "close"
    known = "" if session.is_new else hashlib.sha256(session.id.encode()).hexdigest()[:12]
    return Facts(session=known, user=session.user)


@shield.get()
async def shield_page(
    request: Request,
    member: SignedIn,
    session: Session,
    sessions: Sessions,
    boards: Provided[Boards],
    token: CsrfToken,
) -> HTMLResponse:
    others = [one for one in await sessions.of(session.user, session) if not one.is_current]
    shown = [
        fill(BROWSER, since=date_of(one.created), reference=one.reference, token=token) for one in others
    ]
    first = (await boards.all())[-1:]
    return show(
        "shield.html",
        nonce=csp_nonce(request),
        name="nobody" if member is None else member.name,
        news=news_of(session),
        browsers=join(shown) or Html("<li>none</li>"),
        board=first[0].id if first else 0,
    )


def date_of(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, timezone.utc):%Y-%m-%d %H:%M:%S} UTC"
