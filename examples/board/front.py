"""Front page: what a browser sees of the board; its script talks to the API, its forms to the visitors' routes."""

from pathlib import Path

from examples.board.html import Html, fill, join, show
from examples.board.members import Members
from examples.board.visitors import SignedIn
from microframe import HTMLResponse, Provided, Router, StaticFiles
from microframe.middleware.csrf import CsrfToken
from microframe.sessions import Session

STATIC = Path(__file__).parent / "static"

SIGN_IN = """
<form method="post" action="/sign-in">$token
  <label>Who are you? <select name="member_id" required>$members</select></label> <button>Sign in</button>
</form>
"""
SIGN_OUT = """
<form method="post" action="/sign-out">$token You are <b>$name</b> <button>Sign out</button></form>
"""

front = Router(include_in_schema=False)
front.mount("/static", StaticFiles(directory=STATIC), name="static")


@front.get("/")
async def front_page(
    session: Session, member: SignedIn, members: Provided[Members], token: CsrfToken
) -> HTMLResponse:
    if member is None:
        choices = [
            fill("<option value=$id>$name</option>", id=one.id, name=one.name) for one in await members.all()
        ]
        who = fill(SIGN_IN, token=token, members=join(choices))
    else:
        who = fill(SIGN_OUT, token=token, name=member.name)
    return show(
        "index.html",
        token=str(token),
        member="" if member is None else member.id,
        who=who,
        news=news_of(session),
    )


def news_of(session: Session) -> Html:
    """The messages that were left for the next page."""
    return join(
        fill('<p class="news" role="status">$text</p>', text=one.message) for one in session.flashes()
    )
