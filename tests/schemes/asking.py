"""Asking a scheme: one route that answers with what its scheme gives it."""

import base64
from typing import Any

from microframe import Application, Depends


def guarded(scheme: Any, error_format: str = "problem") -> Application:
    """An application whose route `/` answers with the credentials it was given."""
    app = Application(error_format=error_format)  # type: ignore[arg-type]

    @app.get("/")
    async def show(found: Any = Depends(scheme)) -> Any:
        return {"found": found}

    return app


def basic(text: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(text.encode(encoding)).decode()
