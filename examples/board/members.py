"""Members: who is on the team."""

from datetime import datetime, timezone
from typing import Annotated

from examples.board.memory import Memory
from examples.board.paging import Page
from examples.board.policies import WRITES
from examples.board.records import Member, NewMember
from microframe import Depends, NotFoundException, Provided, Request, Response, Router, StatusException


class MemberNotFound(NotFoundException):
    """There is no member {member_id}."""


class NameTaken(StatusException):
    """There is already a member called {name}."""

    status = 409


class Members:
    """The team, in the order of joining."""

    def __init__(self, memory: Provided[Memory]) -> None:
        self._memory = memory

    async def all(self) -> list[Member]:
        return list((await self._memory.read()).members.values())

    async def get(self, member_id: int) -> Member:
        member = (await self._memory.read()).members.get(member_id)
        if member is None:
            raise MemberNotFound(member_id=member_id)
        return member

    async def add(self, new: NewMember) -> Member:
        async with self._memory.change() as records:
            if any(member.name.casefold() == new.name.casefold() for member in records.members.values()):
                raise NameTaken(name=new.name)
            member = Member(id=records.next_id(), joined=datetime.now(timezone.utc), **new.model_dump())
            records.members[member.id] = member
        return member

    async def remove(self, member_id: int) -> None:
        async with self._memory.change() as records:
            if records.members.pop(member_id, None) is None:
                raise MemberNotFound(member_id=member_id)
            for card in records.cards.values():
                if card.assignee == member_id:
                    card.assignee = None


members = Router(prefix="/members", tags=["members"], raises=[MemberNotFound])


@members.get()
async def list_members(team: Provided[Members], page: Annotated[Page, Depends()]) -> list[Member]:
    """Everybody, in the order of joining."""
    return page.cut(await team.all())


@members.post(limit=WRITES, status_code=201, raises=[NameTaken])
async def add_member(new: NewMember, team: Provided[Members], request: Request, response: Response) -> Member:
    member = await team.add(new)
    response.headers["Location"] = str(request.url_for("read_member", member_id=member.id))
    return member


@members.get("/{member_id}")
async def read_member(member_id: int, team: Provided[Members]) -> Member:
    return await team.get(member_id)


@members.delete("/{member_id}", limit=WRITES, status_code=204)
async def remove_member(member_id: int, team: Provided[Members]) -> None:
    """Remove a member; the cards that were theirs are nobody's then."""
    await team.remove(member_id)
