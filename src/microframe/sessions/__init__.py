"""Sessions: what an application remembers of its visitors, and where it keeps that."""

from microframe.sessions.session import Flash, Session
from microframe.sessions.stored import SessionNote, Sessions

__all__ = ["Flash", "Session", "SessionNote", "Sessions"]
