"""Case 49 (CVE-2024-27306): folders are not listed, and a name in an error page is text."""

from pathlib import Path

from microframe.http.problems import ProblemFormat
from microframe.middleware.errors import Errors
from microframe.staticfiles import StaticFiles
from tests.connections import body_of, make_request

NAME = "<img src=x onerror=alert(1)>"


async def test_a_folder_is_never_listed(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("")
    (tmp_path / "plan.txt").write_text("")
    for html in (False, True):
        endpoint = Errors({}, ProblemFormat())(StaticFiles(directory=tmp_path, html=html))
        response = await endpoint(make_request("/", headers={"Accept": "text/html"}))
        assert response.status_code == 404
        assert b"plan.txt" not in await body_of(response)


async def test_a_missing_name_is_escaped(tmp_path: Path) -> None:
    endpoint = Errors({}, ProblemFormat())(StaticFiles(directory=tmp_path))
    response = await endpoint(make_request(f"/{NAME}", headers={"Accept": "text/html"}))
    assert response.status_code == 404
    assert b"<img" not in await body_of(response)
