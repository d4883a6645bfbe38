"""A small HTTP server beside a loop: `/livez`, `/readyz` and `/metrics`, answered by threads of its own.

It answers while the loop hangs, and then says so. It takes GET and HEAD, keeps no connection and logs no request.
"""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from casefeed.runtime import logs
from casefeed.runtime.errors import Unavailable, UsageError
from casefeed.runtime.health import ProbeResult, ProcessHealth

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

TEXT_PLAIN = "text/plain; charset=utf-8"
CLIENT_TIMEOUT_S = 5.0


class ListenAddress(NamedTuple):
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int


def parse_address(text: str) -> ListenAddress:
    """HOST:PORT as an address; raises UsageError for what is none."""
    usage_error = UsageError("--listen takes HOST:PORT, such as 127.0.0.1:9464.")
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError as error:  # a bracket without its other, a port that is no number up to 65535
        raise usage_error from error
    if not host or port is None or parts.path or parts.username is not None:
        raise usage_error
    return ListenAddress(host, port)


class _HealthServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: ListenAddress, handler: type[BaseHTTPRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        super().__init__(address, handler)

    def server_bind(self) -> None:
        """Without the look-up of this machine's name, which may take its time and is used for nothing."""
        TCPServer.server_bind(self)

    def handle_error(self, *_: Any) -> None:
        """A client that went away is nobody's fault; anything else goes to the log, without its message."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            logs.get_logger().error("a question over HTTP could not be answered", exc_info=error)


class _HealthHandler(BaseHTTPRequestHandler):
    server_version, sys_version = "casefeed", ""
    timeout = CLIENT_TIMEOUT_S
    health: ProcessHealth
    registry: CollectorRegistry

    def do_GET(self) -> None:
        """Answer a question."""
        match self.path.partition("?")[0]:
            case "/livez":
                self._send_result(self.health.alive())
            case "/readyz":
                self._send_result(self.health.ready())
            case "/metrics":
                self._send_metrics()
            case _:
                self._send(HTTPStatus.NOT_FOUND, TEXT_PLAIN, b"There are /livez, /readyz and /metrics.\n")

    do_HEAD = do_GET

    def _send_result(self, result: ProbeResult) -> None:
        status = HTTPStatus.OK if result.ok else HTTPStatus.SERVICE_UNAVAILABLE
        self._send(status, TEXT_PLAIN, result.message.encode() + b"\n")

    def _send_metrics(self) -> None:
        from prometheus_client.exposition import choose_encoder

        encode, kind = choose_encoder(self.headers.get("Accept", ""))
        try:
            self._send(HTTPStatus.OK, kind, encode(self.registry))
        except Unavailable as error:
            self._send_result(ProbeResult(False, error.message))

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: who looks every few seconds is no news."""


@contextmanager
def serve_health(
    address: ListenAddress | None, health: ProcessHealth, registry: Callable[[], CollectorRegistry]
) -> Iterator[ListenAddress | None]:
    """While open, questions at `address` are answered, where one is given; the address with its real port.

    Raises Unavailable when nobody can listen there, or `registry` cannot be made.
    """
    if address is None:
        yield None
        return
    handler = type("_Bound", (_HealthHandler,), {"health": health, "registry": registry()})
    try:
        server = _HealthServer(address, handler)
    except OSError as error:
        raise Unavailable(
            f"Nobody can listen at {address.host}:{address.port} ({error.strerror or type(error).__name__}); "
            "name another address or port with --listen."
        ) from error
    with server:
        bound = ListenAddress(address.host, server.server_address[1])
        logs.get_logger().info("listening", host=bound.host, port=bound.port)
        thread = threading.Thread(target=server.serve_forever, name="listen", daemon=True)
        thread.start()
        try:
            yield bound
        finally:
            server.shutdown()
            thread.join()
