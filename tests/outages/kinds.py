"""Kinds: everything that the program is asked for, and what each may be answered with."""

from typing import Dict, List

from tests.outages.traffic import Kind, Line, upgrade

OK, UNAVAILABLE = frozenset([200]), frozenset([503])
COUNTED = frozenset([200, 429])
MADE_ANEW = ("answer", "value")
"""What is taken from the origin while the store is away."""


async def visitor(port: int) -> Dict[str, str]:
    """The headers of somebody who is logged in, with a token for forms."""
    line = Line(port)
    # A Redis that a busy machine keeps waiting for the usual 0.1 s is away for that moment.
    while (login := await line.ask("POST", "/login/ann", {})).status == 503:
        pass
    given = login.headers["set-cookie"].partition(";")[0]
    while (answer := await line.ask("GET", "/token", {"cookie": given})).status == 503:
        pass
    line.close()
    secret = answer.headers["set-cookie"].partition(";")[0]
    return {"cookie": f"{given}; {secret}", "x-csrf-token": answer.body.decode().strip('"')}


def everything(visitor: Dict[str, str]) -> List[Kind]:
    cookie = {"cookie": visitor["cookie"]}
    handshake = {**cookie, **upgrade(), "origin": "http://testserver"}
    foreign = {**visitor, "sec-fetch-site": "cross-site", "origin": "https://elsewhere.test"}
    return [
        Kind("plain", "GET", "/plain", {}, OK, OK),
        Kind("stranger", "GET", "/who", {}, OK, OK),
        Kind("session", "GET", "/who", cookie, OK, UNAVAILABLE),
        Kind("login", "POST", "/login/ben", {}, OK, UNAVAILABLE),
        Kind("socket", "GET", "/socket", handshake, frozenset([101]), UNAVAILABLE),
        Kind("answer", "GET", "/answer/one", {}, OK, OK),
        Kind("value", "GET", "/value/one", {}, OK, OK),
        Kind("limited", "GET", "/limited", {}, COUNTED, COUNTED),
        Kind("strict", "GET", "/strict", {}, COUNTED, UNAVAILABLE),
        Kind("pay", "POST", "/pay/{number}", {}, OK, UNAVAILABLE, is_single=True),
        Kind("publish", "POST", "/publish", {}, OK, UNAVAILABLE),
        # A token is bound to the session: only the form of somebody who is logged in needs it.
        Kind("note", "POST", "/note", {}, OK, OK),
        Kind("form", "POST", "/note", visitor, OK, UNAVAILABLE),
        Kind("foreign", "POST", "/note", foreign, frozenset([403]), frozenset([403])),
    ]
