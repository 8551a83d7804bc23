"""Posture: what stands before a route, in words that each thing says of itself."""

from typing import Callable, NamedTuple, Optional, Sequence, Tuple, TypeVar

__all__ = ["LimitStance", "Posture", "says"]

F = TypeVar("F", bound=Callable[..., object])


class LimitStance(NamedTuple):
    """One rate limit: in words, whether it refuses while nobody can count, and what counts."""

    words: str
    fails_closed: bool = False
    store: Optional[object] = None
    """None: the application's own store."""


class Posture(NamedTuple):
    """What a guard, a dependency, a middleware or a record of metadata does for the routes behind it.

    `microframe routes` prints it and `microframe check` looks at it. Who has something to say has it as `__posture__`
    (a function by `@says(…)`); middleware that differs from route to route is asked for `posture_of(route)`, with a
    mount too.
    """

    auth: Tuple[str, ...] = ()
    """Who is let through, one entry for each that may refuse; nothing: everybody."""

    cookies: Tuple[str, ...] = ()
    """Cookies by which it is known who is calling: what a page of another origin can abuse."""

    csrf: str = ""
    """`checked` where pages of other origins are kept out; anything else says why they are not."""

    limits: Tuple[LimitStance, ...] = ()
    """How often somebody may ask."""

    cache: str = ""
    """What may be kept of the answers."""

    is_login: bool = False
    """Whether who is calling is found out here, by a password or a code that can be guessed."""

    def within(self, inner: "Posture") -> "Posture":
        """This, with what stands further inside."""
        return Posture(
            tuple(dict.fromkeys(self.auth + inner.auth)),
            tuple(dict.fromkeys(self.cookies + inner.cookies)),
            "checked" if "checked" in (self.csrf, inner.csrf) else inner.csrf or self.csrf,
            self.limits + inner.limits,
            inner.cache or self.cache,
            self.is_login or inner.is_login,
        )


NOTHING = Posture()


def says(
    *,
    auth: Sequence[str] = (),
    cookies: Sequence[str] = (),
    csrf: str = "",
    limits: Sequence[str] = (),
    is_login: bool = False,
) -> Callable[[F], F]:
    """`@says(auth=["member"])` on a guard or dependency: what it does for the routes behind it.

    The fields are those of `Posture`. Without any, that it has nothing to do with them: a guard that says nothing at
    all is listed by its name, for it may refuse.
    """
    posture = Posture(tuple(auth), tuple(cookies), csrf, tuple(map(LimitStance, limits)), is_login=is_login)

    def note(function: F) -> F:
        setattr(function, "__posture__", posture)  # noqa: B010  # mypy knows no such attribute of a function
        return function

    return note


def posture_of(thing: object) -> Optional[Posture]:
    """What a thing says of itself; None where it says nothing."""
    found = thing if isinstance(thing, Posture) else getattr(thing, "__posture__", None)
    return found if isinstance(found, Posture) else None
