"""docs/snippets/corrections.py: a correction read in two steps, without a line of casefeed."""

from __future__ import annotations

import importlib.util
import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import avro.io
import avro.schema
import pytest

from casefeed.contract import codec
from casefeed.contract.catalogue import load_catalogue
from tests.events import corrected, raw
from tests.house.checkout import ROOT
from tests.stock_form import raw_form

SUBJECT = "/subjects/casefeed.SponsorPlacement/versions"
PLACEMENT, CORRECTION = (load_catalogue().by_name("SponsorPlacement"), load_catalogue().by_name("EventCorrected"))


def answer(request: BaseHTTPRequestHandler) -> None:
    """As a registry for one subject: its versions, or the schema of one; the first is not the one in question."""
    texts = {"1": PLACEMENT.canonical_json.replace("physical", "bodily"), "2": PLACEMENT.canonical_json}
    told = [1, 2] if request.path == SUBJECT else {"schema": texts[request.path.rpartition("/")[2]]}
    request.send_response(200)
    request.end_headers()
    request.wfile.write(json.dumps(told).encode())


@pytest.fixture
def registry_url() -> Iterator[str]:
    """A registry on a free port of this machine."""
    methods = {"do_GET": answer, "log_message": lambda *_: None}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Registry", (BaseHTTPRequestHandler,), methods))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def snippet() -> Any:
    """The snippet as a module."""
    spec = importlib.util.spec_from_file_location("corrections", ROOT / "docs" / "snippets" / "corrections.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_stock_client_reads_a_correction_in_two_steps(snippet: Any, registry_url: str) -> None:
    """Apache's library decodes the correction; the snippet finds the inner schema by its sha256 and decodes that."""
    placed = raw("SponsorPlacement", 1, 1)
    _, event = corrected(2, ("SponsorPlacement", placed), address_quality="BLANK")
    reader: Any = avro.io.DatumReader(avro.schema.parse(CORRECTION.canonical_json))
    read = reader.read(avro.io.BinaryDecoder(io.BytesIO(codec.encode(CORRECTION, event))))
    name, told = snippet.restated(read, registry_url)
    assert name == "casefeed.SponsorPlacement"
    assert raw_form(told) == {**placed, "address_quality": "BLANK"}


def test_a_schema_that_the_registry_lacks_is_not_guessed(snippet: Any, registry_url: str) -> None:
    """No other version is taken for it."""
    with pytest.raises(LookupError, match=r"no version of casefeed\.SponsorPlacement"):
        snippet.schema(registry_url, "casefeed.SponsorPlacement", "0" * 64)
