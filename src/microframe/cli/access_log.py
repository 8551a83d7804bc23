"""Access log: one record for each request and socket, and nothing a client sent can begin another one."""

import logging
import re
from typing import Any, Mapping, Optional
from urllib.parse import quote

from microframe.asgi.access import Exchange, Report
from microframe.cli.logs import ACCESS
from microframe.configurations import AppConfig
from microframe.http.client import Networks, forwarded_for, parse_networks
from microframe.http.headers import Headers, find

UNPRINTABLE = re.compile(r"[^\x21-\x7e]")
SAFE = "/:@!$&'()*+,;=-._~%"


def build_report(config: AppConfig) -> Report:
    """What writes a record of each exchange to the logger `microframe.access`.

    The record's message is `client method path status bytes milliseconds id`; each of them is an attribute of
    the record too. The path is the one that was sent, still percent-encoded; the query is left out, since it
    may hold secrets.
    """
    logger = logging.getLogger(ACCESS)
    trusted = parse_networks(config.trusted_proxies)
    id_header = config.request_id_header.encode("latin-1")

    def report(exchange: Exchange) -> None:
        if not logger.isEnabledFor(logging.INFO):
            return
        scope = exchange.scope
        client = client_of(scope, trusted) if trusted else plain_client(scope)
        method = printable(scope.get("method", "WEBSOCKET"))
        path = path_of(scope)
        sent_id = find(exchange.headers, id_header)
        request_id = None if sent_id is None else printable(sent_id.decode("latin-1"))
        milliseconds = round(exchange.seconds * 1000, 1)
        status: Optional[int] = exchange.status or None
        text = (
            f"{client} {method} {path} {status or '-'} {exchange.size} {milliseconds}ms {request_id or '-'}"
        )
        record = logging.LogRecord(ACCESS, logging.INFO, "", 0, text, None, None)
        vars(record).update(
            client=client,
            method=method,
            path=path,
            status=status,
            bytes=exchange.size,
            milliseconds=milliseconds,
            request_id=request_id,
        )
        logger.handle(record)

    return report


def plain_client(scope: Mapping[str, Any]) -> str:
    """The address of the peer; `-` for one that has none, as on a Unix socket."""
    client = scope.get("client")
    return printable(client[0]) if client and client[0] else "-"


def client_of(scope: Mapping[str, Any], trusted: Networks) -> str:
    """The address of the client behind the trusted proxies, as the application sees it."""
    peer = scope.get("client")
    told = forwarded_for(Headers(scope["headers"]), peer[0] if peer else "", trusted)
    return told.client.host if told.client is not None else plain_client(scope)


def path_of(scope: Mapping[str, Any]) -> str:
    raw = scope.get("raw_path")
    if raw:
        return printable(raw.partition(b"?")[0].decode("latin-1"))
    return quote(scope["path"], safe=SAFE)


def printable(text: str) -> str:
    """Text of visible ASCII characters alone; any other byte is written as in a URL, `%0A`."""
    return UNPRINTABLE.sub(lambda found: f"%{ord(found[0]):02X}", text)
