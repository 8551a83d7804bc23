"""The safe client against a real server: where it connects, what it sends, what it follows, and when it stops."""

import asyncio
import gzip
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any, AsyncIterator, Dict, Iterator, List

import pytest

from microframe import Application, RedirectResponse, Request, Response, SetupError, StreamingResponse
from microframe.client import AnswerTooLarge, ClientError, RefusedURL, SafeHTTPClient, TookTooLong
from tests.security.test_checklist_59_safe_client import Names
from tests.servers import refused_port
from tests.wire import Served, served

HERE = ["127.0.0.1/32"]


def build() -> Application:
    app = Application()

    @app.api_route("/echo", methods=["GET", "POST", "HEAD", "PUT"])
    async def echo(request: Request) -> Dict[str, Any]:
        return {
            "method": request.method,
            "url": str(request.url),
            "query": request.query_string.decode(),
            "headers": dict(request.headers),
            "body": (await request.body()).decode(),
        }

    @app.get("/large/{size:int}")
    async def large(size: int) -> bytes:
        return b"x" * size

    @app.get("/endless")
    async def endless() -> StreamingResponse:
        async def pieces() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 65_536

        return StreamingResponse(pieces())

    @app.get("/never")
    async def never() -> None:
        await asyncio.sleep(3600)

    @app.get("/packed")
    async def packed() -> Response:
        return Response(gzip.compress(bytes(10_000_000)), headers={"content-encoding": "gzip"})

    @app.get("/status/{code:int}")
    async def status(code: int) -> Response:
        return Response("said", code)

    add_redirects(app)
    return app


def add_redirects(app: Application) -> None:
    @app.api_route("/to", methods=["GET", "POST"])
    async def to(url: str, code: int = 302) -> RedirectResponse:
        return RedirectResponse(url, code)

    @app.get("/loop")
    async def loop() -> RedirectResponse:
        return RedirectResponse("/loop")


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    with served(build()) as running:
        yield running


def client_for(server: Served, **options: Any) -> SafeHTTPClient:
    given: Dict[str, Any] = {"schemes": ["http"], "ports": [server.port], "allowed_networks": HERE}
    return SafeHTTPClient(**{**given, **options})


def url_of(server: Served, path: str, host: str = "127.0.0.1") -> str:
    return f"http://{host}:{server.port}{path}"


async def test_an_answer_comes_whole_with_its_status_and_headers(server: Served) -> None:
    async with client_for(server) as client:
        answer = await client.get(url_of(server, "/echo?a=1&b=%20"))
        assert (answer.status_code, answer.json()["query"]) == (200, "a=1&b=%20")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert str(answer.url) == url_of(server, "/echo?a=1&b=%20")
        for code in (404, 500, 204):
            assert (await client.get(url_of(server, f"/status/{code}"))).status_code == code


async def test_the_connection_goes_to_the_address_and_asks_for_the_name(server: Served) -> None:
    names = Names(["127.0.0.1"])
    async with client_for(server, resolver=names) as client:
        answer = await client.post(
            url_of(server, "/echo", "hooks.example"),
            content="paid",
            headers={"X-Signature": "abc", "Host": "evil.example", "Accept-Encoding": "gzip"},
        )
    said = answer.json()
    assert said["url"] == url_of(server, "/echo", "hooks.example")
    assert (said["method"], said["body"]) == ("POST", "paid")
    assert said["headers"]["host"] == f"hooks.example:{server.port}"
    assert said["headers"]["x-signature"] == "abc"
    assert said["headers"]["accept-encoding"] == "identity"
    assert "cookie" not in said["headers"]
    assert names.asked == ["hooks.example"]


async def test_what_the_dns_says_a_moment_later_changes_nothing_and_is_looked_at_the_next_time(
    server: Served,
) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    async with client_for(server, resolver=names) as client:
        assert (await client.get(url_of(server, "/echo", "rebound.example"))).status_code == 200
        with pytest.raises(RefusedURL):
            await client.get(url_of(server, "/echo", "rebound.example"))
    assert len(names.asked) == 2


async def test_each_hop_is_looked_at_again(server: Served) -> None:
    names = Names(["127.0.0.1"], ["10.0.0.1"])
    async with client_for(server, resolver=names) as client:
        with pytest.raises(RefusedURL):
            await client.get(url_of(server, "/to?url=/echo", "rebound.example"))
    assert len(names.asked) == 2


async def test_of_several_addresses_the_first_that_answers_is_asked(server: Served) -> None:
    names = Names(["127.0.0.9", "127.0.0.1"])
    async with client_for(server, resolver=names, allowed_networks=["127.0.0.0/8"]) as client:
        assert (await client.get(url_of(server, "/echo", "two.example"))).status_code == 200


# Redirects -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_get_follows_to_the_same_origin(server: Served, code: int) -> None:
    async with client_for(server) as client:
        answer = await client.get(url_of(server, f"/to?url=/echo&code={code}"))
        assert answer.json()["url"] == url_of(server, "/echo")
        posted = await client.post(url_of(server, f"/to?url=/echo&code={code}"), content="x")
        assert posted.status_code == code


ELSEWHERE = [
    *(
        "https://127.0.0.1/",
        "http://127.0.0.1:1/",
        "http://evil.example/",
        "//evil.example/",
        "file:///etc/passwd",
    ),
    *(
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://user@127.0.0.1/",
        "gopher://127.0.0.1/",
    ),
]


@pytest.mark.parametrize("url", ELSEWHERE)
async def test_nobody_is_followed_to_another_origin(server: Served, url: str) -> None:
    async with client_for(server, schemes=["http", "https"], ports=[server.port, 80, 443]) as client:
        with pytest.raises(RefusedURL):
            await client.get(url_of(server, f"/to?url={url}"))


async def test_nobody_is_followed_for_ever(server: Served) -> None:
    async with client_for(server, max_redirects=2) as client:
        with pytest.raises(RefusedURL, match="more than 2 times"):
            await client.get(url_of(server, "/loop"))
    async with client_for(server, max_redirects=0) as client:
        with pytest.raises(RefusedURL):
            await client.get(url_of(server, "/to?url=/echo"))


# Limits --------------------------------------------------------------------------------------------------------------


async def test_an_answer_is_read_up_to_its_limit(server: Served) -> None:
    async with client_for(server, max_size=1000) as client:
        assert len((await client.get(url_of(server, "/large/998"))).content) == 1000  # with its quotes
        for path in ("/large/999", "/endless"):
            with pytest.raises(AnswerTooLarge):
                await client.get(url_of(server, path))


async def test_an_answer_that_is_packed_is_not_read(server: Served) -> None:
    async with client_for(server) as client:
        with pytest.raises(AnswerTooLarge, match="packed"):
            await client.get(url_of(server, "/packed"))


async def test_an_answer_has_its_time(server: Served) -> None:
    async with client_for(server, timeout=0.2) as client:
        with pytest.raises(TookTooLong) as caught:
            await client.get(url_of(server, "/never"))
    assert caught.value.http_status == 504


async def test_who_does_not_answer_is_a_bad_gateway() -> None:
    with refused_port() as port:
        async with SafeHTTPClient(schemes=["http"], ports=[port], allowed_networks=HERE) as client:
            with pytest.raises(ClientError, match="does not answer") as caught:
                await client.get(f"http://127.0.0.1:{port}/")
    assert caught.value.http_status == 502


@pytest.mark.parametrize(
    "said", [b"no HTTP at all\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
async def test_who_answers_with_something_else_is_a_bad_gateway(said: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with listening, SafeHTTPClient(schemes=["http"], ports=[port], allowed_networks=HERE) as client:
        with pytest.raises(ClientError, match="as HTTP says"):
            await client.get(f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize("header", [{"x": "a\r\nb"}, {"a b": "x"}, {"x": "\x00"}, {"": "x"}])
async def test_a_header_that_is_none_is_not_sent(server: Served, header: Dict[str, str]) -> None:
    async with client_for(server) as client:
        with pytest.raises(ValueError, match="header"):
            await client.get(url_of(server, "/echo"), headers=header)


@pytest.mark.parametrize("method", ["", "GET X", "GET\r\n", "G:T"])
async def test_a_method_that_is_none_is_not_sent(server: Served, method: str) -> None:
    async with client_for(server) as client:
        with pytest.raises(ValueError, match="method"):
            await client.request(method, url_of(server, "/echo"))


async def test_no_proxy_of_the_environment_is_asked(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with client_for(server) as client:
        assert (await client.get(url_of(server, "/echo"))).status_code == 200


MISTAKES: List[Dict[str, Any]] = [
    {"schemes": []},
    {"schemes": ["ftp"]},
    {"schemes": "https"},
    {"ports": []},
    {"ports": [0]},
    {"ports": [65_536]},
    {"timeout": 0},
    {"timeout": float("inf")},
    {"max_size": 0},
    {"max_redirects": -1},
    {"allowed_networks": ["10.0.0.1/8"]},
    {"allowed_networks": "10.0.0.0/8"},
]


@pytest.mark.parametrize("options", MISTAKES, ids=str)
def test_what_cannot_be_meant_stops_the_program(options: Dict[str, Any]) -> None:
    with pytest.raises(SetupError):
        SafeHTTPClient(**options)


async def test_an_application_answers_with_what_went_wrong() -> None:
    from microframe.testing import AsyncTestClient

    app = Application()

    @app.get("/preview")
    async def preview(url: str) -> str:
        async with SafeHTTPClient() as client:
            return (await client.get(url)).text

    answer = await AsyncTestClient(app).get("/preview", params={"url": "https://127.0.0.1/"})
    assert (answer.status_code, answer.json()["detail"]) == (400, "127.0.0.1 is not asked")


# TLS -----------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `hooks.example`, and its key."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("MISSING: openssl, so TLS was not tested")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    command = [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "30", "-subj", "/CN=hooks.example", "-keyout", str(path.with_suffix(".key"))]
    command += [
        "-addext",
        "subjectAltName=DNS:hooks.example",
        "-addext",
        "keyUsage=digitalSignature,keyCertSign",
    ]
    subprocess.run([*command, "-out", str(path)], check=True, capture_output=True, timeout=60)
    return path


async def test_tls_asks_for_the_name_though_the_connection_goes_to_an_address(certificate: Path) -> None:
    options = {"ssl_certfile": str(certificate), "ssl_keyfile": str(certificate.with_suffix(".key"))}
    with served(build(), **options) as server:
        trusted = ssl.create_default_context(cafile=str(certificate))
        given: Dict[str, Any] = {"ports": [server.port], "allowed_networks": HERE, "verify": trusted}
        async with SafeHTTPClient(resolver=Names(["127.0.0.1"]), **given) as client:
            answer = await client.get(f"https://hooks.example:{server.port}/echo")
            assert answer.json()["url"] == f"https://hooks.example:{server.port}/echo"
            with pytest.raises(ClientError):
                await client.get(f"https://other.example:{server.port}/echo")
            with pytest.raises(ClientError):
                await client.get(f"https://127.0.0.1:{server.port}/echo")
        async with SafeHTTPClient(resolver=Names(["127.0.0.1"]), **{**given, "verify": True}) as client:
            with pytest.raises(ClientError):
                await client.get(f"https://hooks.example:{server.port}/echo")
