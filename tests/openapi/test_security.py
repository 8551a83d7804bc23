"""Security in the document: what is needed together, what is a choice, and schemes of one name."""

from typing import Any, Dict, Optional

from microframe import Application, Depends, Security
from microframe.security import APIKeyHeader, HTTPBearer, OAuth2PasswordBearer


def security(*schemes: Any) -> Any:
    app = Application()
    app.get("/", dependencies=[Depends(scheme) for scheme in schemes])(lambda: None)
    return app.openapi()["paths"]["/"]["get"].get("security")


def test_schemes_that_refuse_are_needed_together() -> None:
    assert security(HTTPBearer(), APIKeyHeader(name="X-Key")) == [{"HTTPBearer": [], "APIKeyHeader": []}]


def test_schemes_that_do_not_refuse_are_a_choice() -> None:
    bearer, key = HTTPBearer(auto_error=False), APIKeyHeader(name="X-Key", auto_error=False)
    assert security(bearer, key) == [{"HTTPBearer": []}, {"APIKeyHeader": []}]
    assert security(HTTPBearer(), key) == [{"HTTPBearer": [], "APIKeyHeader": []}]
    assert security() is None


def test_two_schemes_of_one_name_have_two_names() -> None:
    app = Application()
    one, two = APIKeyHeader(name="X-One"), APIKeyHeader(name="X-Two")
    app.get("/one", dependencies=[Depends(one)])(lambda: None)
    app.get("/two", dependencies=[Depends(two)])(lambda: None)
    app.get("/again", dependencies=[Depends(APIKeyHeader(name="X-One"))])(lambda: None)
    document = app.openapi()
    assert list(document["components"]["securitySchemes"]) == ["APIKeyHeader", "APIKeyHeader_2"]
    needed = [document["paths"][path]["get"]["security"] for path in ("/one", "/two", "/again")]
    assert needed == [[{"APIKeyHeader": []}], [{"APIKeyHeader_2": []}], [{"APIKeyHeader": []}]]


oauth2 = OAuth2PasswordBearer("token", scopes={"a": "A", "b": "B"})


def user(token: str = Depends(oauth2)) -> str:
    return token


def test_scopes_of_every_way_to_a_scheme_are_needed() -> None:
    app = Application()

    @app.get("/", dependencies=[Security(user, scopes=["a"])])
    async def read(name: str = Security(user, scopes=["b"])) -> None: ...

    assert app.openapi()["paths"]["/"]["get"]["security"] == [{"OAuth2PasswordBearer": ["a", "b"]}]


class Session:
    pass


def open_session(token: str = Depends(oauth2)) -> Session:
    return Session()


def test_a_scheme_behind_a_provider_is_needed_too() -> None:
    app = Application()
    app.provide(Session, open_session)

    @app.get("/")
    async def read(session: Session) -> None: ...

    assert app.openapi()["paths"]["/"]["get"]["security"] == [{"OAuth2PasswordBearer": []}]


class Public:
    """A record that extends the operation."""

    def openapi(self, operation: Dict[str, Any]) -> None:
        operation["security"] = [{}]


def test_a_metadata_record_extends_the_operation() -> None:
    app = Application(metadata=[object()])

    @app.get("/", metadata=[Public()], openapi_extra={"x-late": True})
    async def read(token: Optional[str] = Depends(oauth2)) -> None: ...

    operation = app.openapi()["paths"]["/"]["get"]
    assert operation["security"] == [{}]
    assert operation["x-late"] is True
