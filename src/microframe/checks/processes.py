"""Processes: what an application keeps or tells in the process that serves it, where several would each have their own.

What is known of it is what is registered: the providers and routes that draw on the store or the broker of the
application, and the middleware that was given a store of its own. What only running it would tell, `app.store` inside
of a function, is not.
"""

from typing import Any, FrozenSet, Iterator, List, Mapping, NamedTuple, Tuple

from microframe.assembly.stores import CONTRACTS
from microframe.broker import Broker
from microframe.caching.responses import ResponseCache
from microframe.checks.stance import Stance, Subject
from microframe.checks.stances import subjects_of
from microframe.injection.providers import type_name
from microframe.plugin import Finding
from microframe.posture import LimitStance
from microframe.sessions.keeper import Keeper
from microframe.sessions.session import Session
from microframe.sessions.stored import Sessions
from microframe.store import Limits

WORDS: Mapping[Any, str] = {
    Keeper: "sessions",
    Session: "sessions",
    Sessions: "sessions",
    ResponseCache: "answers of routes with cache=",
}
"""What types that the framework provides keep in the store, for people; others are called by their names."""


STORE_REMEDY = "Set redis_url or store_url to a store that all of them see."


class Kept(NamedTuple):
    """Something that is kept in one process: what, and the file and line of a handler that keeps it there."""

    what: str
    place: Tuple[str, int] = ("", 0)


def is_shared(store: object) -> bool:
    """Whether other processes see what is in a store; one that does not say so is taken to be shared."""
    return bool(getattr(store, "is_shared", True))


def kept_in_process(app: Any) -> List[str]:
    """What a built application, with all that it mounts, would keep in each of its processes; each once."""
    kept = [one.what for subject in subjects_of(app) for one in (*limits_in(subject), *others_in(subject))]
    return list(dict.fromkeys(kept))


def find_separate_limits(subject: Subject) -> Iterator[Finding]:
    """Rate limits that each of several workers counts by itself: a client may ask as often again as there are."""
    yield from separate(subject, "limits-per-process", limits_in(subject), "counted by each for itself")


def find_separate_stores(subject: Subject) -> Iterator[Finding]:
    """Anything else that each of several workers would keep for itself."""
    yield from separate(subject, "store-per-process", others_in(subject), "kept by each for itself")


def find_separate_messages(subject: Subject) -> Iterator[Finding]:
    """Messages that each of several workers would tell itself alone."""
    told, remedy = messages_in(subject), "Set redis_url or broker_url to a Redis that all of them see."
    yield from separate(subject, "messages-per-process", told, "hearing messages of one alone", remedy)


def separate(
    subject: Subject, code: str, kept: Iterator[Kept], how: str, remedy: str = STORE_REMEDY
) -> Iterator[Finding]:
    found = list(kept) if subject.workers > 1 else []
    if not found:
        return
    words = ", ".join(dict.fromkeys(one.what for one in found))
    places = [one.place for one in found if one.place[0]]
    yield Finding(
        code,
        f"{subject.workers} workers, and {words} {how}",
        *(places[0] if places else subject.application.made_at),
        severity="error",
        remedy=remedy,
    )


def told_in_process(app: Any) -> List[str]:
    """Who, in a built application with all that it mounts, tells or hears messages in one process alone."""
    heard = [one.what for subject in subjects_of(app) for one in messages_in(subject)]
    return list(dict.fromkeys(heard))


def messages_in(subject: Subject) -> Iterator[Kept]:
    """Messages that other processes do not hear."""
    own, injector = subject.application.own_broker, subject.application.injector
    provided = injector.providers.get(Broker)
    if own.is_shared or provided is None or provided.factory != own.get:
        return
    kinds = [kind for kind in injector.providers.kinds() if kind is not Broker]
    drawing = {kind for kind in kinds if Broker in injector.reached_by(injector.providers[kind])}
    for kind in kinds:
        if kind in drawing:
            yield Kept(type_name(kind))
    for stance in subject.stances:
        if Broker in stance.reaches and not stance.reaches & drawing:
            yield Kept(name_of(stance), stance.place)


def limits_in(subject: Subject) -> Iterator[Kept]:
    """Rate limits that are counted in one process."""
    own = own_contracts(subject)
    for stance in subject.stances:
        if any(is_counted_here(limit, own) for limit in stance.posture.limits):
            yield Kept("rate limits", stance.place)


def is_counted_here(limit: LimitStance, own: FrozenSet[object]) -> bool:
    return Limits in own if limit.store is None else not is_shared(limit.store)


def others_in(subject: Subject) -> Iterator[Kept]:
    """Everything else that is kept in one process."""
    own = own_contracts(subject)
    for middleware, place in subject.made:
        store = getattr(middleware, "store", None)
        if store is not None and not is_shared(store) and not is_counting(middleware):
            yield Kept(f"what {type(middleware).__name__} keeps in its store", place)
    injector = subject.application.injector
    providers = [(kind, injector.providers[kind]) for kind in injector.providers.kinds()]
    drawing = [kind for kind, one in providers if kind not in CONTRACTS and own & injector.reached_by(one)]
    for kind in drawing:
        yield Kept(WORDS.get(kind, f"what {type_name(kind)} keeps in the store"))
    for stance in subject.stances:
        if stance.idempotency and own:
            yield Kept("answers of routes with idempotency=", stance.place)
        if own & stance.reaches and not stance.reaches & {*drawing}:
            yield Kept(f"what {name_of(stance)} keeps in the store", stance.place)


def own_contracts(subject: Subject) -> FrozenSet[object]:
    """The parts of the contract that the application's own store has, where that is in this process alone."""
    shared, providers = subject.application.shared, subject.application.injector.providers
    if shared.is_shared:
        return frozenset()
    found = ((contract, providers.get(contract)) for contract in CONTRACTS)
    return frozenset(kind for kind, one in found if one is not None and one.factory == shared.get)


def is_counting(middleware: Any) -> bool:
    """Whether what it has in its store are limits, which are told with the routes that have them."""
    from microframe.middleware.rate_limit import RateLimitMiddleware

    return isinstance(middleware, RateLimitMiddleware)


def name_of(stance: Stance) -> str:
    return stance.handler.rpartition(":")[2] if not stance.application else str(stance)
