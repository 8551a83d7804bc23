"""CVE-2026-48060: what stands in the cookie is never shown in a page; a planted pair of cookie and token is refused."""

from microframe import Application, HTMLResponse
from microframe.middleware.csrf import CSRFMiddleware, CsrfToken
from microframe.testing import TestClient


def test_a_cookie_full_of_markup_is_replaced_and_never_shown() -> None:
    app = Application()
    app.add_middleware(CSRFMiddleware)

    @app.get("/")
    async def form(token: CsrfToken) -> HTMLResponse:
        return HTMLResponse(token.__html__())

    @app.post("/")
    async def send() -> str:
        return "sent"

    client = TestClient(app)
    answer = client.get("/", headers={"cookie": 'csrf="><script>alert(1)</script>'})
    assert "script" not in answer.text
    assert answer.headers["set-cookie"].startswith("csrf=")
    # Naive double submit: a neighbouring domain plants a cookie and sends the same text along.
    planted = "A" * 86
    sent = {"cookie": f"csrf={planted}", "x-csrf-token": planted}
    assert TestClient(app).post("/", headers=sent).status_code == 403
