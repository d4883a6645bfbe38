"""The small HTTP server beside a loop."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import httpx
import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from structlog.testing import capture_logs

from casefeed.runtime.errors import BrokerUnavailable, Unavailable, UsageError
from casefeed.runtime.health import ProcessHealth
from casefeed.runtime.http import ListenAddress, parse_address, serve_health
from casefeed.runtime.metrics import metrics_registry
from tests.feedkit import PERSONAL

ANYWHERE = ListenAddress("127.0.0.1", 0)


@pytest.fixture
def vitals() -> ProcessHealth:
    """What is asked about."""
    return ProcessHealth("the intake", "has not begun")


@pytest.fixture
def client(vitals: ProcessHealth) -> Iterator[httpx.Client]:
    """Asks the server."""
    with capture_logs(), serve_health(ANYWHERE, vitals, lambda: metrics_registry(vitals)) as at:
        assert at is not None
        with httpx.Client(base_url=f"http://127.0.0.1:{at.port}", trust_env=False, timeout=10) as asking:
            yield asking


def test_it_says_whether_the_process_lives_and_is_ready(client: httpx.Client, vitals: ProcessHealth) -> None:
    """200 for yes, 503 for no, the reason as text; away is alive and not ready."""
    assert (client.get("/livez").status_code, client.get("/readyz").status_code) == (200, 503)
    vitals.started()
    assert client.get("/readyz").status_code == 200
    vitals.set_unavailable(BrokerUnavailable("No broker."))
    assert (client.get("/livez").status_code, client.get("/readyz").text) == (200, "No broker.\n")
    vitals.set_unavailable(BrokerUnavailable("It hands out nothing."), stalled=True)
    assert (client.get("/livez").status_code, client.get("/livez").text) == (503, "It hands out nothing.\n")


def test_metrics_are_prometheus_text(client: httpx.Client, vitals: ProcessHealth) -> None:
    """A stock parser reads them, and they say what the answers say."""
    vitals.started()
    vitals.set_unavailable(BrokerUnavailable("No broker."))
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["casefeed_ready",] == 0
    assert samples["casefeed_waiting", "broker"] == 1
    assert samples["casefeed_waiting", "registry"] == samples["casefeed_waiting", "store"] == 0


def test_it_answers_nothing_else(client: httpx.Client) -> None:
    """Another path is 404, another method refused, HEAD as GET without a body; no answer names software or input."""
    secret = PERSONAL[0]
    assert client.get(f"/{secret}").status_code == 404
    assert client.post("/metrics").status_code == 501
    assert (client.head("/livez").status_code, client.head("/livez").content) == (200, b"")
    for answer in (client.get(f"/{secret}"), client.get("/livez")):
        assert answer.headers["server"].strip() == "casefeed"
        assert secret not in answer.text


def test_it_listens_at_an_address_of_version_6(vitals: ProcessHealth) -> None:
    """As at one of version 4."""
    with capture_logs(), serve_health(ListenAddress("::1", 0), vitals, lambda: metrics_registry(vitals)) as at:
        assert at is not None
        assert httpx.get(f"http://[::1]:{at.port}/livez", trust_env=False).status_code == 200


class Broken(Collector):
    """A metric that cannot be had."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def describe(self) -> Iterator[Metric]:
        """Nothing that is known beforehand."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Never a sample."""
        raise self.error


def asked(vitals: ProcessHealth, error: Exception) -> tuple[httpx.Response | None, list[Any]]:
    """What /metrics answers where a metric raises `error`, and what the log says; /livez must answer after it."""
    with (
        capture_logs() as said,
        serve_health(ANYWHERE, vitals, lambda: metrics_registry(vitals, Broken(error))) as at,
    ):
        assert at is not None
        url = f"http://127.0.0.1:{at.port}"
        answer = None
        with suppress(httpx.RemoteProtocolError):
            answer = httpx.get(f"{url}/metrics", trust_env=False)
        assert httpx.get(f"{url}/livez", trust_env=False).status_code == 200
    return answer, [each for each in said if each["event"] != "listening"]


def test_metrics_that_cannot_be_read_now_are_said(vitals: ProcessHealth) -> None:
    """503 with the sentence: who scrapes sees that it failed, and all else goes on."""
    answer, said = asked(vitals, Unavailable("the store is away"))
    assert answer is not None
    assert (answer.status_code, answer.text, said) == (503, "the store is away\n", [])


def test_a_fault_of_a_metric_costs_its_question_alone(vitals: ProcessHealth) -> None:
    """No answer and a line in the log, which does not quote the fault's message."""
    answer, (line,) = asked(vitals, ValueError(PERSONAL[0]))
    assert answer is None
    assert line["event"] == "a question over HTTP could not be answered"


def test_a_place_that_is_taken_is_said(vitals: ProcessHealth) -> None:
    """Exit code 3 with the place and what to do."""
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with (
            pytest.raises(Unavailable, match=f"127.0.0.1:{port} .*--listen"),
            serve_health(ListenAddress("127.0.0.1", port), vitals, lambda: metrics_registry(vitals)),
        ):
            pytest.fail("two listen at one place")


def test_without_the_metrics_library_listening_says_what_to_install(
    vitals: ProcessHealth, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 3 before anything listens; it comes with an extra."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    with (
        pytest.raises(Unavailable, match=r"pip install 'casefeed\[cli\]'.*--listen"),
        serve_health(ANYWHERE, vitals, lambda: metrics_registry(vitals)),
    ):
        pytest.fail("it listens")


def test_where_to_listen_is_host_and_port() -> None:
    """An address of version 6 has brackets; what is none is wrong use."""
    assert parse_address("127.0.0.1:9464") == ListenAddress("127.0.0.1", 9464)
    assert parse_address("[::1]:0") == ListenAddress("::1", 0)
    for wrong in ("9464", ":9464", "localhost", "localhost:port", "localhost:99999", "a:1/path", "me@a:1", "[::1"):
        with pytest.raises(UsageError, match="HOST:PORT"):
            parse_address(wrong)
