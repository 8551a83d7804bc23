"""Translation: the text of a FastAPI program as the text of ours: what changes are the imports, and three names."""

import re

RENAMED = {"FastAPI": "Application", "APIRouter": "Router", "RequestValidationError": "ValidationException"}
"""DESIGN §4: renamed, without aliases."""

MODULES = {
    "fastapi.security": "microframe.security",
    "fastapi.testclient": "microframe.testing",
}
"""Where names are imported from; everything else of FastAPI's is in `microframe` itself."""

IMPORT = re.compile(r"^( *)from (fastapi[\w.]*) import", re.MULTILINE)


def translate(text: str) -> str:
    """The same program for MicroFrame, with FastAPI's form of errors."""
    text = IMPORT.sub(lambda found: f"{found[1]}from {MODULES.get(found[2], 'microframe')} import", text)
    text = re.sub(r"\bFastAPI\(", 'Application(error_format="detail", ', text)
    for theirs, ours in RENAMED.items():
        text = re.sub(rf"\b{theirs}\b", ours, text)
    return text
