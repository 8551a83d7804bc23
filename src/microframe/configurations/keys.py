"""Keys: what an application signs with; configured in production, made and kept in a file in development."""

import os
import time
from functools import lru_cache
from pathlib import Path
from typing import Optional, Tuple

from microframe.configurations.config import AppConfig
from microframe.configurations.secret import SHORTEST_KEY, weakness_of
from microframe.exceptions import SetupError

FOLDER = ".microframe"
FILE = "secret"
LARGEST_FILE = 4096
PATIENCE = 5.0  # seconds for another process to write the secret it is making

_ADVICE = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"


def require_secret(config: AppConfig, folder: Optional[Path] = None) -> Tuple[str, ...]:
    """The keys that this application signs with, the signing one first; whatever signs asks here.

    Without a configured one, development keeps its own in `folder` (default: the working directory), and a
    test has one for as long as its process lives.

    Raises:
        SetupError: production has none, or one that is too weak.
    """
    object.__setattr__(config, "_signs", True)
    keys = tuple(key.reveal() for key in config.secret_keys)
    if config.is_production or config.strict:
        for number, key in enumerate(keys, 1):
            weakness = weakness_of(key)
            if weakness:
                raise SetupError(f"secret_key: key {number} {weakness}; {_ADVICE}")
    if keys:
        return keys
    if config.is_production:
        raise SetupError(
            f"secret_key: production signs with it, and there is none (MICROFRAME_SECRET_KEY); {_ADVICE}"
        )
    return (development_secret(folder or Path()),) if config.is_development else (_process_secret(),)


def is_signing(config: AppConfig) -> bool:
    """Whether somebody has asked for the keys of this configuration."""
    return hasattr(config, "_signs")


def development_secret(folder: Path) -> str:
    """The secret in `folder/.microframe/secret`, made when it is not there: readable by its owner alone, and
    ignored by git.

    Raises:
        SetupError: it cannot be read or made, or holds something else.
    """
    home = folder / FOLDER
    file = home / FILE
    try:
        if not os.path.lexists(file):
            _make(home, file)
        return _read(file)
    except OSError as exc:
        raise SetupError(f"{file}: {exc.strerror or exc}; set MICROFRAME_SECRET_KEY instead") from None


def _make(home: Path, file: Path) -> None:
    home.mkdir(mode=0o700, exist_ok=True)
    home.chmod(0o700)
    ignore = home / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="ascii")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return  # another process was first; its secret is the one
    try:
        file.chmod(0o600)  # whatever the umask took away
        os.write(descriptor, os.urandom(SHORTEST_KEY).hex().encode("ascii"))
    finally:
        os.close(descriptor)


def _read(file: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while True:
        descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        try:
            if os.name == "posix" and os.fstat(descriptor).st_mode & 0o077:
                os.fchmod(descriptor, 0o600)
            raw = os.read(descriptor, LARGEST_FILE + 1)
        finally:
            os.close(descriptor)
        secret = raw.decode("ascii", "replace").strip()
        if len(raw) <= LARGEST_FILE and len(secret) >= SHORTEST_KEY and secret.isascii():
            return secret
        if raw or time.monotonic() > deadline:
            raise SetupError(f"{file}: it holds no secret; delete it, and a new one is made")
        time.sleep(0.01)


@lru_cache(maxsize=1)
def _process_secret() -> str:
    return os.urandom(SHORTEST_KEY).hex()
