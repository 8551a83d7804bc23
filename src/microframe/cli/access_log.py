"""Access log: one line for each request and socket, and nothing a client sent can begin another one."""

import contextlib
import json
import logging
import re
import sys
from time import time
from typing import Any, Dict, Mapping
from urllib.parse import quote

from microframe.asgi.access import Exchange, Report
from microframe.cli.logs import LogStyle, painted, stamp
from microframe.configurations import AppConfig
from microframe.http.client import Networks, forwarded_for, parse_networks
from microframe.http.headers import Headers, find

ACCESS = "microframe.access"
UNPRINTABLE = re.compile(r"[^\x21-\x7e]")
SAFE = "/:@!$&'()*+,;=-._~"


def build_report(config: AppConfig, style: LogStyle) -> Report:
    """What writes a line of each exchange: `client method path status bytes milliseconds id`.

    It goes to standard output, or, where the logger `microframe.access` has a handler, to that logger as a record
    which has each of these as an attribute (`bytes` is a number, `request_id` may be None). The path is the one
    that was sent, still percent-encoded; the query is left out, since it may hold secrets.
    """
    logger = logging.getLogger(ACCESS)
    trusted = parse_networks(config.trusted_proxies)
    id_header = config.request_id_header.encode("latin-1")
    write = write_json if style.as_json else write_coloured if style.coloured else write_text

    def report(exchange: Exchange) -> None:
        scope = exchange.scope
        client = client_of(scope, trusted) if trusted else peer_of(scope)
        sent_id = find(exchange.headers, id_header) if id_header else None
        fields = {
            "client": client,
            "method": printable(scope.get("method", "WEBSOCKET")),
            "path": path_of(scope),
            "status": exchange.status or None,
            "bytes": exchange.size,
            "milliseconds": round(exchange.seconds * 1000, 1),
            "request_id": None if sent_id is None else printable(sent_id.decode("latin-1")),
        }
        if logger.handlers:
            log(logger, fields)
            return
        with contextlib.suppress(OSError):  # nobody reads any more: no reason to stop serving
            write(fields)

    return report


# What is said -------------------------------------------------------------------------------------------------


def peer_of(scope: Mapping[str, Any]) -> str:
    """The address of the peer; `-` for one that has none, as on a Unix socket."""
    client = scope.get("client")
    return printable(client[0]) if client and client[0] else "-"


def client_of(scope: Mapping[str, Any], trusted: Networks) -> str:
    """The address of the client behind the trusted proxies, as the application sees it."""
    peer = scope.get("client")
    told = forwarded_for(Headers(scope["headers"]), peer[0] if peer else "", trusted)
    return told.client.host if told.client is not None else peer_of(scope)


def path_of(scope: Mapping[str, Any]) -> str:
    raw = scope.get("raw_path")
    return printable(raw.partition(b"?")[0].decode("latin-1")) if raw else quote(scope["path"], SAFE)


def printable(text: str) -> str:
    """Text of visible ASCII characters alone; any other byte is written as in a URL, `%0A`."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return UNPRINTABLE.sub(lambda found: f"%{ord(found[0]):02X}", text)


# Where it goes ------------------------------------------------------------------------------------------------


def line_of(fields: Mapping[str, Any]) -> str:
    return (
        f"{fields['client']} {fields['method']} {fields['path']} {fields['status'] or '-'} {fields['bytes']} "
        f"{fields['milliseconds']}ms {fields['request_id'] or '-'}"
    )


def write_text(fields: Mapping[str, Any]) -> None:
    sys.stdout.write(f"{stamp(time())} {line_of(fields)}\n")
    sys.stdout.flush()


def write_coloured(fields: Mapping[str, Any]) -> None:
    status = fields["status"] or 0
    colour = "31" if status >= 500 else "33" if status >= 400 else "32"
    sys.stdout.write(f"{stamp(time())} {painted(line_of(fields), colour)}\n")
    sys.stdout.flush()


def write_json(fields: Mapping[str, Any]) -> None:
    head = {"time": stamp(time()), "level": "info", "logger": ACCESS, "message": line_of(fields)}
    sys.stdout.write(f"{json.dumps({**head, **fields})}\n")
    sys.stdout.flush()


def log(logger: logging.Logger, fields: Dict[str, Any]) -> None:
    if logger.isEnabledFor(logging.INFO):
        logger.handle(logger.makeRecord(ACCESS, logging.INFO, "", 0, line_of(fields), (), None, extra=fields))
