"""Store: the shapes of the contract, and what its absence means to a client."""

from dataclasses import FrozenInstanceError

import pytest

from microframe import AppConfig, Application
from microframe.store import Entry, Lease, StoreUnavailable, Verdict
from microframe.testing import TestClient


@pytest.mark.parametrize(
    "record",
    [Entry(b"x", "1"), Lease("board", 7), Verdict(True, 10, 9, 1.5, 0.0)],
    ids=lambda one: type(one).__name__,
)
def test_what_a_store_tells_does_not_change_afterwards(record: object) -> None:
    with pytest.raises(FrozenInstanceError):
        record.key = "other"  # type: ignore[attr-defined]


def test_a_store_that_cannot_be_reached_is_a_503() -> None:
    app = Application(AppConfig(debug=False))

    @app.get("/counted")
    async def counted() -> None:
        raise StoreUnavailable("redis://secret@host")

    with TestClient(app, raise_server_exceptions=False) as client:
        answer = client.get("/counted")
    assert answer.status_code == 503
    assert "secret" not in answer.text
