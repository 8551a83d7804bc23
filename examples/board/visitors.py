"""Visitors: who sits at which browser. To choose a name is enough, until the board knows passwords."""

from typing import Annotated, Optional

from examples.board.members import MemberNotFound, Members
from examples.board.policies import SIGN_INS
from examples.board.records import Member
from microframe import Depends, Form, NotFoundException, Provided, RedirectResponse, Router
from microframe.sessions import Session, Sessions


class BrowserNotFound(NotFoundException):
    """You are not signed in at such a browser."""


async def member_of_session(session: Session, members: Provided[Members]) -> Optional[Member]:
    """Who is signed in; nobody, too, when they have left the team."""
    try:
        return await members.get(int(session.user)) if session.user else None
    except MemberNotFound:
        return None


SignedIn = Annotated[Optional[Member], Depends(member_of_session)]

visitors = Router(include_in_schema=False)


@visitors.post("/sign-in", limit=SIGN_INS, raises=[MemberNotFound])
async def sign_in(
    member_id: Annotated[int, Form()], session: Session, members: Provided[Members]
) -> RedirectResponse:
    member = await members.get(member_id)
    session.login(str(member.id))
    session.flash(f"You are now {member.name}.")
    return RedirectResponse("/", 303)


@visitors.post("/sign-out")
async def sign_out(session: Session) -> RedirectResponse:
    session.logout()
    session.flash("You are signed out.")
    return RedirectResponse("/", 303)


@visitors.post("/browsers/{reference}/sign-out", raises=[BrowserNotFound])
async def sign_out_elsewhere(reference: str, session: Session, sessions: Sessions) -> RedirectResponse:
    """End another session of who is signed in here."""
    if not await sessions.revoke(session.user, reference):
        raise BrowserNotFound()
    session.flash("The other browser is signed out.")
    return RedirectResponse("/shield", 303)
