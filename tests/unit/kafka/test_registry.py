"""What the registry's answers mean, and that a registry that is away says so."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from casefeed.kafka.registry import SchemaRegistry
from casefeed.runtime.errors import CheckFailed, RegistryUnavailable

ANSWERS: dict[str, tuple[int, str]] = {
    "/schemas/ids/1": (200, json.dumps({"schema": '"string"'})),
    "/schemas/ids/2": (404, json.dumps({"error_code": 40403})),
    "/schemas/ids/3": (500, "oops"),
    "/schemas/ids/4": (200, "<html>"),
    "/schemas/ids/5": (200, "[1]"),
    "/subjects/casefeed.Good/versions": (200, json.dumps({"id": 17})),
    "/subjects/casefeed.Bad/versions": (409, json.dumps({"error_code": 409, "message": "field x"})),
    "/subjects/casefeed.Garbage/versions": (422, "not even JSON"),
}


def _answer(request: BaseHTTPRequestHandler) -> None:
    request.rfile.read(int(request.headers.get("Content-Length", 0)))
    status, body = ANSWERS[request.path]
    request.send_response(status)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body.encode())


# What the standard library calls by name; its log lines are not wanted.
_METHODS = {"do_GET": _answer, "do_POST": _answer, "log_message": lambda *_: None}
_Answering = type("_Answering", (BaseHTTPRequestHandler,), _METHODS)


@pytest.fixture
def url() -> Iterator[str]:
    """A server that answers as listed."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Answering) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


async def test_a_schema_by_id(url: str) -> None:
    """A known id gives the text, an unknown one None."""
    async with SchemaRegistry(url) as registry:
        assert await registry.schema_by_id(1) == '"string"'
        assert await registry.schema_by_id(2) is None


@pytest.mark.parametrize("schema_id", [3, 4, 5])
async def test_what_is_no_registry_is_said_to_be_none(url: str, schema_id: int) -> None:
    """An error page, something else than JSON or JSON of another shape never passes for a schema."""
    async with SchemaRegistry(url) as registry:
        with pytest.raises(RegistryUnavailable, match="does not answer as a schema registry does"):
            await registry.schema_by_id(schema_id)


async def test_an_incompatible_schema_is_refused_with_the_reason(url: str) -> None:
    """409 and 422 end with a sentence that names the subject and what the registry says."""
    async with SchemaRegistry(url) as registry:
        assert await registry.register("casefeed.Good", "{}") == 17
        with pytest.raises(CheckFailed, match=r"refuses the schema of casefeed.Bad \(incompatible: field x\)"):
            await registry.register("casefeed.Bad", "{}")
        with pytest.raises(CheckFailed, match=r"casefeed.Garbage \(not valid: HTTP 422\)"):
            await registry.register("casefeed.Garbage", "{}")


async def test_a_registry_that_is_away_is_said(url: str) -> None:
    """Nothing listens: a sentence with the address, its password masked, and what to do."""
    async with SchemaRegistry("http://user:geheim@127.0.0.1:1/apis") as registry:
        with pytest.raises(RegistryUnavailable, match="casefeed stack up") as caught:
            await registry.schema_by_id(1)
    assert "geheim" not in caught.value.message


async def test_a_registry_that_does_not_answer_is_given_up() -> None:
    """A registry that takes the connection and says nothing is away after the deadline."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with SchemaRegistry(f"http://127.0.0.1:{port}", timeout_s=0.1) as registry:
            with pytest.raises(RegistryUnavailable, match="ReadTimeout"):
                await registry.schema_by_id(1)
