"""Sessions in a signed cookie: what comes back, for how long, and what nobody can make up."""

import json
from typing import Any, Dict, List, Optional

import pytest

from microframe import Application, HTTPException, SetupError, WebSocket
from microframe.http.cookies import format_cookie
from microframe.http.json import write_ascii_json
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Flash, Session, Sessions
from microframe.sessions.keeper import Lifetimes
from microframe.sessions.session import write_record
from microframe.sessions.signed import SignedKeeper
from microframe.signing import Signer
from microframe.stores.memory import MemoryStore
from microframe.testing import ClientResponse, TestClient

SECRET = "Zk3v9Qm1Xr7tLw2bNc8yHf4dJs6gPa0e"
OTHER = "Yt5u8Wn2Vq6rKx1aMb9zGe3hDi7fOc4j"


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def build(clock: Optional[Clock] = None, **settings: Any) -> Application:
    options: Dict[str, Any] = {name: settings.pop(name) for name in list(settings) if name in OPTIONS}
    app = Application(secret_key=settings.pop("secret_key", [SECRET]), csrf=False, **settings)
    app.add_middleware(SessionMiddleware, clock=clock or Clock(), **options)

    @app.get("/")
    async def show(session: Session) -> Dict[str, Any]:
        return dict(session)

    @app.post("/")
    async def change(session: Session, values: Dict[str, Any]) -> None:
        session.update(values)

    @app.post("/nested")
    async def nested(session: Session) -> None:
        session["list"].append(len(session["list"]))

    @app.post("/login/{user}")
    async def login(session: Session, user: str) -> str:
        session.login(user)
        return session.id

    @app.post("/logout")
    async def logout(session: Session) -> None:
        session.logout()

    @app.get("/who")
    async def who(session: Session) -> List[str]:
        return [session.user, session.id]

    @app.post("/refuse")
    async def refuse(session: Session) -> None:
        session["tries"] = session.get("tries", 0) + 1
        raise HTTPException(409)

    @app.post("/fail")
    async def fail(session: Session) -> None:
        session["lost"] = True
        raise LookupError

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    @app.websocket("/live")
    async def live(socket: WebSocket, session: Session) -> None:
        await socket.accept()
        await socket.send_json(dict(session))

    return app


OPTIONS = ("idle_timeout", "absolute_timeout", "cookie_name", "samesite", "store")


def cookies_of(answer: ClientResponse) -> List[str]:
    return answer.headers.getlist("set-cookie")


def test_values_come_back_with_the_next_request() -> None:
    client = TestClient(build())
    assert client.get("/").json() == {}
    client.post("/", json={"a": 1, "list": [0]})
    assert client.get("/").json() == {"a": 1, "list": [0]}
    client.post("/nested")
    assert client.get("/").json() == {"a": 1, "list": [0, 1]}


def test_visitors_without_values_get_no_cookie() -> None:
    client = TestClient(build())
    assert cookies_of(client.get("/")) == []
    assert cookies_of(client.get("/plain")) == []


@pytest.mark.parametrize(("path", "method"), [("/", "GET"), ("/who", "GET"), ("/login/ann", "POST")])
def test_who_asks_for_the_session_answers_for_one_visitor_alone(path: str, method: str) -> None:
    client = TestClient(build())
    answer = client.request(method, path)
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Cookie", "no-store")
    plain = client.get("/plain")
    assert "vary" not in plain.headers
    assert "cache-control" not in plain.headers


def test_the_cookie_is_written_when_something_changed_and_when_time_has_passed() -> None:
    clock = Clock()
    client = TestClient(build(clock, idle_timeout=1000))
    assert len(cookies_of(client.post("/", json={"a": 1}))) == 1
    assert cookies_of(client.post("/", json={"a": 1})) == []
    clock.now += 99
    assert cookies_of(client.get("/")) == []
    clock.now += 1
    assert len(cookies_of(client.get("/"))) == 1


def test_a_session_ends_when_nobody_comes_and_after_its_longest_time() -> None:
    clock = Clock()
    client = TestClient(build(clock, idle_timeout=100, absolute_timeout=250))
    client.post("/", json={"a": 1})
    for _ in range(2):
        clock.now += 99
        assert client.get("/").json() == {"a": 1}
    clock.now += 52
    assert client.get("/").json() == {}
    client.post("/", json={"a": 2})
    clock.now += 100
    assert client.get("/").json() == {}


def test_a_cookie_that_is_over_is_refused_though_the_browser_still_sends_it() -> None:
    clock = Clock()
    app = build(clock, idle_timeout=100)
    sent = cookies_of(TestClient(app).post("/", json={"a": 1}))[0].partition(";")[0]
    assert TestClient(app).get("/", headers={"cookie": sent}).json() == {"a": 1}
    clock.now += 100
    assert TestClient(app).get("/", headers={"cookie": sent}).json() == {}


@pytest.mark.parametrize("change", ["", "x", "session", "AQAAAA", "é"])
def test_a_cookie_that_is_not_ours_is_a_new_visitors(change: str) -> None:
    app = build()
    client = TestClient(app)
    client.post("/", json={"a": 1})
    sent = f"session={change}"
    answer = TestClient(app).get("/", headers={"cookie": sent.encode("latin-1").decode("latin-1")})
    assert (answer.status_code, answer.json()) == (200, {})


def test_a_login_gives_a_new_id() -> None:
    client = TestClient(build())
    client.post("/", json={"cart": [1]})
    before = client.get("/who").json()
    told = client.post("/login/ann").json()
    after = client.get("/who").json()
    assert before[0] == ""
    assert after == ["ann", told]
    assert after[1] != before[1]
    assert client.get("/").json() == {"cart": [1]}


def test_another_user_finds_nothing_of_who_was_logged_in_before() -> None:
    client = TestClient(build())
    client.post("/", json={"seen": "before the login"})
    client.post("/login/ada")
    client.post("/", json={"cart": "of ada"})
    client.post("/login/ada")
    assert client.get("/").json() == {"seen": "before the login", "cart": "of ada"}
    client.post("/login/bob")
    assert client.get("/").json() == {}


def test_a_session_that_nobody_provides_says_what_would() -> None:
    app = Application()

    @app.get("/")
    async def show(session: Session) -> None: ...

    with pytest.raises(
        SetupError, match=r"nobody provides Session: app\.add_middleware\(SessionMiddleware\) does"
    ):
        app.build()


def test_the_list_of_sessions_says_that_it_needs_a_store() -> None:
    app = build()

    @app.get("/sessions")
    async def listed(sessions: Sessions) -> None: ...

    with pytest.raises(SetupError, match=r"nobody provides Sessions: .* server_side=True"):
        app.build()


@pytest.mark.parametrize("given", ["redis://127.0.0.1:6379/0", MemoryStore], ids=["address", "class"])
def test_what_is_no_store_is_refused_at_once(given: Any) -> None:
    with pytest.raises(SetupError, match=r"SessionMiddleware: store=.* is no store"):
        Application().add_middleware(SessionMiddleware, store=given)


def test_a_logout_forgets_everything() -> None:
    client = TestClient(build())
    client.post("/login/ann")
    client.post("/", json={"a": 1})
    answer = client.post("/logout")
    assert 'session=""; HttpOnly; Max-Age=0' in cookies_of(answer)[0]
    assert client.get("/").json() == {}
    assert client.get("/who").json()[0] == ""


def test_messages_are_shown_once() -> None:
    app = build()

    @app.post("/note")
    async def note(session: Session) -> None:
        session.flash("saved")
        session.flash("watch out", "warning")

    @app.get("/notes")
    async def notes(session: Session) -> List[Flash]:
        return session.flashes()

    client = TestClient(app)
    client.post("/note")
    assert client.get("/notes").json() == [["saved", "info"], ["watch out", "warning"]]
    assert client.get("/notes").json() == []


def test_what_is_refused_keeps_what_it_noted_and_what_fails_does_not() -> None:
    client = TestClient(build(), raise_server_exceptions=False)
    assert client.post("/refuse").status_code == 409
    assert client.post("/fail").status_code == 500
    assert client.get("/").json() == {"tries": 1}


def test_sockets_read_the_session_too() -> None:
    client = TestClient(build())
    client.post("/", json={"a": 1})
    with client.websocket_connect("/live") as socket:
        assert socket.receive_json() == {"a": 1}


def test_middleware_and_dependencies_see_the_same_session() -> None:
    app = build()

    @app.middleware("http")
    async def counting(request: Any, call_next: Any) -> Any:
        session = await request.resolve(Session)
        session["count"] = session.get("count", 0) + 1
        return await call_next(request)

    client = TestClient(app)
    assert client.get("/").json() == {"count": 1}
    assert client.get("/").json() == {"count": 2}


def test_a_new_key_signs_and_the_old_one_still_opens() -> None:
    old = TestClient(build(secret_key=[OTHER]))
    sent = cookies_of(old.post("/", json={"a": 1}))[0].partition(";")[0]
    both = TestClient(build(secret_key=[SECRET, OTHER]))
    answer = both.get("/", headers={"cookie": sent})
    assert answer.json() == {"a": 1}
    renewed = cookies_of(answer)[0].partition(";")[0]
    new = TestClient(build(secret_key=[SECRET]))
    assert new.get("/", headers={"cookie": renewed}).json() == {"a": 1}
    assert new.get("/", headers={"cookie": sent}).json() == {}


def test_production_has_a_stricter_cookie() -> None:
    client = TestClient(
        build(environment="production", allowed_hosts=["testserver"]), base_url="https://testserver"
    )
    cookie = cookies_of(client.post("/", json={"a": 1}))[0]
    name, _, attributes = cookie.partition("; ")
    assert name.startswith("__Host-session=")
    assert attributes == "HttpOnly; Max-Age=1209600; Path=/; SameSite=lax; Secure"


def test_what_a_cookie_cannot_hold_is_told() -> None:
    app = build()

    @app.post("/thing")
    async def thing(session: Session) -> None:
        session["thing"] = object()

    client = TestClient(app)
    with pytest.raises(ValueError, match="too large for a cookie"):
        client.post("/", json={"a": "x" * 4000})
    with pytest.raises(TypeError, match="cannot keep 'thing'"):
        client.post("/thing")


def test_a_stream_comes_too_late_for_changes() -> None:
    session = Session({}, 0.0)
    session.is_closed = True
    for change in (session.rotate, lambda: session.login("ann"), lambda: session.update(a=1), session.logout):
        with pytest.raises(RuntimeError, match="kept already"):
            change()
    with pytest.raises(TypeError, match="names in a session"):
        Session({}, 0.0)[1] = 2  # type: ignore[index]  # the mistake
    assert repr(Session({"token": "secret"}, 0.0)) == "Session(1 values, user='')"


def test_changes_of_two_requests_are_both_kept() -> None:
    session = Session({"a": 1, "b": 1, "c": 1}, 0.0)
    session["a"], session["new"] = 2, 1
    del session["b"]
    session.merge({"a": 1, "b": 5, "c": 7, "theirs": 1})
    assert dict(session) == {"a": 2, "c": 7, "new": 1, "theirs": 1}
    assert json.loads(write_ascii_json(dict(session))) == dict(session)


def test_what_is_only_read_is_not_written_down() -> None:
    session = Session({"count": 1, "list": [1], "text": "a"}, 0.0, "known")
    assert (session["count"], session.get("text"), session.get("none"), len(session)) == (1, "a", None, 3)
    assert session._before is None
    assert session.changes() is None
    assert session["list"] == [1]
    assert session.changes() is None
    session["list"].append(2)
    assert session.changes() == '{"count":1,"list":[1,2],"text":"a"}'
    session["list"].pop()
    assert session.changes() is None
    del session["text"]
    assert session.changes() == '{"count":1,"list":[1]}'


@pytest.mark.parametrize("value", ["\ud800", 1.1, 10**30, -0.0, 1e-7, "ö", [None, True, {"a": []}], 2**63])
async def test_a_value_comes_back_as_it_was(value: Any) -> None:
    keeper = SignedKeeper(Signer([SECRET], "session"), Lifetimes(100, 100), Clock())
    kept = await keeper.save(Session({"value": value}, Clock().now))
    assert kept is not None
    session = await keeper.load(kept)
    assert session is not None
    assert (dict(session), type(session["value"])) == ({"value": value}, type(value))


def test_a_record_is_what_json_would_write() -> None:
    values = {"half of a pair": "\ud800", "text": 'ö"', "list": [1, None, 1.5]}
    record = write_record({"u": 'ann"', "c": 1.5}, Session(values, 0.0).write())
    assert record == json.dumps({"u": 'ann"', "c": 1.5, "v": values}, separators=(",", ":")).encode()


@pytest.mark.parametrize("value", ["x", "", "longer"])
@pytest.mark.parametrize("secure", [False, True])
def test_the_cookie_is_the_one_that_would_be_formatted_anew(value: str, secure: bool) -> None:
    made = SessionMiddleware(idle_timeout=100)
    made.secure, made.cookie_name = secure, "__Host-session" if secure else "session"
    made.cookie_parts = made.build_cookie_parts()
    age = 100 if value else 0
    assert made.format(value, Session({}, 0.0)) == format_cookie(
        made.cookie_name, value, max_age=age, secure=secure, httponly=True, samesite="lax"
    )


def test_a_name_that_leaves_no_room_for_a_session_is_refused() -> None:
    with pytest.raises(SetupError, match="browsers keep 4096"):
        Application(secret_key=SECRET).add_middleware(SessionMiddleware, cookie_name="x" * 600)


@pytest.mark.parametrize("times", [(0, 1), (-1, 1), (2, 1), ("1d", 2)])
def test_timeouts_that_are_none_are_refused(times: Any) -> None:
    with pytest.raises(SetupError, match="idle_timeout"):
        SessionMiddleware(idle_timeout=times[0], absolute_timeout=times[1])


def test_production_without_a_secret_does_not_start() -> None:
    app = Application(environment="production", allowed_hosts=["testserver"])
    with pytest.raises(SetupError, match="secret_key"):
        app.add_middleware(SessionMiddleware)
